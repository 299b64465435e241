"""The interview over the API: what is asked next, and the answers."""

from __future__ import annotations

import msgspec
from fastapi import APIRouter, Request, Response

from soleus.app.interview import NextScreen, Progress, unread_flags
from soleus.app.interview_answers import Interview, Told, take, take_back
from soleus.app.interview_record import change_interview, read_situation, start_over
from soleus.app.record_case import Shown
from soleus.app.web.house import House
from soleus.app.web.page import house_of
from soleus.app.web.wire import described, refuse, sent, taken
from soleus.core.assessment import RaisedFlag
from soleus.core.case import Understood
from soleus.core.message import say
from soleus.knowledge.schema import Evidence

router = APIRouter(prefix="/api/interview", tags=["interview"])
TOLD = taken(Told)


class InterviewState(msgspec.Struct, frozen=True, kw_only=True):
    """Where the interview stands.

    ``flags`` are all red flags that are raised, ``unread`` those that have to be read before going on (answer with
    ``{"seen": [ids]}``). ``shown`` is what the diary answers. ``heard`` says how the last own words were read.
    """

    answers: tuple[Told, ...]
    next: NextScreen
    progress: Progress
    flags: tuple[RaisedFlag, ...]
    unread: tuple[str, ...]
    shown: tuple[Shown, ...]
    heard: Understood | None


def heard_last(interview: Interview, understood: tuple[Understood, ...]) -> Understood | None:
    """Return how the words were read that were the last answer, None when the last answer was none in words."""
    last = interview.answers[-1].words if interview.answers else ""
    return next((one for one in reversed(understood) if last and one.phrase == last), None)


def interview_state(house: House) -> InterviewState:
    """Return where the interview stands, with the next question."""
    session = house.session()
    situation = read_situation(house.diary, session, now=house.now(), zone=house.zone())
    assessment = situation.assess(session, draws=0, steps=False)
    return InterviewState(
        answers=situation.interview.answers,
        next=situation.next(session, assessment),
        progress=situation.progress(session, assessment),
        flags=assessment.red_flags,
        unread=tuple(flag.id for flag in unread_flags(situation.interview, assessment)),
        shown=situation.shown,
        heard=heard_last(situation.interview, assessment.understood),
    )


def check_told(told: Told, evidence: Evidence) -> None:
    """Refuse an answer to a question that there is not."""
    if told.finding and told.finding not in evidence.findings:
        raise refuse(
            404,
            "no_such_id",
            "finding",
            say("there is no finding of this id"),
            say("nothing was changed"),
            say("use an id that the interview gives"),
        )


@router.get("", summary="Where the interview stands, and the next question", **described(gives=InterviewState))
def get_interview(request: Request) -> Response:
    """Return the next question, the red flags that are raised, how far the interview is, and what the diary answers."""
    return sent(interview_state(house_of(request)))


@router.post(
    "/answers",
    summary="Give an answer",
    **described(
        takes=Told, gives=InterviewState, example=Told(finding="hard_knot", answer="yes"), errors=(404, 413, 415, 422)
    ),
)
def post_answer(request: Request, told: Told = TOLD) -> Response:
    """Take one answer; the same one again changes nothing, another to the same question replaces the first.

    Answers are such as ``{"age": 68}``, ``{"sex": "female"}``, ``{"screen": "where", "choices": ["calf"]}``,
    ``{"finding": "hard_knot", "answer": "unknown"}``, ``{"words": "my calf goes hard"}``,
    ``{"medicines": ["ramipril"], "complete": true}``, ``{"passed": "results"}``.
    """
    house = house_of(request)
    check_told(told, house.session().evidence)
    change_interview(house.diary, lambda old: take(old, told), now=house.now())
    return sent(interview_state(house))


@router.post("/back", summary="Take the last answer back", **described(gives=InterviewState))
def post_back(request: Request) -> Response:
    """Take the last answer back."""
    house = house_of(request)
    change_interview(house.diary, take_back, now=house.now())
    return sent(interview_state(house))


@router.post("/restart", summary="Begin a new interview", **described(gives=InterviewState))
def post_restart(request: Request) -> Response:
    """Begin a new interview; the old one is kept in the diary."""
    house = house_of(request)
    start_over(house.diary, now=house.now())
    return sent(interview_state(house))
