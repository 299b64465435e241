"""Understand a case: plain words, medicines and readings become findings; the rest is listed, never guessed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from soleus.core.case import Case, Fact, Facts, Person, Reading, Understood
from soleus.core.message import say
from soleus.core.problem import Problem
from soleus.knowledge.generality import ancestors
from soleus.knowledge.laboratory import ResolvedMeasurement, resolve_measurement
from soleus.knowledge.laboratory_index import listed_results, name_and_value, tells_of_a_challenge
from soleus.knowledge.medicines import resolve_medicine
from soleus.knowledge.numbers import pregnancy_weeks
from soleus.knowledge.resolve import Match, resolve
from soleus.knowledge.schema import Evidence
from soleus.knowledge.vocabulary import Field
from soleus.knowledge.word_lists import WordLists

WEEKS_PER_MONTH = 4.345
POSTPARTUM_FINDING = "postpartum"
MONTH_ASSUMED = 5.0  # choice: pregnant, month unknown: before the months in which cramps rise


@dataclass
class _Reader:
    """Collects what one case says; the first statement about a finding wins, a contradiction is told."""

    evidence: Evidence
    lists: WordLists
    facts: dict[str, Fact] = field(default_factory=dict)
    readings: list[Reading] = field(default_factory=list)
    understood: list[Understood] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    statements: list[tuple[str, str, str]] = field(default_factory=list)
    weeks: float | None = None
    pregnant: bool | None = None

    def add(self, finding: str, present: bool, words: str, where: str) -> None:
        if finding == "pregnant":
            self.pregnant = present
            return
        if finding in self.evidence.all_absent:
            if present:
                self.statements.append((finding, words, where))
            return
        if finding not in self.evidence.findings:
            self.problems.append(
                Problem(
                    code="unknown_finding",
                    level="error",
                    where=where,
                    what=say("{name!r} is not a finding", name=finding[:80]),
                    why=say("it was not used"),
                    fix=say("use an id that `soleus evidence list findings` prints, or plain words"),
                )
            )
            return
        known = self.facts.get(finding)
        if known is not None and known.present != present:
            label = self.evidence.findings[finding].label
            self.problems.append(
                Problem(
                    code="contradiction",
                    level="warning",
                    where=where,
                    what=say(
                        "{label}: told as present ({words}) and as absent",
                        label=label,
                        words=known.words if known.present else words,
                    ),
                    why=say("both cannot be true; it is kept as present, the safer reading"),
                    fix=say("correct one of the two statements"),
                )
            )
            present = True
            words = known.words if known.present else words
        self.facts[finding] = Fact(finding=finding, present=present, words=words, where=where)

    def phrases(
        self, phrases: Iterable[str], kind: Field, where: str, *, absent: bool = False, numbered: bool = True
    ) -> None:
        """Read phrases of one field."""
        for i, phrase in enumerate(phrases):
            place = f"{where}[{i}]" if numbered else where
            answer = resolve(phrase, kind, self.lists.words, absent=absent)
            unread = not answer.understood and not answer.matches
            if kind == "sign" and unread and not absent and self.bedside_value(phrase, place):
                continue
            for match in self.fitting(answer.matches, kind):
                self.add(match.finding, match.present, match.words or phrase, place)
            if self.weeks is None and any(m.finding == "pregnant" and m.present for m in answer.matches):
                self.weeks = pregnancy_weeks(phrase)
            self.understood.append(
                Understood(
                    where=place,
                    phrase=phrase,
                    understood=answer.understood,
                    findings=tuple(m.finding if m.present else f"no {m.finding}" for m in answer.matches),
                    noted=answer.noted,
                    candidates=answer.candidates,
                )
            )

    def bedside_value(self, phrase: str, place: str) -> bool:
        """Read a value that was measured at the bedside ("ABPI 0.62 left"); say whether it was one."""
        cut = name_and_value(phrase)
        if cut is None or not self.lists.laboratory.find(cut[0]).startswith("quantity:"):
            return False
        answer = resolve_measurement(cut[0], cut[1], None, None, None, self.lists.laboratory, where=place)
        if answer.readings:
            self.take(answer, phrase, place)
        return bool(answer.readings)

    def fitting(self, matches: tuple[Match, ...], kind: Field) -> list[Match]:
        """Leave out what the same words mean elsewhere: "weakness" complained of is not weakness found on testing."""

        def is_sign(match: Match) -> bool:
            finding = self.evidence.findings.get(match.finding)
            return finding is not None and finding.kind == "sign"

        unwanted = {"sign": False, "symptom": True, "history": True}.get(kind)
        kept = []
        for match in matches:
            twins = [other for other in matches if other.words == match.words and is_sign(other) != is_sign(match)]
            if unwanted is None or not twins or is_sign(match) != unwanted:
                kept.append(match)
        return kept

    def medicines(self, case: Case) -> None:
        for i, text in enumerate(case.medicines):
            place = f"medicines[{i}]"
            answer = resolve_medicine(text, self.lists.medicines)
            if answer.status == "none" and not answer.classes and not answer.ingredients:
                self.statements.append(("takes_no_medicines", text, place))
            if answer.status != "recent":  # stopped within weeks: its effect may or may not last, so it stays unknown
                for finding in answer.classes:
                    self.add(finding, answer.status == "taken", text, place)
            for finding in answer.not_taken:
                self.add(finding, False, text, place)
            if answer.started_recently and answer.classes:
                self.add("onset_after_new_medicine", True, text, place)
            words = None
            nothing_named = answer.status == "taken" and not answer.classes and not answer.ingredients  # "licorice tea"
            if not answer.understood or nothing_named:
                words = resolve(text, "medicine_context", self.lists.words)
                for match in words.matches:
                    self.add(match.finding, match.present, text, place)
            self.understood.append(
                Understood(
                    where=place,
                    phrase=text,
                    understood=answer.understood or bool(words and words.understood),
                    findings=answer.classes or tuple(m.finding for m in (words.matches if words else ())),
                    noted=answer.ingredients,
                    candidates=answer.candidates,
                )
            )
        if case.medicines_complete:
            complete = say("the medicine list is complete")
            self.statements.append(("takes_no_medicines", complete, "medicines_complete"))

    def measurements(self, case: Case) -> None:
        """Read values with units, and values given in words."""
        for i, item in enumerate(case.measurements):
            place = f"measurements[{i}]"
            unit = f" {item.unit}" if item.unit else ""
            answer = resolve_measurement(
                item.name, item.value, item.unit, item.low, item.high, self.lists.laboratory, where=place
            )
            self.take(answer, f"{item.name} {item.value}{unit}", place)

    def tests(self, case: Case) -> None:
        """Read tests reported in words: as a measurement when the name is one, else as a phrase."""
        for i, item in enumerate(case.tests):
            place = f"tests[{i}]"
            for name, result in listed_results(item.name, item.result, self.lists.laboratory):
                answer = resolve_measurement(name, result, None, None, None, self.lists.laboratory, where=place)
                challenged = tells_of_a_challenge(result, self.lists.laboratory)
                if (answer.readings or answer.facts) and not challenged:
                    self.take(answer, f"{name} {result}", place)
                else:
                    self.phrases([f"{name}: {result}"], "test", place, numbered=False)

    def take(self, answer: ResolvedMeasurement, words: str, place: str) -> None:
        """Take over what a measurement gave."""
        self.readings.extend(answer.readings)
        self.problems.extend(answer.problems)
        for fact in answer.facts:
            self.add(fact.finding, fact.present, fact.words, place)
        given = (
            *(f"{reading.quantity} {reading.value:.4g}" for reading in answer.readings),
            *(fact.finding if fact.present else f"no {fact.finding}" for fact in answer.facts),
        )
        self.understood.append(
            Understood(
                where=place,
                phrase=words,
                understood=answer.understood,
                findings=given,
                noted=() if given else (answer.name,),
                candidates=answer.candidates,
            )
        )

    def apply_statements(self) -> None:
        """Apply statements that stand for many absences ("normal examination"); what was told singly stays as told.

        So does what follows from it: a list of all medicines that holds a thiazide does not deny diuretics.
        """
        implied = {
            general
            for finding, fact in self.facts.items()
            if fact.present
            for general in ancestors(self.evidence, finding)
        }
        for statement, words, where in self.statements:
            for other in self.evidence.all_absent[statement]:
                if other not in self.facts and other not in implied:
                    self.facts[other] = Fact(finding=other, present=False, words=words, where=where)


def understand(case: Case, evidence: Evidence, lists: WordLists) -> Facts:
    """Return what a case says, in the terms of the evidence base.

    Parameters
    ----------
    case : Case
        In plain words, by finding id, or both.
    evidence : Evidence
    lists : WordLists
        The words of this evidence base, see `soleus.knowledge.word_lists.build_word_lists`.

    Returns
    -------
    Facts
        Known findings, readings in canonical units, how each phrase was read, and problems. Unknown stays unknown.
    """
    reader = _Reader(evidence, lists)
    for finding, present in case.findings.items():
        reader.add(
            finding, present, evidence.findings[finding].label if finding in evidence.findings else finding, "findings"
        )
    cramps = case.cramps
    reader.phrases(cramps.sites, "site", "cramps.sites")
    single: tuple[tuple[str | None, Field], ...] = (
        (cramps.timing, "timing"),
        (cramps.duration, "duration"),
        (cramps.frequency, "frequency"),
        (cramps.onset, "onset"),
    )
    for text, kind in single:
        if text:
            reader.phrases([text], kind, f"cramps.{kind}", numbered=False)
    reader.phrases(cramps.triggers, "trigger", "cramps.triggers")
    reader.phrases(cramps.relieved_by, "relieved_by", "cramps.relieved_by")
    reader.phrases(case.history, "history", "history")
    reader.phrases(case.symptoms.present, "symptom", "symptoms.present")
    reader.phrases(case.symptoms.absent, "symptom", "symptoms.absent", absent=True)
    reader.phrases(case.signs.present, "sign", "signs.present")
    reader.phrases(case.signs.absent, "sign", "signs.absent", absent=True)
    reader.medicines(case)
    reader.measurements(case)
    reader.tests(case)
    reader.apply_statements()
    person = _person(case, reader)
    _report_exclusions(reader)
    return Facts(
        person=person,
        facts=tuple(reader.facts[key] for key in sorted(reader.facts)),
        readings=tuple(reader.readings),
        understood=tuple(reader.understood),
        problems=tuple(reader.problems),
        not_known=case.not_known,
    )


def _person(case: Case, reader: _Reader) -> Person:
    age = case.age
    if age is None and case.age_band:
        match = re.fullmatch(r"\s*(\d{1,3})\s*(?:-|to)\s*(\d{1,3})\s*", case.age_band)
        if match:
            age = (float(match[1]) + float(match[2])) / 2
        else:
            reader.problems.append(
                Problem(
                    code="age_band",
                    level="warning",
                    where="age_band",
                    what=say("{band!r} is not an age band", band=case.age_band[:40]),
                    why=say("the age stays unknown"),
                    fix=say('write it as "30-39"'),
                )
            )
    month = case.pregnancy_month
    pregnant = case.pregnant if case.pregnant is not None else reader.pregnant
    weeks = reader.weeks
    sex = case.sex
    if month is None and weeks is not None and pregnant is not False and sex != "male":
        month = weeks / WEEKS_PER_MONTH
    if month is None and pregnant:
        month = MONTH_ASSUMED
        reader.problems.append(
            Problem(
                code="month_unknown",
                level="info",
                where="pregnancy_month",
                what=say("the month of pregnancy is not known"),
                why=say("cramps are common in months 7 to 9 only, so the middle of pregnancy was assumed"),
                fix=say("write pregnancy_month"),
            )
        )
    if month is None and (pregnant is False or sex == "male"):
        month = 0.0
    if month and sex is None:
        sex = "female"
    fact = reader.facts.get(POSTPARTUM_FINDING)
    postpartum = case.postpartum if case.postpartum is not None else (fact.present if fact else None)
    return Person(age=age, sex=sex, pregnancy_month=month, postpartum=postpartum, setting=case.setting)


def _report_exclusions(reader: _Reader) -> None:
    """Tell pairs that cannot both be true; both are kept unless the evidence makes them impossible."""
    present = [key for key, fact in reader.facts.items() if fact.present]
    for key in present:
        for other in reader.evidence.findings[key].excludes:
            if key < other and other in present:
                labels = [reader.evidence.findings[k].label for k in (key, other)]
                reader.problems.append(
                    Problem(
                        code="contradiction",
                        level="warning",
                        where=reader.facts[other].where,
                        what=say("“{one}” and “{other}” are told together", one=labels[0], other=labels[1]),
                        why=say("they can hardly both be true"),
                        fix=say("check which one is meant"),
                    )
                )
