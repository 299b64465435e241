"""All word lists of an evidence base in one bundle, built once.

Building the patterns of some thousand terms takes a third of a second, so a snapshot of them and of the medicine names
is kept beside that of the evidence. It is used only when both the evidence and the code that builds it are the same as
when it was written. The laboratory's names are indexed when the first result is read.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import msgspec

from soleus.knowledge.laboratory_index import LaboratoryIndex, panels_from
from soleus.knowledge.lexicon import Lexicon, build_lexicon
from soleus.knowledge.medicine_lexicon import MedicineLexicon, build_medicine_lexicon
from soleus.knowledge.schema import Evidence
from soleus.knowledge.vocabulary import vocabulary_from

SNAPSHOT = Path(__file__).with_name("snapshot_words.json")
_CODE = ("lexicon.py", "vocabulary.py", "words.py", "schema.py", "numbers.py", "medicine_lexicon.py")


@dataclass(frozen=True)
class WordLists:
    """Words for findings, medicines and laboratory tests."""

    words: Lexicon
    medicines: MedicineLexicon
    evidence: Evidence

    @cached_property
    def laboratory(self) -> LaboratoryIndex:
        """Names of tests and panels."""
        return LaboratoryIndex(self.evidence.quantities, panels_from(self.evidence.vocabulary["panels"]))


class _Saved(msgspec.Struct):
    key: str
    words: Lexicon
    medicines: MedicineLexicon


def build_word_lists(evidence: Evidence) -> WordLists:
    """Return the word lists of an evidence base, the patterns from their snapshot when it fits."""
    saved = _saved(evidence) or _built(evidence)
    return WordLists(saved.words, saved.medicines, evidence)


def write_words_snapshot(evidence: Evidence) -> Path:
    """Write the snapshot of the patterns and medicine names and return its path."""
    temporary = SNAPSHOT.with_suffix(".tmp")
    temporary.write_bytes(msgspec.json.encode(_built(evidence)))
    temporary.replace(SNAPSHOT)
    return SNAPSHOT


def _built(evidence: Evidence) -> _Saved:
    tables = {name: table for name, table in evidence.vocabulary.items() if name != "panels"}
    words = build_lexicon(evidence.findings, vocabulary_from(tables))
    return _Saved(_key(evidence), words, build_medicine_lexicon(evidence.medicines))


def _key(evidence: Evidence) -> str:
    digest = hashlib.sha256(evidence.hash.encode())
    for name in _CODE:
        digest.update((Path(__file__).with_name(name)).read_bytes())
    return digest.hexdigest()


def _saved(evidence: Evidence) -> _Saved | None:
    if not SNAPSHOT.is_file():
        return None
    raw = SNAPSHOT.read_bytes()
    if not raw.startswith(f'{{"key":"{_key(evidence)}"'.encode()):
        return None
    return msgspec.json.decode(raw, type=_Saved)
