"""Whatever is written, the resolver answers: no exception, only known findings, each once, bounded output."""

import tomllib
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soleus.knowledge.lexicon import build_lexicon
from soleus.knowledge.resolve import resolve
from soleus.knowledge.schema import Finding
from soleus.knowledge.vocabulary import load_vocabulary

ROOT = Path(__file__).parents[2]
FIELDS = (
    "site",
    "timing",
    "duration",
    "frequency",
    "onset",
    "trigger",
    "relieved_by",
    "history",
    "medicine_context",
    "symptom",
    "sign",
    "test",
    "free",
)


def read_findings():
    tables = [
        tomllib.loads(path.read_text("utf-8")) for path in sorted((ROOT / "evidence" / "findings").glob("*.toml"))
    ]
    return {name: msgspec.convert(table, Finding) for group in tables for name, table in group.items()}


LEXICON = build_lexicon(read_findings(), load_vocabulary(ROOT / "evidence" / "vocabulary"))
WORDS = st.lists(
    st.sampled_from(
        [
            "no",
            "not",
            "swelling",
            "leg",
            "calf",
            "both",
            "left",
            "pain",
            "cramp",
            "night",
            "with",
            "and",
            "or",
            ",",
            ".",
            "but",
            "mother",
            "has",
            "possible",
            "?",
            "weakness",
            "fever",
            "normal",
            "reflexes",
            "5",
            "minutes",
            "weeks",
            "ago",
            "170/100",
            "pregnant",
            "never",
            "smoked",
            "walking",
            "rest",
            "relieved",
            "by",
            "arm",
            "face",
        ]
    ),
    max_size=14,
).map(" ".join)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(st.text(max_size=600), WORDS), st.sampled_from(FIELDS), st.booleans())
def test_any_text_gets_an_answer(text, field, absent):
    answer = resolve(text, field, LEXICON, absent=absent)
    names = [match.finding for match in answer.matches]
    assert len(names) == len(set(names))
    assert all(name in LEXICON.policies for name in (*names, *answer.candidates))
    assert len(answer.candidates) <= 5
    assert not set(answer.candidates) & set(names)
    assert answer == resolve(text, field, LEXICON, absent=absent)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(WORDS, st.sampled_from(FIELDS))
def test_case_and_spaces_do_not_matter(text, field):
    plain = resolve(text, field, LEXICON)
    assert plain.matches == resolve(f"  {text.upper()}\t", field, LEXICON).matches


@pytest.mark.parametrize(
    "text",
    [
        "\x00\x01\x02",
        "\u202eswelling of the left calf\u202c",
        "🦵🔥",
        "'; DROP TABLE findings; --",
        "((((((((((",
        "?" * 500,
        "no " * 160,
        "1" * 400,
        "1/" * 250,
        "a" * 10_000_000,
        "weeks " * 80,
        "calf " * 100,
        "\ud800",
    ],
)
@pytest.mark.parametrize("field", FIELDS)
def test_hostile_text(text, field):
    resolve(text, field, LEXICON)


@pytest.mark.parametrize("finding", ["swelling of the left calf", "fever", "tingling in the feet", "chest pain"])
def test_listed_as_absent_turns_the_answer(finding):
    told = resolve(finding, "symptom", LEXICON).matches
    turned = {match.finding: match.present for match in resolve(finding, "symptom", LEXICON, absent=True).matches}
    assert told
    assert all(turned[match.finding] is not match.present for match in told)
