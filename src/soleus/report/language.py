"""The language in which something is told: sentences from a catalog, numbers and dates by the custom of the place."""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from soleus.core.message import Message, say, say_count

LANGUAGES: dict[str, str] = {"en": "English", "de": "Deutsch"}
LOCALE = {"en": "en_GB", "de": "de_DE"}  # choice: dates with the day first and hours to 24, as most of the world reads
GERMAN_SIGNS = str.maketrans(".,", ",.")
CATALOGS = ("soleus", "evidence")
FOLDER = Path(__file__).with_name("locale")


class Language:
    """One language; made by `load_language`.

    Parameters
    ----------
    code : str
        Of `LANGUAGES`.
    find : callable
        Takes an English text (and its plural, or "") and a number, and returns the text in this language, or None.
    """

    def __init__(self, code: str, find: Callable[[str, str, int], str | None]) -> None:
        self.code, self.locale, self._find = code, LOCALE[code], find
        self._formatter = _Formatter(self)

    def tell(self, text: str) -> str:
        """Return a message, or a text of the evidence base, in this language; what the catalog lacks stays English.

        Examples
        --------
        >>> load_language("de").tell(say("{p:.1f} %", p=3.14))
        '3,1 %'
        """
        if not isinstance(text, Message):
            return self._find(text, "", 1) or text
        if text.parts:
            return text.template.join(self.tell(part) for part in text.parts)
        number = text.values.get("n", 1)
        n = number if isinstance(number, int) else 1
        template = self._find(text.template, text.plural, n)
        if template is None:
            template = text.plural if text.plural and n != 1 else text.template
        return self._formatter.vformat(template, (), text.values)

    def say(self, template: str, /, **values: object) -> str:
        """Return a sentence in this language, filled; the ``_`` of the pages."""
        return self.tell(say(template, **values))

    def say_count(self, one: str, many: str, /, n: int, **values: object) -> str:
        """Return the sentence for one or many in this language; the ``n_`` of the pages."""
        return self.tell(say_count(one, many, n, **values))

    def number(self, value: float, spec: str = ".3g") -> str:
        """Return a number with the decimal sign of this language.

        Examples
        --------
        >>> load_language("de").number(2.15), load_language("en").number(2.15)
        ('2,15', '2.15')
        """
        text = format(value, spec)
        return text.translate(GERMAN_SIGNS) if self.code == "de" else text

    def day(self, day: date, form: str = "long") -> str:
        """Return a date in words: "26 November 2026" (long), "26 Nov 2026" (medium), "Thursday, 26 November" (weekday).

        Examples
        --------
        >>> load_language("en").day(date(2026, 11, 26)), load_language("de").day(date(2026, 11, 26), "weekday")
        ('26 November 2026', 'Donnerstag, 26. November')
        """
        from babel.dates import format_date

        if form == "weekday":
            form = "EEEE, d. MMMM" if self.code == "de" else "EEEE, d MMMM"
        return str(format_date(day, form, locale=self.locale))

    def clock(self, at: datetime) -> str:
        """Return the time of day of a moment, in the zone that the moment is in: "03:10"."""
        return f"{at:%H:%M}"


class _Formatter(string.Formatter):
    """Fills a template; text values are told in the language too, numbers and dates follow its custom."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, str):
            return format(self.language.tell(value), format_spec)
        if isinstance(value, datetime) and "%H" in format_spec:
            return f"{self.language.day(value)} {self.language.clock(value)}"
        if isinstance(value, date):
            return self.language.day(value)
        if isinstance(value, float | int):
            return self.language.number(value, format_spec)
        return format(value, format_spec)


@lru_cache(maxsize=len(LANGUAGES))
def load_language(code: str) -> Language:
    """Return a language by its code.

    Raises
    ------
    ValueError
        Soleus does not speak it.
    """
    if code not in LANGUAGES:
        raise ValueError(f"Soleus does not speak {code!r}: choose one of {', '.join(LANGUAGES)}")
    if code == "en":
        return Language(code, lambda text, plural, n: None)
    found = read_catalog(code)
    return Language(code, lambda text, plural, n: _form(found.get(text), n))


def read_catalog(code: str) -> Mapping[str, str | tuple[str, ...]]:
    """Return all translations of a language by their English text; a counted sentence has its singular and plural."""
    from babel.messages.pofile import read_po

    found: dict[str, str | tuple[str, ...]] = {}
    for name in CATALOGS:
        with (FOLDER / code / f"{name}.po").open("rb") as file:
            for message in read_po(file, locale=code):
                key = message.id[0] if isinstance(message.id, tuple | list) else message.id
                text = tuple(message.string) if isinstance(message.string, tuple | list) else message.string
                if key and text and all(text) and not message.fuzzy:
                    found[key] = text
    return found


def _form(text: str | tuple[str, ...] | None, n: int) -> str | None:
    if isinstance(text, tuple):
        return text[0 if n == 1 else 1]  # English and German count alike: one, and all else
    return text
