"""A message is its English text, and remembers enough to be said in another language."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, date, datetime, time

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from soleus.core.message import Message, say, say_all, say_as, say_count, say_or
from soleus.report.language import Language, load_language

GERMAN: dict[str, str | tuple[str, str]] = {
    "pain {pain:.1f} of 10": "Schmerz {pain:.1f} von 10",
    "{n} cramp": ("{n} Krampf", "{n} Krämpfe"),
    "{cause}: {share}": "{cause}: {share}",
    "under {p:.1f} %": "unter {p:.1f} %",
    "Low calcium": "Calcium niedrig",
    "Calcium, total": "Calcium gesamt",
    "on {day:%Y-%m-%d}": "am {day:%Y-%m-%d}",
    "noted {at:%Y-%m-%d %H:%M}": "notiert am {at:%Y-%m-%d %H:%M}",
    "at {clock:%H:%M}": "um {clock:%H:%M} Uhr",
    "{one} or {other}": "{one} oder {other}",
}


def find(text: str, plural: str, n: int) -> str | None:
    found = GERMAN.get(text)
    return found[0 if n == 1 else 1] if isinstance(found, tuple) else found


DE, EN = Language("de", find), load_language("en")


def test_a_message_is_its_english_text() -> None:
    sentence = say("pain {pain:.1f} of 10", pain=6.5)
    assert sentence == "pain 6.5 of 10"
    assert {str(sentence), sentence} == {"pain 6.5 of 10"}
    assert f"{sentence}!" == "pain 6.5 of 10!"


def test_numbers_take_the_decimal_comma_and_the_words_of_the_language() -> None:
    assert DE.tell(say("pain {pain:.1f} of 10", pain=6.5)) == "Schmerz 6,5 von 10"


@pytest.mark.parametrize(("n", "english", "german"), [(0, "0 cramps", "0 Krämpfe"), (1, "1 cramp", "1 Krampf")])
def test_counted_sentences_have_a_singular_and_a_plural(n: int, english: str, german: str) -> None:
    counted = say_count("{n} cramp", "{n} cramps", n)
    assert (counted, DE.tell(counted)) == (english, german)


def test_values_that_are_messages_or_labels_are_told_too() -> None:
    nested = say("{cause}: {share}", cause="Low calcium", share=say("under {p:.1f} %", p=0.1))
    assert nested == "Low calcium: under 0.1 %"
    assert DE.tell(nested) == "Calcium niedrig: unter 0,1 %"


def test_sentences_one_after_the_other_are_told_one_by_one() -> None:
    both = say_all([say("pain {pain:.1f} of 10", pain=2), say_count("{n} cramp", "{n} cramps", 3)], "; ")
    assert both == "pain 2.0 of 10; 3 cramps"
    assert DE.tell(both) == "Schmerz 2,0 von 10; 3 Krämpfe"


def test_no_sentences_are_told_as_nothing() -> None:
    assert say_all([], "; ") == ""
    assert DE.tell(say_all([], "; ")) == ""


def test_dates_and_times_follow_the_language() -> None:
    at = datetime(2026, 11, 5, 3, 10, tzinfo=UTC)
    assert say("on {day:%Y-%m-%d}", day=at.date()) == "on 2026-11-05"
    assert DE.tell(say("on {day:%Y-%m-%d}", day=at.date())) == "am 5. November 2026"
    assert EN.tell(say("on {day:%Y-%m-%d}", day=at.date())) == "on 5 November 2026"
    assert DE.tell(say("noted {at:%Y-%m-%d %H:%M}", at=at)) == "notiert am 5. November 2026 03:10"
    assert DE.tell(say("at {clock:%H:%M}", clock=time(3, 10))) == "um 03:10 Uhr"


def test_given_english_is_told_by_its_template() -> None:
    label = say_as("calcium, total", "Calcium, total")
    assert (label, DE.tell(label)) == ("calcium, total", "Calcium gesamt")
    day = say_as("5 November 2026", "{day}", day=date(2026, 11, 5))
    assert DE.tell(day) == "5. November 2026"


def test_one_of_several_names() -> None:
    assert DE.tell(say_or(["sodium", "potassium", "calcium"])) == "sodium oder potassium oder calcium"


def test_what_the_catalog_lacks_stays_english() -> None:
    assert DE.tell(say("no such sentence, {x:.1f}", x=1.5)) == "no such sentence, 1,5"
    assert DE.tell(say_count("{n} night", "{n} nights", 2)) == "2 nights"
    assert DE.tell("a text that nobody translated") == "a text that nobody translated"


@pytest.mark.parametrize("language", [DE, EN])
def test_braces_in_what_a_person_told_are_told_as_they_are(language: Language) -> None:
    assert language.tell(say("{name!r} is no known test", name="{x} {0}")) == "'{x} {0}' is no known test"


@given(
    st.text(),
    st.floats(allow_nan=True, allow_infinity=True),
    st.integers(min_value=0, max_value=10**6),
    st.text(max_size=3),
)
def test_english_tells_the_text_itself(name: str, x: float, n: int, between: str) -> None:
    parts = [
        say("{name}: {x:.3g}", name=name, x=x),
        say_count("{n} night", "{n} nights", n),
        say("{inner} {x:g}", inner=say("{name!r}", name=name), x=x),
        name,
    ]
    assert EN.tell(say_all(parts, between)) == between.join(parts)
    for part in parts:
        assert EN.tell(part) == part


def test_a_message_survives_copying_pickling_and_json() -> None:
    sentence = say("{cause}: {share}", cause="Low calcium", share=say("under {p:.1f} %", p=0.1))
    for again in (pickle.loads(pickle.dumps(sentence)), copy.deepcopy(sentence)):
        assert isinstance(again, Message)
        assert (again, DE.tell(again)) == (sentence, DE.tell(sentence))
    assert msgspec.json.encode([sentence], enc_hook=str) == b'["Low calcium: under 0.1 %"]'
