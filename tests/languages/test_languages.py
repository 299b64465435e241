"""Everything that pages show can be said in every language, with the same numbers in it."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from soleus.report.language import CATALOGS, LANGUAGES, load_language

_spec = importlib.util.spec_from_file_location("language_refresh", Path(__file__).with_name("refresh.py"))
assert _spec is not None
assert _spec.loader is not None
refresh = importlib.util.module_from_spec(_spec)
sys.modules["language_refresh"] = refresh
_spec.loader.exec_module(refresh)

OTHERS = [code for code in LANGUAGES if code != "en"]


@pytest.fixture(scope="module")
def wanted() -> dict[str, list[str | tuple[str, str]]]:
    found: dict[str, list[str | tuple[str, str]]] = refresh.wanted()
    return found


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("name", CATALOGS)
def test_every_sentence_is_translated(language: str, name: str, wanted: dict[str, list[str | tuple[str, str]]]) -> None:
    known = refresh.read(language, name)
    english = [key if isinstance(key, str) else key[0] for key in wanted[name]]
    missing = [text for text in english if not known.get(text) or not all(known[text])]
    assert missing == [], "run tests/languages/refresh.py and translate what it added"
    unused = set(known) - set(english) - {""}
    assert unused == set(), "run tests/languages/refresh.py"


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("name", CATALOGS)
def test_translations_fill_in_the_same_values(language: str, name: str) -> None:
    for english, told in refresh.read(language, name).items():
        for form in told[:1] if isinstance(told, tuple) else (told,):  # the key is the singular
            if name == "soleus":
                # a sentence for one may leave the number out
                assert set(refresh.placeholders(form)) - {"n"} == set(refresh.placeholders(english)) - {"n"}, english
            form.format(**dict.fromkeys(refresh.placeholders(form), _Anything())) if name == "soleus" else None


class _Anything:
    def __format__(self, spec: str) -> str:
        return "x"


@pytest.mark.parametrize("language", OTHERS)
def test_evidence_is_told_with_its_own_numbers(language: str) -> None:
    """Every number of an English text of the evidence stands in its translation, with the sign of the language."""
    import re

    speak = load_language(language)
    sign = speak.number(1.5, ".1f")[1]
    for english, told in refresh.read(language, "evidence").items():
        numbers = re.findall(r"\d+(?:\.\d+)?", english)
        flat = re.sub(r"(?<=\d)[.\s](?=\d{3}\b)", "", str(told))
        for number in numbers:
            assert number.replace(".", sign) in flat or number in flat, (number, english, told)
