"""The interview in the diary: kept after every answer, and joined with what the diary itself shows."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec

from soleus.app.interview import NextScreen, Progress, judge_progress, next_screen
from soleus.app.interview_answers import Interview, case_of
from soleus.app.record_case import Shown, case_with_record
from soleus.app.session import Session
from soleus.core.assessment import Assessment
from soleus.core.case import Case
from soleus.core.problem import Problem
from soleus.core.record import night_of
from soleus.diary import Diary, read_document, write_document

INTERVIEW = "interview"
DAYS = 84  # choice: twelve weeks say how it is now
_ONE_AT_A_TIME = threading.Lock()  # two answers at once must not lose one of them


@dataclass(frozen=True)
class Situation:
    """What is known now: the interview, the case that it makes with the diary, and what the diary adds."""

    interview: Interview
    case: Case
    shown: tuple[Shown, ...]
    notes: tuple[Problem, ...]

    def assess(self, session: Session, draws: int, steps: bool = True) -> Assessment:
        """Return the assessment of what is known now; without ``steps`` it is quicker, for the next question."""
        return session.assess(
            self.case, problems=list(self.notes), draws=draws, steps=steps, questions=True, shown=self.shown
        )

    def next(self, session: Session, assessment: Assessment) -> NextScreen:
        """Return what to show next."""
        return next_screen(self.interview, self.case, assessment, session.evidence, self.shown)

    def progress(self, session: Session, assessment: Assessment) -> Progress:
        """Return how far the interview is."""
        return judge_progress(self.interview, self.case, assessment, session.evidence)


def read_interview(diary: Diary) -> Interview:
    """Return the interview that is kept in a diary, an empty one when none was begun."""
    text = read_document(diary, INTERVIEW)
    return Interview() if text is None else msgspec.json.decode(text, type=Interview)


def told_case(diary: Diary) -> Case:
    """Return what was told in the interview as a case, without what the diary shows; an empty one when none was."""
    return case_of(read_interview(diary))


def change_interview(diary: Diary, change: Callable[[Interview], Interview], *, now: datetime) -> Interview:
    """Change the interview and keep it at once; return it.

    Parameters
    ----------
    diary : Diary
    change : callable
        Takes the interview and returns the changed one, such as `soleus.app.interview_answers.take_back`.
    now : datetime
        Aware.

    Examples
    --------
    >>> from datetime import UTC
    >>> from soleus.app.interview_answers import Told, take
    >>> from soleus.diary import open_diary
    >>> with open_diary("sqlite://") as diary:  # in memory, for the example
    ...     now = datetime(2026, 11, 26, tzinfo=UTC)
    ...     _ = change_interview(diary, lambda old: take(old, Told(age=68)), now=now)
    ...     told_case(diary).age
    68.0
    """
    with _ONE_AT_A_TIME:
        old = read_interview(diary)
        new = change(old)
        if new == old:
            return old
        if new.begun_at is None:
            new = msgspec.structs.replace(new, begun_at=now)
        write_document(diary, INTERVIEW, msgspec.json.encode(new).decode(), now=now)
        return new


def start_over(diary: Diary, *, now: datetime) -> str:
    """Begin a new interview; the old one is kept under the name that is returned ("" when there was none)."""
    with _ONE_AT_A_TIME:
        old = read_document(diary, INTERVIEW)
        if old is None or not read_interview(diary).answers:
            return ""
        name = f"{INTERVIEW} {now.astimezone(UTC).isoformat(timespec='microseconds')}"
        write_document(diary, name, old, now=now)
        write_document(diary, INTERVIEW, msgspec.json.encode(Interview()).decode(), now=now)
        return name


def read_situation(diary: Diary, session: Session, *, now: datetime, zone: str) -> Situation:
    """Return what is known now: the interview, the last twelve weeks of the diary, and all measurements.

    Only these weeks are read, so that the next question comes as fast after ten years as after one.
    """
    interview = read_interview(diary)
    first = night_of(now, zone) - timedelta(days=DAYS - 1)
    case, shown, notes = case_with_record(
        case_of(interview),
        diary.episodes(first=first),
        diary.night_counts(first=first),
        diary.samples(),
        session.evidence,
    )
    return Situation(interview, case, shown, notes)
