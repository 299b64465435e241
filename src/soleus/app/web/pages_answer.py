"""The answer to the interview, with each claim and its source one click away."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fastapi import APIRouter, Request, Response

from soleus.app.doctor_questions import ask_doctor
from soleus.app.evidence_record import PART_NAMES, arrows, find_records
from soleus.app.interview_answers import Interview
from soleus.app.interview_record import read_situation
from soleus.app.interview_screens import BY_ID
from soleus.app.web.page import go_to, house_of, page
from soleus.app.web.wire import refuse
from soleus.core.assessment import Measured, Step
from soleus.core.case import Case
from soleus.core.message import Message, say
from soleus.knowledge.schema import Cause, Evidence, Reference
from soleus.report import words

router = APIRouter()
VERIFICATION: dict[str, Message] = {
    "read": say("read in the source"),
    "recalled": say("recalled, not read again; its range was widened"),
    "computed": say("computed from published numbers"),
    "expert": say("estimate of this project"),
}
BURDENS: dict[str, Message] = {
    "question": say("a question"),
    "examination": say("an examination"),
    "blood_test": say("a blood test"),
    "imaging": say("an imaging test"),
    "specialist": say("a specialist's test"),
}
UNITS: dict[str, Message] = {
    "count per night": say("a night"),
    "count per week": say("a week"),
    "count per 2 weeks": say("in two weeks"),
    "count per 4 weeks": say("in four weeks"),
    "VAS cm": say("points of 10"),
    "percent": say("percent"),
    "probability": say("of all (1 is everyone)"),
    "odds ratio": say("times the odds"),
    "risk ratio": say("times as often"),
    "hazard ratio": say("times the risk"),
}
TITLES: dict[str, Message] = {
    "emergency": say("Emergency: get help now"),
    "same_day": say("Have this seen by a doctor today"),
    "soon": say("See a doctor within days, at most two weeks"),
    "routine": say("Mention it at an ordinary visit"),
    "self_care": say("Nothing alarming is known"),
}
FIRST_CAUSES = 5
MOST_STEPS = 12  # choice: the strongest; the rest moves nothing a person could see
WIDEST_STEP = 5.0  # log-odds at which a bar is full: odds times 150


@dataclass(frozen=True)
class Naming:
    """Names of findings for a page."""

    evidence: Evidence

    def __call__(self, key: str) -> Message | str:
        """Return the label of a finding; "no x" is told as its absence."""
        plain = key.removeprefix("no ")
        finding = self.evidence.findings.get(plain)
        if finding is None:
            return key.replace("_", " ")
        return say("not: {label}", label=finding.label) if plain != key else finding.label


@router.get("/why/answer")
def get_answer(request: Request) -> Response:
    """Show the answer to everything that was told: danger, cramp, causes, what to ask and what to do."""
    house = house_of(request)
    session = house.session()
    evidence = session.evidence
    situation = read_situation(house.diary, session, now=house.now(), zone=house.zone())
    if situation.case == Case():
        return go_to("/why")
    assessment = situation.assess(session, draws=200)
    causes = sorted(assessment.causes, key=lambda cause: -cause.explains.value)  # as the numbers that are shown
    return page(
        request,
        "why_answer.html",
        a=assessment,
        progress=situation.progress(session, assessment),
        first=causes[:FIRST_CAUSES],
        others=causes[FIRST_CAUSES:],
        measured=by_quantity(assessment.measured),
        doctor=ask_doctor(assessment, evidence),
        told=told_lines(situation.interview, evidence),
        step=len(situation.interview.answers),
        shown=situation.shown,
        label=Naming(evidence),
        place=lambda step, cause: claim_place(step, evidence.causes.get(cause)),
        cite=lambda key: short_cite(key, evidence.references),
        strongest=lambda steps: words.strongest_steps(steps, MOST_STEPS),
        width=lambda step: round(50 * min(abs(step.log_odds) / WIDEST_STEP, 1), 1),
        percent=words.percent,
        interval=words.interval,
        strength=words.strength_words,
        state=words.state_words,
        titles=TITLES,
        urgency_short=words.URGENCY_SHORT,
        verification=VERIFICATION,
        burdens=BURDENS,
    )


def by_quantity(measured: Iterable[Measured]) -> list[tuple[Measured, list[Measured]]]:
    """Return each quantity once, with all that its readings say."""
    found: dict[str, list[Measured]] = {}
    for one in measured:
        found.setdefault(one.quantity, []).append(one)
    return [(all_of_it[0], all_of_it) for all_of_it in found.values()]


def claim_place(step: Step, cause: Cause | None) -> str:
    """Return the address of the claim behind a step."""
    if cause is not None and any(arrow.finding == step.finding for arrow in arrows(cause)):
        return f"/evidence/{step.finding}#from-{cause.id}"
    return f"/evidence/{step.finding}"


def short_cite(key: str, references: Mapping[str, Reference]) -> str:
    """Return a source as people cite it: "Hujoel 2016"; the estimates of this project by what they are."""
    if key == "expert" or key not in references:
        return VERIFICATION["expert"]
    reference = references[key]
    name = reference.authors.partition(",")[0].partition(" et al")[0].strip() or reference.title
    return f"{name} {reference.year}".strip()


def told_lines(interview: Interview, evidence: Evidence) -> list[tuple[str, str]]:
    """Return what was told, as question and answer, in order."""
    label = Naming(evidence)
    yes_no = {"yes": say("yes"), "no": say("no"), "unknown": say("don't know")}
    lines: list[tuple[str, str]] = []
    for told in interview.answers:
        if told.finding:
            lines.append((label(told.finding), yes_no[told.answer]))
        elif told.age is not None or told.age_band is not None:
            lines.append((say("Age"), say("{age:g}", age=told.age) if told.age is not None else str(told.age_band)))
        elif told.sex is not None:
            lines.append((say("Sex"), say("female") if told.sex == "female" else say("male")))
        elif told.pregnant is not None:
            week = say("yes, week {week:g}", week=told.week) if told.week is not None else say("yes")
            lines.append((say("Pregnant"), week if told.pregnant else say("no")))
        elif told.screen is not None:
            screen = BY_ID[told.screen]
            lines += [(screen.question, option.label) for option in screen.options if option.id in told.choices]
        elif told.words:
            lines.append((say("In your own words"), told.words))
        elif told.medicines is not None:
            lines.append((say("Medicines"), ", ".join(told.medicines)))
    return lines


@router.get("/evidence/{id}")
def get_evidence(request: Request, id: str) -> Response:
    """Show an entry of the evidence base with every claim it makes."""
    evidence = house_of(request).session().evidence
    records = find_records(evidence, id)
    if not records:
        raise refuse(
            404,
            "no_such_id",
            "id",
            say("the evidence base has no entry of this name"),
            say("it may have been mistyped"),
            say("follow a link from an answer"),
        )
    return page(
        request,
        "claim.html",
        records=records,
        part_names=PART_NAMES,
        units=UNITS,
        verification=VERIFICATION,
        cite=lambda key: short_cite(key, evidence.references),
        link=link_of,
    )


def link_of(reference: Reference) -> str:
    """Return the address of a source, "" when none is known."""
    place = reference.doi_or_url.strip()
    if place.startswith("10."):
        return f"https://doi.org/{place}"
    return place if place.startswith("https://") else ""
