"""Every row of a screened register equals the single assessment of the same person, to 1e-9.

Compared on random people over random mappings of the real evidence base: urgency, red flags, P(true cramp), present and
explains of every cause, background, other, the bound on what was left out, and the codes of problems. The single
assessment is given a case in the form of a case file, so that its reading of words, units and medicines counts too.
Both are exact; 1e-9 leaves room for the order of additions, and for the twelve digits an assessment is rounded to.
"""

from __future__ import annotations

import pickle
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soleus.app.session import load_session
from soleus.cohort.mapping import (
    CodedColumn,
    FindingColumn,
    Mapping,
    MedicineColumn,
    PersonColumns,
    QuantityColumn,
    SettingColumn,
    SexColumn,
)
from soleus.cohort.scoring import ROW, Scorer

SESSION = load_session()
FINDINGS = sorted(SESSION.evidence.findings)
QUANTITIES = ("calcium", "albumin", "magnesium", "potassium", "creatinine", "creatine_kinase", "tsh", "abi", "hba1c")
MEDICINES = (
    "amlodipine",
    "HCTZ",
    "salbutamol inhaler",
    "atorvastatin 20 mg",
    "quinine",
    "prednisolone",
    "moonshine tea",
)


@dataclass
class Register:
    """A random register and the case of each of its rows."""

    mapping: Mapping
    table: dict[str, list[Any]]
    cases: list[dict[str, Any]] = field(default_factory=list)

    def batch(self) -> pa.RecordBatch:
        n = len(self.cases)
        return pa.RecordBatch.from_pydict({**self.table, ROW: list(range(1, n + 1))})


def draw_register(seed: int, n: int, most: int = 24, share: float = 0.35) -> Register:
    rng = np.random.default_rng(seed)
    chosen = [FINDINGS[i] for i in sorted(rng.choice(len(FINDINGS), size=most, replace=False))]
    quantities = [key for key in rng.permutation(QUANTITIES).tolist()[:5] if key in SESSION.evidence.quantities]
    units = {key: str(rng.choice(list(SESSION.evidence.quantities[key].units)[:2])) for key in quantities}
    mapping = Mapping(
        person=PersonColumns(
            id="pid",
            age="age",
            sex=SexColumn(column="sex", female=("F",), male=("M",)),
            pregnancy_month="month",
            pregnant=CodedColumn(column="pregnant"),
            postpartum=CodedColumn(column="postpartum", present=(1,), absent=(2,)),
            setting=SettingColumn(column="clinic", codes={"ER": "emergency", "GP": "primary_care"}),
        ),
        unknown=(-9, "NA"),
        findings=tuple(FindingColumn(column=f"f_{key}", finding=key) for key in chosen),
        quantities=tuple(
            QuantityColumn(column=f"q_{key}", quantity=key, unit=units[key], low_column=f"low_{key}")
            for key in quantities
        ),
        medicines=(MedicineColumn(column="drugs"), MedicineColumn(column="all_drugs", separator=",", complete=True)),
    )
    columns = {name: [] for name in mapping.columns()}
    register = Register(mapping, columns)

    def put(name: str, cell: Any) -> Any:
        columns[name].append(cell)
        return cell

    for i in range(n):
        put("pid", f"p{i}")
        case: dict[str, Any] = {}
        age = put("age", float(rng.choice([3, 17, 30.5, 52, 68, 90])) if rng.random() < 0.85 else None)
        case["age"] = age
        sex = put("sex", str(rng.choice(["F", "M"])) if rng.random() < 0.8 else None)
        case["sex"] = {"F": "female", "M": "male"}.get(sex or "")
        case["pregnancy_month"] = put("month", float(rng.choice([0, 2, 8.5])) if rng.random() < 0.2 else None)
        told = put("pregnant", str(rng.choice(["yes", "no"])) if rng.random() < 0.2 else None)
        case["pregnant"] = None if told is None else told == "yes"
        birth = put("postpartum", int(rng.integers(1, 3)) if rng.random() < 0.2 else -9)
        case["postpartum"] = None if birth == -9 else birth == 1
        clinic = put("clinic", str(rng.choice(["ER", "GP", "NA"])))
        case["setting"] = {"ER": "emergency", "GP": "primary_care"}.get(clinic)
        findings = {}
        for key in chosen:
            known = rng.random() < 0.5
            cell = put(f"f_{key}", bool(rng.random() < share) if known else None)
            if cell is not None:
                findings[key] = cell
        case["findings"] = findings
        case["measurements"] = []
        for key in quantities:
            quantity = SESSION.evidence.quantities[key]
            factor = quantity.units[units[key]]
            count = int(rng.integers(0, 4))
            values = [
                float(np.round(quantity.population_mean.value / factor * np.exp(rng.normal(0, 0.1)), 3))
                for _ in range(count)
            ]
            put(f"q_{key}", values)
            limit = quantity.population_mean.value / factor * 0.9
            low = put(f"low_{key}", limit if rng.random() < 0.2 else None)
            case["measurements"] += [
                {"name": quantity.terms[0], "value": value, "unit": units[key], "low": low} for value in values
            ]
        some = rng.permutation(MEDICINES).tolist()[: int(rng.integers(0, 3))]
        put("drugs", "; ".join(some) if some else None)
        all_ = rng.permutation(MEDICINES).tolist()[: int(rng.integers(0, 3))]
        put("all_drugs", ",".join(all_) if all_ else None)
        case["medicines"] = [*some, *all_]
        case["medicines_complete"] = bool(all_)
        register.cases.append({key: value for key, value in case.items() if value is not None})
    return register


def check(register: Register, answers: pa.RecordBatch) -> int:
    """Compare all rows; return how many were screened."""
    table = answers.to_pydict()
    causes = [cause.id for cause in SESSION.network.causes]
    screened = 0
    for i, case in enumerate(register.cases):
        single = SESSION.assess(case, draws=0, steps=False)
        if table["reject_code"][i] is not None:
            assert any(problem.level == "error" or problem.code for problem in single.problems), (i, case)
            continue
        screened += 1
        by_id = {cause.id: cause for cause in single.causes}
        assert table["urgency"][i] == single.urgency, (i, case)
        assert table["red_flags"][i] == [flag.id for flag in single.red_flags], (i, case)
        near = pytest.approx
        assert table["cramp"][i] == near(single.cramp.probability.value, abs=1e-9), (i, case)
        assert table["idiopathic"][i] == near(by_id["idiopathic"].explains.value, abs=1e-9), (i, case)
        assert table["other"][i] == near(single.unexplained.value, abs=1e-9), (i, case)
        assert table["omitted"][i] == near(single.manifest.omitted_mass, abs=1e-9), (i, case)
        for cause in causes:
            assert table[f"present_{cause}"][i] == near(by_id[cause].present.value, abs=1e-9), (i, cause, case)
            assert table[f"explains_{cause}"][i] == near(by_id[cause].explains.value, abs=1e-9), (i, cause, case)
        codes = {problem.code for problem in single.problems}
        codes |= {"not_understood" for phrase in single.understood if not phrase.understood}
        assert set(table["problems"][i]) == codes, (i, case)
    return screened


@pytest.mark.parametrize("seed", range(6))
def test_every_row_equals_the_single_assessment(seed: int) -> None:
    register = draw_register(seed, 25)
    scorer = Scorer(SESSION.evidence, register.mapping)
    assert check(register, scorer.score(register.batch())) >= 15


def test_rows_that_are_too_much_for_the_kernel_are_answered_one_by_one() -> None:
    register = draw_register(3, 3, most=60, share=0.9)
    scorer = Scorer(SESSION.evidence, register.mapping)
    answers = scorer.score(register.batch())
    assert any(omitted for omitted in answers.column("omitted").to_pylist() if omitted)
    assert check(register, answers) == 3


@settings(max_examples=10, deadline=None)
@given(cuts=st.lists(st.integers(1, 24), min_size=1, max_size=4))
def test_a_row_does_not_depend_on_its_batch(cuts: list[int]) -> None:
    register = draw_register(1, 25)
    scorer = Scorer(SESSION.evidence, register.mapping)
    whole = scorer.score(register.batch())
    edges = [0, *sorted(set(cuts)), 25]
    parts = [scorer.score(register.batch().slice(a, b - a)) for a, b in pairwise(edges)]
    assert pa.Table.from_batches(parts).combine_chunks().to_batches()[0].equals(whole)


def test_a_scorer_can_be_sent_to_another_process() -> None:
    register = draw_register(2, 8)
    scorer = Scorer(SESSION.evidence, register.mapping)
    sent = pickle.loads(pickle.dumps(scorer))
    assert sent.score(register.batch()).equals(scorer.score(register.batch()))
