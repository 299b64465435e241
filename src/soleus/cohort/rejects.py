"""The table of rejects: every row that was not screened, with the reason and how to mend it."""

from __future__ import annotations

import csv
import heapq
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from soleus.cohort.scoring import REJECT
from soleus.cohort.staging import MALFORMED
from soleus.cohort.working_folder import WorkingFolder
from soleus.core.screening import ScreeningSummary
from soleus.core.spreadsheet import write_cell

__all__ = ["count_malformed", "write_rejects"]


def count_malformed(folder: WorkingFolder) -> ScreeningSummary:
    """Return the counts of the rows of a CSV that never became rows of a table."""
    rows = {code: _count_rows(path) for code, path in zip(MALFORMED, folder.malformed, strict=True)}
    told = {code: count for code, count in rows.items() if count}
    columns = {f" {code}": count for code, count in told.items()}
    n = sum(told.values())
    return ScreeningSummary(read=n, rejected=n, rejects=told, rejected_columns=columns)


def _count_rows(path: Path) -> int:
    return int(pq.read_metadata(path).num_rows) if path.exists() else 0


def write_rejects(path: Path, folder: WorkingFolder) -> None:
    """Write all rejects in the order of their rows, in cells that no spreadsheet runs."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["row", "person", *(name.removeprefix("reject_") for name in REJECT)])
        parts = sorted((folder.place / "rejects").glob("*.parquet"))
        sources = [_cells([path]) for path in folder.malformed if path.exists()]
        for row in heapq.merge(*sources, _cells(parts), key=lambda cells: cells[0] or 0):
            table.writerow(
                ["" if cell is None else write_cell(cell) if isinstance(cell, str) else cell for cell in row]
            )


def _cells(files: list[Path]) -> Iterator[list[Any]]:
    """Return the rejects in some files, with the cells of the table of rejects."""
    for file in files:
        for batch in pq.ParquetFile(file).iter_batches(8192):
            for row in batch.to_pylist():
                cells = list(row.values())
                yield [*cells, *MALFORMED[row["code"]]] if "code" in row else cells
