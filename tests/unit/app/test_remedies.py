"""What helps: every remedy once, in its place, with what a person needs to weigh it."""

from __future__ import annotations

import msgspec
import pytest

from soleus.app.doctor_questions import ask_doctor
from soleus.app.evidence_record import PART_NAMES, find_records
from soleus.app.remedies import list_remedies
from soleus.app.session import load_session
from soleus.core.case import Case

SESSION = load_session()
EVIDENCE = SESSION.evidence


def test_every_remedy_is_shown_once_with_effect_certainty_harms_and_sources() -> None:
    shown = [remedy for group in list_remedies(EVIDENCE) for remedy in group.remedies]
    assert sorted(remedy.id for remedy in shown) == sorted(EVIDENCE.remedies)
    for remedy in shown:
        assert remedy.effect
        assert remedy.certainty
        assert remedy.harms
        assert set(remedy.sources) <= set(EVIDENCE.references)
        for effect in remedy.effects:
            assert effect.low <= effect.value <= effect.high
            assert effect.clear == (effect.none is not None and not effect.low <= effect.none <= effect.high)


@pytest.mark.parametrize(
    "case", [None, Case(), Case(medicines=("warfarin",)), Case(age=30, sex="female", pregnant=True)]
)
def test_quinine_is_never_offered(case: Case | None) -> None:
    assessment = None if case is None else SESSION.assess(case, draws=0)
    for group in list_remedies(EVIDENCE, assessment):
        assert ("quinine" in {remedy.id for remedy in group.remedies}) == (group.id == "never")


def test_a_remedy_that_is_not_for_this_person_says_why_and_comes_last() -> None:
    groups = {
        group.id: group for group in list_remedies(EVIDENCE, SESSION.assess(Case(medicines=("warfarin",)), draws=0))
    }
    [vitamin] = [remedy for remedy in groups["prevention"].remedies if remedy.id == "vitamin_k2"]
    assert vitamin.blocked.startswith("not for you because of")
    fitting = [remedy for remedy in groups["prevention"].remedies if remedy.fits]
    assert fitting[-1] == vitamin
    general = {remedy.id: remedy for group in list_remedies(EVIDENCE) for remedy in group.remedies}
    assert not general["vitamin_k2"].blocked
    assert general["vitamin_k2"].fits is None


def test_what_needs_something_that_is_not_there_does_not_apply_but_is_no_danger() -> None:
    assessment = SESSION.assess(Case(medicines=("none",), medicines_complete=True), draws=0)
    shown = {remedy.id: remedy for group in list_remedies(EVIDENCE, assessment) for remedy in group.remedies}
    assert shown["stop_quinine"].fits is False
    assert not shown["stop_quinine"].blocked


def test_the_doctor_is_asked_about_open_dangers_and_suspect_medicines_but_not_to_stop_them() -> None:
    case = Case(
        age=70, sex="male", medicines=("furosemide", "paracetamol"), findings={"weakness_leg": True, "back_pain": True}
    )
    assessment = SESSION.assess(case, draws=0)
    asked = ask_doctor(assessment, EVIDENCE)
    assert len(asked.dangers) == len(assessment.ask_first) > 0
    assert [("furosemide" in one, "stop" in one) for one in asked.medicines] == [(True, False)]
    assert asked.tests


def test_every_entry_of_the_evidence_has_a_page_with_all_its_claims() -> None:
    from soleus.knowledge.check import iterate_claims

    for part in PART_NAMES:
        for key, record in getattr(EVIDENCE, part).items():
            [found] = [one for one in find_records(EVIDENCE, key) if one.part == part]
            assert found.title
            told = {(claim.source, claim.value, claim.derivation) for claim in found.claims}
            for _, claim in iterate_claims(record, ""):
                text = getattr(claim, "derivation", getattr(claim, "note", ""))
                value = getattr(claim, "value", None)
                assert (msgspec.structs.asdict(claim)["source"], value, text) in told
            assert {one.source for one in found.claims} <= set(found.references)
