"""Medicine names of a national survey against the classes its own coders gave them.

Compared: for every prescription of NHANES 2005-2006 the classes that the lexicon gives to the generic name, with the
therapeutic classes of the Multum lexicon in the same file (and, where our class is finer than theirs, with the names of
the ingredients). Not compared: trade names and sentences (unit tests do that), and classes without Multum counterpart.
Tolerance: 98 % of the prescriptions of our classes must get exactly the right classes and at most 1 % of all may get
one that Multum does not support; the rest covers differences in how a combination or a route is classified.
The file is public data of the CDC and is not part of this project: the test is skipped where it is absent.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from soleus.knowledge.load import evidence_root
from soleus.knowledge.medicine_lexicon import build_medicine_lexicon
from soleus.knowledge.medicines import resolve_medicine

ROOT = Path(__file__).parents[2]
FILE = ROOT.parent / "shared" / "nhanes" / "rx_2005_2006.parquet"

# Multum classes that are the same as one of ours, whatever the name.
BY_CLASS = {
    "THIAZIDE AND THIAZIDE-LIKE DIURETICS": "takes_thiazide",
    "LOOP DIURETICS": "takes_loop_diuretic",
    "POTASSIUM-SPARING DIURETICS": "takes_k_sparing_diuretic",
    "ALDOSTERONE RECEPTOR ANTAGONISTS": "takes_k_sparing_diuretic",
    "HMG-COA REDUCTASE INHIBITORS (STATINS)": "takes_statin",
    "FIBRIC ACID DERIVATIVES": "takes_fibrate",
    "PARATHYROID HORMONE AND ANALOGS": "takes_teriparatide",
    "SSRI ANTIDEPRESSANTS": "takes_ssri",
    "PROTON PUMP INHIBITORS": "takes_ppi",
    "BISPHOSPHONATES": "takes_antiresorptive",
    "THYROID HORMONES": "takes_levothyroxine",
    "ANTITHYROID AGENTS": "takes_antithyroid",
    "COUMARINS AND INDANEDIONES": "takes_vka",
    "ANTICOAGULANTS": "takes_anticoagulant",
    "ANTICHOLINERGIC BRONCHODILATORS": "takes_inhaled_anticholinergic",
    "DOPAMINERGIC ANTIPARKINSONISM AGENTS": "takes_dopaminergic",
    "PROLACTIN INHIBITORS": "takes_dopaminergic",
    "ANGIOTENSIN CONVERTING ENZYME (ACE) INHIBITORS": "takes_ace_arb",
    "ANGIOTENSIN II INHIBITORS": "takes_ace_arb",
    "BETA-ADRENERGIC BLOCKING AGENTS": "takes_beta_blocker",
    "CALCIUM CHANNEL BLOCKING AGENTS": "takes_ccb",
    "INSULIN": "takes_insulin",
    "GAMMA-AMINOBUTYRIC ACID ANALOGS": "takes_gabapentinoid",
    "NARCOTIC ANALGESICS": "takes_opioid",
    "NARCOTIC ANALGESIC COMBINATIONS": "takes_opioid",
    "LAXATIVES": "takes_laxative",
}
# Ingredients by which a class of ours is finer than Multum's, or is carried by a combination classed elsewhere.
BY_NAME = {
    "takes_laba": "SALMETEROL FORMOTEROL ARFORMOTEROL",
    "takes_saba": "ALBUTEROL LEVALBUTEROL TERBUTALINE PIRBUTEROL METAPROTERENOL",
    "takes_naproxen": "NAPROXEN",
    "takes_raloxifene": "RALOXIFENE",
    "takes_quinine": "QUININE",
    "takes_metformin": "METFORMIN",
    "takes_statin": "ATORVASTATIN SIMVASTATIN LOVASTATIN PRAVASTATIN",
    "takes_ccb": "AMLODIPINE FELODIPINE VERAPAMIL",
    "takes_conjugated_estrogens": "ESTROGENS ESTRADIOL ESTROPIPATE",
    "takes_estrogen_contraceptive": "ETHINYL MESTRANOL",
    "takes_antiemetic_dopamine_blocker": "METOCLOPRAMIDE PROCHLORPERAZINE PROMETHAZINE TRIMETHOBENZAMIDE DROPERIDOL",
    "takes_antipsychotic": "HALOPERIDOL OLANZAPINE QUETIAPINE RISPERIDONE ARIPIPRAZOLE CLOZAPINE ZIPRASIDONE "
    "CHLORPROMAZINE FLUPHENAZINE PERPHENAZINE TRIFLUOPERAZINE THIORIDAZINE THIOTHIXENE LOXAPINE PIMOZIDE",
    "takes_stimulant": "METHYLPHENIDATE DEXMETHYLPHENIDATE AMPHETAMINE DEXTROAMPHETAMINE METHAMPHETAMINE MODAFINIL "
    "PHENTERMINE PHENDIMETRAZINE BENZPHETAMINE DIETHYLPROPION PEMOLINE EPHEDRINE",
    "takes_lithium": "LITHIUM",
    "takes_colchicine": "COLCHICINE",
    "takes_digoxin": "DIGOXIN",
    "takes_opioid": "CODEINE HYDROCODONE DIHYDROCODEINE BUPRENORPHINE",
    "takes_antihistamine_sedating": "DIPHENHYDRAMINE HYDROXYZINE CHLORPHENIRAMINE MECLIZINE PROMETHAZINE DOXYLAMINE "
    "CYPROHEPTADINE BROMPHENIRAMINE CARBINOXAMINE CLEMASTINE DEXCHLORPHENIRAMINE DEXBROMPHENIRAMINE PYRILAMINE "
    "PHENIRAMINE TRIPROLIDINE PHENYLTOLOXAMINE DIMENHYDRINATE AZATADINE",
    "takes_calcium_or_vitamin_d": "CALCIUM ERGOCALCIFEROL CHOLECALCIFEROL CALCITRIOL PARICALCITOL DOXERCALCIFEROL",
    "takes_potassium": "POTASSIUM",
    "takes_magnesium": "MAGNESIUM",
}
STEROIDS = {
    "PREDNISONE",
    "PREDNISOLONE",
    "METHYLPREDNISOLONE",
    "DEXAMETHASONE",
    "HYDROCORTISONE",
    "CORTISONE",
    "BETAMETHASONE",
}
HORMONAL = {
    "ANTINEOPLASTIC HORMONES",
    "ANTIANDROGENS",
    "AROMATASE INHIBITORS",
    "GONADOTROPIN-RELEASING HORMONE AND ANALOGS",
    "TOPICAL ANTINEOPLASTICS",
    "ANTIRHEUMATICS",
    "ANTIVIRAL INTERFERONS",
    "MISCELLANEOUS TOPICAL AGENTS",
}
LOCAL = ("TOPICAL", "OPHTHALMIC", "NASAL", "OTIC", "VAGINAL")
SALTS = {"LOSARTAN POTASSIUM", "PENICILLIN V POTASSIUM", "CHOLINE MAGNESIUM TRISALICYLATE", "MAGNESIUM SALICYLATE"}


def expected_classes(name: str, multum: set[str]) -> set[str]:
    """Return our classes that the survey's coding supports."""
    words = {word for part in name.split(";") for word in part.replace(",", " ").split()}
    if set(LOCAL) & words or {"OPHTHALMIC PREPARATIONS", "NASAL PREPARATIONS", "VAGINAL PREPARATIONS"} & multum:
        return set()
    found = {BY_CLASS[group] for group in multum if group in BY_CLASS}
    if name not in SALTS:
        found |= {key for key, names in BY_NAME.items() if set(names.split()) & words}
    if "takes_vka" in found:
        found.add("takes_anticoagulant")
    if "ETHINYL" in words:
        found.discard("takes_conjugated_estrogens")
    if {"IPRATROPIUM", "TIOTROPIUM"} & words:
        found.add("takes_inhaled_anticholinergic")
    if STEROIDS & words and "INHALED CORTICOSTEROIDS" not in multum:
        found.add("takes_steroid_oral")
    if {"CYCLOSPORINE", "TACROLIMUS"} & words:
        found.add("takes_calcineurin_inhibitor")
    if "ANTINEOPLASTICS" in multum and not HORMONAL & multum:
        found.add("takes_chemotherapy")
    return found


@cache
def survey() -> tuple[tuple[str, frozenset[str], frozenset[str], int], ...]:
    """Return name, expected classes, resolved classes and number of prescriptions."""
    if not FILE.is_file():
        pytest.skip("the public CDC file rx_2005_2006.parquet is not beside this checkout")
    from pyarrow import parquet

    with (evidence_root() / "medicines.toml").open("rb") as file:
        lexicon = build_medicine_lexicon(tomllib.load(file))
    counts: Counter[tuple[str, str]] = Counter()
    for row in parquet.read_table(FILE, columns=["RXDDRUG", "DV_MULTUM_CLASSES"]).to_pylist():
        if row["RXDDRUG"] and not row["RXDDRUG"].isdigit():
            counts[row["RXDDRUG"], row["DV_MULTUM_CLASSES"] or ""] += 1
    return tuple(
        (
            name,
            frozenset(expected_classes(name, set(groups.split("|")))),
            frozenset(resolve_medicine(name, lexicon).classes),
            number,
        )
        for (name, groups), number in sorted(counts.items())
    )


def test_prescriptions_of_our_classes_resolve_to_the_right_classes() -> None:
    ours = [row for row in survey() if row[1]]
    total = sum(number for *_, number in ours)
    right = sum(number for _, expected, resolved, number in ours if expected == resolved)
    wrong = [(name, sorted(expected), sorted(resolved)) for name, expected, resolved, _ in ours if expected != resolved]
    assert total > 5000
    assert right / total >= 0.98, f"{right}/{total}: {wrong[:40]}"


def test_classes_that_the_coders_do_not_support_are_rare() -> None:
    rows = survey()
    total = sum(number for *_, number in rows)
    false = sum(number for _, expected, resolved, number in rows if resolved - expected)
    wrong = [(name, sorted(resolved - expected)) for name, expected, resolved, _ in rows if resolved - expected]
    assert false / total <= 0.01, f"{false}/{total}: {wrong[:40]}"
