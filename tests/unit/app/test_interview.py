"""The conversation: what is asked next, what an answer makes of the case, and when it may stop."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from soleus.app.interview import NextScreen, judge_progress, next_question, next_screen, opening_due
from soleus.app.interview_answers import Interview, Told, case_of, split_names, take, take_back
from soleus.app.interview_record import change_interview, read_interview, read_situation, start_over, told_case
from soleus.app.interview_screens import BY_ID, SCREENS, findings_of, read_choices
from soleus.app.session import load_session
from soleus.core.case import Case
from soleus.core.record import Episode, Leg, Night
from soleus.diary import document_names, open_diary, read_document

SESSION = load_session()
EVIDENCE = SESSION.evidence
NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)
ORDINARY = (
    Told(age=68),
    Told(sex="female"),
    Told(screen="where", choices=("calf",)),
    Told(screen="when", choices=("night",)),
    Told(screen="how_long", choices=("minutes",)),
    Told(screen="since", choices=("months",)),
    Told(screen="how_often", choices=("weekly",)),
    Told(screen="eases", choices=("stretching",)),
)


def interview_of(*answers: Told) -> Interview:
    interview = Interview()
    for told in answers:
        interview = take(interview, told)
    return interview


def what_next(interview: Interview) -> NextScreen:
    case = case_of(interview)
    return next_screen(interview, case, SESSION.assess(case, draws=0, steps=False, questions=True), EVIDENCE)


def answer_for(screen: NextScreen) -> Told:
    """What a healthy person answers to a screen."""
    if screen.kind == "question":
        return Told(finding=screen.about, answer="no")
    if screen.kind == "medicines":
        return Told(medicines=("none",), complete=True)
    return msgspec.convert({"passed": screen.about}, Told)


def test_an_ordinary_interview_goes_from_the_person_over_the_complaint_to_an_end() -> None:
    interview = Interview()
    kinds: list[str] = []
    told = {one.about(): one for one in ORDINARY}
    for _ in range(60):
        screen = what_next(interview)
        if not kinds or kinds[-1] != screen.kind:
            kinds.append(screen.kind)
        if screen.kind == "done":
            break
        interview = take(interview, told.get(screen.about) or answer_for(screen))
    assert kinds == ["opening", "complaint", "question", "medicines", "results", "done"]
    case = case_of(interview)
    assert (case.age, case.sex, case.medicines_complete) == (68, "female", True)
    progress = judge_progress(interview, case, SESSION.assess(case, draws=0), EVIDENCE)
    assert progress.may_stop
    assert progress.answers == sum(1 for one in interview.answers if not one.passed)
    more = take(interview, Told(more=True))
    assert what_next(more).kind == "question"


def test_every_screen_and_every_option_stands_for_findings_that_there_are() -> None:
    for screen in SCREENS:
        assert findings_of(screen) <= set(EVIDENCE.findings)
        for option in screen.options:
            found = read_choices(screen, [option.id])
            assert found
            assert all(found[finding] for finding in option.present)


@given(st.lists(st.sampled_from([(s.id, tuple(o.id for o in s.options)) for s in SCREENS]), max_size=6), st.data())
def test_ticks_never_say_that_two_things_which_exclude_each_other_are_both_there(
    screens: list[tuple[str, tuple[str, ...]]], data: st.DataObject
) -> None:
    for name, options in screens:
        many = BY_ID[name].many
        chosen = data.draw(st.sets(st.sampled_from(options), max_size=len(options) if many else 1))
        found = read_choices(BY_ID[name], sorted(chosen))
        assert bool(found) == bool(chosen)
        present = {finding for finding, there in found.items() if there}
        for finding in present:
            general = EVIDENCE.findings[finding].is_a
            assert not any(found.get(one) is False for one in general)
            if not many:
                assert not present & set(EVIDENCE.findings[finding].excludes)


def test_a_form_sent_twice_answers_one_question_and_another_answer_corrects_the_first() -> None:
    interview = interview_of(*ORDINARY)
    first = what_next(interview)
    once = take(interview, Told(finding=first.about, answer="no"))
    assert take(once, Told(finding=first.about, answer="no")) == once
    assert what_next(once).about != first.about
    corrected = take(once, Told(finding=first.about, answer="yes"))
    assert case_of(corrected).findings[first.about] is True
    assert len(corrected.answers) == len(once.answers)
    assert take(interview, Told()) == interview


def test_back_takes_the_last_answer_away_and_asks_it_again() -> None:
    interview = interview_of(*ORDINARY)
    first = what_next(interview)
    assert what_next(take_back(take(interview, Told(finding=first.about)))) == first
    assert take_back(Interview()) == Interview()


def test_do_not_know_stays_unknown_and_is_not_asked_again() -> None:
    interview = interview_of(*ORDINARY)
    asked: list[str] = []
    for _ in range(5):
        screen = what_next(interview)
        if screen.kind != "question":
            break
        asked.append(screen.about)
        interview = take(interview, Told(finding=screen.about))
    case = case_of(interview)
    assert case.not_known == tuple(asked)
    assert not set(asked) & set(case.findings)


def test_a_danger_comes_first_is_read_once_and_stays() -> None:
    interview = interview_of(Told(age=68), Told(finding="leg_swelling_one_sided", answer="yes"))
    assert what_next(interview).kind == "danger"
    flags = SESSION.assess(case_of(interview), draws=0, steps=False).red_flags
    read = take(interview, Told(seen=tuple(flag.id for flag in flags)))
    assert what_next(read).about == "sex"
    emergency = take(read, Told(words="sudden cold pale leg"))
    assert what_next(emergency).kind == "danger"


def test_an_open_danger_is_asked_about_before_anything_else_and_forbids_to_stop() -> None:
    case = Case(age=30, sex="male", findings={"weakness_leg": True, "back_pain": True})
    assessment = SESSION.assess(case, draws=0)
    assert assessment.ask_first
    question = next_question(case, assessment, EVIDENCE)
    assert question is not None
    assert question.about in {key for flag in assessment.ask_first for key in flag.ask_findings}
    progress = judge_progress(Interview(), case, assessment, EVIDENCE)
    assert not progress.may_stop
    assert progress.reason == "a danger has to be ruled out first"


def test_an_interview_ends_when_all_is_answered_with_do_not_know() -> None:
    interview = interview_of(*ORDINARY)
    for _ in range(60):
        screen = what_next(interview)
        if screen.kind == "done":
            break
        told = Told(finding=screen.about) if screen.kind == "question" else answer_for(screen)
        interview = take(interview, told)
    assert screen.kind == "done"


@pytest.mark.parametrize(
    ("told", "due"),
    [
        ((), "age"),
        ((Told(age=68),), "sex"),
        ((Told(age_band="60-69"), Told(sex="female")), None),
        ((Told(age_band="50-59"), Told(sex="female")), "pregnant"),
        ((Told(age=30), Told(sex="female")), "pregnant"),
        ((Told(age=30), Told(sex="male")), None),
        ((Told(passed="age"), Told(sex="female")), "pregnant"),
        ((Told(passed="age"), Told(passed="sex")), None),
        ((Told(age=30), Told(sex="female"), Told(pregnant=True, week=30)), None),
    ],
)
def test_the_opening(told: tuple[Told, ...], due: str | None) -> None:
    assert opening_due(case_of(interview_of(*told))) == due


def test_the_week_of_pregnancy_becomes_the_month() -> None:
    assert case_of(interview_of(Told(pregnant=True, week=30))).pregnancy_month == 6.9


@given(st.lists(st.text(alphabet=st.characters(exclude_characters=",;\n"), min_size=1), max_size=5))
def test_names_are_split_at_commas_and_lines(names: list[str]) -> None:
    wanted = tuple(name.strip() for name in names if name.strip())
    assert split_names(", ".join(names)) == wanted
    assert split_names("\n".join(names)) == wanted


def test_the_interview_is_kept_in_the_diary_and_starting_over_keeps_the_old_one() -> None:
    with open_diary("sqlite://") as diary:
        for told in ORDINARY:
            change_interview(diary, lambda old, told=told: take(old, told), now=NOW)  # type: ignore[misc]
        assert read_interview(diary).answers == ORDINARY
        assert read_interview(diary).begun_at == NOW
        assert told_case(diary) == case_of(interview_of(*ORDINARY))
        before = read_document(diary, "interview")
        name = start_over(diary, now=NOW)
        assert read_document(diary, name) == before
        assert read_interview(diary) == Interview()
        assert start_over(diary, now=NOW) == ""
        assert document_names(diary) == sorted(["interview", name])


def test_what_the_diary_shows_is_not_asked_again_and_only_the_last_twelve_weeks_count() -> None:
    with open_diary("sqlite://") as diary:
        entries: list[Episode | Night] = []
        for i in range(1, 200):
            night = date(2026, 11, 25) - timedelta(days=i)
            at = datetime(night.year, night.month, night.day, 2, tzinfo=UTC) + timedelta(days=1)
            leg: Leg = "left"
            muscle = "calf" if i < 84 else "thigh"
            told = {"recorded_at": at, "zone": "UTC", "night_of": night}
            entries.append(
                Episode(id=f"e{i}", started_at=at, leg=leg, muscle=muscle, woke=True, duration_s=60.0, **told)  # type: ignore[arg-type]
            )
        assert not diary.add(entries, now=NOW).problems
        for told_ in ORDINARY[:2]:
            change_interview(diary, lambda old, told=told_: take(old, told), now=NOW)  # type: ignore[misc]
        situation = read_situation(diary, SESSION, now=NOW, zone="UTC")
        known = {one.finding for one in situation.shown}
        assert {"site_calf", "at_night", "lasts_seconds_to_minutes"} <= known
        assert "site_thigh" not in known
        asked: set[str] = set()
        interview = situation.interview
        for _ in range(40):
            screen = next_screen(
                interview, situation.case, situation.assess(SESSION, 0, steps=False), EVIDENCE, situation.shown
            )
            if screen.kind not in ("complaint", "question"):
                break
            asked |= findings_of(BY_ID[screen.about]) if screen.kind == "complaint" else {screen.about}
            interview = change_interview(diary, lambda old, s=screen: take(old, answer_for(s)), now=NOW)  # type: ignore[misc]
            situation = read_situation(diary, SESSION, now=NOW, zone="UTC")
        assert asked
        assert not asked & known
