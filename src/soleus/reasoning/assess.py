"""The assessment: everything the answer contains, from facts and a compiled network. Pure: no I/O, no clock."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from soleus.core.assessment import (
    URGENCIES,
    Advice,
    Assessment,
    CauseAnswer,
    Cramp,
    Inquiry,
    Manifest,
    Measured,
    Probability,
    RaisedFlag,
    SayingAnswer,
    Step,
    Urgency,
)
from soleus.core.case import Facts
from soleus.core.message import Message, say, say_all
from soleus.core.problem import Problem
from soleus.core.version import __version__
from soleus.knowledge.schema import Cause, Evidence, Remedy
from soleus.reasoning.explanation import Trace, explain_cause, explain_cramp, trace_posteriors
from soleus.reasoning.inquiry import suggest_questions, urgency_of
from soleus.reasoning.network import BACKGROUND, Network, count_normals, person_parameters
from soleus.reasoning.noisy_or import ImpossibleEvidence, TooWide
from soleus.reasoning.observation import Observed, observe
from soleus.reasoning.posterior import Posterior, compute_posterior, row_of
from soleus.reasoning.red_flags import Judge, belongs, judge_red_flags

FloatArray = NDArray[np.float64]
DRAWS = 200
INTERVAL = (0.025, 0.975)
NOT_ASKED = Inquiry(questions=(), stop=False, reason=say("not asked for"))
SEED = 20261124  # choice: any fixed number; the draws only have to be the same every time
MOST_QUESTIONS = 6  # choice: more questions at once are not answered
TOLERATED = 0.001  # choice: a share left out that no shown digit could tell
DIGITS = 12  # answers are rounded here, far below any meaning, so that bytes do not hang on the last bit


def assess_facts(
    network: Network,
    facts: Facts,
    *,
    case_id: str = "",
    draws: int = DRAWS,
    steps: bool = True,
    questions: bool | None = None,
) -> Assessment:
    """Return the whole answer for one person.

    Answers, in this order: is there danger; is it a cramp; what explains it; what to ask next; what to do. It claims no
    diagnosis: probabilities are those of the evidence base, for people like this one, with what is known now.

    Parameters
    ----------
    network : Network
        See `soleus.reasoning.network.compile_network`.
    facts : Facts
        A case as understood, see `soleus.knowledge.understand.understand`.
    case_id : str
        Repeated in the answer.
    draws : int
        Draws of the uncertain numbers for the intervals; 0 leaves intervals at their central value.
    steps : bool
        False leaves out the step-by-step explanation (for scoring many cases, or for an interview).
    questions : bool, optional
        Whether to look for the next questions; left out, as ``steps``.

    Returns
    -------
    Assessment

    Source
    ------
    The model and its inference are described in docs/how_it_reasons.md; every number comes from the evidence base.
    """
    evidence = network.evidence
    observed = observe(network, facts)
    judge = Judge(evidence, facts.person, observed.state, observed.readings)
    raised, open_flags = judge_red_flags(evidence, judge)
    problems = list(facts.problems)
    try:
        parameters = person_parameters(network, facts.person, observed.state)
        trace = trace_posteriors(network, observed, steps=steps)
    except (ImpossibleEvidence, TooWide) as error:
        problems.append(
            Problem(
                code="impossible_evidence",
                level="error",
                where="case",
                what=say("no probability can be given for these facts together: {error}", error=error.args[0]),
                why=say("the answer below uses age and sex only; red flags were still checked with everything told"),
                fix=say("check what was told as present and as absent"),
            )
        )
        observed = Observed(observed.person, {}, (), {}, ())
        parameters = person_parameters(network, facts.person, {})
        trace = trace_posteriors(network, observed)
    prior, now = row_of(trace.posterior, 0), row_of(trace.posterior, -1)
    if now.omitted > TOLERATED:
        problems.append(
            Problem(
                code="approximate",
                level="warning",
                where="case",
                what=say(
                    "so many facts are present that up to {share:.3g} % of the probability was left out",
                    share=100 * now.omitted,
                ),
                why=say("only a few causes at a time could be counted; the probabilities are rough, red flags are not"),
                fix=say("leave out what has nothing to do with the legs"),
            )
        )
    drawn = _draw(network, observed, draws) if draws else now
    causes = _rank(network, trace, drawn, steps)
    usual = frozenset(flag.id for flag in open_flags if belongs(evidence.red_flags[flag.id], judge))
    open_flags = _most_likely_dangers(open_flags, causes, usual)
    explains = {answer.id: answer.explains.value for answer in causes}
    by_flag = raised[0].urgency if raised else "self_care"
    by_probability, calling = urgency_of(evidence, explains)
    urgency, reason = _overall(evidence, raised, by_flag, by_probability, calling)
    inquiry = NOT_ASKED
    if steps if questions is None else questions:
        inquiry = suggest_questions(network, observed, parameters, now, open_flags)
    cramp = _interval(now.cramp[0], drawn.cramp)
    return Assessment(
        id=case_id,
        person=facts.person,
        urgency=urgency,
        urgency_reason=reason,
        red_flags=raised,
        ask_first=open_flags,
        cramp=Cramp(
            probability=cramp,
            prior=_r(prior.cramp[0]),
            steps=explain_cramp(network, trace) if steps else (),
            verdict=_verdict(cramp.value),
        ),
        causes=causes,
        unexplained=_interval(now.other[0], drawn.other),
        measured=observed.measured,
        inquiry=inquiry,
        advice=_advise(evidence, judge, causes, cramp.value, urgency),
        sayings=_sayings(evidence, causes, observed),
        understood=facts.understood,
        problems=tuple(problems),
        manifest=Manifest(
            software=f"soleus {__version__}",
            evidence=evidence.release.version,
            evidence_hash=evidence.hash,
            draws=draws,
            omitted_mass=_r(now.omitted),
        ),
    )


def _r(value: float) -> float:
    return float(f"{float(value):.{DIGITS}g}")


def _interval(value: float, drawn: FloatArray) -> Probability:
    low, high = np.quantile(drawn, INTERVAL)
    return Probability(value=_r(value), low=_r(low), high=_r(high))


def _draw(network: Network, observed: Observed, draws: int) -> Posterior:
    """Draw all uncertain numbers together, each in its range, and infer with each draw."""
    network = network.restricted(o.finding for o in observed.observations)
    normals = np.random.default_rng(SEED).standard_normal((draws, count_normals(network)))
    parameters = person_parameters(network, observed.person, observed.state, normals)
    return compute_posterior(network, parameters, *observed.arrays(network, observed.observations))


def _rank(network: Network, trace: Trace, drawn: Posterior, steps: bool) -> tuple[CauseAnswer, ...]:
    """All suspects by their standing; equal ones in the order of their ids."""
    present, explains = trace.posterior.present, trace.posterior.explains
    present_low, present_high = np.quantile(drawn.present, INTERVAL, axis=0)
    explains_low, explains_high = np.quantile(drawn.explains, INTERVAL, axis=0)
    answers = []
    for c, cause in enumerate(network.causes):
        answers.append(
            _answer(
                cause,
                cause.makes,
                Probability(value=_r(present[-1, c]), low=_r(present_low[c]), high=_r(present_high[c])),
                Probability(value=_r(explains[-1, c]), low=_r(explains_low[c]), high=_r(explains_high[c])),
                _r(present[0, c]),
                _r(explains[0, c]),
                explain_cause(network, trace, cause) if steps else (),
            )
        )
    before, after = trace.posterior.background[[0, -1]]
    background = _interval(after, drawn.background)
    answers.append(
        _answer(
            network.evidence.causes[BACKGROUND],
            "background",
            background,
            background,
            _r(before),
            _r(before),
            explain_cause(network, trace, None) if steps else (),
        )
    )
    return tuple(sorted(answers, key=lambda a: (-a.standing, a.id)))


def _answer(
    cause: Cause,
    makes: Literal["cramp", "mimic", "background"],
    present: Probability,
    explains: Probability,
    prior_present: float,
    prior_explains: float,
    steps: tuple[Step, ...],
) -> CauseAnswer:
    return CauseAnswer(
        id=cause.id,
        name=cause.name,
        plain_name=cause.plain_name,
        summary=cause.summary,
        makes=makes,
        present=present,
        explains=explains,
        prior_explains=prior_explains,
        prior_present=prior_present,
        standing=_r(max(explains.value, present.value - prior_present)),
        steps=steps,
        tests=cause.tests,
        management=cause.management,
        urgency=cause.urgency,
        see=cause.see,
        share_source=cause.share.source,
    )


def _most_likely_dangers(
    flags: tuple[RaisedFlag, ...], causes: tuple[CauseAnswer, ...], usual: frozenset[str]
) -> tuple[RaisedFlag, ...]:
    """Order the dangers that a question must settle, and keep as many as a person reads.

    Those that belong to this kind of complaint come first, then by how likely they are here.
    """
    present = {answer.id: answer.present.value for answer in causes}

    def order(flag: RaisedFlag) -> tuple[bool, float, int, str]:
        likely = max((present.get(cause, 0.0) for cause in flag.suggests), default=0.0)
        return flag.id not in usual, -likely, URGENCIES.index(flag.urgency), flag.id

    return tuple(sorted(flags, key=order)[:MOST_QUESTIONS])


def _overall(
    evidence: Evidence, raised: tuple[RaisedFlag, ...], by_flag: Urgency, by_probability: Urgency, calling: str
) -> tuple[Urgency, str]:
    if raised and URGENCIES.index(by_flag) <= URGENCIES.index(by_probability):
        return by_flag, say("red flag: {label}", label=raised[0].label)
    if calling:
        cause = evidence.causes[calling].plain_name
        return by_probability, say("{cause} is likely enough to be looked at that soon", cause=cause)
    return "self_care", say("nothing alarming is known; what is unknown is listed below")


def _verdict(p: float) -> str:
    if p >= 0.9:
        return say("This is very probably a true muscle cramp.")
    if p >= 0.6:
        return say("This is probably a true muscle cramp.")
    if p > 0.4:
        return say("We can't tell yet whether this is a true muscle cramp.")
    if p > 0.1:
        return say("This is probably not a true muscle cramp.")
    return say("This is very probably not a true muscle cramp.")


_KIND = {"first_line": "prevention", "optional": "prevention", "ask_clinician": "ask_clinician"}


def _advise(
    evidence: Evidence, judge: Judge, causes: tuple[CauseAnswer, ...], cramp: float, urgency: Urgency
) -> tuple[Advice, ...]:
    """What to do now, what may prevent, what to ask a clinician, and what is not suggested and why."""
    likely = {answer.id for answer in causes if answer.explains.value >= evidence.policy["cause_worth_advice"].value}
    advice = []
    for key, remedy in evidence.remedies.items():
        if remedy.tier in ("never_offered", "no_benefit_shown"):
            kind = "not"
        elif remedy.causes and not likely & set(remedy.causes):
            continue
        elif remedy.kind == "acute":
            if cramp < evidence.policy["cramp_worth_stretching"].value:
                continue
            kind = "now"
        else:
            kind = _KIND[remedy.tier]
        blocked = _blocked(remedy, judge)
        advice.append(
            Advice(
                id=key,
                name=remedy.name,
                kind="not" if blocked else kind,  # type: ignore[arg-type]
                advice=remedy.advice,
                effect=remedy.effect,
                certainty=remedy.certainty,
                harms=remedy.harms,
                sources=remedy.sources,
                verification=remedy.verification,
                blocked=blocked,
            )
        )
    order = ("now", "prevention", "ask_clinician", "not")
    tiers = ("first_line", "optional", "ask_clinician", "no_benefit_shown", "never_offered")
    return tuple(sorted(advice, key=lambda a: (order.index(a.kind), tiers.index(evidence.remedies[a.id].tier), a.id)))


def _blocked(remedy: Remedy, judge: Judge) -> str:
    from soleus.reasoning.red_flags import describe_literal

    reasons = [describe_literal(text, judge.evidence) for text in remedy.not_when if judge.literal(text)]
    return say("not for you because of: {reasons}", reasons=say_all(reasons, ", ")) if reasons else ""


def _sayings(evidence: Evidence, causes: tuple[CauseAnswer, ...], observed: Observed) -> tuple[SayingAnswer, ...]:
    by_id = {answer.id: answer for answer in causes}
    answers = []
    for saying in evidence.sayings.values():
        parts = [_explains(by_id[key]) for key in saying.causes if key in by_id]
        parts += [_told(evidence.findings[finding].label, observed.state.get(finding)) for finding in saying.findings]
        parts += [_level(measured) for measured in observed.measured if measured.quantity in saying.quantities]
        answers.append(
            SayingAnswer(
                says=saying.says,
                data_say=saying.data_say,
                for_you=say_all(tuple(dict.fromkeys(parts)), "; "),
                sources=saying.sources,
                verification=saying.verification,
            )
        )
    return tuple(answers)


def _explains(answer: CauseAnswer) -> Message:
    return say(
        "{cause}: explains with {now:.2g} % (before: {before:.2g} %)",
        cause=answer.plain_name,
        now=100 * answer.explains.value,
        before=100 * answer.prior_explains,
    )


def _told(label: str, known: bool | None) -> Message:
    if known is None:
        return say("{label}: unknown", label=label)
    return say("{label}: present", label=label) if known else say("{label}: absent", label=label)


def _level(measured: Measured) -> Message:
    return say(
        "{label}: set point {middle:.3g} ({low:.3g} to {high:.3g}) {unit}",
        label=measured.label,
        middle=measured.set_point,
        low=measured.low,
        high=measured.high,
        unit=measured.unit,
    )
