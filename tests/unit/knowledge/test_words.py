"""Words become concepts: spelling, stems, phrases, hostile text. Compared with medicine's usual synonyms, by hand."""

from pathlib import Path

import pytest

from soleus.knowledge.negation import read_scopes
from soleus.knowledge.numbers import pregnancy_weeks, spans, times_per_day
from soleus.knowledge.vocabulary import load_vocabulary
from soleus.knowledge.words import american, build_tables, clean, cut, tokenize

TABLES = build_tables(load_vocabulary(Path(__file__).parents[3] / "evidence" / "vocabulary"))


def keys(text):
    return [token.key for token in tokenize(cut(clean(text)[0], TABLES), TABLES) if token.kind in ("word", "part")]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("oedema of the leg", "swelling of the leg"),
        ("paraesthesiae", "pins and needles"),
        ("dyspnoea", "shortness of breath"),
        ("haemodialysis", "hemodialysis"),
        ("swollen calves", "calf swelling"),
        ("lower limb weakness", "weak legs"),
        ("pulling my toes up", "dorsiflexion"),
    ],
)
def test_synonyms_mean_the_same(one, other):
    assert sorted(set(keys(one))) == sorted(set(keys(other)))


@pytest.mark.parametrize(
    ("one", "other"),
    [("hypertension", "hypotension"), ("hyperkalemia", "hypokalemia"), ("arm pain", "leg pain"), ("knee", "leg")],
)
def test_different_things_stay_different(one, other):
    assert keys(one) != keys(other)


def test_british_words_that_only_look_like_greek_stay():
    assert [american(word) for word in ("toes", "shoes", "aerobic", "hours", "exercise")] == [
        "toes",
        "shoes",
        "aerobic",
        "hours",
        "exercise",
    ]


def test_long_text_is_cut_and_the_rest_given_back():
    head, rest = clean("a" * 700)
    assert len(head) == 500
    assert len(rest) == 200


def scopes(text):
    tokens = tokenize(cut(clean(text)[0], TABLES), TABLES)
    return {token.raw: scope for token, scope in zip(tokens, read_scopes(tokens), strict=True)}


def test_denial_reaches_over_a_list_and_ends_at_but():
    found = scopes("no fever, cough or rash but swelling")
    assert [found[word].denied for word in ("fever", "cough", "swelling")] == [True, True, False]


def test_denial_that_stands_last_reaches_back():
    assert scopes("swelling absent")["swelling"].denied


def test_a_relative_keeps_what_is_told_of_them():
    found = scopes("hypertension, father had diabetes")
    assert not found["hypertension"].family
    assert found["diabetes"].family


@pytest.mark.parametrize(
    ("text", "weeks"),
    [
        ("32 weeks", 32.0),
        ("G3P2 at 37 weeks", 37.0),
        ("20+3 weeks pregnant", 20 + 3 / 7),
        ("third trimester", 33.0),
        ("two weeks postpartum", None),
        ("cramps for 32 weeks", None),
        ("99 weeks pregnant", None),
    ],
)
def test_weeks_of_pregnancy(text, weeks):
    assert pregnancy_weeks(text) == weeks


def test_how_often_is_counted_per_day():
    assert times_per_day("every other night")[0] == pytest.approx(0.5)
    assert times_per_day("3 per week")[0] == pytest.approx(3 / 7)
    assert times_per_day("often") is None


def test_an_article_and_a_letter_are_no_length_of_time():
    assert spans("asthma as a child") == []
