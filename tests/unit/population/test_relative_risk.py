"""Relative risks on made-up people with a known truth, and who counts as exposed."""

from __future__ import annotations

import numpy as np
import pytest

from soleus.knowledge.load import load_evidence
from soleus.population.exposures import Exposure, read_exposures
from soleus.population.frequency_model import CrampAnswers
from soleus.population.reading import SurveyTable
from soleus.population.relative_risk import relative_risks
from soleus.population.survey import Design

EVIDENCE = load_evidence()
N = 20_000


def people(seed: int = 1) -> tuple[SurveyTable, CrampAnswers, Design, np.random.Generator]:
    rng = np.random.default_rng(seed)
    age, female = rng.integers(20, 86, N).astype(float), rng.random(N) < 0.5
    columns = {
        "DMDEDUC2": rng.integers(1, 6, N).astype(float),
        "BMXBMI": rng.normal(28, 5, N),
        "SMQ020": rng.integers(1, 3, N).astype(float),
        "SMQ040": np.full(N, 3.0),
        "HUQ010": rng.integers(1, 6, N).astype(float),
        "SLQ150": np.where(rng.random(N) < 0.1, 3.0, 0.0),
    }
    table = SurveyTable(columns, tuple([()] * N), (("made up", "0"),))
    design = Design(rng.lognormal(0, 0.4, N), rng.integers(0, 30, N), np.repeat(np.arange(15), 2))
    return table, CrampAnswers(np.zeros(N), age, female, np.zeros(N), np.ones(N, dtype=bool)), design, rng


def test_an_effect_is_found_and_confounding_by_age_taken_out() -> None:
    table, answers, design, rng = people()
    old = (answers.age - 20) / 65
    does = rng.random(N) < 0.05 + 0.3 * old
    nothing = rng.random(N) < 0.05 + 0.3 * old  # as frequent in the old, and without effect
    p = 0.03 * (1 + 4 * old) * np.where(does, 2.0, 1.0)
    answer = np.where(rng.random(N) < p, 3.0, 0.0)
    answers = CrampAnswers(answer, answers.age, answers.female, answers.month, answers.used)
    exposures = [
        Exposure("does", "does", "medicine", does.astype(float)),
        Exposure("nothing", "nothing", "medicine", nothing.astype(float), negative_control="made up"),
        Exposure("rare", "rare", "medicine", (np.arange(N) < 4).astype(float)),
    ]
    risks, null, too_few = relative_risks(table, answers, design, exposures)
    assert too_few == ["rare"]
    assert null.controls == 1
    assert risks["does"].adjusted.value == pytest.approx(2.0, rel=0.12)
    assert risks["does"].adjusted.range[0] <= 2.0 <= risks["does"].adjusted.range[1]
    assert risks["nothing"].crude.range[0] > 1.05  # confounded
    assert risks["nothing"].adjusted.range[0] <= 1 <= risks["nothing"].adjusted.range[1]
    assert risks["does"].jerks.range[0] <= 1 <= risks["does"].jerks.range[1]
    assert risks["does"].calibrated == risks["does"].adjusted_for_health  # one control tells nothing of an error


def test_a_crude_ratio_is_that_of_two_weighted_shares() -> None:
    table, answers, design, rng = people(2)
    having = rng.random(N) < 0.2
    answer = np.where(rng.random(N) < np.where(having, 0.12, 0.08), 4.0, 0.0)
    answers = CrampAnswers(answer, answers.age, answers.female, answers.month, answers.used)
    risks, _, _ = relative_risks(table, answers, design, [Exposure("x", "x", "condition", having.astype(float))])
    one, other = (np.average(answer[g] >= 3, weights=design.weight[g]) for g in (having, ~having))
    assert risks["x"].crude.value == pytest.approx(one / other, rel=1e-4)
    assert risks["x"].exposed_with_cramps == int((having & (answer >= 3)).sum())


def test_who_is_exposed() -> None:
    asked = ("DIQ010", "BPQ020", "KIQ022", "MCQ160A", "MCQ160B", "MCQ160C", "MCQ160D", "MCQ160E", "MCQ160F", "MCQ160G")
    asked += ("MCQ160K", "MCQ160L", "MCQ160M", "MCQ170K", "MCQ170L", "MCQ170M", "MCQ010", "MCQ035", "MCQ220", "OSQ060")
    columns = {name: np.full(5, 2.0) for name in (*asked, "AGQ010", "MCQ092")}
    columns["DIQ010"] = np.array([1.0, 2.0, 3.0, 9.0, np.nan])
    columns["MCQ160L"] = np.array([1.0, 1.0, 2.0, 9.0, 1.0])
    columns["MCQ170L"] = np.array([1.0, 2.0, np.nan, np.nan, 9.0])
    medicines = (("ESTROGENS, CONJUGATED", "SALMETEROL"), ("LATANOPROST OPHTHALMIC",), (), None, ("QUININE",))
    found = {e.key: e for e in read_exposures(SurveyTable(columns, medicines, ()), EVIDENCE)}

    def having(key: str) -> list[float | None]:
        return [None if np.isnan(x) else x for x in found[key].having]

    assert having("diabetes") == [1, 0, 0, None, None]  # borderline is none
    assert having("liver_disease") == [1, 0, 0, None, None]  # still: asked of those who ever had it
    assert having("takes_laba") == [1, 0, 0, None, 0]
    assert having("takes_quinine") == [0, 0, 0, None, 1]
    assert having("glaucoma_drops") == [0, 1, 0, None, 0]
    assert "cramps" in found["takes_quinine"].lesson
    assert "lung disease" in found["takes_laba"].lesson
    assert all(e.finding in EVIDENCE.findings for e in found.values() if e.finding)


def test_what_only_the_survey_tells_follows_from_it_by_the_stated_rule() -> None:
    """The calibrated ratio, not below 1, in two decimals: the rule is in the derivation of each."""
    told = [e for cause in EVIDENCE.causes.values() for e in cause.exposures if e.source == "nhanes_recalc"]
    assert {e.finding for e in told} == {"takes_naproxen", "takes_conjugated_estrogens"}
    for exposure in told:
        ratio = EVIDENCE.relative_risks[exposure.finding].calibrated
        assert exposure.value == pytest.approx(max(1.0, ratio.value), abs=0.0051)
        assert exposure.range == pytest.approx((min(ratio.range[0], exposure.value), ratio.range[1]), abs=0.0051)
        assert "calibrated" in exposure.derivation
