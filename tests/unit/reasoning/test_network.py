"""Compiling evidence to a network: prevalence, modifiers, exposures, leaks and backgrounds, on made-up numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from soleus.core.case import Person
from soleus.knowledge.load import load_evidence
from soleus.knowledge.schema import Claim, Context
from soleus.reasoning.network import (
    CRAMP,
    MAXIMUM_PREVALENCE,
    OTHER,
    Spread,
    applies,
    background_claim,
    compile_network,
    count_normals,
    expit,
    person_parameters,
)

NETWORK = compile_network(load_evidence(Path(__file__).parents[2] / "evidence" / "sound"))
REAL = compile_network(load_evidence())


def prevalence(cause: str, person: Person | None = None, state: dict[str, bool] | None = None) -> float:
    parameters = person_parameters(NETWORK, person or Person(), state or {})
    return float(parameters.prevalence[0, NETWORK.cause_index[cause]])


def test_the_background_is_no_node_and_every_arrow_is_there_once() -> None:
    assert [cause.id for cause in NETWORK.causes] == ["drug_induced", "dvt", "hypocalcemia"]
    assert list(NETWORK.makes_cramp) == [True, False, True]
    arrows = {
        (NETWORK.findings[f], NETWORK.causes[NETWORK.structure.parents[k]].id): NETWORK.structure.links[k]
        for f in range(len(NETWORK.findings))
        for k in range(NETWORK.structure.indptr[f], NETWORK.structure.indptr[f + 1])
    }
    assert arrows == {
        ("calcium_low", "hypocalcemia"): 0.9,
        ("trousseau_sign", "hypocalcemia"): 0.6,
        ("calf_swelling", "dvt"): 0.7,
        ("leg_swelling", "dvt"): 0.8,
    }


def test_prevalence_is_share_times_rate_over_strength() -> None:
    assert prevalence("hypocalcemia", Person(setting="community")) == pytest.approx(0.02 * 0.1 / 0.5)
    assert prevalence("dvt") == pytest.approx(0.01 * 0.1 / 0.8)


@pytest.mark.parametrize(
    "person",
    [
        Person(setting="community"),
        Person(setting="emergency", age=30, sex="female"),
        Person(setting="hospital", age=80),
    ],
)
def test_the_formula_holds_for_every_real_cause(person: Person) -> None:
    rate = REAL.evidence.release.reference_rate.value
    parameters = person_parameters(REAL, person, {})
    for c, cause in enumerate(REAL.causes):
        expected = min(cause.share.value * rate / cause.strength.value, 0.5)
        odds = expected / (1 - expected)
        for modifier in cause.modifiers:
            if applies(modifier.when, person):
                odds *= modifier.value
        assert parameters.prevalence[0, c] == pytest.approx(min(odds / (1 + odds), MAXIMUM_PREVALENCE)), cause.id


def test_modifiers_multiply_the_odds_and_each_other() -> None:
    base = 0.004 / 0.996
    for person, factor in (
        (Person(setting="community"), 1.0),
        (Person(setting="hospital"), 3.0),
        (Person(setting="community", sex="female", age=70), 2.0),
        (Person(setting="hospital", sex="female", age=70), 6.0),
        (Person(setting="community", sex="male", age=70), 1.0),
        (Person(setting="community", sex="female"), 1.0),
        (Person(setting="community", sex="female", age=59.9), 1.0),
    ):
        odds = base * factor
        assert prevalence("hypocalcemia", person) == pytest.approx(odds / (1 + odds)), person


def test_an_unknown_setting_lies_between_the_settings() -> None:
    community, unknown, hospital = (
        prevalence("hypocalcemia", Person(setting=s)) for s in ("community", None, "hospital")
    )
    assert community <= unknown < hospital


def test_a_modifier_touches_only_its_own_cause() -> None:
    assert prevalence("dvt", Person(setting="hospital")) == prevalence("dvt")


@pytest.mark.parametrize(
    ("context", "person", "verdict"),
    [
        (Context(), Person(), True),
        (Context(age=(40, 60)), Person(age=40), True),
        (Context(age=(40, 60)), Person(age=60), False),
        (Context(age=(40, 60)), Person(), False),
        (Context(sex="female"), Person(sex="female"), True),
        (Context(sex="female"), Person(sex="male"), False),
        (Context(sex="female"), Person(), False),
        (Context(pregnancy_month=(7, 10)), Person(pregnancy_month=7), True),
        (Context(pregnancy_month=(7, 10)), Person(pregnancy_month=10), False),
        (Context(pregnancy_month=(7, 10)), Person(), False),
        (Context(postpartum=True), Person(postpartum=True), True),
        (Context(postpartum=True), Person(), False),
        (Context(setting="hospital"), Person(setting="hospital"), True),
        (Context(setting="hospital"), Person(), False),
        (Context(age=(40, 60), sex="female"), Person(age=50, sex="male"), False),
    ],
)
def test_a_context_applies_only_when_all_of_it_is_known_to_hold(
    context: Context, person: Person, verdict: bool
) -> None:
    assert applies(context, person) is verdict


@pytest.mark.parametrize(
    ("person", "rate"),
    [
        (Person(age=8), 0.02),
        (Person(age=30), 0.02),
        (Person(age=60, sex="male"), 0.2),
        (Person(age=60.9, sex="female"), 0.3),
        (Person(age=60), 0.25),
        (Person(age=119, sex="female"), 0.3),
        (Person(sex="male"), 0.2),
    ],
)
def test_the_background_rate_is_that_of_the_person(person: Person, rate: float) -> None:
    claim = background_claim(NETWORK.evidence, person)
    assert claim.value == pytest.approx(rate)
    assert claim.range[0] < claim.value < claim.range[1]
    assert person_parameters(NETWORK, person, {}).background[0] == pytest.approx(rate)


def test_an_unknown_age_is_taken_as_sixty_five() -> None:
    unknown = person_parameters(NETWORK, Person(sex="female"), {})
    assert unknown.background == person_parameters(NETWORK, Person(age=65, sex="female"), {}).background


def acting(state: dict[str, bool], person: Person) -> float:
    """P(a medicine taken acts on this person) x P(it then brings cramps): the risk that the medicines add."""
    parameters = person_parameters(NETWORK, person, state)
    c = NETWORK.cause_index["drug_induced"]
    return float(parameters.prevalence[0, c] * parameters.strength[0, c])


def test_medicines_add_the_risk_that_their_relative_risks_say() -> None:
    person = Person(age=30)  # background 0.02
    odds = 0.02 / 0.98
    assert acting({"thiazide": True, "statin": False}, person) == pytest.approx(1.0 * odds)
    assert acting({"thiazide": False, "statin": True}, person) == pytest.approx(0.5 * odds)
    both = acting({"thiazide": True, "statin": True}, person)
    assert both == pytest.approx(1 - (1 - odds) * (1 - 0.5 * odds))


def test_a_known_medicine_is_likely_but_never_certain_to_act() -> None:
    assert prevalence("drug_induced", Person(age=70, sex="female"), {"thiazide": True}) == MAXIMUM_PREVALENCE


def test_unknown_medicines_are_not_absent_medicines() -> None:
    unknown = prevalence("drug_induced")
    assert unknown == pytest.approx(0.05 * 0.1 / 0.1)
    # thiazide: leak 0.1, excess risk 1; statin: leak 0.2, excess risk 0.5: each holds half of the share
    assert prevalence("drug_induced", state={"thiazide": False}) == pytest.approx(unknown / 2)
    assert prevalence("drug_induced", state={"statin": False}) == pytest.approx(unknown / 2)
    only = prevalence("drug_induced", Person(age=30), {"thiazide": False, "statin": True})
    rest = prevalence("drug_induced", Person(age=30)) / 2
    assert prevalence("drug_induced", Person(age=30), {"statin": True}) == pytest.approx(1 - (1 - only) * (1 - rest))
    assert prevalence("drug_induced", state={"thiazide": False, "statin": False}) < 1e-5
    assert prevalence("drug_induced", state={"thiazide": False, "statin": True}) > unknown


@pytest.mark.parametrize("medicine", [e.finding for e in REAL.evidence.causes["drug_induced"].exposures])
def test_taking_a_suspected_medicine_never_lowers_the_suspicion(medicine: str) -> None:
    c = REAL.cause_index["drug_induced"]
    for person in (Person(), Person(age=40, sex="male"), Person(age=80, sex="female", setting="hospital")):
        unknown, taken = (person_parameters(REAL, person, s).prevalence[0, c] for s in ({}, {medicine: True}))
        assert taken >= unknown, medicine


def test_a_medicine_changes_no_other_cause() -> None:
    without, taken = (person_parameters(NETWORK, Person(age=70), s) for s in ({}, {"thiazide": True, "statin": False}))
    others = [NETWORK.cause_index[key] for key in ("dvt", "hypocalcemia")]
    np.testing.assert_array_equal(without.prevalence[:, others], taken.prevalence[:, others])
    np.testing.assert_array_equal(without.links, taken.links)
    np.testing.assert_array_equal(without.leaks, taken.leaks)


def test_leaks_differ_between_the_worlds_and_with_the_person() -> None:
    night, calf = (NETWORK.finding_index[key] for key in ("at_night", "calf_swelling"))
    leaks = person_parameters(NETWORK, Person(), {}).leaks[0]
    assert leaks[CRAMP, night] == pytest.approx(0.8)
    assert leaks[OTHER, night] == pytest.approx(0.4)
    assert leaks[CRAMP, calf] == leaks[OTHER, calf] == pytest.approx(0.05)
    late = person_parameters(NETWORK, Person(pregnancy_month=8), {}).leaks[0]
    assert late[CRAMP, calf] == late[OTHER, calf] == pytest.approx(0.2)


def test_a_range_is_read_as_its_95_percent_interval() -> None:
    claim = Claim(value=0.2, range=(0.1, 0.5), source="expert", verification="expert", derivation="made up")
    spread = Spread.of([claim], "logit")
    drawn = expit(spread.draw(np.array([[-1.96], [0.0], [1.96]])))
    np.testing.assert_allclose(drawn[:, 0], [0.1, 0.2, 0.5], rtol=1e-9)
    factor = Claim(
        value=3, range=(2, 9), unit="odds ratio", source="expert", verification="expert", derivation="made up"
    )
    drawn = np.exp(Spread.of([factor], "log").draw(np.array([[-1.96], [0.0], [1.96]])))
    np.testing.assert_allclose(drawn[:, 0], [2, 3, 9], rtol=1e-9)


def test_expit_does_not_overflow() -> None:
    np.testing.assert_allclose(expit(np.array([-800.0, 0.0, 800.0])), [0, 0.5, 1], atol=1e-300)


@pytest.mark.parametrize("network", [NETWORK, REAL], ids=["made up", "real"])
def test_draws_without_deviation_are_the_central_values(network: object) -> None:
    normals = np.zeros((2, count_normals(network)))  # type: ignore[arg-type]
    person = Person(age=70, sex="female", pregnancy_month=0, setting="hospital")
    state = {e.finding: True for cause in network.causes for e in cause.exposures}  # type: ignore[attr-defined]
    central = person_parameters(network, person, state)  # type: ignore[arg-type]
    drawn = person_parameters(network, person, state, normals)  # type: ignore[arg-type]
    for name in ("prevalence", "strength", "links", "leaks", "background", "other"):
        values = getattr(drawn, name)
        assert values.shape[0] == 2
        np.testing.assert_allclose(values, np.broadcast_to(getattr(central, name), values.shape), rtol=1e-12)


@pytest.mark.parametrize("setting", ["community", "primary_care", "emergency", "hospital", "dialysis_unit", None])
@pytest.mark.parametrize("age", [0.0, 5.0, 39.9, 40.0, 65.0, 90.0, 120.0, None])
def test_every_person_has_probabilities(age: float | None, setting: str | None) -> None:
    for sex, month in (("male", 0.0), ("female", 0.0), ("female", 8.0), (None, None)):
        person = Person(age=age, sex=sex, pregnancy_month=month, setting=setting)  # type: ignore[arg-type]
        parameters = person_parameters(REAL, person, {})
        for name in ("prevalence", "strength", "links", "leaks", "background", "other"):
            values = getattr(parameters, name)
            assert np.isfinite(values).all(), (name, person)
            assert (values > 0).all(), (name, person)
            assert (values < 1).all(), (name, person)
