"""What is told to be one thing is not the other; the urgency that probabilities call for together."""

from __future__ import annotations

from typing import Any

import pytest

from soleus.app.session import load_session
from soleus.core.case import Person
from soleus.reasoning.inquiry import urgency_of
from soleus.reasoning.network import applies
from soleus.reasoning.observation import observe


def states(**cramps: Any) -> dict[str, str]:
    session = load_session()
    from soleus.exchange.case_file import convert_case

    case, _ = convert_case({"age": 60, "cramps": cramps})
    observed = observe(session.network, session.understand(case))
    return {o.finding: o.state for o in observed.observations}


def test_a_chronic_complaint_did_not_begin_suddenly() -> None:
    told = states(onset="chronic")
    assert told["onset_chronic"] == "present"
    assert told["onset_acute"] == told["onset_subacute"] == "absent"


def test_one_side_is_not_both() -> None:
    told = states(sites=["left calf"])
    assert told["one_sided"] == "present"
    assert told["both_sides"] == "absent"


def test_what_a_special_feature_implies_excludes_too() -> None:
    """Continuous pain lasts longer than ten minutes, so that it does not last seconds to minutes."""
    assert states(timing="continuous")["lasts_seconds_to_minutes"] == "absent"


def test_nothing_told_excludes_nothing() -> None:
    assert states() == {}


@pytest.mark.parametrize(
    ("explains", "urgency"),
    [
        ({"dvt": 0.3}, "same_day"),
        ({"dvt": 0.15, "acute_limb_ischemia": 0.15}, "same_day"),
        ({"dvt": 0.1, "idiopathic": 0.8}, "self_care"),
        ({"idiopathic": 0.9}, "self_care"),
    ],
)
def test_dangers_call_for_care_together(explains: dict[str, float], urgency: str) -> None:
    assert urgency_of(load_session().evidence, explains)[0] == urgency


def test_the_likeliest_danger_is_named() -> None:
    assert urgency_of(load_session().evidence, {"dvt": 0.2, "acute_limb_ischemia": 0.15})[1] == "dvt"


def test_month_zero_is_not_pregnant() -> None:
    evidence = load_session().evidence
    restricted = [m.when for m in evidence.causes["dvt"].modifiers if m.when.pregnancy_month]
    assert restricted
    assert not any(applies(when, Person(sex="male", pregnancy_month=0.0)) for when in restricted)
    assert any(applies(when, Person(sex="female", pregnancy_month=8.0)) for when in restricted)
