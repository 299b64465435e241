"""Red flags: three-valued rules. What is unknown neither raises nor clears a flag; it makes a question."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from soleus.core.assessment import URGENCIES, RaisedFlag
from soleus.core.case import Person, Reading
from soleus.knowledge.load import load_evidence
from soleus.knowledge.schema import Evidence
from soleus.reasoning.red_flags import Judge, close_state, describe_literal, judge_red_flags

SOUND = load_evidence(Path(__file__).parents[2] / "evidence" / "sound")
REAL = load_evidence()


def readings(*values: float, **of_reading: Any) -> dict[str, list[Reading]]:
    return {"calcium": [Reading(quantity="calcium", value=v, words=str(v), **of_reading) for v in values]}


def judge(
    state: dict[str, bool] | None = None,
    person: Person | None = None,
    measured: dict[str, list[Reading]] | None = None,
    evidence: Evidence = SOUND,
) -> Judge:
    return Judge(evidence, person or Person(), state or {}, measured or {})


def flags(state: dict[str, bool], rule: tuple[tuple[str, ...], ...]) -> tuple[list[RaisedFlag], list[RaisedFlag]]:
    evidence = msgspec.structs.replace(
        SOUND, red_flags={"clot": msgspec.structs.replace(SOUND.red_flags["clot"], rule=rule)}
    )
    raised, open_flags = judge_red_flags(evidence, judge(state, evidence=evidence))
    return list(raised), list(open_flags)


@pytest.mark.parametrize(
    ("state", "text", "verdict"),
    [
        ({"breathless": True}, "breathless", True),
        ({"breathless": False}, "breathless", False),
        ({}, "breathless", None),
        ({"breathless": True}, "!breathless", False),
        ({"breathless": False}, "!breathless", True),
        ({}, "!breathless", None),
        ({"calf_swelling": True}, "leg_swelling", True),
        ({"leg_swelling": False}, "calf_swelling", False),
        ({"leg_swelling": True}, "calf_swelling", None),
        ({"calf_swelling": False}, "leg_swelling", None),
    ],
)
def test_a_finding_is_judged_with_three_values(state: dict[str, bool], text: str, verdict: bool | None) -> None:
    assert judge(state).literal(text) is verdict


@pytest.mark.parametrize(
    ("person", "text", "verdict"),
    [
        (Person(age=17), "age < 18", True),
        (Person(age=18), "age < 18", False),
        (Person(), "age < 18", None),
        (Person(age=50), "age >= 50", True),
        (Person(age=50), "age > 50", False),
        (Person(age=50), "age <= 50", True),
        (Person(pregnancy_month=5), "pregnant", True),
        (Person(pregnancy_month=0), "pregnant", False),
        (Person(), "pregnant", None),
        (Person(pregnancy_month=0), "!pregnant", True),
        (Person(), "!pregnant", None),
        (Person(pregnancy_month=5), "month >= 5", True),
        (Person(), "month >= 5", None),
        (Person(postpartum=True), "postpartum", True),
        (Person(), "postpartum", None),
    ],
)
def test_a_person_is_judged_with_three_values(person: Person, text: str, verdict: bool | None) -> None:
    assert judge(person=person).literal(text) is verdict


@pytest.mark.parametrize(
    ("measured", "verdict"),
    [
        (readings(1.8), True),
        (readings(2.4, 2.3, 1.8), True),
        (readings(1.8, 2.4), True),
        (readings(2.4, 2.3), False),
        (readings(1.9), False),
        ({}, None),
        (readings(1.9, censored="<"), True),
        (readings(1.5, censored="<"), True),
        (readings(2.5, censored="<"), None),
        (readings(2.0, censored=">"), False),
        (readings(1.5, censored=">"), None),
        ({"calcium": [*readings(2.5, censored="<")["calcium"], *readings(1.8)["calcium"]]}, True),
    ],
)
def test_any_one_dangerous_reading_counts(measured: dict[str, list[Reading]], verdict: bool | None) -> None:
    assert judge(measured=measured).literal("calcium < 1.9") is verdict


def test_multiples_use_the_laboratory_s_limit_or_the_evidence_s() -> None:
    limit = min(level.limit.value for level in REAL.quantities["ck"].levels if level.side == "above")

    def verdict(value: float, high: float | None = None) -> bool | None:
        measured = {"ck": [Reading(quantity="ck", value=value, words="", high=high)]}
        return judge(measured=measured, evidence=REAL).literal("ck_ratio >= 5")

    assert verdict(5 * limit) is True
    assert verdict(4.9 * limit) is False
    assert verdict(1000, high=150) is True
    assert verdict(1000, high=300) is False


def test_a_malformed_literal_is_refused_not_taken_as_unknown() -> None:
    with pytest.raises(ValueError, match="malformed"):
        judge().literal("calcium == 2")


def test_an_unknown_never_raises_and_never_clears() -> None:
    rule = (("calf_swelling", "breathless"),)
    raised, open_flags = flags({"calf_swelling": True}, rule)
    assert raised == []
    assert open_flags[0].ask_findings == ("breathless",)
    assert open_flags[0].ask == ("being short of breath",)
    raised, open_flags = flags({"calf_swelling": True, "breathless": False}, rule)
    assert raised == open_flags == []
    raised, open_flags = flags({"calf_swelling": True, "breathless": True}, rule)
    assert [flag.id for flag in raised] == ["clot"]
    assert raised[0].triggers == ("a swollen calf", "being short of breath")
    assert raised[0].ask == ()
    assert open_flags == []


def test_nothing_known_asks_nothing() -> None:
    assert flags({}, (("calf_swelling", "breathless"),)) == ([], [])


def test_an_absence_alone_is_no_reason_to_ask() -> None:
    assert flags({"by_day": False}, (("!by_day", "breathless"),)) == ([], [])


def test_too_many_unknowns_are_not_asked_yet() -> None:
    rule = (("breathless", "by_day", "thiazide", "statin"),)
    assert flags({"breathless": True}, rule) == ([], [])
    assert flags({"breathless": True, "by_day": True}, rule)[1][0].ask_findings == ("thiazide", "statin")


def test_the_conjunction_with_the_fewest_unknowns_is_asked() -> None:
    rule = (("leg_swelling", "thiazide", "statin"), ("leg_swelling", "breathless"))
    assert flags({"leg_swelling": True}, rule)[1][0].ask_findings == ("breathless",)


def test_an_open_conjunction_does_not_hide_a_true_one() -> None:
    raised, open_flags = flags({"leg_swelling": True, "statin": True}, (("leg_swelling", "breathless"), ("statin",)))
    assert raised[0].triggers == ("a statin",)
    assert open_flags == []


def test_a_special_sign_raises_a_flag_on_the_general_one() -> None:
    raised, _ = flags({"calf_swelling": True, "breathless": True}, (("leg_swelling", "breathless"),))
    assert [flag.id for flag in raised] == ["clot"]


def test_what_follows_from_known_findings() -> None:
    assert close_state(SOUND, {"calf_swelling": True}) == {"calf_swelling": True, "leg_swelling": True}
    assert close_state(SOUND, {"leg_swelling": False}) == {"calf_swelling": False, "leg_swelling": False}
    assert close_state(SOUND, {"leg_swelling": True}) == {"leg_swelling": True}
    told = {"leg_swelling": False, "calf_swelling": True}
    assert close_state(SOUND, told) == told


def test_literals_in_words() -> None:
    words = {
        "breathless": "being short of breath",
        "!breathless": "not: being short of breath",
        "pregnant": "pregnant",
        "age < 18": "age below 18",
        "month >= 5": "month of pregnancy at or above 5",
        "calcium < 1.9": "Calcium, total below 1.9 mmol/L",
        "calcium_ratio > 2": "Calcium, total above 2 times the upper limit",
    }
    assert {text: describe_literal(text, SOUND) for text in words} == words


# --- the real rules -------------------------------------------------------------------------------------------------


def satisfy(conjunction: tuple[str, ...]) -> Judge:
    """A person of whom just this conjunction holds, with nothing else known."""
    state: dict[str, bool] = {}
    person: dict[str, Any] = {}
    measured: dict[str, list[Reading]] = {}
    for text in conjunction:
        name, *comparison = text.split()
        plain = name.lstrip("!")
        if comparison:
            step = 0.5 if comparison[0].startswith(">") else -0.5
            number = float(comparison[1]) + (
                step if name in ("age", "month") or name.endswith("_ratio") else step / 100
            )
            if name in ("age", "month"):
                person["age" if name == "age" else "pregnancy_month"] = number
            else:
                key = name.removesuffix("_ratio")
                high = 1.0 if name.endswith("_ratio") else None
                measured[key] = [Reading(quantity=key, value=number, words="", high=high)]
        elif plain == "pregnant":
            person.setdefault("pregnancy_month", 0.0 if name.startswith("!") else 5.0)
        elif plain == "postpartum":
            person["postpartum"] = not name.startswith("!")
        else:
            state[plain] = not name.startswith("!")
    return Judge(REAL, Person(**person), state, measured)


RULES = [(key, i, conjunction) for key, flag in REAL.red_flags.items() for i, conjunction in enumerate(flag.rule)]


@pytest.mark.parametrize(("key", "i", "conjunction"), RULES, ids=[f"{key} {i}" for key, i, _ in RULES])
def test_every_conjunction_of_every_real_rule_can_raise_its_flag(
    key: str, i: int, conjunction: tuple[str, ...]
) -> None:
    raised, _ = judge_red_flags(REAL, satisfy(conjunction))
    assert key in [flag.id for flag in raised]
    assert [URGENCIES.index(flag.urgency) for flag in raised] == sorted(URGENCIES.index(f.urgency) for f in raised)


def test_nobody_is_alarmed_by_knowing_nothing() -> None:
    assert judge_red_flags(REAL, Judge(REAL, Person(), {}, {})) == ((), ())


def test_a_clean_bill_raises_nothing() -> None:
    state = dict.fromkeys(REAL.findings, False)
    raised, open_flags = judge_red_flags(
        REAL, Judge(REAL, Person(age=60, pregnancy_month=0, postpartum=False), state, {})
    )
    assert raised == open_flags == ()


def test_dangers_that_belong_to_a_complaint_are_asked_whatever_else_was_told() -> None:
    """Pain of one calf and a clot: swelling is asked though nothing alarming was told; once answered, no more."""
    state = {"one_sided": True, "site_calf": True}
    _, questions = judge_red_flags(REAL, Judge(REAL, Person(), state, {}))
    clot = next(flag for flag in questions if flag.id == "clot_in_a_leg_vein")
    assert "leg_swelling_one_sided" in clot.ask_findings
    answered = state | dict.fromkeys(REAL.red_flags["clot_in_a_leg_vein"].ask, False)
    _, questions = judge_red_flags(REAL, Judge(REAL, Person(), answered, {}))
    assert all(flag.id != "clot_in_a_leg_vein" for flag in questions)
