"""What must hold of every assessment, on random facts from the real evidence base (hypothesis).

Tolerances: answers are rounded to 12 digits. A probability p near 1 therefore carries an error of up to 5e-13, which is
5e-13 / (1 - p) on the log-odds scale; the sums of steps are compared with 1e-6 plus that. Permuted facts change the
order in which a few thousand positive products are added (relative 1e-12).
"""

from __future__ import annotations

import math
import random
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soleus.app.session import load_session
from soleus.core.assessment import URGENCIES, Assessment, Probability
from soleus.core.case import Case, Facts
from soleus.reasoning.assess import assess_facts
from soleus.reasoning.network import person_parameters
from soleus.reasoning.observation import observe
from soleus.reasoning.posterior import compute_posterior

SESSION = load_session()
EVIDENCE = SESSION.evidence
FINDINGS = sorted(set(EVIDENCE.findings) - set(EVIDENCE.all_absent))
QUANTITIES = sorted(EVIDENCE.quantities)
few = settings(max_examples=20, deadline=None, derandomize=True)

states = st.dictionaries(st.sampled_from(FINDINGS), st.booleans(), max_size=18)
people = st.fixed_dictionaries(
    {},
    optional={
        "age": st.floats(0, 120).map(lambda x: round(x, 1)),
        "sex": st.sampled_from(["female", "male"]),
        "setting": st.sampled_from(["community", "primary_care", "emergency", "hospital", "dialysis_unit"]),
    },
)


@st.composite
def measurements(draw: st.DrawFn) -> dict[str, Any]:
    quantity = EVIDENCE.quantities[draw(st.sampled_from(QUANTITIES))]
    low, high = quantity.plausible
    share = draw(st.floats(0.001, 0.999))
    mean = quantity.population_mean.value
    near = mean * math.exp((share - 0.5) * 0.8)
    return {"name": quantity.terms[0], "value": float(f"{min(max(near, low), high):.4g}"), "unit": quantity.unit}


@st.composite
def cases(draw: st.DrawFn) -> dict[str, Any]:
    return {
        **draw(people),
        "findings": draw(states),
        "measurements": draw(st.lists(measurements(), max_size=4)),
        "not_known": draw(st.lists(st.sampled_from(FINDINGS), max_size=3)),
        "medicines": draw(st.sampled_from([[], ["none"], ["simvastatin"], ["no diuretic"]])),
        "medicines_complete": draw(st.booleans()),
    }


def assess(case: dict[str, Any], *, draws: int = 0, steps: bool = True) -> Assessment:
    return SESSION.assess(case, draws=draws, steps=steps)


def logit(p: float) -> float:
    return math.log(p) - math.log1p(-p)


def sums_up(prior: float, steps: list[float], posterior: float) -> bool:
    rounding = sum(5e-13 / max(1 - p, 1e-15) for p in (prior, posterior))
    if rounding > 0.1:  # rounded to 1 exactly, or nearly: nothing can be compared
        return prior + posterior > 1
    return abs(logit(prior) + sum(steps) - logit(posterior)) < 1e-6 + rounding


def probabilities(answer: Assessment) -> list[Probability]:
    every = [answer.cramp.probability, answer.unexplained]
    for cause in answer.causes:
        every += [cause.explains, cause.present]
    return every


def values(answer: Assessment) -> dict[str, tuple[float, float]]:
    table = {cause.id: (cause.explains.value, cause.present.value) for cause in answer.causes}
    return {**table, "cramp": (answer.cramp.probability.value,) * 2, "other": (answer.unexplained.value,) * 2}


def assert_same_values(first: Assessment, second: Assessment) -> None:
    a, b = values(first), values(second)
    assert a.keys() == b.keys()
    for key in a:
        np.testing.assert_allclose(a[key], b[key], rtol=1e-9, atol=1e-12, err_msg=key)


# --- steps ----------------------------------------------------------------------------------------------------------


@few
@given(cases())
def test_steps_add_up_to_the_posterior_of_every_cause(case: dict[str, Any]) -> None:
    answer = assess(case)
    cramp = answer.cramp
    assert sums_up(cramp.prior, [step.log_odds for step in cramp.steps], cramp.probability.value)
    for cause in answer.causes:
        steps = cause.steps
        assert sums_up(cause.prior_explains, [s.log_odds for s in steps], cause.explains.value), cause.id
        assert sums_up(cause.prior_present, [s.log_odds_present for s in steps], cause.present.value), cause.id
        assert [s.finding for s in steps] == [s.finding for s in cramp.steps]
        assert all(s.claim and s.source and s.label for s in steps)
        assert all(s.source == "expert" or s.source in EVIDENCE.references for s in steps)


@few
@given(cases())
def test_the_answer_is_the_posterior_given_everything_known(case: dict[str, Any]) -> None:
    """The last of the steps is the same as one inference with all facts at once."""
    answer = assess(case)
    observed = observe(SESSION.network, SESSION.understand(msgspec.convert(case, Case)))
    parameters = person_parameters(SESSION.network, observed.person, observed.state)
    once = compute_posterior(SESSION.network, parameters, *observed.arrays(SESSION.network, observed.observations))
    for cause in answer.causes:
        if cause.id in SESSION.network.cause_index:
            c = SESSION.network.cause_index[cause.id]
            assert cause.explains.value == pytest.approx(once.explains[0, c], rel=1e-8, abs=1e-12), cause.id
            assert cause.present.value == pytest.approx(once.present[0, c], rel=1e-8, abs=1e-12), cause.id
    assert answer.cramp.probability.value == pytest.approx(once.cramp[0], rel=1e-8)


# --- probabilities --------------------------------------------------------------------------------------------------


@settings(few, max_examples=12)
@given(cases())
def test_probabilities_are_probabilities_and_intervals_are_intervals(case: dict[str, Any]) -> None:
    """The central value may lie outside the interval of the draws; low below high, both in [0, 1], is guaranteed."""
    answer = assess(case, draws=40, steps=False)
    for p in probabilities(answer):
        assert 0 <= p.low <= p.high <= 1
        assert 0 <= p.value <= 1
    for cause in answer.causes:
        assert cause.explains.value <= cause.present.value + 1e-11, cause.id
    assert answer.cramp.probability.value + answer.unexplained.value <= 1 + 1e-9
    standing = [cause.standing for cause in answer.causes]
    assert standing == sorted(standing, reverse=True)


@few
@given(cases())
def test_without_draws_an_interval_is_its_value(case: dict[str, Any]) -> None:
    for p in probabilities(assess(case, steps=False)):
        assert p.low == p.value == p.high


def test_the_middle_of_an_ordinary_answer_lies_inside_its_interval() -> None:
    answer = assess({"age": 68, "sex": "female", "cramps": {"sites": ["calf"], "timing": "night"}}, draws=200)
    inside = [p.low <= p.value <= p.high for p in probabilities(answer)]
    assert sum(inside) >= 0.95 * len(inside)
    assert any(p.low < p.high for p in probabilities(answer))


@few
@given(cases())
def test_what_explains_something_was_produced_by_something(case: dict[str, Any]) -> None:
    """Every complaint has at least one source: the shares of all explanations add up to at least one."""
    answer = assess(case, steps=False)
    total = sum(cause.explains.value for cause in answer.causes) + answer.unexplained.value
    assert total >= 1 - 1e-9


# --- unknown is not absent ------------------------------------------------------------------------------------------


@few
@given(cases(), st.lists(st.sampled_from(FINDINGS), max_size=5))
def test_an_unknown_changes_nothing_but_the_questions(case: dict[str, Any], unknown: list[str]) -> None:
    before, after = assess(case), assess({**case, "not_known": [*case["not_known"], *unknown]})
    assert msgspec.structs.replace(after, inquiry=before.inquiry) == before
    assert not {q.finding for q in after.inquiry.questions} & set(unknown)


@few
@given(cases())
def test_nothing_already_told_is_asked(case: dict[str, Any]) -> None:
    answer = assess(case)
    asked = {question.finding for question in answer.inquiry.questions}
    assert not asked & (set(case["findings"]) | set(case["not_known"]))
    assert all(question.gain_bits >= 0 for question in answer.inquiry.questions)


# --- order ----------------------------------------------------------------------------------------------------------


@few
@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_findings_does_not_matter(case: dict[str, Any], chance: random.Random) -> None:
    pairs = list(case["findings"].items())
    chance.shuffle(pairs)
    unknown = list(case["not_known"])
    chance.shuffle(unknown)
    first, second = assess(case), assess({**case, "findings": dict(pairs), "not_known": unknown})
    assert msgspec.structs.replace(second, problems=first.problems) == first
    assert sorted(map(str, second.problems)) == sorted(map(str, first.problems))


WORDS = {
    "history": ["diabetes", "high blood pressure", "liver cirrhosis", "hip replacement", "asthma", "smoker"],
    "medicines": ["furosemide", "atorvastatin", "omeprazole", "salbutamol inhaler", "paracetamol"],
}
SYMPTOMS = ["numb feet", "tingling around the mouth", "tired", "leg swelling", "back pain", "burning feet"]


@few
@given(st.randoms(use_true_random=False), st.integers(0, 6))
def test_the_order_of_phrases_does_not_matter(chance: random.Random, cut: int) -> None:
    def case(shuffled: bool) -> dict[str, Any]:
        def order(items: list[str]) -> list[str]:
            return chance.sample(items, len(items)) if shuffled else items

        return {
            **{key: order(items) for key, items in WORDS.items()},
            "symptoms": {"present": order(SYMPTOMS[:cut]), "absent": order(SYMPTOMS[cut:])},
            "age": 70,
        }

    first, second = assess(case(False)), assess(case(True))
    assert_same_values(first, second)
    assert (second.red_flags, second.ask_first, second.urgency) == (first.red_flags, first.ask_first, first.urgency)
    assert second.advice == first.advice
    assert sorted((u.phrase, u.findings) for u in second.understood) == sorted(
        (u.phrase, u.findings) for u in first.understood
    )


@few
@given(st.lists(measurements(), min_size=2, max_size=5), st.randoms(use_true_random=False))
def test_the_order_of_readings_does_not_matter(readings: list[dict[str, Any]], chance: random.Random) -> None:
    shuffled = chance.sample(readings, len(readings))
    first, second = assess({"measurements": readings}), assess({"measurements": shuffled})
    assert_same_values(first, second)
    assert [m.finding for m in second.measured] == [m.finding for m in first.measured]


@few
@given(cases())
def test_the_order_of_facts_does_not_matter_to_the_reasoning(case: dict[str, Any]) -> None:
    facts = SESSION.understand(msgspec.convert(case, Case))
    turned = msgspec.structs.replace(facts, facts=facts.facts[::-1])
    first, second = (assess_facts(SESSION.network, f, draws=0) for f in (facts, turned))
    assert first == second


# --- red flags and the rest -----------------------------------------------------------------------------------------


@few
@given(cases(), states)
def test_more_presence_never_clears_a_red_flag(case: dict[str, Any], more: dict[str, bool]) -> None:
    """A rule without "not" that is raised stays raised when further findings are told."""
    plain = {
        key
        for key, flag in EVIDENCE.red_flags.items()
        if not any(literal.startswith("!") for conjunction in flag.rule for literal in conjunction)
    }
    added = {key: True for key in more if key not in case["findings"]}
    before = {flag.id for flag in assess(case, steps=False).red_flags} & plain
    after = {flag.id for flag in assess({**case, "findings": {**case["findings"], **added}}, steps=False).red_flags}
    assert before <= after


@few
@given(cases())
def test_the_urgency_is_never_below_that_of_a_red_flag(case: dict[str, Any]) -> None:
    answer = assess(case, steps=False)
    for flag in answer.red_flags:
        assert URGENCIES.index(answer.urgency) <= URGENCIES.index(flag.urgency)
        assert flag.triggers
        assert not flag.ask
    for flag in answer.ask_first:
        assert flag.ask
        assert not flag.triggers


@few
@given(cases())
def test_the_answer_can_be_written_and_read_back(case: dict[str, Any]) -> None:
    answer = assess(case)
    assert msgspec.json.decode(msgspec.json.encode(answer, enc_hook=str), type=Assessment) == answer


@few
@given(cases())
def test_scoring_without_steps_gives_the_same_probabilities(case: dict[str, Any]) -> None:
    with_steps, without = assess(case), assess(case, steps=False)
    assert values(with_steps) == values(without)
    assert without.causes[0].steps == ()


def test_nothing_known_is_the_prior() -> None:
    answer = assess_facts(SESSION.network, Facts(person=SESSION.understand(Case()).person), draws=0)
    for cause in answer.causes:
        assert cause.explains.value == cause.prior_explains
        assert cause.steps == ()
    assert answer.cramp.probability.value == answer.cramp.prior
    assert answer.red_flags == ()
