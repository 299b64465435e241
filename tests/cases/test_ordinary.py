"""Ordinary people: what a GP would say of each, argued from the evidence in a line.

The people are the files of examples/. Nothing here is a tuned number: each expectation is a rank, a direction or an
urgency that follows from the claim named beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from soleus.app.session import load_session
from soleus.core.assessment import Assessment
from soleus.exchange.case_file import read_case

EXAMPLES = Path(__file__).parents[2] / "examples"


@dataclass(frozen=True)
class Expected:
    """What a GP would sign."""

    name: str
    first: tuple[str, ...]
    urgency: tuple[str, ...]
    because: str
    among_three: tuple[str, ...] = ()


PEOPLE = [
    Expected(
        "night_cramps_68",
        ("idiopathic",),
        ("self_care", "routine"),
        "a third of people over 60 have night cramps and most have no cause (idiopathic share, NHANES background)",
    ),
    Expected(
        "third_trimester",
        ("pregnancy",),
        ("self_care", "routine"),
        "71 % of women in months 7 to 9 have cramps against 25 % of others: most of them are the pregnancy's",
    ),
    Expected(
        "laba_and_thiazide",
        ("drug_induced", "idiopathic"),
        ("self_care", "routine"),
        "a LABA start doubles cramp treatment (2.42, confounded), and it began after the inhaler: a review",
        among_three=("drug_induced", "idiopathic"),
    ),
    Expected(
        "restless_legs",
        ("rls",),
        ("self_care", "routine"),
        "urge, rest, evening and relief by moving are the four criteria (allen2014)",
    ),
    Expected(
        "claudication",
        ("peripheral_arterial_disease",),
        ("soon", "routine"),
        "fixed distance, relief standing still, weak pulses (LR 4.7) and an ABI of 0.72 (7.5)",
    ),
    Expected(
        "stenosis",
        ("lumbar_stenosis_radiculopathy",),
        ("soon", "routine"),
        "no pain seated (LR 7.4), better bending forward (6.4), wide-based gait (13), all suri2010",
    ),
    Expected(
        "dialysis",
        ("ckd_dialysis",),
        ("soon", "routine"),
        "15 to 87 % of people on hemodialysis have cramps (bmj_cramps)",
    ),
    Expected(
        "runner",
        ("muscle_fatigue",),
        ("self_care", "routine"),
        "a cramp in the night after unusual exertion and nothing else",
    ),
    Expected(
        "cirrhosis",
        ("cirrhosis",),
        ("soon", "routine"),
        "22 to 88 % of people with cirrhosis have cramps, 63 % of them in the hands (korea_cirr)",
    ),
    Expected(
        "clot",
        ("dvt",),
        ("same_day", "emergency"),
        "recent surgery, calf 4 cm larger, swelling and tenderness: Wells 4 or more (goodacre2005)",
    ),
    Expected(
        "low_magnesium_ppi",
        ("hypomagnesemia",),
        ("soon", "same_day"),
        "two magnesium values near 0.5 mmol/L on years of a proton-pump inhibitor (odds ratio 1.71, ppi_mg)",
    ),
    Expected(
        "after_thyroid_surgery",
        ("hypocalcemia",),
        ("same_day", "emergency"),
        "tingling and cramps within days of thyroidectomy are low calcium until measured (turner2016)",
    ),
]


def answer(name: str) -> Assessment:
    case, problems = read_case(EXAMPLES / f"{name}.toml")
    assert not problems
    return load_session().assess(case)


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.name)
def test_a_gp_would_sign(person: Expected) -> None:
    assessment = answer(person.name)
    ranked = [cause.id for cause in assessment.causes]
    assert ranked[0] in person.first, f"{ranked[:4]}: {person.because}"
    assert set(person.among_three) <= set(ranked[:3]), f"{ranked[:4]}: {person.because}"
    assert assessment.urgency in person.urgency, f"{assessment.urgency}, {assessment.urgency_reason}: {person.because}"


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.name)
def test_every_phrase_of_the_examples_is_understood(person: Expected) -> None:
    missed = [u.phrase for u in answer(person.name).understood if not u.understood]
    assert missed == []


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.name)
def test_quinine_is_never_offered_and_no_medicine_is_started_or_stopped(person: Expected) -> None:
    advice = {item.id: item for item in answer(person.name).advice}
    assert advice["quinine"].kind == "not"
    for item in advice.values():
        words = item.advice.lower()
        assert "stop taking" not in words.replace("do not stop taking", "").replace("never stop taking", ""), item.id


def test_one_calcium_just_under_the_limit_says_little_and_three_that_agree_much() -> None:
    """Biological variation: 2.15 once may be a set point of 2.25; three times it hardly can be."""
    case, _ = read_case(EXAMPLES / "one_low_calcium.yaml")

    def low_calcium(count: int) -> float:
        many = msgspec.structs.replace(case, measurements=case.measurements * count)
        measured = load_session().assess(many, draws=0).measured
        return next(m.likelihood_ratio for m in measured if m.finding == "calcium_low")

    assert 1 < low_calcium(1) < 20
    assert low_calcium(3) > 5 * low_calcium(1)


def test_a_unit_slip_is_reported_with_the_fix_and_not_used() -> None:
    case, problems = read_case(EXAMPLES / "unit_slip.json")
    assessment = load_session().assess(case, problems=problems)
    slip = [p for p in assessment.problems if p.where.startswith("measurements[0]")]
    assert slip
    assert "looks like mg/dL" in slip[0].what
    assert "2.30 mmol/L" in slip[0].what
    assert assessment.measured == ()
