"""What was told in an interview, in order, and the case that it makes. No I/O, no clock."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from soleus.app.interview_screens import BY_ID, read_choices
from soleus.core.case import Case, Sex

WEEKS_PER_MONTH = 4.345
LONGEST_WORDS = 2000  # choice: a long story; a longer one is pasted by mistake
OPENING = ("age", "sex", "pregnant")
AGE_BANDS = ("12-17", "18-29", "30-39", "40-49", "50-59", "60-69", "70-79", "80-89", "90-100")
AgeBand = Literal["12-17", "18-29", "30-39", "40-49", "50-59", "60-69", "70-79", "80-89", "90-100"]
ScreenId = Literal["where", "when", "how_long", "since", "how_often", "eases"]
Passed = Literal[
    "", "age", "sex", "pregnant", "where", "when", "how_long", "since", "how_often", "eases", "medicines", "results"
]
YesNo = Literal["yes", "no", "unknown"]


class Told(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One answer. One part of it is filled in; the interview keeps the answers in the order in which they were given.

    Parameters
    ----------
    finding, answer
        The id of a finding that was asked about, and the answer.
    age, age_band, sex, pregnant, week
        The person; ``week`` of pregnancy goes with ``pregnant``.
    screen, choices
        What was ticked about the complaint; ids as the question lists them.
    words
        Something said in own words.
    medicines, complete
        Names; ``complete`` when that is everything taken.
    passed
        What was gone past without an answer.
    seen
        Red flags that were read before going on.
    more
        To be asked on although nothing open would change the advice.
    """

    finding: Annotated[str, msgspec.Meta(max_length=100)] = ""
    answer: YesNo = "unknown"
    age: Annotated[float, msgspec.Meta(ge=0, le=120)] | None = None
    age_band: AgeBand | None = None
    sex: Sex | None = None
    pregnant: bool | None = None
    week: Annotated[float, msgspec.Meta(ge=1, le=44)] | None = None
    screen: ScreenId | None = None
    choices: Annotated[tuple[str, ...], msgspec.Meta(max_length=20)] = ()
    words: Annotated[str, msgspec.Meta(max_length=LONGEST_WORDS)] = ""
    medicines: Annotated[tuple[str, ...], msgspec.Meta(max_length=200)] | None = None
    complete: bool = False
    passed: Passed = ""
    seen: Annotated[tuple[str, ...], msgspec.Meta(max_length=100)] = ()
    more: bool = False

    def about(self) -> str:
        """Return what it answers; a later answer about the same replaces an earlier one. "" is never replaced."""
        if self.finding:
            return f"finding {self.finding}"
        if self.age is not None or self.age_band is not None:
            return "age"
        given = {
            "sex": self.sex is not None,
            "pregnant": self.pregnant is not None,
            "medicines": self.medicines is not None,
            "more": self.more,
        }
        return self.screen or self.passed or next((name for name, is_given in given.items() if is_given), "")


class Interview(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All answers in the order in which they were given."""

    answers: tuple[Told, ...] = ()
    begun_at: datetime | None = None


def month_of_week(week: float) -> float:
    """Return the month of pregnancy, counted from the last period, of a week."""
    return round(week / WEEKS_PER_MONTH, 1)


def with_answer(case: Case, finding: str, answer: YesNo) -> Case:
    """Return the case with one more finding answered."""
    if answer == "unknown":
        return msgspec.structs.replace(case, not_known=(*case.not_known, finding))
    return msgspec.structs.replace(case, findings={**case.findings, finding: answer == "yes"})


def split_names(line: str) -> tuple[str, ...]:
    """Return the names in a line or in several, separated by commas.

    Examples
    --------
    >>> split_names("ramipril, aspirin 100 mg,")
    ('ramipril', 'aspirin 100 mg')
    """
    parts = line.replace("\n", ",").replace(";", ",").split(",")
    return tuple(part.strip() for part in parts if part.strip())


def take(interview: Interview, told: Told) -> Interview:
    """Return the interview with one more answer.

    The same answer again (a form sent twice) changes nothing; another answer to the same question replaces the first.

    Examples
    --------
    >>> once = take(Interview(), Told(finding="hard_knot", answer="no"))
    >>> take(once, Told(finding="hard_knot", answer="no")) == once
    True
    >>> [one.answer for one in take(once, Told(finding="hard_knot", answer="yes")).answers]
    ['yes']
    """
    answers = interview.answers
    if told == Told() or told in answers:
        return interview
    about = told.about()
    if about:
        answers = tuple(one for one in answers if one.about() != about)
    return msgspec.structs.replace(interview, answers=(*answers, told))


def take_back(interview: Interview) -> Interview:
    """Return the interview without its last answer."""
    return msgspec.structs.replace(interview, answers=interview.answers[:-1])


def case_of(interview: Interview) -> Case:
    """Return what was told as a case.

    Examples
    --------
    >>> told = (Told(age=68), Told(finding="hard_knot", answer="yes"), Told(finding="numbness"))
    >>> case = case_of(Interview(answers=told))
    >>> case.age, case.findings, case.not_known
    (68, {'hard_knot': True}, ('numbness',))
    """
    case = Case()
    for told in interview.answers:
        case = _with(case, told)
    return case


def _with(case: Case, told: Told) -> Case:
    changes: dict[str, Any] = {}
    if told.finding:
        return with_answer(case, told.finding, told.answer)
    if told.screen is not None:
        changes["findings"] = case.findings | read_choices(BY_ID[told.screen], told.choices)
    for name in ("age", "age_band", "sex", "pregnant"):
        if getattr(told, name) is not None:
            changes[name] = getattr(told, name)
    if told.week is not None and told.pregnant:
        changes["pregnancy_month"] = month_of_week(told.week)
    if told.words:
        present = (*case.symptoms.present, told.words)
        changes["symptoms"] = msgspec.structs.replace(case.symptoms, present=present)
    if told.medicines is not None:
        changes.update(medicines=told.medicines, medicines_complete=told.complete)
    if told.passed in OPENING:
        changes["not_known"] = (*case.not_known, told.passed)
    return msgspec.structs.replace(case, **changes)
