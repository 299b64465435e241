"""Red flags: rules that send a person to care, evaluated on their own and before any probability.

A rule is judged with three values. What is unknown can neither raise nor clear a flag: it makes a question.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from soleus.core.assessment import URGENCIES, RaisedFlag
from soleus.core.case import Person, Reading
from soleus.core.message import Message, say
from soleus.knowledge.check import parse_literal
from soleus.knowledge.schema import Evidence, Quantity, RedFlag

MOST_UNKNOWN = 2  # choice: a rule with more unknowns than this is not worth an extra question yet


class Judge:
    """Decides literals of rules for one person: True, False, or None when unknown."""

    def __init__(
        self, evidence: Evidence, person: Person, state: Mapping[str, bool], readings: Mapping[str, Sequence[Reading]]
    ) -> None:
        self.evidence, self.person, self.readings = evidence, person, readings
        self.state = close_state(evidence, state)

    def literal(self, text: str) -> bool | None:
        """Judge one literal."""
        parsed = parse_literal(text)
        if parsed is None:
            raise ValueError(f"malformed rule literal {text!r}")
        name, comparison, number = parsed
        if not comparison:
            wanted = not name.startswith("!")
            known = self._known(name.lstrip("!"))
            return None if known is None else known == wanted
        values = self._values(name)
        if not values:
            return None
        # Any one reading beyond a dangerous limit counts: waiting for a second one is not ours to decide.
        verdicts = [_compare(value, censored, comparison, number) for value, censored in values]
        return True if True in verdicts else None if None in verdicts else False

    def is_unusual(self, text: str) -> bool:
        """Tell whether few people with ordinary cramps have this finding: only such ones raise questions.

        How the cramp itself is told (new, one-sided, in the calf) is no reason to ask about every danger.
        """
        finding = self.evidence.findings.get(text)
        if finding is None or finding.kind == "feature":
            return False
        return finding.leak.value < self.evidence.policy["unusual_finding"].value

    def _known(self, name: str) -> bool | None:
        if name == "pregnant":
            return None if self.person.pregnancy_month is None else self.person.pregnancy_month > 0
        if name == "postpartum":
            return self.state.get("postpartum", self.person.postpartum)
        return self.state.get(name)

    def _values(self, name: str) -> list[tuple[float, str]]:
        """Values with "<" or ">" where the laboratory gave only a bound."""
        if name == "age":
            return [] if self.person.age is None else [(self.person.age, "")]
        if name == "month":
            return [] if self.person.pregnancy_month is None else [(self.person.pregnancy_month, "")]
        if name.endswith("_ratio"):
            return self._ratios(name.removesuffix("_ratio"))
        return [(reading.value, reading.censored) for reading in self.readings.get(name, ())]

    def _ratios(self, key: str) -> list[tuple[float, str]]:
        """Readings divided by the upper limit: the laboratory's own, else the one in the evidence."""
        usual = usual_upper_limit(self.evidence.quantities[key])
        ratios: list[tuple[float, str]] = []
        for reading in self.readings.get(key, ()):
            upper = reading.high or usual
            if upper:
                ratios.append((reading.value / upper, reading.censored))
        return ratios


def usual_upper_limit(quantity: Quantity) -> float | None:
    """Return the lowest limit above which the evidence calls a quantity high; None when it has no such limit."""
    return min((level.limit.value for level in quantity.levels if level.side == "above"), default=None)


def _compare(value: float, censored: str, comparison: str, number: float) -> bool | None:
    """Compare a value, or a bound on it ("<2.0", ">1000"), with a number; None when the bound leaves it open."""
    if censored == "<":
        return None if value > number else comparison.startswith("<")
    if censored == ">":
        return None if value < number else comparison.startswith(">")
    if comparison == "<":
        return value < number
    if comparison == "<=":
        return value <= number
    return value > number if comparison == ">" else value >= number


def close_state(evidence: Evidence, state: Mapping[str, bool]) -> dict[str, bool]:
    """Add what follows from known findings: a present special case makes the general one present, and the reverse.

    Examples
    --------
    >>> from soleus.knowledge.load import load_evidence
    >>> close_state(load_evidence(), {"weakness_proximal": True})["weakness_general"]
    True
    """
    closed = dict(state)
    changed = True
    while changed:
        changed = False
        for key, finding in evidence.findings.items():
            for general in finding.is_a:
                if closed.get(key) is True and general not in closed:
                    closed[general] = changed = True
                elif closed.get(general) is False and key not in closed:
                    closed[key] = False
                    changed = True
    return closed


def judge_red_flags(evidence: Evidence, judge: Judge) -> tuple[tuple[RaisedFlag, ...], tuple[RaisedFlag, ...]]:
    """Return the flags that are raised and those that a question must settle, most urgent first.

    A question must settle a flag when what is known nearly raises it, or when the danger belongs to this kind of
    complaint (`RedFlag.ask_when`).
    """
    raised: list[RaisedFlag] = []
    open_flags: list[RaisedFlag] = []
    for key, flag in evidence.red_flags.items():
        triggers, questions = _judge_rule(flag, judge)
        if triggers:
            raised.append(_flag(key, flag, evidence, triggers, ()))
        elif questions := questions or _usual_questions(flag, judge):
            open_flags.append(_flag(key, flag, evidence, (), questions))

    def rank(flag: RaisedFlag) -> tuple[int, str]:
        return URGENCIES.index(flag.urgency), flag.id

    return tuple(sorted(raised, key=rank)), tuple(sorted(open_flags, key=rank))


def belongs(flag: RedFlag, judge: Judge) -> bool:
    """Tell whether a danger belongs to this kind of complaint, so that it is asked about whatever else was told."""
    return any(all(judge.literal(text) for text in conjunction) for conjunction in flag.ask_when)


def _usual_questions(flag: RedFlag, judge: Judge) -> tuple[str, ...]:
    if not belongs(flag, judge):
        return ()
    return tuple(text for text in flag.ask if judge.literal(text) is None)[:MOST_UNKNOWN]


def _judge_rule(flag: RedFlag, judge: Judge) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Literals that raised the flag (of all true conjunctions), or the unknowns of the nearest open conjunction."""
    triggers: dict[str, None] = {}
    nearest: tuple[str, ...] = ()
    for conjunction in flag.rule:
        verdicts = [(text, judge.literal(text)) for text in conjunction]
        if all(verdict for _, verdict in verdicts):
            triggers.update(dict.fromkeys(conjunction))
        unknown = tuple(text for text, verdict in verdicts if verdict is None)
        alarming = any(verdict and judge.is_unusual(text) for text, verdict in verdicts)
        is_open = all(verdict is not False for _, verdict in verdicts)
        if is_open and alarming and 0 < len(unknown) <= MOST_UNKNOWN and (not nearest or len(unknown) < len(nearest)):
            nearest = unknown
    return tuple(triggers), nearest


def _flag(key: str, flag: RedFlag, evidence: Evidence, triggers: tuple[str, ...], ask: tuple[str, ...]) -> RaisedFlag:
    return RaisedFlag(
        id=key,
        label=flag.label,
        urgency=flag.urgency,
        triggers=tuple(describe_literal(text, evidence) for text in triggers),
        ask=tuple(describe_literal(text, evidence) for text in ask),
        ask_findings=tuple(text for text in ask if text in evidence.findings),
        suggests=flag.suggests,
        why=flag.why,
        do=flag.do,
        source=flag.source,
        verification=flag.verification,
    )


def describe_literal(text: str, evidence: Evidence) -> str:
    """Put a rule literal into words, such as "calcium below 1.9 mmol/L"."""
    parsed = parse_literal(text)
    if parsed is None:
        return text
    name, comparison, number = parsed
    plain = name.lstrip("!")
    if not comparison:
        label = evidence.findings[plain].plain if plain in evidence.findings else plain.replace("_", " ")
        if plain == "pregnant":
            label = say("pregnant")
        return say("not: {label}", label=label) if name.startswith("!") else label
    if name == "age":
        return _compared(say("age"), comparison, say("{number:g}", number=number))
    if name == "month":
        return _compared(say("month of pregnancy"), comparison, say("{number:g}", number=number))
    key = name.removesuffix("_ratio")
    quantity = evidence.quantities.get(key)
    if quantity is None:
        return text
    if name.endswith("_ratio"):
        limit = say("{number:g} times the upper limit", number=number)
    else:
        limit = say("{number:g} {unit}", number=number, unit=quantity.unit)
    return _compared(quantity.label, comparison, limit)


def _compared(what: str, comparison: str, limit: Message) -> Message:
    if comparison == "<":
        return say("{what} below {limit}", what=what, limit=limit)
    if comparison == "<=":
        return say("{what} at or below {limit}", what=what, limit=limit)
    if comparison == ">":
        return say("{what} above {limit}", what=what, limit=limit)
    return say("{what} at or above {limit}", what=what, limit=limit)
