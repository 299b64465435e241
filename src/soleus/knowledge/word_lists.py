"""All word lists of an evidence base in one bundle, built once.

Building the patterns of some thousand terms takes a third of a second, so a snapshot of them is kept beside that of the
evidence. It is used only when both the evidence and the code that builds it are the same as when it was written.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import msgspec

from soleus.knowledge.laboratory_index import LaboratoryIndex, panels_from
from soleus.knowledge.lexicon import Lexicon, build_lexicon
from soleus.knowledge.medicines import MedicineLexicon, build_medicine_lexicon
from soleus.knowledge.schema import Evidence
from soleus.knowledge.vocabulary import vocabulary_from

SNAPSHOT = Path(__file__).with_name("snapshot_words.json")
_CODE = ("lexicon.py", "vocabulary.py", "words.py", "schema.py", "numbers.py")


@dataclass(frozen=True, slots=True)
class WordLists:
    """Words for findings, medicines and laboratory tests."""

    words: Lexicon
    medicines: MedicineLexicon
    laboratory: LaboratoryIndex


class _Saved(msgspec.Struct):
    key: str
    words: Lexicon


def build_word_lists(evidence: Evidence) -> WordLists:
    """Return the word lists of an evidence base, the patterns from their snapshot when it fits."""
    tables = dict(evidence.vocabulary)
    panels = panels_from(tables.pop("panels"))
    words = _saved_words(evidence) or build_lexicon(evidence.findings, vocabulary_from(tables))
    return WordLists(words, build_medicine_lexicon(evidence.medicines), LaboratoryIndex(evidence.quantities, panels))


def write_words_snapshot(evidence: Evidence) -> Path:
    """Write the snapshot of the patterns and return its path."""
    tables = {name: table for name, table in evidence.vocabulary.items() if name != "panels"}
    words = build_lexicon(evidence.findings, vocabulary_from(tables))
    temporary = SNAPSHOT.with_suffix(".tmp")
    temporary.write_bytes(msgspec.json.encode(_Saved(_key(evidence), words)))
    temporary.replace(SNAPSHOT)
    return SNAPSHOT


def _key(evidence: Evidence) -> str:
    digest = hashlib.sha256(evidence.hash.encode())
    for name in _CODE:
        digest.update((Path(__file__).with_name(name)).read_bytes())
    return digest.hexdigest()


def _saved_words(evidence: Evidence) -> Lexicon | None:
    if not SNAPSHOT.is_file():
        return None
    raw = SNAPSHOT.read_bytes()
    if not raw.startswith(f'{{"key":"{_key(evidence)}"'.encode()):
        return None
    return msgspec.json.decode(raw, type=_Saved).words
