"""The answer as text for a terminal. Computes nothing."""

from __future__ import annotations

import textwrap

from soleus.core.assessment import Advice, Assessment, CauseAnswer, RaisedFlag, Step
from soleus.report.words import (
    DISCLAIMER,
    URGENCY_SHORT,
    URGENCY_WORDS,
    interval,
    listed,
    percent,
    shown_causes,
    state_words,
    strength_words,
    strongest_steps,
)

WIDTH = 96


class _Page:
    def __init__(self, color: bool) -> None:
        self.lines: list[str] = []
        self.color = color

    def bold(self, text: str) -> str:
        return f"\033[1m{text}\033[0m" if self.color else text

    def heading(self, text: str) -> None:
        self.lines += ["", self.bold(text.upper())]

    def write(self, text: str, indent: int = 2, hang: int = 2) -> None:
        self.lines += textwrap.wrap(
            _clean(text),
            WIDTH,
            initial_indent=" " * indent,
            subsequent_indent=" " * (indent + hang),
            break_on_hyphens=False,
        ) or [""]


def _clean(text: str) -> str:
    """Keep a person's own words from steering the terminal (control characters)."""
    return "".join(c if c.isprintable() else " " for c in text)


def render_text(assessment: Assessment, *, color: bool = False) -> str:
    """Return the assessment as text of at most 96 columns.

    Parameters
    ----------
    assessment : Assessment
    color : bool
        Bold headings with terminal codes.
    """
    page = _Page(color)
    page.lines.append(
        page.bold("Soleus: night leg cramps") + (f"   case {_clean(assessment.id)}" if assessment.id else "")
    )
    page.write(DISCLAIMER, indent=0, hang=0)
    _danger(page, assessment)
    _cramp(page, assessment)
    _causes(page, assessment)
    _measured(page, assessment)
    _next(page, assessment)
    _advice(page, assessment)
    _sayings(page, assessment)
    _reading(page, assessment)
    manifest = assessment.manifest
    page.lines.append("")
    page.write(
        f"{manifest.software}, evidence {manifest.evidence} ({manifest.evidence_hash[:12]}), {manifest.draws} draws. "
        "`soleus evidence show ID` prints any claim with its source.",
        indent=0,
        hang=0,
    )
    return "\n".join(page.lines) + "\n"


def _danger(page: _Page, a: Assessment) -> None:
    page.heading("Danger first")
    page.write(page.bold(URGENCY_WORDS[a.urgency]) + f". Reason: {a.urgency_reason}.")
    for flag in a.red_flags:
        _flag(page, flag)
    if not a.red_flags:
        page.write("No red flag is raised by what is known.")
    if a.ask_first:
        page.write("Ask first, because a danger cannot be judged without it:")
        for flag in a.ask_first:
            page.write(f"- {' and '.join(flag.ask)}? ({flag.label}: {URGENCY_SHORT[flag.urgency]}, if so)", indent=4)


def _flag(page: _Page, flag: RaisedFlag) -> None:
    page.write(page.bold(f"! {flag.label}") + f" ({URGENCY_SHORT[flag.urgency]})")
    page.write(f"because of: {'; '.join(flag.triggers)}", indent=6)
    page.write(f"why: {flag.why}", indent=6)
    page.write(f"do: {flag.do}", indent=6)
    page.write(f"source: {flag.source} ({flag.verification})", indent=6)


def _bar(log_odds: float) -> str:
    """Return a bar of ten cells, five to the left (against) and five to the right (for)."""
    cells = min(5, round(abs(log_odds) / 0.8)) or 1
    return (
        (" " * 5 + "|" + "#" * cells).ljust(11) if log_odds >= 0 else (" " * (5 - cells) + "#" * cells + "|").ljust(11)
    )


def _steps(page: _Page, steps: list[Step], indent: int) -> None:
    for step in steps:
        page.write(
            f"[{_bar(step.log_odds)}] {state_words(step)}: {strength_words(step.log_odds)}", indent=indent, hang=14
        )
        page.write(f"{step.claim} [{step.source}, {step.verification}]", indent=indent + 14, hang=0)


def _cramp(page: _Page, a: Assessment) -> None:
    page.heading("Is it a cramp?")
    page.write(f"{a.cramp.verdict} {interval(a.cramp.probability)}; before anything was told {percent(a.cramp.prior)}.")
    _steps(page, strongest_steps(a.cramp.steps, 4), 4)


def _causes(page: _Page, a: Assessment) -> None:
    page.heading("What explains it")
    page.write(
        "Explains = brings this complaint; present = is there at all. In brackets: what uncertain numbers leave (95 %)."
    )
    for rank, cause in enumerate(shown_causes(a), start=1):
        _cause(page, rank, cause)
    page.write(f"Something outside this evidence base: {interval(a.unexplained)}.")


def _cause(page: _Page, rank: int, cause: CauseAnswer) -> None:
    present = "" if cause.makes == "background" else f"; present {interval(cause.present)}"
    page.write(page.bold(f"{rank}. {cause.plain_name}") + f": explains {interval(cause.explains)}{present}")
    page.write(
        f"before anything was told: {percent(cause.prior_explains)} [share of night cramps: {cause.share_source}]",
        indent=5,
    )
    _steps(page, strongest_steps(cause.steps), 5)
    rest = sum(step.log_odds for step in cause.steps) - sum(s.log_odds for s in strongest_steps(cause.steps))
    if cause.steps and abs(rest) >= 0.05:
        page.write(
            f"the other {len(cause.steps) - len(strongest_steps(cause.steps))} facts together: {strength_words(rest)}",
            indent=5,
        )
    if rank <= 3 and cause.tests:
        page.write(f"would settle it: {listed(cause.tests)}", indent=5)
    if rank <= 3:
        page.write(f"whom to see: {cause.see}", indent=5)


def _measured(page: _Page, a: Assessment) -> None:
    if not a.measured:
        return
    page.heading("Measurements: a reading is evidence, not a fact")
    for m in a.measured:
        values = ", ".join(f"{v:.4g}" for v in m.readings)
        page.write(
            f"{m.label} {values} {m.unit}: own level about {m.set_point:.3g} ({m.low:.3g} to {m.high:.3g}); "
            f"“{m.finding_label}” {_ratio(m.likelihood_ratio)}{'. ' + m.note if m.note else ''}"
        )


def _ratio(ratio: float) -> str:
    if ratio >= 1:
        return f"{min(ratio, 99999):.2g} times as likely as without this reading"
    return f"{min(1 / ratio, 99999) if ratio > 0 else 99999:.2g} times less likely than without this reading"


def _next(page: _Page, a: Assessment) -> None:
    page.heading("What to ask or measure next")
    page.write(("You can stop here: " if a.inquiry.stop else "") + a.inquiry.reason + ".")
    for question in a.inquiry.questions[:5]:
        page.write(f"- {question.question} [{question.burden.replace('_', ' ')}, {question.gain_bits:.2g} bits]")
        page.write(f"why: {question.why}", indent=6)


_ADVICE = {
    "now": "What to do in the cramp",
    "prevention": "What may prevent it",
    "ask_clinician": "What to ask a clinician about",
    "not": "What Soleus does not suggest, and why",
}


def _advice(page: _Page, a: Assessment) -> None:
    for kind, title in _ADVICE.items():
        items = [item for item in a.advice if item.kind == kind]
        if not items or (a.urgency == "emergency" and kind != "not"):
            continue
        page.heading(title)
        for item in items:
            _advice_item(page, item)
    if a.urgency == "emergency":
        page.write("Remedies are not listed: the emergency comes first.")


def _advice_item(page: _Page, item: Advice) -> None:
    page.write(f"- {page.bold(item.name)}: {item.blocked or item.advice}")
    page.write(
        f"effect: {item.effect}; certainty: {item.certainty}; harms: {item.harms} [{', '.join(item.sources)}]", indent=6
    )


def _sayings(page: _Page, a: Assessment) -> None:
    page.heading("What is often said, and what the data say")
    for saying in a.sayings:
        page.write(f"- “{saying.says}” {saying.data_say} [{', '.join(saying.sources)}]")
        if saying.for_you:
            page.write(f"for you: {saying.for_you}", indent=6)


def _reading(page: _Page, a: Assessment) -> None:
    missed = [u for u in a.understood if not u.understood]
    page.heading("How your words were read")
    page.write(f"{len(a.understood) - len(missed)} of {len(a.understood)} phrases were understood.")
    for u in missed:
        near = f"; nearest: {', '.join(u.candidates)}" if u.candidates else ""
        page.write(f"- not understood, not used: “{u.phrase[:80]}” ({u.where}){near}")
    for problem in a.problems:
        page.write(f"- {problem}")
