"""Text to concepts: a stranger's words, cut, spelled one way and named by what they mean.

Spelling is made American, endings are taken off by a light stemmer, and words or phrases that mean the same
become one concept (``oedema``, ``swollen``, ``puffy``: ``swelling``). Nothing here knows a finding.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

import msgspec

from soleus.knowledge.vocabulary import Vocabulary

LONGEST_PHRASE = 500  # choice: characters read of one phrase; a longer one is cut and the rest listed
_PUNCTUATION = str.maketrans(
    {
        "\u2018": "'",
        "\u2019": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u2010": "-",
        "\u2011": "-",
        "\u2012": "-",
        "\u2013": " - ",
        "\u2014": " - ",
        "\u2212": "-",
        "\u2191": " high ",
        "\u2193": " low ",
        "\u00b0": " ",
        "\u00ba": " ",
        "\u00d7": "x",
        "\u2265": ">=",
        "\u2264": "<=",
        "\u00bd": "1/2",
    }
)
_SPLIT = re.compile(r"\d+(?:\.\d+)?[a-z]*|[a-z0-9]+(?:'[a-z]+)?|[,;?/&+]|\.(?=\s|$)|(?<= )-(?= )")
_BRACKETS = str.maketrans({"(": " ", ")": " ", "[": " ", "]": " ", ":": " ", '"': " "})
_VOWEL = re.compile(r"[aeiouy]")
_ADVERB = re.compile(
    r"(?:al|ous|ive|ful|less|ing|ed|ar|ic|ent|ant|ish|ate|ite|some|ward|[cp]t|rs|ls)e?ly$|pily$|[ai]bly$"
)
_KEEP_OE = re.compile(r"^(?:tip)?toe|^shoe|^does$|^goes$|^coex|^coeff|^aloe|^hoe|^foe|^canoe")


class Token(NamedTuple):
    """One word or phrase of the text: its concept, what class of word it is, and how it was written.

    ``kind`` is one of word, number, part, side, not, hedge, family, qualifier, stop, of, end, affirm, comma, and, or.
    """

    key: str
    kind: str
    raw: str
    plural: bool
    known: bool


class Tables(msgspec.Struct, frozen=True):
    """Everything that turns words into tokens, flat and ready to look up."""

    spelling: dict[str, str]
    stems: dict[str, str]
    abbreviations: tuple[tuple[str, str], ...]
    single: dict[str, tuple[str, str]]
    exact: dict[str, tuple[tuple[tuple[str, ...], str, str], ...]]
    phrases: dict[str, tuple[tuple[tuple[str, ...], str, str], ...]]
    articles: frozenset[str]
    within: dict[str, tuple[str, ...]]
    sites: dict[str, str]
    paired: frozenset[str]


def clean(text: str) -> tuple[str, str]:
    r"""Give the text in one plain form (lower case, no control or direction marks) and what was cut off.

    Parameters
    ----------
    text : str
        Anything a stranger wrote.

    Returns
    -------
    tuple of str
        The cleaned text, at most 500 characters of the original, and the rest as written.

    Examples
    --------
    >>> clean("Œdema of the LEFT calf\u202e\x00")[0]
    'oedema of the left calf'
    """
    head, rest = text[:LONGEST_PHRASE], text[LONGEST_PHRASE:]
    if not head.isascii():
        head = unicodedata.normalize("NFKC", head.translate(_PUNCTUATION))
        head = head.replace("œ", "oe").replace("Œ", "oe").replace("æ", "ae").replace("Æ", "ae")
        head = unicodedata.normalize("NFKD", head)
        head = "".join(
            " " if unicodedata.category(c) == "Cc" else c for c in head if unicodedata.category(c) not in ("Cf", "Mn")
        )
    else:
        head = "".join(c if c >= " " else " " for c in head) if not head.isprintable() else head
    return " ".join(head.lower().split()), rest


@lru_cache(maxsize=65536)
def american(word: str) -> str:
    """Spell a medical word the American way.

    Examples
    --------
    >>> american("hypocalcaemia"), american("diarrhoea"), american("tumour"), american("toes")
    ('hypocalcemia', 'diarrhea', 'tumor', 'toes')
    """
    if "ae" in word and not word.startswith(("aer", "israe", "michae")):
        word = word.replace("ae", "e")
    if "oe" in word and not _KEEP_OE.search(word):
        word = word.replace("oe", "e")
    for old, new in (("lyse", "lyze"), ("ise", "ize"), ("isation", "ization"), ("ising", "izing")):
        if (
            word.endswith((old, old + "d", old + "s"))
            and len(word) > 7
            and not word.endswith(("exercise", "exercised"))
        ):
            word = word.replace(old, new) if word.count(old) == 1 else word
    if word.endswith(("our", "ours")) and len(word) > 5 and not word.startswith(("hour", "your", "four")):
        word = word.replace("our", "or")
    return word


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """Take common endings off an English word; a rough root that the same word's other forms share.

    Examples
    --------
    >>> stem("walking"), stem("walks"), stem("weakness"), stem("tablets"), stem("running"), stem("diabetes")
    ('walk', 'walk', 'weak', 'tablet', 'run', 'diabet')
    """
    if len(word) <= 3 or not word.isalpha():
        return word
    if word.endswith("'s"):
        word = word[:-2]
    if word.endswith("ies") and len(word) > 4:
        word = word[:-3] + "y"
    elif word.endswith(("sses", "shes", "ches", "xes")):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    if word.endswith("ness") and len(word) > 6:
        word = word[:-4]
        if word.endswith("i"):
            word = word[:-1] + "y"
    if word.endswith("ly") and len(word) > 5:
        word = word[:-2]
    for ending in ("ing", "ed"):
        root = word[: -len(ending)]
        if word.endswith(ending) and len(root) >= 3 and _VOWEL.search(root):
            word = root
            if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsz":
                word = word[:-1]
            break
    if word.endswith("e") and len(word) > 3:
        word = word[:-1]
    if word.endswith("i") and len(word) > 3:
        word = word[:-1] + "y"
    return word


def root_of(
    word: str, tables: Tables | None = None, spelling: dict[str, str] | None = None, stems: dict[str, str] | None = None
) -> str:
    """Give the spelled and stemmed form of one lower-case word."""
    spelling = tables.spelling if tables is not None else spelling or {}
    stems = tables.stems if tables is not None else stems or {}
    if word.endswith("'s"):
        word = word[:-2]
    word = spelling.get(word, word)
    if word in stems:
        return stems[word]
    word = american(word)
    return stems.get(word) or stem(word)


def cut(text: str, tables: Tables) -> list[str]:
    """Cut cleaned text into words and the punctuation that matters, abbreviations written out."""
    padded = f" {text.translate(_BRACKETS)} ".replace(",", " , ").replace(";", " ; ")
    return _SPLIT.findall(_written_out(tables.abbreviations, padded))


@lru_cache(maxsize=8)
def _by_first_word(abbreviations: tuple[tuple[str, str], ...]) -> dict[str, list[tuple[str, str]]]:
    """Index abbreviations, longest first, by their first word: a pattern of thousands takes long to compile."""
    index: dict[str, list[tuple[str, str]]] = {}
    for short, full in abbreviations:
        index.setdefault(short.split(" ", 2)[1], []).append((short, full))
    return index


def _written_out(abbreviations: tuple[tuple[str, str], ...], text: str) -> str:
    index = _by_first_word(abbreviations)
    out: list[str] = []
    at = 0
    while True:
        space = text.find(" ", at)
        end = text.find(" ", space + 1)
        if space < 0 or end < 0:
            return "".join(out) + text[at:]
        out.append(text[at:space])
        for short, full in index.get(text[space + 1 : end], ()):
            if text.startswith(short, space):
                out.append(full)
                at = space + len(short) - 1  # the closing space can open the next one ("n/v w/o fever")
                break
        else:
            out.append(" ")
            at = space + 1


_NO_LINK = ("independent", "irrespective", "unrelated")  # "unrelated to exercise" is not "no exercise"
_SEPARATORS = {
    ",": "comma",
    ";": "end",
    ".": "end",
    "&": "and",
    "+": "and",
    "/": "or",
    "-": "comma",
    "?": "hedge",
    "and": "and",
    "or": "or",
    "plus": "and",
    "then": "comma",
}


_OWNERS = frozenset(
    (
        "my", "his", "her", "their", "our", "your", "one", "two", "second", "first", "eldest", "oldest", "youngest",
        "older", "younger", "other", "another", "previous", "only", "birth", "of", "each", "last", "affected",
    )
)  # fmt: skip
_OWNED = frozenset(("with", "has", "had", "have", "died", "diagnosed", "born"))


def _child(word: str, before: str, following: str) -> Token:
    """Say whose child is meant: "her child" is a relative, "the child" the patient, a bare "child" may be either."""
    if before in _OWNERS:
        return Token("family", "family", word, False, True)
    if before not in ("the", "this", "that") and following in _OWNED:
        return Token("anybodyschild", "family", word, False, True)
    return Token("childpatient", "qualifier", word, False, True)


def _is_adverb(word: str, tables: Tables) -> bool:
    """Say whether an unknown word that ends in -ly only says how: "rapidly", but not "belly" or "prickly"."""
    if not word.endswith("ly") or len(word) <= 4:
        return False
    bare = word[:-2]
    forms = [root_of(form, tables) for form in (bare, bare + "e", bare + "le") if len(form) > 3]
    if any(tables.single.get(root, ("", ""))[1] == "qualifier" for root in forms):
        return True
    return bool(_ADVERB.search(word))


def tokenize(words: list[str], tables: Tables) -> list[Token]:
    """Name each word or phrase by its concept; the longest phrase wins.

    Parameters
    ----------
    words : list of str
        Output of `cut`.
    tables : Tables

    Returns
    -------
    list of Token
        In the order of the text; articles and possessives are left out.
    """
    places = [at for at, w in enumerate(words) if w not in tables.articles]
    kept = [words[at] for at in places]
    roots = [w if w in _SEPARATORS else root_of(w, tables) for w in kept]
    out: list[Token] = []
    i, n = 0, len(kept)
    while i < n:
        word, root = kept[i], roots[i]
        found: tuple[int, str, str] | None = None
        for rest, key, kind in tables.exact.get(word, ()):
            if (found is None or len(rest) + 1 > found[0]) and tuple(kept[i + 1 : i + 1 + len(rest)]) == rest:
                found = (len(rest) + 1, key, kind)
        for rest, key, kind in tables.phrases.get(root, ()):
            if (found is None or len(rest) + 1 > found[0]) and tuple(roots[i + 1 : i + 1 + len(rest)]) == rest:
                found = (len(rest) + 1, key, kind)
        if found is not None:
            size, key, kind = found
            raw = " ".join(kept[i : i + size])
            last = kept[i + size - 1]
            out.append(Token(key, kind, raw, kind == "part" and roots[i + size - 1] != last, True))
            i += size
            continue
        separator = _SEPARATORS.get(word)
        if separator is not None:
            out.append(Token(word, separator, word, False, True))
        elif tables.spelling.get(word, word) == "child":
            at = places[i]
            out.append(_child(word, words[at - 1] if at else "", words[at + 1] if at + 1 < len(words) else ""))
        elif root in tables.single:
            key, kind = tables.single[root]
            plural = kind == "part" and (
                (word.endswith("s") and not word.endswith("ceps")) or word in ("feet", "calves", "teeth", "knees")
            )
            out.append(Token(key, kind, word, plural, True))
        elif word[0].isdigit():
            out.append(Token(word, "number", word, False, True))
        elif _is_adverb(word, tables):
            out.append(Token(root, "qualifier", word, False, True))
        else:
            out.append(Token(root, "word", word, False, False))
        i += 1
    return out


def _add(table: dict[str, list[tuple[tuple[str, ...], str, str]]], words: tuple[str, ...], key: str, kind: str) -> None:
    table.setdefault(words[0], []).append((words[1:], key, kind))


def build_tables(vocabulary: Vocabulary) -> Tables:
    """Turn the vocabulary into look-up tables.

    Parameters
    ----------
    vocabulary : Vocabulary

    Returns
    -------
    Tables

    Raises
    ------
    ValueError
        When one word is given to two concepts: the vocabulary must decide. Between word classes the order is parts,
        sides, cues, concepts, qualifiers, function words.
    """
    w = vocabulary.words
    single: dict[str, tuple[str, str]] = {}
    exact: dict[str, list[tuple[tuple[str, ...], str, str]]] = {}
    phrases: dict[str, list[tuple[tuple[str, ...], str, str]]] = {}
    articles = frozenset(w.articles)

    def put(entry: str, key: str, kind: str) -> None:
        if entry.startswith("="):
            _add(exact, tuple(entry[1:].split()), key, kind)
            return
        pieces = [p for p in _SPLIT.findall(entry) if p not in articles]
        roots = tuple(p if p in _SEPARATORS else root_of(p, None, w.spelling, w.stems) for p in pieces)
        if len(roots) > 1:
            _add(phrases, roots, key, kind)
        elif single.setdefault(roots[0], (key, kind)) != (key, kind) and {kind, single[roots[0]][1]} == {"word"}:
            raise ValueError(f"{entry!r} means both {single[roots[0]][0]} and {key}")

    def put_all(entries: Iterable[str], key: str, kind: str) -> None:
        for entry in entries:
            put(entry, key, kind)

    for name, part in vocabulary.parts.items():
        put_all(part.words, name, "part")
    put_all(w.side_one, "one", "side")
    put_all(w.side_both, "both", "side")
    for entry in w.negation:
        key = "absent" if entry.startswith("absen") else "unrelated" if entry.startswith(_NO_LINK) else "not"
        put(entry, key, "not")
    put_all(w.ends_negation, "but", "end")
    put_all(w.affirm, "has", "affirm")
    put_all(w.hedge, "possible", "hedge")
    put_all(w.family, "family", "family")
    put_all(w.reporters, "reporter", "reporter")
    for concept, entries in vocabulary.concepts.items():
        put_all(entries, concept, "qualifier" if concept in w.qualifiers else "word")
    for concept in vocabulary.concepts:
        single.setdefault(
            root_of(concept, None, w.spelling, w.stems), (concept, "qualifier" if concept in w.qualifiers else "word")
        )
    for entry in w.qualifiers:
        root = root_of(entry, None, w.spelling, w.stems)
        put(entry, root if " " not in entry else entry.replace(" ", "_"), "qualifier")
    for entry in w.stop:
        put(entry, entry, "of" if entry == "of" else "stop")
    within: dict[str, tuple[str, ...]] = {}
    for name in vocabulary.parts:
        chain, at = [name], vocabulary.parts[name].within
        while at:
            chain.append(at)
            at = vocabulary.parts[at].within
        within[name] = tuple(chain)
    return Tables(
        spelling=w.spelling,
        stems=w.stems,
        abbreviations=tuple(
            sorted(((f" {a} ", f" {b} ") for a, b in w.abbreviations.items()), key=lambda x: -len(x[0]))
        ),
        single=single,
        exact={k: tuple(v) for k, v in exact.items()},
        phrases={k: tuple(v) for k, v in phrases.items()},
        articles=articles,
        within=within,
        sites={name: part.site for name, part in vocabulary.parts.items() if part.site},
        paired=frozenset(name for name, part in vocabulary.parts.items() if part.paired),
    )
