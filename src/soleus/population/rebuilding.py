"""Everything that the evidence knows from the survey, computed again from the public files and written as text.

The same files give the same text: no clock, no draws, no paths.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from soleus.core.population import CellCover
from soleus.knowledge.schema import Evidence, FrequencyCurve, PlainModel, RelativeRisk
from soleus.population.cells import model_cells
from soleus.population.exposures import exposure_columns, read_exposures
from soleus.population.frequency_model import CrampAnswers, FrequencyModel, fit_frequency, read_answers
from soleus.population.frequency_table import frequency_curves, frequency_toml
from soleus.population.judging import FITTED_CYCLE
from soleus.population.plain_model import plain_models, plain_toml
from soleus.population.reading import ANY_MEDICINE, MEDICINE_NAMES, MEDICINE_ROW, SurveyTable, refuse
from soleus.population.relative_risk import Null, relative_risks
from soleus.population.set_points import SetPoints, set_point_columns, set_points, set_points_toml
from soleus.population.survey import CLUSTER, STRATUM, WEIGHT, Design, read_design
from soleus.population.toml_text import head, table

SURVEY = "NHANES 2005-2006, examined people, interviewed and examined 2005-01 to 2006-12"
ANSWER_COLUMNS = frozenset(
    {"SEQN", "SDDSRVYR", "RIDAGEYR", "RIAGENDR", "RIDEXPRG", "RHD152", "SLQ160", WEIGHT, STRATUM, CLUSTER}
)
COVARIATE_COLUMNS = frozenset({"SLQ150", "DMDEDUC2", "BMXBMI", "SMQ020", "SMQ040", "HUQ010"})


def fit_columns() -> frozenset[str]:
    """Return every survey column that a fit reads."""
    medicines = {ANY_MEDICINE, MEDICINE_NAMES, MEDICINE_ROW}
    return ANSWER_COLUMNS | COVARIATE_COLUMNS | exposure_columns() | set_point_columns() | medicines


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What was computed. ``texts`` are the evidence files by name; ``too_few`` the exposures without enough people."""

    texts: dict[str, str]
    curves: dict[str, FrequencyCurve]
    plain: dict[str, PlainModel]
    risks: dict[str, RelativeRisk]
    null: Null
    too_few: tuple[str, ...]
    points: dict[str, SetPoints]
    cells: tuple[CellCover, ...]
    model: FrequencyModel
    answers: CrampAnswers
    design: Design


def rebuild_evidence(survey: SurveyTable, evidence: Evidence, told: Callable[[str], None] = lambda _: None) -> Rebuilt:
    """Return the computed evidence of the survey.

    Parameters
    ----------
    survey : SurveyTable
        All of NHANES 2005-2006 that `fit_columns` names; another cycle is refused.
    evidence : Evidence
        For units, variation within a person, and medicine names; its computed numbers are not looked at.
    told : callable
        Called with what is being done.

    Raises
    ------
    PopulationError
        Another cycle, a missing column, or numbers that cannot be.
    """
    if set(survey.column("SDDSRVYR")) != {float(FITTED_CYCLE)}:
        raise refuse(
            "other_cycle", "SDDSRVYR", "these are not, or not only, the people of 2005-2006",
            "other people are kept for judging what is fitted on these", "give the files ending in _D",
        )  # fmt: skip
    for name in sorted(ANSWER_COLUMNS):  # judging can do without some of them, fitting cannot
        survey.column(name)
    design = read_design(survey)
    answers = read_answers(survey, design)
    told("how often: curves over age, sex and month of pregnancy")
    model = fit_frequency(answers, design)
    curves = frequency_curves(model, answers, design)
    plain = plain_models(answers, design)
    told("what goes with cramps: relative risks and negative controls")
    risks, null, too_few = relative_risks(survey, answers, design, read_exposures(survey, evidence))
    told("laboratory values: mean and spread between people")
    points = set_points(survey, answers, design, evidence.quantities)

    def text(title: str, model_words: str, n: int, body: str) -> str:
        return head(title, model_words, survey.files, n, SURVEY) + "\n" + body

    return Rebuilt(
        texts={
            "cramp_frequency.toml": text(
                "How often people have leg cramps while trying to sleep.", "in the field `derivation` of each table",
                model.n, frequency_toml(curves),
            ),
            "plain_models.toml": text(
                "The plain model that the curves are judged against.", "survey-weighted logistic regression",
                int(answers.used.sum()), plain_toml(plain),
            ),
            "relative_risks.toml": text(
                "What goes with five or more night cramps a month: associations, never likelihood ratios.",
                f"standardized ratios; {null_words(null)}", int((answers.used & (answers.age >= 20)).sum()),
                "\n".join(table(key, msgspec.to_builtins(risk)) for key, risk in risks.items()),
            ),
            "set_points.toml": text(
                "Set points in the population: added to the quantities of measurements/laboratory.toml.",
                "total variance less variance within a person and in the laboratory",
                int((design.weight > 0).sum()), set_points_toml(points),
            ),
        },
        curves=curves,
        plain=plain,
        risks=risks,
        null=null,
        too_few=tuple(too_few),
        points=points,
        cells=model_cells(model, answers, design),
        model=model,
        answers=answers,
        design=design,
    )  # fmt: skip


def null_words(null: Null) -> str:
    """Return the empirical null in words."""
    if null.controls < 3:
        return "too few negative controls for an empirical null: not calibrated"
    return (
        f"empirical null from {null.controls} negative controls: mean log ratio {null.mean:.3f} (standard error "
        f"{null.error:.3f}), spread {null.spread:.3f}"
    )
