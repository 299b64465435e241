"""What people have or take, read from the survey: conditions told by a doctor, medicine classes, negative controls.

Medicine classes are those of the evidence base, found from the generic names of the prescriptions of the last 30 days.
Negative controls are medicines and facts that have no plausible way to a cramp: what their ratios show beyond chance is
the error of the method (people who see doctors more report more), not an effect.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from soleus.knowledge.medicine_lexicon import build_medicine_lexicon
from soleus.knowledge.medicines import resolve_medicine
from soleus.knowledge.schema import Evidence
from soleus.population.reading import SurveyTable

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Exposure:
    """Who has or takes something: 1, 0, NaN for not known, over all people of the file."""

    key: str
    label: str
    kind: Literal["medicine", "condition"]
    having: FloatArray
    finding: str = ""
    negative_control: str = ""
    lesson: str = ""


# condition: evidence finding or "", words, the questions that make it; a "still" question counts where it was asked
CONDITIONS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "diabetes": ("diabetes", "Diabetes", ("DIQ010",)),
    "hypertension": ("hypertension", "High blood pressure", ("BPQ020",)),
    "kidney_disease": ("kidney_disease", "Weak or failing kidneys", ("KIQ022",)),
    "heart_failure": ("heart_failure", "Heart failure", ("MCQ160B",)),
    "coronary_disease": (
        "coronary_disease", "Coronary disease, angina or heart attack", ("MCQ160C", "MCQ160D", "MCQ160E")
    ),
    "stroke": ("stroke_past", "Stroke", ("MCQ160F",)),
    "arthritis": ("", "Arthritis", ("MCQ160A",)),
    "lung_disease": ("copd_asthma", "Emphysema, chronic bronchitis or asthma", ("MCQ160G", "MCQ170K", "MCQ035")),
    "liver_disease": ("liver_disease", "Liver condition, still present", ("MCQ170L",)),
    "thyroid": ("", "Thyroid problem, still present", ("MCQ170M",)),
    "cancer": ("cancer", "Cancer, ever", ("MCQ220",)),
    "osteoporosis": ("", "Osteoporosis", ("OSQ060",)),
}  # fmt: skip
EVER = {"MCQ170K": "MCQ160K", "MCQ170L": "MCQ160L", "MCQ170M": "MCQ160M", "MCQ035": "MCQ010"}

CONTROL_CONDITIONS = {
    "hay_fever": ("Hay fever, ever", "AGQ010", "an allergy of the nose; no way to the muscle"),
    "transfusion": ("Blood transfusion, ever", "MCQ092", "mostly long past; a mark of having been ill"),
}
CONTROL_MEDICINES = {
    "nasal_sprays": ("Steroid sprays for the nose",
                     r"(FLUTICASONE|MOMETASONE|TRIAMCINOLONE|FLUNISOLIDE|BUDESONIDE) NASAL",
                     "act in the nose, hardly absorbed"),
    "antihistamines": ("Antihistamines that do not sedate", r"FEXOFENADINE|CETIRIZINE|LORATADINE|DESLORATADINE",
                       "do not reach nerve or muscle"),
    "glaucoma_drops": ("Eye drops for glaucoma (no beta blocker)", r"(LATANOPROST|TRAVOPROST|BIMATOPROST|BRIMONIDINE|"
                       r"DORZOLAMIDE) OPHTHALMIC", "act in the eye; doses too small for a muscle"),
    "antibiotics": ("Penicillins, cephalosporins, macrolides, doxycycline", r"AMOXICILLIN|PENICILLIN|CEPH?\w+|"
                    r"AZITHROMYCIN|CLARITHROMYCIN|DOXYCYCLINE",
                    "short courses; no effect on salts or muscle at usual doses"),
    "h2_blockers": ("Ranitidine or famotidine", r"RANITIDINE|FAMOTIDINE", "act in the stomach; no effect on magnesium"),
    "prostate": ("Tamsulosin or finasteride", r"TAMSULOSIN|FINASTERIDE", "act in the prostate"),
    "bladder": ("Oxybutynin or tolterodine", r"OXYBUTYNIN|TOLTERODINE", "act in the bladder"),
    "skin": ("Creams for the skin", r"(CLOBETASOL|MUPIROCIN|DESONIDE|CLOTRIMAZOLE|ECONAZOLE|ADAPALENE|SULFACETAMIDE|"
             r"HYDROCORTISONE|CHLORHEXIDINE|CALCIPOTRIENE|FLUOCINONIDE|TAZAROTENE|KETOCONAZOLE|TRETINOIN|"
             r"METRONIDAZOLE|BETAMETHASONE)[; A-Z]* TOPICAL", "act in the skin"),
}  # fmt: skip
LESSONS = {
    "takes_quinine": (
        "Reverse causation: quinine is given because of cramps, so those who take it have the most of them. Trials "
        "show that it lowers cramps a little; its harms forbid it. The ratio says nothing of what quinine does."
    ),
    "takes_laba": (
        "Confounding by lung disease: the ratio falls with every step of adjustment, and lung disease itself, "
        "short-acting and anticholinergic inhalers show the same. What the evidence uses is bounded by people before "
        "and after a start."
    ),
}


def read_exposures(table: SurveyTable, evidence: Evidence) -> list[Exposure]:
    """Return conditions, medicine classes and negative controls, in that order."""
    found = [
        Exposure(key, label, "condition", _condition(table, questions), finding)
        for key, (finding, label, questions) in CONDITIONS.items()
    ]
    found += _medicines(table, evidence)
    for key, (label, question, why) in CONTROL_CONDITIONS.items():
        found.append(Exposure(key, label, "condition", _told(table, question), negative_control=why))
    for key, (label, pattern, why) in CONTROL_MEDICINES.items():
        found.append(Exposure(key, label, "medicine", _named(table, re.compile(pattern)), negative_control=why))
    return found


def _told(table: SurveyTable, question: str) -> FloatArray:
    """1 yes, 0 no (and borderline), NaN for refused, not known or not asked."""
    codes = table.codes(question, 1, 2, 3)
    return np.where(np.isnan(codes), np.nan, codes == 1)


def _condition(table: SurveyTable, questions: tuple[str, ...]) -> FloatArray:
    each = []
    for question in questions:
        told = _told(table, question)
        if question in EVER:  # "do you still have it" is asked of those only who ever had it
            told = np.where(_told(table, EVER[question]) == 0, 0.0, told)
        each.append(told)
    answers = np.stack(each)
    any_yes, any_unknown = (answers == 1).any(axis=0), np.isnan(answers).any(axis=0)
    return np.where(any_yes, 1.0, np.where(any_unknown, np.nan, 0.0))


def _medicines(table: SurveyTable, evidence: Evidence) -> list[Exposure]:
    lexicon = build_medicine_lexicon(evidence.medicines)
    classes: dict[str, frozenset[str]] = {}
    columns: dict[str, FloatArray] = {
        key: np.where([names is None for names in table.medicines], np.nan, 0.0)
        for key, finding in evidence.findings.items()
        if finding.kind == "medicine" and key != "takes_no_medicines"
    }
    for row, names in enumerate(table.medicines):
        for name in names or ():
            if name not in classes:
                classes[name] = frozenset(resolve_medicine(name.lower(), lexicon).classes)
            for key in classes[name] & columns.keys():
                columns[key][row] = 1.0
    return [
        Exposure(key, evidence.findings[key].label, "medicine", having, key, lesson=LESSONS.get(key, ""))
        for key, having in sorted(columns.items())
    ]


def _named(table: SurveyTable, pattern: re.Pattern[str]) -> FloatArray:
    return np.array(
        [
            np.nan if names is None else float(any(pattern.fullmatch(name) for name in names))
            for names in table.medicines
        ]
    )


def count_medicines(table: SurveyTable) -> FloatArray:
    """Return the number of different prescriptions of each person, NaN where not asked."""
    return np.array([np.nan if names is None else float(len(names)) for names in table.medicines])


def exposure_columns() -> frozenset[str]:
    """Return the survey columns that are read here."""
    asked = {question for _, _, questions in CONDITIONS.values() for question in questions}
    return frozenset(asked | set(EVER.values()) | {question for _, question, _ in CONTROL_CONDITIONS.values()})
