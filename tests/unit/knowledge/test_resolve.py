"""Phrases to findings, against the gold set ``tests/reference/phrases.tsv`` written by hand from clinical language.

Compared: every finding and its polarity. Not compared: candidates, leftovers. ``?finding+`` in the gold set may or may
not be given. The floors leave room for a changed wording in the evidence; a trap may never give a wrong finding.
"""

import csv
import pickle
import time
import tomllib
from pathlib import Path

import msgspec
import pytest

from soleus.knowledge.lexicon import Lexicon, build_lexicon
from soleus.knowledge.resolve import resolve
from soleus.knowledge.schema import Finding
from soleus.knowledge.vocabulary import check_vocabulary, load_vocabulary

ROOT = Path(__file__).parents[3]
GOLD = ROOT / "tests" / "reference" / "phrases.tsv"


def read_findings():
    tables = [
        tomllib.loads(path.read_text("utf-8")) for path in sorted((ROOT / "evidence" / "findings").glob("*.toml"))
    ]
    return {name: msgspec.convert(table, Finding) for group in tables for name, table in group.items()}


@pytest.fixture(scope="module")
def findings():
    return read_findings()


@pytest.fixture(scope="module")
def vocabulary():
    return load_vocabulary(ROOT / "evidence" / "vocabulary")


@pytest.fixture(scope="module")
def lexicon(findings, vocabulary):
    return build_lexicon(findings, vocabulary)


def gold():
    with GOLD.open(encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def read(row, lexicon):
    answer = resolve(row["phrase"], row["field"], lexicon, absent=row["list"] == "absent")
    given = {f"{match.finding}{'+' if match.present else '-'}" for match in answer.matches}
    told = row["expected"].split()
    wanted = {word for word in told if word[0] != "?" and not word.isupper()}
    return answer, given, wanted, wanted | {word[1:] for word in told if word[0] == "?"}


def test_gold_set_is_large_enough():
    rows = gold()
    assert len(rows) >= 600
    assert sum(row["trap"] == "trap" for row in rows) >= 120


def test_precision_and_recall(lexicon):
    right = wrong = found = wanted_all = understood = 0
    rows = gold()
    for row in rows:
        answer, given, wanted, allowed = read(row, lexicon)
        right += len(given & allowed)
        wrong += len(given - allowed)
        found += len(given & wanted)
        wanted_all += len(wanted)
        understood += answer.understood
    assert right / (right + wrong) >= 0.99
    assert found / wanted_all >= 0.97
    assert understood / len(rows) >= 0.95


@pytest.mark.parametrize("row", [row for row in gold() if row["trap"]], ids=lambda row: row["phrase"])
def test_no_trap_gives_a_wrong_finding(row, lexicon):
    answer, given, wanted, allowed = read(row, lexicon)
    assert given <= allowed
    assert wanted <= given
    if row["expected"] == "NOTED":
        assert answer.understood
    if row["expected"] == "NOT_UNDERSTOOD":
        assert not answer.understood


def test_vocabulary_names_only_findings_that_exist(findings, vocabulary):
    assert check_vocabulary(vocabulary, findings) == []


def test_unknown_finding_in_the_vocabulary_is_told(findings, vocabulary):
    wrong = msgspec.structs.replace(vocabulary, fields={"site": {"no_such_finding": ("calf",)}})
    assert check_vocabulary(wrong, findings) == ["fields.toml, site: no_such_finding is no finding"]


def test_lexicon_can_be_stored(lexicon):
    assert pickle.loads(pickle.dumps(lexicon)) == lexicon
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(lexicon), type=Lexicon) == lexicon


def test_doubt_gives_a_candidate_and_no_finding(lexicon):
    answer = resolve("suspected DVT", "history", lexicon)
    assert answer.matches == ()
    assert "previous_dvt" in answer.candidates


def test_what_is_not_understood_is_listed_with_candidates(lexicon):
    answer = resolve("queer numblike legs", "symptom", lexicon)
    assert not answer.understood
    assert answer.leftover


def test_swelling_of_unknown_side_is_not_guessed(lexicon):
    answer = resolve("leg swelling", "symptom", lexicon)
    assert answer.matches == ()
    assert answer.understood


def test_a_phrase_takes_about_a_millisecond(lexicon):
    rows = gold()
    start = time.process_time()
    for row in rows:
        resolve(row["phrase"], row["field"], lexicon)
    assert (time.process_time() - start) / len(rows) < 0.003  # 3 times the aim: a slow machine must not fail


def test_a_very_long_phrase_is_cut(lexicon):
    answer = resolve("no " * 5_000_000, "free", lexicon)
    assert len(answer.phrase) <= 500
    assert answer.leftover[-1].endswith("characters not read")


PLAIN = {
    "leg pain": set(),
    "calf pain": {"site_calf"},
    "buttock pain": {"site_buttock"},
    "foot pain": set(),
    "leg cramps": set(),
    "calf cramps": {"site_calf"},
    "foot cramp": {"site_foot"},
    "night cramps": {"at_night"},
    "muscle cramps": set(),
    "weakness": {"weakness_general"},
    "leg weakness": {"weakness_leg"},
    "numbness": {"numbness"},
    "leg numbness": {"numbness"},
    "swelling": set(),
    "leg swelling": set(),
    "tired legs": {"leg_heaviness"},
    "aching legs": set(),
    "exercise-induced cramps": {"on_exertion"},
    "unable to move leg": {"cannot_move_leg"},
    "toes go numb when cycling": {"numbness"},
    "fluttery heart": {"palpitations"},
    "brown urine": {"dark_urine"},
    "low back pain": {"back_pain"},
    "elevating the foot": set(),
}


@pytest.mark.parametrize("phrase", PLAIN)
def test_a_plain_phrase_means_no_more_than_it_says(phrase, lexicon):
    answer = resolve(phrase, "symptom", lexicon)
    assert {match.finding for match in answer.matches} == PLAIN[phrase]


# Findings that may come out beside another, because their meanings overlap or one holds the other; each pair was read.
BESIDE_FLOOR = 0.9  # choice: share of wordings that give nothing but their own finding, a site or a time


def test_wordings_of_one_finding_seldom_tell_another(findings, vocabulary, lexicon):
    alone = total = 0
    for name, finding in findings.items():
        if finding.kind not in ("symptom", "sign", "history"):
            continue
        extra = vocabulary.findings[name].terms if name in vocabulary.findings else ()
        for term in (*finding.terms, *extra):
            told = {match.finding for match in resolve(term, finding.kind, lexicon).matches if match.present}
            told = {other for other in told - {name} if lexicon.policies[other].kind != "feature"}
            alone += not told
            total += 1
    assert alone / total >= BESIDE_FLOOR
