"""What a record becomes in a case: only what enough entries bear, and never anything from a missing night."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from soleus.app.record_case import case_with_record, recent, show_findings
from soleus.app.session import load_session
from soleus.core.case import Case
from soleus.core.record import Episode, NightCount, Sample

SESSION = load_session()
EVIDENCE = SESSION.evidence
START = date(2026, 9, 1)
NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)


def cramps(n: int, **told: Any) -> list[Episode]:
    return [
        Episode(id=f"e{i}", recorded_at=NOW, zone="UTC", night_of=START + timedelta(days=i), **told) for i in range(n)
    ]


def nights(*counts: int | None) -> list[NightCount]:
    return [
        NightCount(night_of=START + timedelta(days=i), cramps=count)
        for i, count in enumerate(counts)
        if count is not None
    ]


def sample(value: float, day: int, hour: int = 9, **more: Any) -> Sample:
    taken = datetime(2026, 10, day, hour, tzinfo=UTC)
    return Sample(
        id=f"s{day}",
        recorded_at=NOW,
        zone="UTC",
        taken_at=taken,
        quantity="calcium",
        value=value,
        unit="mmol/L",
        **more,
    )


def state(episodes: list[Episode], counts: list[NightCount] | None = None) -> dict[str, bool]:
    return {shown.finding: shown.present for shown in show_findings(episodes, counts or [], EVIDENCE)}


def test_an_empty_record_shows_nothing() -> None:
    assert state([]) == {}


def test_every_finding_shown_is_one_of_the_evidence() -> None:
    told: dict[str, Any] = {
        "activity": "asleep", "woke": True, "leg": "left", "muscle": "calf", "pain": 8, "duration_s": 90.0,
        "relieved_by": ("stretching",), "sore_next_day": True,
    }  # fmt: skip
    shown = state(cramps(20, **told), nights(*[2] * 20))
    assert set(shown) <= set(EVIDENCE.findings)
    for finding in ("at_night", "only_at_night", "one_sided", "site_calf", "pain_severe", "several_a_day", "every_day"):
        assert shown[finding] is True, finding


def test_only_at_night_needs_six_cramps_whose_time_is_known() -> None:
    assert "only_at_night" not in state(cramps(5, activity="asleep"))
    assert state(cramps(6, activity="asleep"))["only_at_night"] is True
    assert "only_at_night" not in state(cramps(20))  # no time told: not known


def test_cramps_by_day_deny_only_at_night_and_one_exception_leaves_it_open() -> None:
    by_night = cramps(8, activity="asleep")
    by_day = cramps(2, activity="walking")
    assert state([*by_night, *by_day])["only_at_night"] is False
    assert "only_at_night" not in state([*by_night, *by_day[:1]])


def test_a_cramp_in_bed_does_not_deny_exertion_by_day() -> None:
    assert "after_exertion" not in state(cramps(20, activity="asleep"))
    assert state(cramps(20, activity="asleep"))["on_exertion"] is False
    assert state(cramps(4, activity="after_exercise"))["after_exertion"] is True


def test_the_clock_of_the_person_says_whether_it_is_night() -> None:
    at = datetime(2026, 9, 2, 18, 30, tzinfo=UTC)  # half past three in the morning in Tokyo
    told = [
        Episode(id=str(i), recorded_at=NOW, zone="Asia/Tokyo", night_of=START, started_at=at + timedelta(days=i))
        for i in range(6)
    ]
    assert state(told)["only_at_night"] is True


def test_duration_sides_and_pain_follow_what_was_told() -> None:
    assert state(cramps(5, duration_s=60.0))["lasts_seconds_to_minutes"] is True
    assert state(cramps(5, duration_s=1200.0))["lasts_over_ten_minutes"] is True
    assert "lasts_seconds_to_minutes" not in state([*cramps(3, duration_s=60.0), *cramps(3, duration_s=1200.0)])
    both = [*cramps(3, leg="left"), *cramps(3, leg="right")]
    assert state(both)["both_sides"] is True
    assert "one_sided" not in state(both)
    assert "one_sided" not in state(cramps(5, leg="left"))
    assert state(cramps(3, pain=2))["pain_severe"] is False


def test_frequency_needs_two_weeks_of_recorded_nights() -> None:
    assert "weekly_or_more" not in state([], nights(*[1] * 13))
    assert state([], nights(*[1, 0] * 14))["weekly_or_more"] is True
    assert state([], nights(*[0] * 60))["weekly_or_more"] is False


def test_missing_nights_are_not_nights_without_cramps() -> None:
    cramp_every_recorded_night = nights(*[1, None, None] * 14)
    shown = state([], cramp_every_recorded_night)
    assert shown["every_day"] is True
    assert shown["weekly_or_more"] is True


def test_what_the_case_says_itself_is_left_alone() -> None:
    case = Case(findings={"only_at_night": False})
    full, shown, _ = case_with_record(case, cramps(20, activity="asleep"), [], [], EVIDENCE)
    assert full.findings["only_at_night"] is False
    assert "only_at_night" not in {item.finding for item in shown}


def test_what_the_record_shows_is_not_asked_and_is_said_in_the_steps() -> None:
    full, shown, _ = case_with_record(Case(age=68), cramps(20, activity="asleep"), nights(*[1, 0] * 14), [], EVIDENCE)
    answer = SESSION.assess(full, shown=shown, draws=0)
    asked = {question.finding for question in answer.inquiry.questions}
    assert not asked & {item.finding for item in shown}
    words = {step.finding: step.words for step in answer.causes[0].steps}
    assert words["only_at_night"] == "diary: 20 of 20 cramps at night, 0 by day"


def explains_low_calcium(*values: float) -> float:
    samples = [sample(value, day=1 + 5 * i, low=2.2, high=2.6) for i, value in enumerate(values)]
    full, _, _ = case_with_record(Case(age=68, sex="female"), [], [], samples, EVIDENCE)
    answer = SESSION.assess(full, draws=0)
    return next(cause.explains.value for cause in answer.causes if cause.id == "hypocalcemia")


def test_one_low_calcium_moves_little_and_repeats_decide() -> None:
    none, once = explains_low_calcium(), explains_low_calcium(2.15)
    assert none < once
    assert explains_low_calcium(2.15, 2.31, 2.34, 2.29) < none
    assert explains_low_calcium(2.15, 2.12, 2.10, 2.14) > once


def test_a_sample_at_night_is_read_as_if_taken_in_the_morning_and_that_is_told() -> None:
    full, _, notes = case_with_record(Case(), [], [], [sample(2.18, 2, hour=3)], EVIDENCE)
    assert [note.code for note in notes] == ["clock_adjusted"]
    assert float(full.measurements[0].value) > 2.18
    unknown = sample(2.18, 2, hour=3, clock_known=False)
    full, _, notes = case_with_record(Case(), [], [], [unknown], EVIDENCE)
    assert notes == ()
    assert full.measurements[0].value == 2.18


def test_only_the_last_weeks_count() -> None:
    episodes, counts = recent(cramps(30), nights(*[1] * 30), 7)
    assert len(counts) == 7
    assert {episode.night_of for episode in episodes} == {count.night_of for count in counts}


def test_units_that_no_slip_has_are_converted_for_the_case() -> None:
    odd = Sample(
        id="m",
        recorded_at=NOW,
        zone="UTC",
        taken_at=NOW,
        quantity="magnesium",
        value=12,
        unit="ug/mL",
        clock_known=False,
    )
    full, _, _ = case_with_record(Case(), [], [], [odd], EVIDENCE)
    facts = SESSION.understand(full)
    # 12 mg/L over a molar mass of 24.305 g/mol
    assert [round(reading.value, 3) for reading in facts.readings] == [0.494]
    assert facts.problems == ()
