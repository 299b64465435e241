"""The interview as plain functions: what to ask next, why, and when to stop. No I/O, no clock.

The pages, the API and ``soleus ask`` all hold this one conversation.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

import msgspec

from soleus.app.interview_answers import Interview
from soleus.app.interview_screens import SCREENS, Option, findings_of
from soleus.core.assessment import Assessment, RaisedFlag
from soleus.core.case import Case, Understood
from soleus.core.message import Message, say
from soleus.knowledge.schema import Evidence

if TYPE_CHECKING:
    from soleus.app.record_case import Shown
    from soleus.app.session import Session

FERTILE = (12, 55)  # choice: the ages at which pregnancy is asked about
Opening = Literal["age", "sex", "pregnant"]
AT_ONCE = ("emergency", "same_day")

OPENING_QUESTIONS: dict[str, Message] = {
    "age": say("How old are you?"),
    "sex": say("What is your sex?"),
    "pregnant": say("Are you pregnant?"),
}
OPENING_REASONS: dict[str, Message] = {
    "age": say("Cramps without a special cause become commoner with age, and other causes rarer or commoner."),
    "sex": say("Women report frequent night cramps about twice as often as men."),
    "pregnant": say("Cramps are common in months 7 to 9, and a swollen leg means something else in pregnancy."),
}
COMPLAINT_REASON = say("How the complaint behaves tells a true cramp from what only feels like one.")
MEDICINES_QUESTION = say("Which medicines do you take?")
MEDICINES_REASON = say("Some medicines bring on cramps, and some remedies do not go with some medicines.")
RESULTS_QUESTION = say("Do you have test results?")
RESULTS_REASON = say("A blood test can speak for or against some causes; one value is evidence, not a fact.")


class NextScreen(msgspec.Struct, frozen=True, kw_only=True):
    """What to show next: one question, or a danger to read first, or that nothing need be asked any more."""

    kind: Literal["danger", "opening", "complaint", "question", "medicines", "results", "done"]
    about: str = ""
    question: str = ""
    hint: str = ""
    why: str = ""
    options: tuple[Option, ...] = ()
    many: bool = False


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far the interview is: answers given, and whether it can stop, with the reason."""

    answers: int
    may_stop: bool
    reason: str


def opening_due(case: Case) -> Opening | None:
    """Return which question about the person is open: age, sex, then pregnancy where it can be.

    Examples
    --------
    >>> opening_due(Case()), opening_due(Case(age=30, sex="female")), opening_due(Case(age=68, sex="female"))
    ('age', 'pregnant', None)
    """
    if case.age is None and case.age_band is None and "age" not in case.not_known:
        return "age"
    if case.sex is None and "sex" not in case.not_known:
        return "sex"
    if may_be_pregnant(case) and case.pregnant is None and "pregnant" not in case.not_known:
        return "pregnant"
    return None


def may_be_pregnant(case: Case) -> bool:
    """Say whether pregnancy is worth a question."""
    if case.sex != "female":
        return False
    if case.age is not None:
        return FERTILE[0] <= case.age <= FERTILE[1]
    low, _, high = (case.age_band or f"{FERTILE[0]}-{FERTILE[1]}").partition("-")
    return float(low) <= FERTILE[1] and float(high) >= FERTILE[0]


def danger_question(case: Case, assessment: Assessment, evidence: Evidence) -> NextScreen | None:
    """Return the question that decides on the first danger which can't be judged yet, None when there is none."""
    asked = set(case.not_known) | set(case.findings)
    for flag in assessment.ask_first:
        for key in flag.ask_findings:
            finding = evidence.findings[key]
            if key not in asked and finding.burden == "question":
                return NextScreen(
                    kind="question",
                    about=key,
                    question=finding.question or say("{label}?", label=finding.plain),
                    why=say("it decides whether this is a danger: {label}. {why}", label=flag.label, why=flag.why),
                )
    return None


def next_question(case: Case, assessment: Assessment, evidence: Evidence) -> NextScreen | None:
    """Return the most useful question; a danger that cannot be judged yet comes before everything."""
    danger = danger_question(case, assessment, evidence)
    if danger is not None:
        return danger
    asked = set(case.not_known) | set(case.findings)
    for question in assessment.inquiry.questions:
        if question.finding not in asked and question.burden == "question":
            return NextScreen(kind="question", about=question.finding, question=question.question, why=question.why)
    return None


def read_words(session: Session, case: Case, words: str) -> tuple[Case, Understood]:
    """Return the case with something in own words, and how it was read."""
    symptoms = msgspec.structs.replace(case.symptoms, present=(*case.symptoms.present, words))
    trial = msgspec.structs.replace(case, symptoms=symptoms)
    read = session.understand(trial).understood
    return trial, next(one for one in reversed(read) if one.phrase == words)


def unread_flags(interview: Interview, assessment: Assessment) -> tuple[RaisedFlag, ...]:
    """Return the red flags that need care today and were not read yet."""
    seen = {key for told in interview.answers for key in told.seen}
    return tuple(flag for flag in assessment.red_flags if flag.urgency in AT_ONCE and flag.id not in seen)


def next_screen(
    interview: Interview, case: Case, assessment: Assessment, evidence: Evidence, shown: Iterable[Shown] = ()
) -> NextScreen:
    """Return what comes next.

    Parameters
    ----------
    interview : Interview
    case : Case
        What was told, with what the diary shows.
    assessment : Assessment
        Of that case.
    evidence : Evidence
    shown : iterable of Shown
        What the diary shows; it is not asked again.
    """
    if unread_flags(interview, assessment):
        return NextScreen(kind="danger")
    opening = opening_due(case)
    if opening is not None:
        why = OPENING_REASONS[opening]
        return NextScreen(kind="opening", about=opening, question=OPENING_QUESTIONS[opening], why=why)
    answered = {told.about() for told in interview.answers}
    known = {one.finding for one in shown}
    for screen in SCREENS:
        if screen.id not in answered and not findings_of(screen) & known:
            return NextScreen(
                kind="complaint",
                about=screen.id,
                question=screen.question,
                hint=screen.hint,
                why=COMPLAINT_REASON,
                options=screen.options,
                many=screen.many,
            )
    progress = judge_progress(interview, case, assessment, evidence)
    question = next_question(case, assessment, evidence)
    if not progress.may_stop and question is not None:
        return question
    if "medicines" not in answered:
        return NextScreen(kind="medicines", about="medicines", question=MEDICINES_QUESTION, why=MEDICINES_REASON)
    if "results" not in answered:
        return NextScreen(kind="results", about="results", question=RESULTS_QUESTION, why=RESULTS_REASON)
    if question is not None and "more" in answered:
        return question
    return NextScreen(kind="done")


def judge_progress(interview: Interview, case: Case, assessment: Assessment, evidence: Evidence) -> Progress:
    """Return how far the interview is, told honestly.

    It may stop when no open answer would change the advice, and also when only an examination or a test still could:
    a person cannot answer those here.
    """
    answers = sum(1 for told in interview.answers if not (told.seen or told.more or told.passed))
    question = next_question(case, assessment, evidence)
    asked = set(case.not_known) | set(case.findings)
    changing = [q for q in assessment.inquiry.questions if q.changes_advice and q.finding not in asked]
    may_stop, reason = True, assessment.inquiry.reason
    if danger_question(case, assessment, evidence) is not None:
        may_stop, reason = False, say("a danger has to be ruled out first")
    elif assessment.inquiry.stop:
        pass
    elif any(q.burden == "question" for q in changing):
        may_stop, reason = False, say("the next answers could change the advice")
    elif assessment.ask_first:
        reason = say("questions alone can't rule out every danger: the answer says which to have looked at")
    elif changing or question is None:
        reason = say("only an examination or a test could change the advice now")
    else:
        reason = say("none of the most telling questions left would change the advice")
    return Progress(answers=answers, may_stop=may_stop, reason=reason)
