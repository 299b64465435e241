"""The screening of a register as one pure function, from an Arrow batch of people to an Arrow batch of answers."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from soleus.cohort.counting import group_names
from soleus.cohort.mapping import Mapping
from soleus.cohort.mapping_file import MappingError, check_mapping
from soleus.cohort.people_reader import PeopleReader, ReadPeople
from soleus.core.assessment import URGENCIES
from soleus.core.version import __version__
from soleus.knowledge.schema import Evidence
from soleus.reasoning.assess import assess_facts
from soleus.reasoning.batch import BatchPosterior, Inferrer, infer_people
from soleus.reasoning.batch_observation import reachable
from soleus.reasoning.batch_red_flags import FlagRules, urgency_ranks
from soleus.reasoning.kernel import EXACT
from soleus.reasoning.network import BACKGROUND, compile_network

__all__ = ["GROUP", "REJECT", "ROW", "Scorer"]

ROW = "__row"
GROUP = "group"
REJECT = ("reject_code", "reject_column", "reject_value", "reject_why", "reject_fix")

Bools = NDArray[np.bool_]


class Scorer:
    """Screens people of a register: pure, safe to share between threads, and picklable (Spark sends it to workers).

    Parameters
    ----------
    evidence : Evidence
    mapping : Mapping
        Of a wide table, see `soleus.cohort.mapping.wide_mapping`.

    Raises
    ------
    MappingError
        The mapping names what the evidence does not have, or says two things about one column.

    Attributes
    ----------
    schema : pyarrow.Schema
        Of the answers: ``person``, ``row``, ``group`` (sex and age band, for counting), ``reject_*`` (empty for a row
        that was screened), ``urgency``,
        ``red_flags``, ``cramp``, ``idiopathic``, ``other``, ``present_CAUSE`` and ``explains_CAUSE`` for each cause,
        ``omitted``, ``problems``, ``manifest``.

    Examples
    --------
    >>> from soleus.cohort.mapping import FindingColumn, PersonColumns
    >>> from soleus.knowledge.load import load_evidence
    >>> mapping = Mapping(person=PersonColumns(id="pid", age="age"),
    ...                   findings=(FindingColumn(column="stretch", finding="eased_by_stretching"),))
    >>> scorer = Scorer(load_evidence(), mapping)
    >>> answers = scorer.score(pa.RecordBatch.from_pydict({"pid": [1, 2], "age": [68, 300], "stretch": [True, None]}))
    >>> answers.column("urgency").to_pylist(), answers.column("reject_why").to_pylist()
    (['routine', None], [None, 'an age is 0 to 120 years'])
    """

    def __init__(self, evidence: Evidence, mapping: Mapping) -> None:
        if problems := check_mapping(mapping, evidence):
            raise MappingError(problems)
        self.evidence, self.mapping = evidence, mapping
        self.network = compile_network(evidence)
        # names of medicines may tell any finding; columns of findings and measurements tell what the mapping says
        told = [one.finding for one in mapping.findings]
        measured = [one.quantity for one in mapping.quantities]
        self.inferrer = Inferrer(self.network, None if mapping.medicines else reachable(evidence, told, measured))
        self.reader = PeopleReader(evidence, mapping)
        self.rules = FlagRules(evidence, self.inferrer.observer.closure)
        self.causes = tuple(cause.id for cause in self.network.causes)
        digest = hashlib.sha256(msgspec.json.encode(mapping)).hexdigest()
        self.manifest = (
            f"soleus {__version__}; evidence {evidence.release.version} {evidence.hash[:16]}; mapping {digest[:16]}"
        )
        text, number = pa.string(), pa.float64()
        fields = [("person", text), ("row", pa.int64()), (GROUP, text), *((name, text) for name in REJECT)]
        fields += [("urgency", text), ("red_flags", pa.list_(text))]
        fields += [(name, number) for name in ("cramp", "idiopathic", "other")]
        fields += [(f"present_{cause}", number) for cause in self.causes]
        fields += [(f"explains_{cause}", number) for cause in self.causes]
        fields += [("omitted", number), ("problems", pa.list_(text)), ("manifest", text)]
        self.schema = pa.schema(fields)

    def __reduce__(self) -> tuple[type[Scorer], tuple[Evidence, Mapping]]:
        return Scorer, (self.evidence, self.mapping)

    def score(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Return the answers to a batch of people, row for row.

        Parameters
        ----------
        batch : pyarrow.RecordBatch
            The columns that the mapping names, and optionally ``__row`` (int64), the number of the row in its source,
            and ``__doubled`` (bool), whether its person's code stands in another row, too: such a row is a reject.

        Returns
        -------
        pyarrow.RecordBatch
            With `schema`. A row that cannot be read has the reason in ``reject_*`` and no answer. A row's answer
            depends on nothing but the row, and equals that of `soleus.assess` to 1e-9.

        Raises
        ------
        ColumnTypeError
            A column holds what no cell of a register is.
        """
        read = self.reader.read(batch)
        people = read.people
        observed = self.inferrer.observer.observe(people)
        posterior = infer_people(
            self.inferrer.network, observed, self.inferrer.contexts.parameters(people, observed.known)
        )
        raised = self.rules.raised(people, observed)
        rejected = read.rejects.rows()
        problems = dict(read.problems)
        self._answer_singly(read, posterior, np.flatnonzero((posterior.status != EXACT) & ~rejected), problems)
        urgency = self._urgency(posterior, raised)
        rows = batch.column(ROW) if ROW in batch.schema.names else pa.nulls(batch.num_rows, pa.int64())
        names, group = group_names(people.age, people.sex)
        flags = pa.array(self.rules.flags, pa.string())
        codes = sorted(problems)
        told = np.stack([problems[code] for code in codes], axis=1) if codes else np.zeros((len(people), 0), dtype=bool)
        columns: list[pa.Array] = [
            read.ids,
            rows.cast(pa.int64()),
            _chosen(list(names), group),
            *self._reasons(read),
            _chosen([*URGENCIES, None], np.where(rejected, len(URGENCIES), urgency)),
            _lists(flags, raised, rejected),
        ]
        mask = rejected if rejected.any() else None
        numbers = [posterior.cramp, posterior.background, posterior.other]
        numbers += list(np.ascontiguousarray(posterior.present.T))
        numbers += list(np.ascontiguousarray(posterior.explains.T))
        columns += [pa.array(each, mask=mask) for each in (*numbers, posterior.omitted)]
        columns += [
            _lists(pa.array(codes, pa.string()), told, rejected),
            _chosen([self.manifest, None], rejected.astype(np.int64)),
        ]
        return pa.RecordBatch.from_arrays(columns, schema=self.schema)

    def _urgency(self, posterior: BatchPosterior, raised: Bools) -> NDArray[np.int64]:
        """Return the index into `URGENCIES` of the more urgent of what red flags and probabilities call for."""
        explains = np.concatenate([posterior.explains, posterior.background[:, None]], axis=1)
        by_probability = urgency_ranks(self.evidence, (*self.causes, BACKGROUND), explains)
        calm = len(URGENCIES) - 1
        by_flag = np.where(raised, self.rules.ranks[None, :], calm).min(axis=1, initial=calm)
        urgency: NDArray[np.int64] = np.minimum(by_flag, by_probability)
        return urgency

    def _answer_singly(
        self, read: ReadPeople, posterior: BatchPosterior, rows: NDArray[np.int64], problems: dict[str, Bools]
    ) -> None:
        """Answer the few rows that the kernel does not (too much is present, or it contradicts itself) one by one."""
        for i in rows.tolist():
            answer = assess_facts(self.network, read.people.facts(i), draws=0, steps=False)
            by_id = {cause.id: cause for cause in answer.causes}
            posterior.cramp[i] = answer.cramp.probability.value
            posterior.present[i] = [by_id[cause].present.value for cause in self.causes]
            posterior.explains[i] = [by_id[cause].explains.value for cause in self.causes]
            posterior.background[i] = by_id[BACKGROUND].explains.value
            posterior.other[i], posterior.omitted[i] = answer.unexplained.value, answer.manifest.omitted_mass
            for problem in answer.problems:
                problems.setdefault(problem.code, np.zeros(len(read.people), dtype=bool))[i] = True

    @staticmethod
    def _reasons(read: ReadPeople) -> list[pa.Array]:
        """Return the columns that say why rows are rejects."""
        rejects = read.rejects
        which = np.where(rejects.which < 0, len(rejects.reasons), rejects.which)
        told: list[list[Any]] = [
            [reason.code for reason in rejects.reasons],
            list(rejects.columns),
            list(rejects.cells),
            [str(reason.why) for reason in rejects.reasons],
            [str(reason.fix) for reason in rejects.reasons],
        ]
        return [_chosen([*values, None], which) for values in told]


def _chosen(values: list[str | None], which: NDArray[np.int64]) -> pa.Array:
    """Return the chosen texts, one for each row."""
    return pa.array(values, pa.string()).take(pa.array(which))


def _lists(names: pa.Array, has: Bools, empty: Bools) -> pa.Array:
    """Return a list of names for each row (N, names); null where `empty`."""
    has = has & ~empty[:, None]
    rows, columns = np.nonzero(has)
    offsets = np.concatenate(([0], np.cumsum(np.bincount(rows, minlength=len(has))))).astype(np.int32)
    mask = pa.array(empty) if empty.any() else None
    return pa.ListArray.from_arrays(pa.array(offsets), names.take(pa.array(columns)), mask=mask)
