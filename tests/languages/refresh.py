"""Bring the catalogs up to date: ``python tests/languages/refresh.py [TRANSLATIONS.json ...]``.

Collects every sentence of the program (``say``, ``say_count``, and ``_``, ``n_`` in templates) and every text of the
evidence base that pages show, and writes them into the catalogs of each language. Known translations stay; those in the
JSON files (English to translation, or to [singular, plural]) are taken in; what is no longer used is dropped.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from soleus.knowledge.load import load_evidence
from soleus.knowledge.schema import Evidence
from soleus.report.language import CATALOGS, FOLDER, LANGUAGES

SOURCE = Path(__file__).parents[2] / "src" / "soleus"
KEYWORDS = {"say": None, "say_count": (1, 2), "_": None, "n_": (1, 2)}
METHODS = [("**.py", "python"), ("**.html", "jinja2"), ("**.j2", "jinja2")]
OPTIONS = {"**.html": {"trimmed": "true"}, "**.j2": {"trimmed": "true"}}

HEADER = "# What Soleus says. Translate msgstr only; what stands in {braces} stays as it is."
DROPPED = ("Date: ", "Generated-By", "EMAIL@ADDRESS", "FULL NAME", "LL@li.org", "PROJECT VERSION")

Key = str | tuple[str, str]


def program_sentences() -> list[Key]:
    """Return every template that the program tells, in the order of files and lines."""
    found: dict[Key, None] = {}
    for _, _, message, _, _ in extract_from_dir(SOURCE, METHODS, OPTIONS, keywords=KEYWORDS):
        key = tuple(message) if isinstance(message, tuple | list) else message
        if key:
            found.setdefault(key)  # type: ignore[arg-type]
    return list(found)


def evidence_texts(evidence: Evidence) -> list[Key]:
    """Return every text of the evidence base that pages show; its derivations and references stay English."""
    found: dict[Key, None] = {}
    for text in _texts(evidence):
        if text:
            found.setdefault(text)
    return list(found)


def _texts(evidence: Evidence) -> Iterator[str]:
    for cause in evidence.causes.values():
        yield from (cause.name, cause.plain_name, cause.summary, cause.see, *cause.tests, *cause.management)
    for flag in evidence.red_flags.values():
        yield from (flag.label, flag.why, flag.do)
    for remedy in evidence.remedies.values():
        yield from (remedy.name, remedy.advice, remedy.population, remedy.effect, remedy.certainty, remedy.harms)
        yield from (remedy.not_when_text, remedy.cost_of_being_wrong)
        for effect in remedy.effects:
            yield from (effect.outcome, effect.population)
    for saying in evidence.sayings.values():
        yield from (saying.says, saying.data_say)
    for quantity in evidence.quantities.values():
        yield from (quantity.label, quantity.plain, *(fact.note for fact in quantity.facts))
    for row in evidence.doppler.values():
        yield from (row.site, row.state)
    for finding in evidence.findings.values():
        yield from (finding.label, finding.plain, finding.question)


def wanted() -> dict[str, list[Key]]:
    """Return the sentences of each catalog."""
    program = program_sentences()
    evidence = [text for text in evidence_texts(load_evidence()) if text not in program]
    return dict(zip(CATALOGS, (program, evidence), strict=True))


def read(language: str, name: str) -> dict[str, str | tuple[str, ...]]:
    """Return the translations that a catalog has, by their (singular) English."""
    with (FOLDER / language / f"{name}.po").open("rb") as file:
        found = {}
        for message in read_po(file, locale=language):
            key = message.id[0] if isinstance(message.id, tuple | list) else message.id
            found[key] = tuple(message.string) if isinstance(message.string, tuple | list) else message.string
    return found


def placeholders(template: str) -> list[str]:
    """Return the names that a template fills in."""
    return sorted(set(re.findall(r"\{(\w+)", template)))


def write(language: str, name: str, keys: list[Key], known: dict[str, str | tuple[str, ...]]) -> int:
    """Write one catalog and return how many sentences have no translation."""
    catalog = Catalog(locale=language, header_comment=HEADER, fuzzy=False)
    missing = 0
    for key in keys:
        translated = known.get(key if isinstance(key, str) else key[0], "")
        if isinstance(key, tuple):
            forms = translated if isinstance(translated, tuple) else (translated, translated)
            catalog.add(key, forms)
            missing += not all(forms)
        else:
            text = translated[0] if isinstance(translated, tuple) else translated
            catalog.add(key, text)
            missing += not text
    path = FOLDER / language / f"{name}.po"
    with path.open("wb") as file:
        write_po(file, catalog, width=120, omit_header=False, no_location=True)
    lines = path.read_text("utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not any(word in line for word in DROPPED)), "utf-8")
    return missing


def main(files: list[str]) -> int:
    """Refresh all catalogs."""
    sentences = wanted()
    left = 0
    for language in LANGUAGES:
        if language == "en":
            continue
        known: dict[str, str | tuple[str, ...]] = {}
        for name in CATALOGS:
            known |= {key: text for key, text in read(language, name).items() if text}
        for file in files:
            for key, text in json.loads(Path(file).read_text("utf-8")).items():
                known[key] = tuple(text) if isinstance(text, list) else text
        for name, keys in sentences.items():
            missing = write(language, name, keys, known)
            print(f"{language}/{name}.po: {len(keys)} sentences, {missing} without translation")
            left += missing
    return int(left > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
