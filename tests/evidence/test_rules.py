"""Every rule of the evidence base, each with one deliberately bad file, and the real evidence base.

A sound base (tests/evidence/sound) is copied and broken in one place; the rule, the place and the way to mend it are
asserted. A rule that nothing can break here would be a defect of these tests.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from soleus.core.problem import Problem
from soleus.knowledge import load
from soleus.knowledge.load import EvidenceError, check_evidence, evidence_root, load_evidence, write_snapshot

SOUND = Path(__file__).with_name("sound")

CAUSES = [
    "idiopathic",
    "muscle_fatigue",
    "prolonged_standing",
    "cold",
    "hypocalcemia",
    "hypomagnesemia",
    "hypokalemia",
    "hyponatremia_dehydration",
    "vitamin_d_deficiency",
    "venous_insufficiency",
    "superficial_vein_thrombosis",
    "dvt",
    "peripheral_arterial_disease",
    "acute_limb_ischemia",
    "lumbar_stenosis_radiculopathy",
    "polyneuropathy",
    "hypothyroidism",
    "hyperthyroidism",
    "adrenal_insufficiency",
    "ckd_dialysis",
    "cirrhosis",
    "pregnancy",
    "drug_induced",
    "alcohol",
    "motor_neuron_disease",
    "nerve_hyperexcitability",
    "metabolic_myopathy",
    "inflammatory_myopathy",
    "muscle_channelopathy",
    "rhabdomyolysis",
    "rls",
    "plmd",
    "sleep_starts",
    "dystonia",
    "stiff_person",
    "tetanus",
    "envenomation",
    "compartment_syndrome",
    "hyperventilation_tetany",
    "satoyoshi",
    "stroke",
    "demyelination",
    "central_pain",
    "sedentary",
    "foot_structure",
]


@dataclass(frozen=True)
class Bad:
    """One edit of one sound file, and what must be told."""

    name: str
    code: str
    file: str
    old: str
    new: str
    where: str
    says: str
    fix: str


LAST = "\0"  # stands for the end of the file
LINK = 'finding = "trousseau_sign"\nvalue = 0.6\nrange = [0.4, 0.8]'
FLAG_SOURCE = 'source = "smith2001"\nplace = "table 1"'
DVT, CALCIUM, FINDINGS = "causes/dvt.toml", "causes/hypocalcemia.toml", "findings/all.toml"
LABORATORY, REMEDIES, FLAGS, SAYINGS = (
    "measurements/laboratory.toml",
    "remedies/all.toml",
    "red_flags/all.toml",
    "sayings.toml",
)
REFERENCES = "references.bib"
ARROW = "causes/hypocalcemia.links[1]"

BAD = [
    Bad("cause", "unknown_key", DVT, "urgency =", "urgensy =", DVT, "urgensy", "correct its spelling"),
    Bad("claim", "unknown_key", CALCIUM, LINK, LINK + "\nodds = 2", CALCIUM, "odds", "remove the key"),
    Bad(
        "finding", "unknown_key", FINDINGS, "plain =", "plane =", f"{FINDINGS}#calcium_low", "plane", "docs/evidence.md"
    ),
    Bad(
        "claim", "missing_source", CALCIUM, LINK + '\nsource = "smith2001"', LINK, CALCIUM, "`source`", "references.bib"
    ),
    Bad(
        "remedy",
        "missing_source",
        REMEDIES,
        'verification = "read"\n',
        "",
        f"{REMEDIES}#acute_stretch",
        "`verification`",
        "source",
    ),
    Bad(
        "empty",
        "missing_source",
        CALCIUM,
        LINK + '\nsource = "smith2001"',
        LINK + '\nsource = " "',
        ARROW,
        "empty",
        "expert",
    ),
    Bad(
        "no label",
        "missing_key",
        FINDINGS,
        'label = "Swollen calf"\n',
        "",
        f"{FINDINGS}#calf_swelling",
        "`label`",
        "add the key",
    ),
    Bad(
        "no title",
        "missing_key",
        REFERENCES,
        "title = {Another one}",
        "pages = {1}",
        f"{REFERENCES}#jones2002",
        "no title",
        "add a title",
    ),
    Bad("empty file", "missing_key", "release.toml", "*", "", "release.toml", "`version`", "add the key"),
    Bad("empty cause", "missing_key", DVT, "*", "", DVT, "`id`", "add the key"),
    Bad("text", "wrong_type", CALCIUM, LINK, LINK.replace("0.6", '"often"'), CALCIUM, "links[1].value", "the type"),
    Bad("choice", "wrong_type", DVT, '"mimic"', '"pain"', DVT, "pain", "docs/evidence.md"),
    Bad("no table", "wrong_type", FINDINGS, "*", "fever = 1", f"{FINDINGS}#fever", "object", "the type"),
    Bad("range", "wrong_type", CALCIUM, LINK, LINK.replace("[0.4, 0.8]", "[0.4]"), CALCIUM, "range", "the type"),
    Bad("not closed", "toml_syntax", DVT, 'id = "dvt"', 'id = "dvt', DVT, "line 1", "correct the TOML"),
    Bad("key twice", "toml_syntax", DVT, 'id = "dvt"', 'id = "dvt"\nid = "clot"', DVT, "line 2", "appear once"),
    Bad("table twice", "toml_syntax", FINDINGS, LAST, "[statin]\n", FINDINGS, "statin", "appear once"),
    Bad("remove", "missing_file", "release.toml", "", "", "release.toml", "missing", "restore"),
    Bad("remove", "missing_file", "policy.toml", "", "", "policy.toml", "missing", "restore"),
    Bad("remove", "missing_file", FLAGS, "", "", "red_flags/*.toml", "missing", "restore"),
    Bad("remove", "missing_file", REFERENCES, "", "", REFERENCES, "missing", "restore"),
    Bad("remove", "missing_file", "all_absent.toml", "", "", "all_absent.toml", "missing", "restore"),
    Bad("other id", "file_name", DVT, 'id = "dvt"', 'id = "clot"', DVT, "'clot'", "name the file clot.toml"),
    Bad(
        "reference",
        "duplicate_id",
        REFERENCES,
        "jones2002",
        "smith2001",
        f"{REFERENCES}#smith2001",
        "twice",
        "keep one",
    ),
    Bad(
        "not closed",
        "bib_syntax",
        REFERENCES,
        "  year = {2002},\n}",
        "  year = {2002},",
        REFERENCES,
        "not closed",
        "end each entry",
    ),
    Bad(
        "unknown",
        "dangling_source",
        CALCIUM,
        LINK + '\nsource = "smith2001"',
        LINK + '\nsource = "smith"',
        ARROW,
        "'smith'",
        "correct the key",
    ),
    Bad(
        "read",
        "expert_not_labeled",
        CALCIUM,
        LINK + '\nsource = "smith2001"',
        LINK + '\nsource = "expert"',
        ARROW,
        "'read'",
        'verification = "expert"',
    ),
    *(
        Bad(f"{value}", "impossible_value", CALCIUM, LINK, LINK.replace("0.6", value), ARROW, says, "value")
        for value, says in [("0.0", "0.4"), ("1.2", "1.2"), ("0.9", "0.9"), ("nan", "nan"), ("inf", "inf")]
    ),
    *(
        Bad(
            f"{value} in {low} to {high}",
            "impossible_value",
            CALCIUM,
            LINK,
            LINK.replace("0.6", value).replace("[0.4, 0.8]", f"[{low}, {high}]"),
            ARROW,
            value,
            fix,
        )
        for value, low, high, fix in [
            ("0.0", "0.0", "0.1", "above 0"),
            ("1.0", "0.9", "1.0", "below 1"),
            ("1.2", "0.9", "1.3", "below 1"),
            ("0.5", "-0.1", "0.6", "above 0"),
            ("0.5", "0.4", "1.01", "below 1"),
            ("0.5", "0.6", "0.4", "range"),
            ("0.5", "0.4", "nan", "range"),
            ("0.5", "-inf", "0.6", "range"),
        ]
    ),
    Bad(
        "below zero",
        "impossible_value",
        CALCIUM,
        "value = 3.0\nrange = [2.0,",
        "value = -3.0\nrange = [-4.0,",
        "causes/hypocalcemia.modifiers[0]",
        "negative",
        "correct the value",
    ),
    Bad(
        "empty",
        "missing_derivation",
        CALCIUM,
        LINK + '\nsource = "smith2001"\nverification = "read"\nderivation = "as printed"',
        LINK + '\nsource = "smith2001"\nverification = "read"\nderivation = " "',
        ARROW,
        "derivation",
        "how it was derived",
    ),
    Bad(
        "link",
        "dangling_id",
        CALCIUM,
        'finding = "trousseau_sign"',
        'finding = "trousseau"',
        "causes/hypocalcemia.links",
        "'trousseau'",
        "define the finding",
    ),
    Bad(
        "exposure",
        "dangling_id",
        "causes/drug_induced.toml",
        '"thiazide"',
        '"thiazides"',
        "causes/drug_induced.links",
        "'thiazides'",
        "correct the id",
    ),
    Bad(
        "is_a",
        "dangling_id",
        FINDINGS,
        'is_a = ["leg_swelling"]',
        'is_a = ["swelling"]',
        "findings/calf_swelling",
        "'swelling'",
        "define the finding",
    ),
    Bad(
        "excludes",
        "dangling_id",
        FINDINGS,
        'excludes = ["by_day"]',
        'excludes = ["noon"]',
        "findings/at_night",
        "'noon'",
        "define the finding",
    ),
    Bad(
        "level",
        "dangling_id",
        LABORATORY,
        'finding = "calcium_low"',
        'finding = "low"',
        "quantities/calcium.levels",
        "'low'",
        "define the finding",
    ),
    Bad("flag", "dangling_id", FLAGS, '"breathless"', '"dyspnea"', "red_flags/clot.rule", "'dyspnea'", "finding id"),
    Bad("flag absence", "dangling_id", FLAGS, '"!by_day"', '"!noon"', "red_flags/clot.rule", "'!noon'", "finding id"),
    Bad(
        "flag quantity",
        "dangling_id",
        FLAGS,
        "calcium < 1.9",
        "kalium < 1.9",
        "red_flags/clot.rule",
        "kalium",
        "a limit",
    ),
    Bad(
        "flag comparison",
        "dangling_id",
        FLAGS,
        "calcium < 1.9",
        "calcium == 1.9",
        "red_flags/clot.rule",
        "==",
        "a limit",
    ),
    Bad(
        "flag without limit",
        "dangling_id",
        FLAGS,
        "calcium < 1.9",
        "calcium",
        "red_flags/clot.rule",
        "'calcium'",
        "a limit",
    ),
    Bad(
        "flag suggests",
        "dangling_id",
        FLAGS,
        '["dvt"]',
        '["clots"]',
        "red_flags/clot.rule",
        "'clots'",
        "correct the id",
    ),
    Bad(
        "remedy cause",
        "dangling_id",
        REMEDIES,
        '["hypocalcemia"]',
        '["calcium"]',
        "remedies/acute_stretch.causes",
        "'calcium'",
        "define the cause",
    ),
    Bad(
        "remedy not_when",
        "dangling_id",
        REMEDIES,
        '["calf_swelling"]',
        '["swelling"]',
        "remedies/acute_stretch.not_when",
        "'swelling'",
        "define the finding",
    ),
    Bad(
        "remedy source",
        "dangling_id",
        REMEDIES,
        '["smith2001"]',
        '["smith"]',
        "remedies/acute_stretch.sources",
        "'smith'",
        "define the reference",
    ),
    Bad(
        "saying cause",
        "dangling_id",
        SAYINGS,
        '["hypocalcemia"]',
        '["calcium"]',
        "sayings/cold.causes",
        "'calcium'",
        "define the cause",
    ),
    Bad(
        "saying finding",
        "dangling_id",
        SAYINGS,
        '["calcium_low"]',
        '["low"]',
        "sayings/cold.findings",
        "'low'",
        "define the finding",
    ),
    Bad(
        "saying source",
        "dangling_id",
        SAYINGS,
        '["smith2001"]',
        '["smith"]',
        "sayings/cold.sources",
        "'smith'",
        "define the reference",
    ),
    Bad(
        "score item",
        "dangling_id",
        "scores.toml",
        '"breathless"',
        '"dyspnea"',
        "scores/clot_score",
        "'dyspnea'",
        "define the finding",
    ),
    Bad(
        "all absent",
        "dangling_id",
        "all_absent.toml",
        '"calf_swelling"',
        '"swelling"',
        "all_absent/examination_normal",
        "'swelling'",
        "define the finding",
    ),
    Bad(
        "link",
        "duplicate_link",
        CALCIUM,
        'finding = "trousseau_sign"',
        'finding = "calcium_low"',
        "causes/hypocalcemia",
        "calcium_low",
        "keep one",
    ),
    Bad(
        "medicine",
        "incomplete_statement",
        "all_absent.toml",
        '"thiazide", "statin"',
        '"thiazide"',
        "all_absent/takes_no_medicines",
        "statin",
        "add it",
    ),
    Bad(
        "no list",
        "empty_rule",
        FLAGS,
        '[["calf_swelling", "!by_day"], ["leg_swelling", "breathless"], ["calcium < 1.9"]]',
        "[]",
        "red_flags/clot.rule",
        "empty",
        "at least one",
    ),
    Bad("empty list", "empty_rule", FLAGS, '["calcium < 1.9"]', "[]", "red_flags/clot.rule", "empty", "at least one"),
    Bad(
        "blank",
        "unsourced_red_flag",
        FLAGS,
        FLAG_SOURCE,
        FLAG_SOURCE.replace("smith2001", ""),
        "red_flags/clot",
        "empty",
        "references.bib",
    ),
]


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SOUND, tmp_path / "evidence"))


def spoil(base: Path, bad: Bad) -> None:
    path = base / bad.file
    text = path.read_text(encoding="utf-8")
    if bad.name == "remove":
        path.unlink()
    elif bad.old == "*":
        path.write_text(bad.new, encoding="utf-8")
    elif bad.old == LAST:
        path.write_text(text + bad.new, encoding="utf-8")
    else:
        assert bad.old in text, "the sound base changed: the edit no longer breaks anything"
        path.write_text(text.replace(bad.old, bad.new, 1), encoding="utf-8")


def told(problems: list[Problem], code: str, where: str) -> list[Problem]:
    return [p for p in problems if p.code == code and p.where == where]


def test_the_sound_base_is_sound() -> None:
    assert check_evidence(SOUND) == []


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: f"{bad.code}: {bad.name}: {bad.file}")
def test_a_bad_file_is_told_with_its_rule_its_place_and_how_to_mend_it(base: Path, bad: Bad) -> None:
    spoil(base, bad)
    problems = check_evidence(base)
    found = told(problems, bad.code, bad.where)
    assert found, [str(p) for p in problems]
    assert found[0].level == "error"
    assert bad.says in found[0].what
    assert bad.fix in found[0].fix
    assert found[0].why
    with pytest.raises(EvidenceError, match=bad.code):
        load_evidence(base)


def test_one_id_in_two_files_is_told(base: Path) -> None:
    text = (base / FINDINGS).read_text(encoding="utf-8")
    (base / "findings" / "more.toml").write_text(text[: text.index("[trousseau_sign]")], encoding="utf-8")
    [problem] = check_evidence(base)
    assert (problem.code, problem.where) == ("duplicate_id", "findings/more.toml#calcium_low")
    assert "keep one" in problem.fix


@pytest.mark.parametrize("file", [DVT, REFERENCES])
def test_a_file_that_is_no_text_is_told(base: Path, file: str) -> None:
    (base / file).write_bytes(b"\xff\xfe\x00")
    problems = check_evidence(base)
    assert {p.code for p in problems if p.where == file} <= {"toml_syntax", "bib_syntax"}
    assert any(p.where == file for p in problems)


def test_every_mistake_is_told_at_once_not_only_the_first(base: Path) -> None:
    for bad in (b for b in BAD if b.name in ("is_a", "saying cause", "other id")):
        spoil(base, bad)
    assert {p.code for p in check_evidence(base)} == {"dangling_id", "file_name"}
    assert len({p.where for p in check_evidence(base)}) >= 3


def test_every_rule_of_the_loader_has_a_bad_file() -> None:
    """A new rule without a bad file here fails."""
    raised = re.compile(r'(?:broken_rule\(|add\(|code =)\s*"(\w+)"')
    written: set[str] = set()
    for name in ("load.py", "check.py"):
        source = Path(load.__file__).with_name(name).read_text(encoding="utf-8")
        written |= set(raised.findall(source))
    assert written == RULES
    assert {bad.code for bad in BAD} == RULES


RULES = {
    "unknown_key", "missing_source", "missing_key", "wrong_type", "toml_syntax", "missing_file", "duplicate_id",
    "file_name", "bib_syntax", "dangling_source", "expert_not_labeled", "impossible_value", "missing_derivation",
    "dangling_id", "duplicate_link", "empty_rule", "unsourced_red_flag",
    "incomplete_statement",
}  # fmt: skip


# --- the snapshot ---------------------------------------------------------------------------------------------------


def forged(base: Path, path: Path) -> Path:
    """A snapshot of `base` in which one name is changed, so that it shows where an answer came from."""
    path.write_bytes(write_snapshot(base, path).read_bytes().replace(b'"Low calcium"', b'"From the snapshot"'))
    return path


def test_the_snapshot_is_used_only_while_its_fingerprint_agrees(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "SNAPSHOT", forged(base, tmp_path / "snapshot.json"))
    assert load_evidence(base).causes["hypocalcemia"].name == "From the snapshot"
    path = base / "all_absent.toml"
    path.write_text(path.read_text(encoding="utf-8") + "# one more line\n", encoding="utf-8")
    assert load_evidence(base).causes["hypocalcemia"].name == "Low calcium"


def test_renaming_a_file_makes_the_snapshot_stale(base: Path) -> None:
    before = load.fingerprint_evidence(base)
    (base / FINDINGS).rename(base / "findings" / "every.toml")
    assert load.fingerprint_evidence(base) != before


@pytest.mark.parametrize("damage", [b"{", b"{}", b""])
def test_a_snapshot_in_another_form_is_not_read(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: bytes
) -> None:
    snapshot = tmp_path / "snapshot.json"
    snapshot.write_bytes(damage + f'"hash":"{load.fingerprint_evidence(base)}"'.encode())
    monkeypatch.setattr(load, "SNAPSHOT", snapshot)
    assert load_evidence(base).causes["dvt"].name == "Clot"


def test_the_snapshot_says_what_the_text_files_say(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "SNAPSHOT", tmp_path / "none.json")
    read = load_evidence(base)
    monkeypatch.setattr(load, "SNAPSHOT", write_snapshot(base, tmp_path / "snapshot.json"))
    assert msgspec.json.encode(load_evidence(base)) == msgspec.json.encode(read)


def test_no_snapshot_is_written_of_a_broken_base(base: Path, tmp_path: Path) -> None:
    (base / "policy.toml").unlink()
    with pytest.raises(EvidenceError, match="policy"):
        write_snapshot(base, tmp_path / "snapshot.json")
    assert not (tmp_path / "snapshot.json").exists()


# --- the real evidence base -----------------------------------------------------------------------------------------


def test_the_real_evidence_base_is_sound() -> None:
    assert [str(p) for p in check_evidence() if p.level == "error"] == []


def test_the_real_evidence_base_is_complete() -> None:
    evidence = load_evidence()
    assert sorted(evidence.causes) == sorted(CAUSES)
    assert len(CAUSES) == 45
    assert len(evidence.findings) >= 200
    assert len(evidence.quantities) >= 17
    assert len(evidence.doppler) == 14
    assert len(evidence.red_flags) >= 20
    assert len(evidence.remedies) == 24
    assert len(evidence.sayings) >= 5


def test_every_cause_but_the_background_can_be_told_from_others() -> None:
    evidence = load_evidence()
    assert [key for key, cause in evidence.causes.items() if not cause.links and not cause.exposures] == ["idiopathic"]


def test_every_red_flag_says_what_to_do_and_sends_to_care() -> None:
    for key, flag in load_evidence().red_flags.items():
        assert flag.why, key
        assert flag.do, key
        assert flag.urgency != "self_care", key


def test_the_policy_that_the_engine_reads_is_there() -> None:
    read = re.compile(r"""policy\[f?"([a-z_]+)(?:\{|")""")
    source = "".join(path.read_text(encoding="utf-8") for path in Path(load.__file__).parents[1].rglob("*.py"))
    names = set(read.findall(source))
    assert {"act_", "burden_", "reading_blunder", "cause_worth_advice"} <= names
    for base in (load_evidence(), load_evidence(SOUND)):
        for name in names:
            assert any(key.startswith(name) if name.endswith("_") else key == name for key in base.policy), name


def test_the_real_evidence_folder_is_the_one_that_commands_read() -> None:
    assert (evidence_root() / "causes" / "idiopathic.toml").is_file()


def test_every_age_has_one_background_rate() -> None:
    from soleus.core.case import Person
    from soleus.reasoning.network import background_claim

    evidence = load_evidence()
    for age in range(121):
        for sex in ("female", "male", None):
            claim = background_claim(evidence, Person(age=float(age), sex=sex))  # type: ignore[arg-type]
            assert 0 < claim.range[0] < claim.value < claim.range[1] < 0.3, (age, sex)
