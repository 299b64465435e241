"""The red-flag rules of the evidence on typical people: neither over- nor under-triage.

What is compared: the most urgent flag that the rules raise on textbook pictures (our own, no patients).
"""

from __future__ import annotations

from functools import cache

import pytest

from soleus.core.assessment import URGENCIES
from soleus.core.case import Person, Reading
from soleus.knowledge.load import load_evidence
from soleus.knowledge.schema import Evidence
from soleus.reasoning.red_flags import Judge, judge_red_flags

ORDINARY = "sudden_onset hard_knot at_night site_calf eased_by_stretching lasts_seconds_to_minutes onset_chronic"
CLAUDICATION = "on_exertion fixed_walking_distance eased_by_rest smoker pulses_weak"
SPREADING = "generalized_cramps site_hands_arms onset_acute"


@cache
def _evidence() -> Evidence:
    return load_evidence()


def most_urgent(present: str, readings: dict[str, float] | None = None, **person: object) -> str:
    values = {key: [Reading(quantity=key, value=value, words="")] for key, value in (readings or {}).items()}
    who = Person(**person)  # type: ignore[arg-type]
    judge = Judge(_evidence(), who, dict.fromkeys(present.split(), True), values)
    raised, _ = judge_red_flags(_evidence(), judge)
    return min((flag.urgency for flag in raised), key=URGENCIES.index, default="self_care")


@pytest.mark.parametrize(
    ("present", "person"),
    [
        (ORDINARY, {"age": 68.0, "sex": "female"}),
        (f"{ORDINARY} pain_severe weekly_or_more woken_by_it poor_sleep soreness_after", {"age": 80.0}),
        (
            f"{ORDINARY} takes_statin takes_thiazide hypertension diabetes leg_swelling_both varicose_veins",
            {"age": 72.0},
        ),
        (f"{ORDINARY} breathlessness copd_asthma takes_laba smoker", {"age": 66.0}),
        ("urge_to_move crawling_sensation at_night evening_worse eased_by_moving poor_sleep", {"age": 50.0}),
        ("on_exertion athlete after_exertion site_calf hard_knot unaccustomed_exercise", {"age": 26.0}),
        ("numbness burning_feet tingling diabetes at_night", {"age": 62.0}),
        ("back_pain sciatica on_standing eased_by_sitting_or_bending both_sides numbness", {"age": 74.0}),
        ("at_night site_calf leg_swelling_both", {"age": 30.0, "sex": "female", "pregnancy_month": 8.0}),
        ("leg_heaviness varicose_veins leg_swelling_both evening_worse", {"age": 52.0}),
        (CLAUDICATION, {"age": 66.0}),
        ("site_hands_arms at_night onset_chronic cirrhosis_known", {"age": 58.0}),
        ("at_night site_calf", {"age": 12.0}),
    ],
)
def test_ordinary_complaints_can_wait(present: str, person: dict[str, object]) -> None:
    assert most_urgent(present, **person) in ("soon", "routine", "self_care")


def test_claudication_is_not_left_to_self_care() -> None:
    assert most_urgent(CLAUDICATION, age=66.0) in ("soon", "routine")
    assert most_urgent("", {"abi": 0.7}) in ("soon", "routine")


@pytest.mark.parametrize(
    ("present", "readings", "person", "urgency"),
    [
        ("leg_swelling_one_sided calf_tenderness", {}, {"age": 50.0}, "same_day"),
        ("continuous_pain one_sided site_calf recent_surgery_or_cast", {}, {}, "same_day"),
        ("leg_swelling_one_sided breathlessness", {}, {}, "emergency"),
        ("leg_cold_pale_sudden", {}, {"age": 75.0}, "emergency"),
        ("rest_pain_foot eased_by_hanging_leg_down", {}, {"age": 70.0}, "same_day"),
        ("calf_tense continuous_pain recent_injury", {}, {}, "emergency"),
        ("dark_urine myalgia after_exertion", {}, {"age": 25.0}, "emergency"),
        ("saddle_numbness", {}, {}, "emergency"),
        ("carpopedal_spasm perioral_tingling", {}, {}, "same_day"),
        ("thyroid_or_neck_surgery finger_tingling", {}, {}, "same_day"),
        (SPREADING, {}, {}, "same_day"),
        ("trismus", {}, {}, "emergency"),
        ("face_arm_speech", {}, {}, "emergency"),
        ("takes_quinine visible_bruising", {}, {}, "emergency"),
        ("skin_darkening vomiting", {}, {}, "emergency"),
        ("spider_bite abdominal_pain", {}, {}, "emergency"),
        ("postpartum continuous_pain one_sided", {}, {"postpartum": True}, "same_day"),
        ("headache high_blood_pressure_reading", {}, {"pregnancy_month": 8.0, "sex": "female"}, "emergency"),
        ("weakness_progressive muscle_wasting fasciculations_widespread", {}, {"age": 60.0}, "soon"),
        ("on_exertion weakness_general", {}, {"age": 9.0}, "soon"),
        ("", {"calcium_adjusted": 1.8}, {}, "emergency"),
        ("", {"calcium_ionized": 0.9}, {}, "emergency"),
        ("", {"magnesium": 0.35}, {}, "same_day"),
        ("", {"potassium": 2.4}, {}, "emergency"),
        ("", {"potassium": 2.8}, {}, "same_day"),
        ("", {"potassium": 6.6}, {}, "emergency"),
        ("", {"sodium": 119.0}, {}, "emergency"),
        ("", {"sodium": 123.0}, {}, "same_day"),
        ("", {"ck": 8000.0}, {}, "emergency"),
        ("weakness_general", {"ck": 1500.0}, {}, "same_day"),
        ("headache on_exertion pulses_weak", {"esr": 100.0}, {"age": 71.0}, "same_day"),
        ("headache on_exertion pulses_weak", {"esr": 100.0}, {"age": 35.0}, "routine"),
        ("cirrhosis_known confusion", {}, {"age": 57.0}, "same_day"),
        ("site_calf onset_acute one_sided continuous_pain", {}, {"age": 45.0}, "same_day"),
        ("generalized_cramps onset_subacute", {}, {"age": 50.0}, "same_day"),
        ("lhermitte_sign tingling onset_subacute", {}, {"age": 21.0}, "same_day"),
        ("site_calf breathlessness recent_surgery_or_cast", {}, {"age": 66.0}, "emergency"),
    ],
)
def test_danger_is_sent_to_care(
    present: str, readings: dict[str, float], person: dict[str, object], urgency: str
) -> None:
    assert most_urgent(present, readings, **person) == urgency


@pytest.mark.parametrize(
    ("quantity", "value"),
    [("calcium_adjusted", 2.3), ("magnesium", 0.8), ("potassium", 4.2), ("sodium", 138.0), ("ck", 180.0)],
)
def test_normal_values_raise_nothing(quantity: str, value: float) -> None:
    assert most_urgent("", {quantity: value}) == "self_care"


def test_every_flag_tells_why_and_what_to_do() -> None:
    flags = _evidence().red_flags
    assert len(flags) >= 26
    for key, flag in flags.items():
        assert flag.why, key
        assert flag.do, key
        assert set(flag.ask) <= set(_evidence().findings), key
