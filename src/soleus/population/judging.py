"""The fitted population held to account: its frozen numbers against people who answered the same question.

Judging the people of 2005-2006, on whom it was fitted, is no test; that is said in the result. Cross-validation on them
is one: each cluster (a county or a few) is predicted by a model that was fitted, smoothing and all, without it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from soleus.core.population import OutcomeJudgment, PopulationJudgment
from soleus.knowledge.schema import Evidence
from soleus.population.calibration import judge_model
from soleus.population.cells import evidence_cells
from soleus.population.frequency_model import CrampAnswers, FrequencyModel, fit_frequency, read_answers
from soleus.population.plain_model import LEAST, Outcome, fit_plain, frozen_coefficients, has_outcome, predict_plain
from soleus.population.reading import SurveyTable, refuse
from soleus.population.survey import Design, read_design, weighted_mean, weighted_share

FloatArray = NDArray[np.float64]

FITTED_CYCLE = 4  # SDDSRVYR of 2005-2006
FEWEST = 10  # choice: with fewer people with or without cramps no slope has an interval
WORDS = {"any": "night cramps", "frequent": "five or more night cramps a month"}
CURVES, PLAIN, PLAIN_AGAIN, NULL = (
    "fitted curves",
    "plain logistic, frozen",
    "plain logistic, refitted out of fold",
    "null",
)
Told = Callable[[int, int], None]


def predict_shares(evidence: Evidence, age: FloatArray, female: NDArray[np.bool_], month: FloatArray) -> FloatArray:
    """Return the shares of the five answers (n, 5) that the evidence gives to people.

    Parameters
    ----------
    evidence : Evidence
    age : (n,) array
        Years, 16 or more.
    female : (n,) array of bool
    month : (n,) array
        Of pregnancy; 0 is not pregnant, NaN is pregnant in an unknown month: the mean of the months.
    """
    curves = evidence.cramp_frequency
    women, men, pregnant = (np.array(curves[key].shares) for key in ("women", "men", "pregnant"))
    first, last = curves["women"].at[0], curves["women"].at[-1]
    row = np.clip(age, first, last).astype(np.int64) - first
    shares = np.where(female[:, None], women[row], men[row])
    at = np.clip(np.nan_to_num(month, nan=1.0), 1, len(pregnant)).astype(np.int64) - 1
    shares = np.where((month > 0)[:, None], pregnant[at], shares)
    return np.where(np.isnan(month)[:, None], pregnant.mean(axis=0), shares)


def judge_population(
    table: SurveyTable, evidence: Evidence, *, cross_validate: bool = False, told: Told | None = None
) -> PopulationJudgment:
    """Return how well the evidence, or with ``cross_validate`` the way it is fitted, predicts the people of a file.

    Parameters
    ----------
    table : SurveyTable
        With the survey's names: SLQ160, RIDAGEYR, RIAGENDR, RIDEXPRG, RHD152 and the design columns.
    evidence : Evidence
        Its numbers are used as they are; nothing is fitted on these people but the second plain model.
    cross_validate : bool
        Fit again, whole, without each cluster in turn, and judge the predictions of those left out.
    told : callable, optional
        Called with the number of fits done and of all.

    Raises
    ------
    PopulationError
        A column is missing, nobody answered, or everybody answered the same.
    """
    design = read_design(table)
    answers = read_answers(table, design)
    group = answers.used
    for outcome in LEAST:
        having = has_outcome(answers, outcome)[group]
        if min(having.sum(), (~having).sum()) < FEWEST:
            raise refuse(
                "no_outcome", "SLQ160", f"{having.sum()} of {len(having)} people have {WORDS[outcome]}",
                f"nothing can be judged with fewer than {FEWEST} who have them, or who have not",
                "use a whole file with the answers to SLQ160",
            )  # fmt: skip
    cycles = np.unique(table.column("SDDSRVYR")[group]) if "SDDSRVYR" in table else np.array([])
    cycle = int(cycles[0]) if len(cycles) == 1 else None
    fitted_on = FITTED_CYCLE in cycles
    ages = np.where(group, answers.age, 16.0)
    month = np.where(group, answers.month, 0.0)
    shares = (
        _out_of_fold(answers, design, told) if cross_validate else predict_shares(evidence, ages, answers.female, month)
    )
    return PopulationJudgment(
        files=tuple(name for name, _ in table.files),
        cycle=cycle,
        fitted_on=fitted_on,
        cross_validated=cross_validate,
        who=_who(fitted_on, len(cycles) > 1, cross_validate),
        n=int(group.sum()),
        unknown=_left_out(table, answers, design),
        prevalence={
            "mild": weighted_share((answers.answer >= 1) & (answers.answer <= 2), group, design),
            "moderate_severe": weighted_share(answers.answer >= 3, group, design),
        },
        outcomes=tuple(
            _judge_outcome(outcome, shares, answers, design, evidence, refrozen=not cross_validate) for outcome in LEAST
        ),
        cells=evidence_cells(evidence, answers, design),
    )


def _who(fitted_on: bool, several: bool, cross_validate: bool) -> str:
    if cross_validate:
        return "each person is predicted by curves that were fitted without the people of their place (cluster)"
    if fitted_on and several:
        return "the curves were fitted on some of these people: give the files of one cycle to test them"
    if fitted_on:
        return "the curves were fitted on these very people: this is no test of them; --cross-validate is one"
    return "none of these people was used for fitting"


def _left_out(table: SurveyTable, answers: CrampAnswers, design: Design) -> dict[str, int]:
    answer = table.codes("SLQ160", 0, 1, 2, 3, 4)
    asked = answers.age >= 16
    fertile = answers.used & answers.female & (answers.age <= 44)
    return {
        "pregnancy_unknown": 0 if "RIDEXPRG" in table else int(fertile.sum()),
        "no_answer": int((asked & np.isnan(answer)).sum()),
        "no_weight": int((asked & ~np.isnan(answer) & ~(design.weight > 0)).sum()),
        "pregnant_month_unknown": int((answers.used & np.isnan(answers.month)).sum()),
    }


def _out_of_fold(answers: CrampAnswers, design: Design, told: Told | None) -> FloatArray:
    """Predict each cluster by a model fitted without it; where the month is unknown, the mean of the months."""
    shares = np.full((len(answers.age), 5), 0.2)
    clusters = len(design.stratum_of)
    for left_out in range(clusters):
        if told:
            told(left_out, clusters)
        model = fit_frequency(answers, design, left_out)
        rows = np.flatnonzero(answers.used & (design.cluster == left_out))
        shares[rows] = predict_people(model, answers.age[rows], answers.female[rows], answers.month[rows])
    if told:
        told(clusters, clusters)
    return shares


def predict_people(model: FrequencyModel, age: FloatArray, female: NDArray[np.bool_], month: FloatArray) -> FloatArray:
    """Return the shares of the five answers (n, 5) of a model; an unknown month is the mean of the months."""
    unknown = np.isnan(month)
    shares = model.shares(age, female, np.where(unknown, 0.0, month))[0]
    if unknown.any():
        months = [
            model.shares(age[unknown], female[unknown], np.full(int(unknown.sum()), float(m)))[0] for m in range(1, 11)
        ]
        shares[unknown] = np.mean(months, axis=0)
    return shares


def _judge_outcome(
    outcome: Outcome, shares: FloatArray, answers: CrampAnswers, design: Design, evidence: Evidence, *, refrozen: bool
) -> OutcomeJudgment:
    group, y = answers.used, has_outcome(answers, outcome)
    frozen = evidence.plain_models[outcome]
    again = np.zeros(len(y))
    for left_out in range(len(design.stratum_of)):
        here = design.cluster == left_out
        again[here] = predict_plain(fit_plain(answers, design, outcome, group & ~here), answers)[here]
    predicted = {CURVES: shares[:, LEAST[outcome] :].sum(axis=1)}
    if refrozen:
        predicted[PLAIN] = predict_plain(frozen_coefficients(frozen), answers)
    predicted[PLAIN_AGAIN] = again
    predicted[NULL] = np.full(len(y), frozen.prevalence)
    models = tuple(judge_model(name, p, y, group, design, frozen.prevalence) for name, p in predicted.items())
    error = (y - predicted[CURVES]) ** 2
    return OutcomeJudgment(
        outcome=outcome,
        n=int(group.sum()),
        events=int((group & y).sum()),
        observed=weighted_share(y, group, design),
        models=models,
        brier_differences={
            name: weighted_mean(error - (y - p) ** 2, group, design) for name, p in predicted.items() if name != CURVES
        },
    )
