"""The answer, the remedies and the evidence over the API."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter, Path, Query, Request, Response

from soleus.app.evidence_record import EvidenceRecord, find_records
from soleus.app.interview_record import read_situation
from soleus.app.remedies import RemedyGroup, list_remedies
from soleus.app.web.house import House
from soleus.app.web.page import house_of
from soleus.app.web.wire import described, refuse, sent, taken
from soleus.core.assessment import Assessment
from soleus.core.case import Case, Cramps, Measurement
from soleus.core.message import say
from soleus.exchange.case_file import convert_case
from soleus.reasoning.assess import DRAWS

router = APIRouter(prefix="/api", tags=["assessment"])
CASE = taken(Case)
MOST_DRAWS = 1000  # choice: more change no digit that is shown
Draws = Annotated[
    int, Query(ge=0, le=MOST_DRAWS, description="Draws of the uncertain numbers for the intervals; 0 leaves them out.")
]
EXAMPLE = Case(
    age=68,
    sex="female",
    cramps=Cramps(sites=("calf",), timing="at night", relieved_by=("stretching",)),
    medicines=("furosemide 40 mg",),
    measurements=(Measurement(name="calcium", value=2.15, unit="mmol/L"),),
)


def personal_assessment(house: House, draws: int = DRAWS) -> Assessment | None:
    """Return the assessment of interview and diary, None when both are empty."""
    session = house.session()
    situation = read_situation(house.diary, session, now=house.now(), zone=house.zone())
    return None if situation.case == Case() else situation.assess(session, draws)


@router.get("/assessment", summary="The answer from interview and diary", **described(gives=Assessment))
def get_assessment(request: Request, draws: Draws = DRAWS) -> Response:
    """Return the assessment of what was told in the interview and of what the last twelve weeks of the diary show."""
    house = house_of(request)
    session = house.session()
    situation = read_situation(house.diary, session, now=house.now(), zone=house.zone())
    return sent(situation.assess(session, draws))


@router.post(
    "/assess",
    summary="The answer to any case",
    **described(takes=Case, gives=Assessment, example=EXAMPLE, errors=(413, 415, 422)),
)
def post_assess(request: Request, case: Case = CASE, draws: Draws = DRAWS) -> Response:
    """Return the assessment of a case; nothing of it is kept. What can't be used is told in its problems."""
    checked, problems = convert_case(msgspec.to_builtins(case))
    return sent(house_of(request).session().assess(checked, problems=problems, draws=draws))


@router.get("/remedies", summary="What helps, in order", **described(gives=tuple[RemedyGroup, ...]))
def get_remedies(request: Request) -> Response:
    """Return all remedies; with an interview or a diary, those that are not for this person say why."""
    house = house_of(request)
    return sent(list_remedies(house.session().evidence, personal_assessment(house, draws=0)))


@router.get(
    "/evidence/{id}",
    summary="An entry of the evidence base with every claim",
    **described(gives=tuple[EvidenceRecord, ...], errors=(404, 422)),
)
def get_evidence(
    request: Request, id: Annotated[str, Path(min_length=1, max_length=100, examples=["hard_knot"])]
) -> Response:
    """Return the entries of this id (a cause and a saying may share one) with value, range, source and derivation."""
    records = find_records(house_of(request).session().evidence, id)
    if not records:
        raise refuse(
            404,
            "no_such_id",
            "id",
            say("the evidence base has no entry of this id"),
            say("it may have been mistyped"),
            say("follow a link from an answer"),
        )
    return sent(records)
