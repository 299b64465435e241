"""What to ask the doctor: dangers that could not be ruled out, examinations worth having, medicines to talk about."""

from __future__ import annotations

import msgspec

from soleus.core.assessment import Assessment
from soleus.core.message import Message, say
from soleus.knowledge.schema import Evidence

SUSPECTS = 3  # choice: tests for more causes than these are a shopping list
MOST = 6  # choice: a visit has time for no more
LEAST = 0.05  # choice: a cause less likely than one in twenty is not tested for without another reason


class DoctorQuestions(msgspec.Struct, frozen=True, kw_only=True):
    """Lists of sentences to take along."""

    dangers: tuple[str, ...]
    medicines: tuple[str, ...]
    examinations: tuple[str, ...]
    tests: tuple[tuple[str, tuple[str, ...]], ...]


def ask_doctor(assessment: Assessment, evidence: Evidence) -> DoctorQuestions:
    """Return what to ask a doctor about this answer.

    Parameters
    ----------
    assessment : Assessment
        With steps.
    evidence : Evidence

    Examples
    --------
    >>> from soleus.app.session import load_session
    >>> from soleus.core.case import Case
    >>> session = load_session()
    >>> told = session.assess(Case(age=68, sex="female", medicines=("furosemide",)), draws=0)
    >>> ask_doctor(told, session.evidence).medicines
    ('Can furosemide bring on cramps, and is there another way?',)
    """
    examinations = [q for q in assessment.inquiry.questions if q.burden != "question"]
    tests = [
        (answer.plain_name, answer.tests)
        for answer in assessment.causes[:SUSPECTS]
        if answer.makes != "background" and answer.tests and answer.explains.value >= LEAST
    ]
    return DoctorQuestions(
        dangers=tuple(say("Can this be ruled out: {danger}?", danger=flag.label) for flag in assessment.ask_first),
        medicines=_medicines(assessment, evidence),
        examinations=tuple(q.question for q in examinations[:MOST]),
        tests=tuple(tests),
    )


def _medicines(assessment: Assessment, evidence: Evidence) -> tuple[Message, ...]:
    """Ask about each medicine told of whose class goes with cramps."""
    suspects = {exposure.finding for cause in evidence.causes.values() for exposure in cause.exposures}
    asked: dict[str, Message] = {}
    for one in assessment.understood:
        if one.where.startswith("medicines") and suspects & set(one.findings):
            asked[one.phrase] = say("Can {medicine} bring on cramps, and is there another way?", medicine=one.phrase)
    return tuple(asked.values())
