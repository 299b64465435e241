"""The interview, one question a screen; red flags at once and first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Form, Request, Response

from soleus.app.interview import AT_ONCE, next_question, unread_flags
from soleus.app.interview_answers import AGE_BANDS, Told, split_names, take, take_back
from soleus.app.interview_record import change_interview, read_situation, start_over
from soleus.app.interview_screens import BY_ID
from soleus.app.web.api_interview import check_told, heard_last
from soleus.app.web.page import go_to, house_of, page
from soleus.app.web.pages_answer import Naming
from soleus.app.web.wire import Refused, refuse
from soleus.core.assessment import Assessment, RaisedFlag
from soleus.core.case import Case, Measurement
from soleus.core.message import say
from soleus.core.problem import Problem
from soleus.knowledge.schema import Evidence

router = APIRouter()
MOST_CANDIDATES = 3  # choice: more guesses push the question off the screen


async def _form(request: Request) -> Mapping[str, Any]:
    """Return the fields of a form; the ticks of one name as a tuple under ``choices``."""
    form = await request.form()
    fields: dict[str, Any] = {name: value for name, value in form.items() if isinstance(value, str)}
    fields["choices"] = tuple(value for value in form.getlist("choices") if isinstance(value, str))
    return fields


FormFields = Annotated[Mapping[str, Any], Depends(_form)]


# --- the interview ----------------------------------------------------------------------------------------------------


@router.get("/why")
def get_why(request: Request) -> Response:
    """Show the next question, or the danger that has to be read first."""
    return _interview_page(request)


@router.post("/why/answer")
def post_answer(request: Request, form: FormFields) -> Response:
    """Take the answer of one screen, then show the next."""
    house = house_of(request)
    try:
        told = read_form(form)
        check_told(told, house.session().evidence)
    except Refused as refused:
        return _interview_page(request, refused.problems, form)
    change_interview(house.diary, lambda old: take(old, told), now=house.now())
    return go_to("/why")


@router.post("/why/back")
def post_back(request: Request, step: Annotated[int, Form()]) -> Response:
    """Take the last answer back; a form sent twice takes back one."""
    house = house_of(request)
    change_interview(house.diary, lambda old: take_back(old) if len(old.answers) == step else old, now=house.now())
    return go_to("/why")


@router.post("/why/restart")
def post_restart(request: Request) -> Response:
    """Begin a new interview; the old one stays in the diary."""
    house = house_of(request)
    start_over(house.diary, now=house.now())
    return go_to("/why")


def read_form(form: Mapping[str, Any]) -> Told:
    """Return the answer that a form holds.

    Raises
    ------
    Refused
        Something in it can't be read; nothing was changed.

    Examples
    --------
    >>> told = read_form({"what": "finding", "finding": "hard_knot", "answer": "yes"})
    >>> told.finding, told.answer
    ('hard_knot', 'yes')
    """
    what = form.get("what", "")
    try:
        if form.get("pass"):
            fields: dict[str, Any] = {"passed": what}
        elif what == "age":
            fields = _age(form)
        elif what in BY_ID:
            fields = {"screen": what, "choices": form.get("choices", ())} if form.get("choices") else {"passed": what}
        elif what == "medicines":
            fields = _medicines(form)
        elif what == "seen":
            fields = {"seen": tuple(form.get("flags", "").split())}
        elif what == "pregnant":
            fields = _pregnancy(form)
        elif what == "words":
            fields = _words(form)
        elif what == "sex":
            fields = {"sex": form.get("answer")}
        elif what == "finding":
            fields = {"finding": form.get("finding", ""), "answer": form.get("answer", "unknown")}
        else:
            fields = {"more": what == "more"}
        return msgspec.convert(fields, Told)
    except msgspec.ValidationError:
        raise _not_read("form", say("this answer can't be read"), say("choose one of the answers")) from None


def _not_read(where: str, what: str, fix: str) -> Refused:
    return refuse(422, "not_read", where, what, say("nothing was changed"), fix)


def _age(form: Mapping[str, Any]) -> dict[str, Any]:
    text, band = form.get("age", "").strip(), form.get("age_band", "")
    if not text and band in AGE_BANDS:
        return {"age_band": band}
    try:
        age = float(text.replace(",", "."))
    except ValueError:
        age = -1.0
    if not 0 <= age <= 120:
        raise _not_read("age", say("the age is not a number of years from 0 to 120"), say("write it as 68"))
    return {"age": age}


def _pregnancy(form: Mapping[str, Any]) -> dict[str, Any]:
    if form.get("answer") != "yes":
        return {"pregnant": False} if form.get("answer") == "no" else {"passed": "pregnant"}
    text = form.get("week", "").strip().replace(",", ".")
    if not text:
        return {"pregnant": True}
    try:
        week = float(text)
    except ValueError:
        week = 0.0
    if not 1 <= week <= 44:
        raise _not_read("week", say("the week is not a number from 1 to 44"), say("write it as 30, or leave it empty"))
    return {"pregnant": True, "week": week}


def _medicines(form: Mapping[str, Any]) -> dict[str, Any]:
    if form.get("none"):
        return {"medicines": ("none",), "complete": True}
    names = split_names(form.get("medicines", ""))
    if not names:
        raise _not_read("medicines", say("no medicine is named"), say("write the names, or choose one of the buttons"))
    return {"medicines": names, "complete": bool(form.get("complete"))}


def _words(form: Mapping[str, Any]) -> dict[str, Any]:
    text = " ".join(str(form.get("words", "")).split())
    if not text:
        raise _not_read("words", say("nothing was written"), say("write a few words, such as: my calf goes hard"))
    return {"words": text}


def _interview_page(
    request: Request, problems: tuple[Problem, ...] = (), form: Mapping[str, Any] | None = None
) -> Response:
    house = house_of(request)
    session = house.session()
    situation = read_situation(house.diary, session, now=house.now(), zone=house.zone())
    assessment = situation.assess(session, draws=0, steps=False)
    unread = unread_flags(situation.interview, assessment)
    heard = heard_last(situation.interview, assessment.understood)
    return page(
        request,
        "why.html",
        status=422 if problems else 200,
        problems=problems,
        told=form or {},
        wrong={problem.where for problem in problems},
        next=situation.next(session, assessment),
        more=next_question(situation.case, assessment, session.evidence) is not None,
        progress=situation.progress(session, assessment),
        flags=unread or at_once(assessment),
        step=len(situation.interview.answers),
        heard=heard,
        near=askable(heard.candidates if heard is not None else (), session.evidence),
        shown=situation.shown,
        measured=measurements_of(situation.case),
        label=Naming(session.evidence),
        bands=AGE_BANDS,
    )


def at_once(assessment: Assessment) -> tuple[RaisedFlag, ...]:
    """Return the red flags that need care today."""
    return tuple(flag for flag in assessment.red_flags if flag.urgency in AT_ONCE)


def askable(candidates: tuple[str, ...], evidence: Evidence) -> tuple[str, ...]:
    """Return those candidates that a person can answer, the nearest first."""
    known = [key for key in candidates if key in evidence.findings]
    return tuple(key for key in known if evidence.findings[key].burden == "question")[:MOST_CANDIDATES]


def measurements_of(case: Case) -> tuple[Measurement, ...]:
    """Return the latest readings, newest first."""
    return tuple(sorted(case.measurements, key=lambda one: one.time or "", reverse=True))
