"""One part of a screening, from rows to files: answers, rejects and counts, each written whole or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from soleus.cohort.counting import count_answers
from soleus.cohort.duplicates import is_text
from soleus.cohort.people_reader import DOUBLED
from soleus.cohort.register import Part
from soleus.cohort.scoring import GROUP, REJECT, Scorer
from soleus.cohort.working_folder import WorkingFolder
from soleus.core.screening import ScreeningSummary

__all__ = ["PartWriter", "answers_schema", "write_answers"]

TEXTS = ("person", "urgency", "red_flags.list.element", "problems.list.element", "manifest")


def answers_schema(scored: pa.Schema) -> pa.Schema:
    """Return the schema of the answers: that of the scorer without the reasons of rejects.

    Every number has a value, and is said to: so it is written faster, and a missing one is an error.
    """
    return pa.schema(
        [
            field.with_nullable(field.nullable and not pa.types.is_floating(field.type))
            for field in scored
            if field.name not in (GROUP, *REJECT)
        ]
    )


@dataclass(frozen=True, slots=True)
class PartWriter:
    """Scores parts and writes them. Safe to share between threads.

    ``doubled`` holds the codes of people that stand in more than one row; ``person`` is their column.
    """

    folder: WorkingFolder
    scorer: Scorer
    doubled: pa.Array
    person: str

    def write(self, part: Part) -> ScreeningSummary:
        """Score a part and write its answers, rejects and counts; the counts come last and make it done."""
        scored = [self.scorer.score(self._marked(batch)) for batch in part.batches]
        table = pa.Table.from_batches(scored, self.scorer.schema)
        summary = count_answers(table)
        write_answers(self.folder, part.number, table, summary)
        return summary

    def _marked(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Mark the rows whose person stands in more than one row."""
        if not len(self.doubled):
            return batch
        codes = batch.column(self.person)
        if is_text(codes.type):
            codes = pc.utf8_trim_whitespace(codes.cast(pa.string()))
        known = self.doubled.cast(codes.type)
        return batch.append_column(DOUBLED, pc.fill_null(pc.is_in(codes, value_set=known), False))


def write_answers(folder: WorkingFolder, number: int, table: pa.Table, summary: ScreeningSummary) -> None:
    """Write the answers of a part, apart from them the rows that could not be read, and last the counts."""
    good = pc.is_null(table["reject_code"])
    rejects = table.select(["row", "person", *REJECT]).filter(pc.invert(good))
    answers = table if not rejects.num_rows else table.filter(good)
    if rejects.num_rows:
        folder.write(folder.rejects(number), lambda path: pq.write_table(rejects, path))
    schema = answers_schema(answers.schema)
    answers = answers.select(schema.names).cast(schema)
    folder.write(folder.part(number), lambda path: pq.write_table(answers, path, **FORM))
    folder.write(folder.counts(number), lambda path: path.write_bytes(msgspec.json.encode(summary)))


# probabilities do not compress, and nothing is looked up by them: they are written as they are
FORM: dict[str, Any] = {
    "compression": "none",
    "use_dictionary": list(TEXTS),
    "write_statistics": ["person", "row"],
    "row_group_size": 1 << 20,
    "store_schema": True,
}
