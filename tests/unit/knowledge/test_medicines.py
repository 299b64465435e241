"""Medicine names, classes and status from lists and letters: what is claimed, and above all what is not."""

from __future__ import annotations

import tomllib

import msgspec
import pytest

from soleus.knowledge.load import evidence_root
from soleus.knowledge.medicine_language import is_recent
from soleus.knowledge.medicine_lexicon import MedicineLexicon, build_medicine_lexicon
from soleus.knowledge.medicines import resolve_medicine
from soleus.knowledge.schema import Finding, MedicineWords


@pytest.fixture(scope="module")
def raw() -> dict[str, dict[str, list[str]]]:
    with (evidence_root() / "medicines.toml").open("rb") as file:
        return tomllib.load(file)


@pytest.fixture(scope="module")
def lexicon(raw: dict[str, dict[str, list[str]]]) -> MedicineLexicon:
    return build_medicine_lexicon(raw)


@pytest.fixture(scope="module")
def findings() -> dict[str, Finding]:
    with (evidence_root() / "findings" / "medicines.toml").open("rb") as file:
        return msgspec.convert(tomllib.load(file), dict[str, Finding])


def test_lexicon_is_broad_and_names_only_known_findings(
    raw: dict[str, dict[str, list[str]]], findings: dict[str, Finding]
) -> None:
    words = msgspec.convert(raw, MedicineWords)
    assert len(words.ingredients) >= 450
    assert len(words.brands) >= 450
    used = {c for table in (words.ingredients, words.class_words) for classes in table.values() for c in classes}
    assert used <= set(findings)
    assert {part for parts in words.brands.values() for part in parts} <= set(words.ingredients)
    assert not set(words.ingredients) & set(words.brands)


def test_every_class_can_be_reached(raw: dict[str, dict[str, list[str]]], findings: dict[str, Finding]) -> None:
    reached = {c for table in ("ingredients", "class_words") for classes in raw[table].values() for c in classes}
    assert set(findings) - reached == {"takes_no_medicines"}


def test_every_name_resolves_to_its_own_classes(raw: dict[str, dict[str, list[str]]], lexicon: MedicineLexicon) -> None:
    for name, classes in raw["ingredients"].items():
        if "inhaled" in name or name.endswith(" laxative"):
            continue  # the route belongs to the name and is tested below
        assert set(resolve_medicine(name, lexicon).classes) == set(classes), name


def test_every_brand_resolves_to_the_classes_of_its_ingredients(
    raw: dict[str, dict[str, list[str]]], lexicon: MedicineLexicon
) -> None:
    for brand, parts in raw["brands"].items():
        expected = {c for part in parts for c in raw["ingredients"][part]}
        answer = resolve_medicine(brand, lexicon)
        assert set(answer.classes) == expected, brand
        assert answer.understood, brand


@pytest.mark.parametrize(
    ("text", "classes"),
    [
        ("furosemide 40 mg bd", {"takes_loop_diuretic"}),
        ("frusemide", {"takes_loop_diuretic"}),
        ("salmeterol/fluticasone 50/500 1 puff bd", {"takes_laba"}),
        ("Seretide Accuhaler", {"takes_laba"}),
        ("co-amilofruse 5/40", {"takes_k_sparing_diuretic", "takes_loop_diuretic"}),
        ("coamilofruse", {"takes_k_sparing_diuretic", "takes_loop_diuretic"}),
        ("HYDROCHLOROTHIAZIDE; LISINOPRIL", {"takes_thiazide", "takes_ace_arb"}),
        ("ESTROGENS, CONJUGATED; MEDROXYPROGESTERONE", {"takes_conjugated_estrogens"}),
        ("Perindopril arginine/indapamide", {"takes_ace_arb", "takes_thiazide"}),
        ("a statin", {"takes_statin"}),
        ("water tablets", {"takes_diuretic"}),
        ("blood thinner", {"takes_anticoagulant"}),
        ("Coumadin", {"takes_vka", "takes_anticoagulant"}),
        ("heartburn pill", {"takes_ppi"}),
        ("bisphosphonate injection", {"takes_antiresorptive"}),
        ("salbutamol inhaler prn", {"takes_saba"}),
        ("L-thyroxine 150 mcg", {"takes_levothyroxine"}),
        ("levothyroxin sodium", {"takes_levothyroxine"}),
        ("quinine sulphate 300 mg at night without benefit", {"takes_quinine"}),
        ("magnesium oxide (no benefit)", {"takes_magnesium"}),
        ("losartan potassium 50 mg", {"takes_ace_arb"}),
        ("furosemide and potassium chloride", {"takes_loop_diuretic", "takes_potassium"}),
        ("esomeprazole magnesium", {"takes_ppi"}),
        ("atorvastatin calcium 20mg", {"takes_statin"}),
        ("potassium-sparing diuretic", {"takes_k_sparing_diuretic"}),
        ("calcium channel blocker", {"takes_ccb"}),
        ("calcium and vitamin D", {"takes_calcium_or_vitamin_d"}),
        ("vitamin D3 1,000 IU drops", {"takes_calcium_or_vitamin_d"}),
        ("levodopa/carbidopa/entacapone", {"takes_dopaminergic"}),
        ("Oral contraceptive pill for 5 years", {"takes_estrogen_contraceptive"}),
        ("iron sucrose 200 mg weekly", {"takes_iv_iron"}),
        ("paracetamol 1 g qds prn", set()),
        ("steroid inhaler", set()),
        ("blood pressure tablets", set()),
    ],
)
def test_names_doses_and_classes(lexicon: MedicineLexicon, text: str, classes: set[str]) -> None:
    answer = resolve_medicine(text, lexicon)
    assert set(answer.classes) == classes
    assert answer.status == "taken"
    assert answer.understood


@pytest.mark.parametrize(
    "text",
    [
        "prednisolone eye drops",
        "DEXAMETHASONE; TOBRAMYCIN OPHTHALMIC",
        "timolol ophthalmic",
        "ipratropium nasal",
        "hydrocortisone cream",
        "budesonide inhaler",
        "tacrolimus ointment",
        "cholecalciferol level",
        "iron deficiency",
        "thyroid problems",
    ],
)
def test_local_routes_and_body_states_claim_nothing(lexicon: MedicineLexicon, text: str) -> None:
    assert resolve_medicine(text, lexicon).classes == ()


@pytest.mark.parametrize(
    ("text", "taken", "not_taken"),
    [
        ("amlodipine, no longer takes simvastatin", {"takes_ccb"}, {"takes_statin"}),
        ("simvastatin 40 mg nocte (stopped 2010), lisinopril 10 mg", {"takes_ace_arb"}, {"takes_statin"}),
        ("lisinopril; simvastatin stopped last week", {"takes_ace_arb"}, {"takes_statin"}),
        ("simvastatin was discontinued and ezetimibe started", set(), {"takes_statin"}),
        ("warfarin switched to metformin", {"takes_metformin"}, {"takes_vka", "takes_anticoagulant"}),
        ("no medications except lisinopril", {"takes_ace_arb"}, set()),
        ("did not respond to quinine", {"takes_quinine"}, set()),
        ("no response to quinine or magnesium", {"takes_quinine", "takes_magnesium"}, set()),
    ],
)
def test_taken_beside_not_taken(lexicon: MedicineLexicon, text: str, taken: set[str], not_taken: set[str]) -> None:
    answer = resolve_medicine(text, lexicon)
    assert answer.status == "taken"
    assert set(answer.classes) == taken
    assert set(answer.not_taken) == not_taken


@pytest.mark.parametrize(
    ("text", "status", "classes"),
    [
        ("simvastatin, stopped", "stopped", {"takes_statin"}),
        ("stopped amlodipine, simvastatin and ramipril", "stopped", {"takes_ccb", "takes_statin", "takes_ace_arb"}),
        ("amlodipine and simvastatin were stopped", "stopped", {"takes_ccb", "takes_statin"}),
        ("discontinued hydrochlorothiazide in 2019", "stopped", {"takes_thiazide"}),
        ("had taken quinine in the past", "stopped", {"takes_quinine"}),
        ("hydrochlorothiazide and lisinopril, stopped in March", "stopped", {"takes_thiazide", "takes_ace_arb"}),
        ("used to take amlodipine", "stopped", {"takes_ccb"}),
        ("never took statins", "stopped", {"takes_statin"}),
        ("no diuretics, statins or steroids", "stopped", {"takes_diuretic", "takes_statin", "takes_steroid_oral"}),
        ("allergic to codeine", "stopped", {"takes_opioid"}),
        ("stopped atorvastatin one week earlier", "recent", {"takes_statin"}),
        ("prednisone taper finished last week", "recent", {"takes_steroid_oral"}),
        ("has been off statins for 6 months", "stopped", {"takes_statin"}),
    ],
)
def test_stopped(lexicon: MedicineLexicon, text: str, status: str, classes: set[str]) -> None:
    answer = resolve_medicine(text, lexicon)
    assert answer.status == status
    assert set(answer.classes) == classes
    assert not answer.started_recently


@pytest.mark.parametrize(
    "text",
    [
        "no medication",
        "None",
        "nil",
        "nil regular",
        "no regular medications",
        "not on any medicines",
        "no drugs",
        "nothing",
    ],
)
def test_no_medicine_at_all(lexicon: MedicineLexicon, text: str) -> None:
    answer = resolve_medicine(text, lexicon)
    assert answer.status == "none"
    assert answer.understood
    assert not answer.classes


@pytest.mark.parametrize(
    "text",
    ["no known drug allergies", "no new medicines", "no over-the-counter drugs", "no statin", "allergic to penicillin"],
)
def test_a_partial_denial_does_not_deny_all_medicines(lexicon: MedicineLexicon, text: str) -> None:
    answer = resolve_medicine(text, lexicon)
    assert answer.status != "none"
    assert answer.understood


@pytest.mark.parametrize(
    ("text", "recently"),
    [
        ("furosemide started two weeks ago", True),
        ("hydrochlorothiazide one week earlier", True),
        ("raloxifene 60 mg, started one month before onset", True),
        ("furosemide (dose increased two weeks earlier), digoxin", True),
        ("newly started metformin", True),
        ("started furosemide 2 years ago", False),
        ("metformin for many years", False),
        ("alendronic acid 70 mg once weekly", False),
        ("simvastatin 40 mg every night", False),
        ("methotrexate once a week for a year", False),
    ],
)
def test_started_recently(lexicon: MedicineLexicon, text: str, recently: bool) -> None:
    assert resolve_medicine(text, lexicon).started_recently is recently


@pytest.mark.parametrize(
    ("text", "ingredient"),
    [
        ("simvastatni", "simvastatin"),
        ("glipizid", "glipizide"),
        ("furosemid 40", "furosemide"),
        ("metfornin", "metformin"),
    ],
)
def test_one_edit_in_a_long_word_is_accepted(lexicon: MedicineLexicon, text: str, ingredient: str) -> None:
    assert resolve_medicine(text, lexicon).ingredients == (ingredient,)


@pytest.mark.parametrize("text", ["hydroxychlorothiazid", "flurbinol 20 mg", "lasxi", "predniso", "zzzzzzzz"])
def test_nothing_is_guessed(lexicon: MedicineLexicon, text: str) -> None:
    answer = resolve_medicine(text, lexicon)
    assert not answer.classes
    assert not answer.understood
    assert answer.unknown


def test_unknown_names_are_listed_with_the_nearest(lexicon: MedicineLexicon) -> None:
    answer = resolve_medicine("lisinopril 10 mg, hydroxychlorothiazid 25 mg", lexicon)
    assert answer.ingredients == ("lisinopril",)
    assert not answer.understood
    assert "hydrochlorothiazide" in answer.candidates


@pytest.mark.parametrize("text", ["", " ", "\x00\x1b", "‏‮", "🙂" * 1000, "a" * 10_000_000, ";" * 100_000, "1 2 3", "mg"])
def test_hostile_text_is_bounded(lexicon: MedicineLexicon, text: str) -> None:
    answer = resolve_medicine(text, lexicon)
    assert not answer.classes
    assert len(answer.text) <= 500


def test_a_brand_of_an_unknown_ingredient_is_refused() -> None:
    with pytest.raises(ValueError, match="add it to"):
        build_medicine_lexicon({"ingredients": {}, "brands": {"lasix": ["furosemide"]}, "class_words": {}})


def test_times() -> None:
    assert is_recent("for the last 2 weeks") is True
    assert is_recent("2 to 3 months ago") is True
    assert is_recent("since 1998") is False
    assert is_recent("twice a day") is None


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("opioid-naive", "stopped"),
        ("going to start furosemide", "stopped"),
        ("simvastatin, not yet started", "stopped"),
        ("was on quinine but not any more", "stopped"),
        ("amlodipine, started last week", "taken"),
    ],
)
def test_what_is_not_taken_yet_or_no_longer(lexicon: MedicineLexicon, text: str, status: str) -> None:
    answer = resolve_medicine(text, lexicon)
    assert answer.status == status
    assert answer.classes


@pytest.mark.parametrize(
    "text",
    [
        "husband's amlodipine",
        "my mother takes furosemide",
        "insulin for the dog",
        "warfarin rat poison",
        "magnesium sulphate paste",
        "potassium permanganate soaks",
    ],
)
def test_what_the_patient_does_not_take_tells_no_class(lexicon: MedicineLexicon, text: str) -> None:
    assert resolve_medicine(text, lexicon).classes == ()
