"""All known names of medicines, from ``evidence/medicines.toml``, and how a name is written to be compared."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

TYPO_LENGTH = 7  # choice: one slip of the pen is mended in words at least as long as this
_DECIMAL = re.compile(r"(\d)[.,](?=\d)")
_DASH = re.compile(r"[-‐‑–—_]")
_WORD = re.compile(r"[a-zµ0-9]+")


@dataclass(frozen=True, slots=True)
class MedicineName:
    """A name as words, the substances that it stands for, and the ids of their medicine findings."""

    tokens: tuple[str, ...]
    ingredients: tuple[str, ...]
    classes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MedicineLexicon:
    """All known medicine names, indexed by their first word."""

    index: Mapping[str, tuple[MedicineName, ...]]
    single_words: tuple[str, ...]
    display: Mapping[str, str]


def build_medicine_lexicon(words: Mapping[str, Any]) -> MedicineLexicon:
    """Return the lexicon made from the tables of ``evidence/medicines.toml``.

    Parameters
    ----------
    words : mapping
        Tables ``ingredients`` (name to finding ids), ``brands`` (name to ingredients) and ``class_words`` (words to
        finding ids).

    Returns
    -------
    MedicineLexicon
        Immutable; built once and shared.

    Raises
    ------
    ValueError
        When a brand names an ingredient that the lexicon does not have.

    Examples
    --------
    >>> lexicon = build_medicine_lexicon({"ingredients": {"furosemide": ["takes_loop_diuretic"]},
    ...                                   "brands": {"lasix": ["furosemide"]}, "class_words": {}})
    >>> lexicon.index["lasix"][0].classes
    ('takes_loop_diuretic',)
    """
    ingredients: Mapping[str, Sequence[str]] = words.get("ingredients", {})
    names: list[tuple[str, tuple[str, ...], tuple[str, ...]]] = []
    for name, classes in ingredients.items():
        names.append((name, (name,), tuple(classes)))
    for name, parts in words.get("brands", {}).items():
        missing = [part for part in parts if part not in ingredients]
        if missing:
            raise ValueError(f"brand {name!r} names unknown ingredient {missing[0]!r}: add it to [ingredients]")
        names.append((name, tuple(parts), tuple(dict.fromkeys(c for part in parts for c in ingredients[part]))))
    for name, classes in words.get("class_words", {}).items():
        names.append((name, (), tuple(classes)))
    table: dict[tuple[str, ...], MedicineName] = {}
    display: dict[str, str] = {}
    for name, parts, classes in names:
        tokens = tuple(_WORD.findall(plain_words(name))) if not name.isalpha() else (plain_words(name),)
        table.setdefault(tokens, MedicineName(tokens, parts, classes))
        if len(tokens) > 1 and "-" in name and len(joined := "".join(tokens)) >= TYPO_LENGTH:
            table.setdefault((joined,), MedicineName((joined,), parts, classes))
        display.setdefault(" ".join(tokens), name)
    index: dict[str, list[MedicineName]] = {}
    for tokens, entry in table.items():
        index.setdefault(tokens[0], []).append(entry)
    ordered = {
        word: tuple(entries) if len(entries) == 1 else tuple(sorted(entries, key=lambda entry: -len(entry.tokens)))
        for word, entries in index.items()
    }
    single = tuple(sorted(tokens[0] for tokens in table if len(tokens) == 1 and len(tokens[0]) >= TYPO_LENGTH - 1))
    return MedicineLexicon(index=ordered, single_words=single, display=display)


def plain_words(text: str) -> str:
    """Return a text as names are compared: lower case, American spelling, without hyphens and decimal signs.

    Examples
    --------
    >>> plain_words("Co-careldopa 12,5 mg; Oestradiol")
    'co careldopa 125 mg; estradiol'
    """
    if not text.isascii():
        text = (
            unicodedata.normalize("NFKC", text).replace("μ", "µ").replace("Μ", "µ").replace("’", "").replace("ï", "i")
        )
    text = (
        text.lower().replace("'", "").replace("d/c", "discontinued").replace("sulph", "sulf").replace("oestr", "estr")
    )
    return _DASH.sub(" ", _DECIMAL.sub(r"\1", text))
