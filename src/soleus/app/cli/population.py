"""``soleus population fit | judge | plot``: rebuild what the evidence takes from the survey, and hold it to account."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from soleus.app.cli.assess import encode
from soleus.app.cli.main import NOT_READ, OK
from soleus.core.population import CellCover, Estimate, ModelJudgment, PopulationJudgment


def run_population(options: argparse.Namespace) -> int:
    """Run one of the population actions; return the exit code (2 when the survey cannot be used)."""
    from soleus.population.reading import PopulationError

    actions = {"fit": _fit, "judge": _judge, "plot": _plot}
    try:
        return actions[options.action](options)
    except PopulationError as error:
        if getattr(options, "json", False):
            print(encode({"problems": error.problems}))
        for problem in error.problems:
            print(problem, file=sys.stderr)
        return NOT_READ


def _fit(options: argparse.Namespace) -> int:
    from soleus.knowledge.load import load_evidence
    from soleus.population.reading import read_survey
    from soleus.population.rebuilding import fit_columns, null_words, rebuild_evidence

    paths = [Path(name) for name in options.files]
    tell("reading " + ", ".join(path.name for path in paths))
    survey = read_survey(paths, fit_columns())
    found = rebuild_evidence(survey, load_evidence(), tell)
    written = []
    if options.out:
        folder = Path(options.out)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name, text in found.texts.items():
                (folder / name).write_text(text, encoding="utf-8")
                written.append(str(folder / name))
        except OSError as error:
            print(f"error: {folder} cannot be written: {error.strerror}", file=sys.stderr)
            return NOT_READ
    covered = _covered(found.cells)
    if options.json:
        print(
            encode(
                {
                    "files": dict(survey.files),
                    "n": found.model.n,
                    "written": written,
                    "curves": found.curves,
                    "plain_models": found.plain,
                    "relative_risks": found.risks,
                    "empirical_null": null_words(found.null),
                    "too_few_exposed": found.too_few,
                    "set_points": {
                        key: {"population_mean": p.population_mean, "between_person_cv": p.between_person_cv}
                        for key, p in found.points.items()
                    },
                    "cells": found.cells,
                    "cells_covered": covered,
                }
            )
        )
        return OK
    print(f"{found.model.n} people, {len(found.design.stratum_of)} clusters in {found.design.degrees} strata")
    for k, step in enumerate(found.model.steps, start=1):
        print(f"answer {k} or more, of those with {k - 1} or more: {step.degrees:.1f} effective degrees of freedom")
    for outcome, (hits, n) in covered.items():
        print(f"{outcome}: the 95 % interval holds the direct survey estimate in {hits} of {n} cells of sex and age")
    print(null_words(found.null))
    for key, risk in found.risks.items():
        ratios = (risk.crude, risk.adjusted, risk.adjusted_for_health, risk.jerks)
        print(f"{key:30} " + "  ".join(f"{r.value:5.2f} ({r.range[0]:.2f} to {r.range[1]:.2f})" for r in ratios))
    print("columns: crude, adjusted, adjusted for health too, leg jerks instead of cramps")
    print(f"too few people for: {', '.join(found.too_few)}")
    for name in written:
        print(f"written: {name}")
    if not written:
        print("nothing was written: give --out FOLDER")
    return OK


def _judge(options: argparse.Namespace) -> int:
    judged = judge_files([Path(name) for name in options.files], cross_validate=options.cross_validate)
    print(encode(judged)) if options.json else _print_judgment(judged)
    return OK


def judge_files(paths: list[Path], *, cross_validate: bool) -> PopulationJudgment:
    """Return the judgment of the shipped evidence on the people of some files."""
    from soleus.knowledge.load import load_evidence
    from soleus.population.judging import judge_population
    from soleus.population.reading import read_survey
    from soleus.population.rebuilding import ANSWER_COLUMNS

    survey = read_survey(paths, ANSWER_COLUMNS)
    return judge_population(survey, load_evidence(), cross_validate=cross_validate, told=tell_share)


def _print_judgment(judged: PopulationJudgment) -> None:
    print(f"{judged.n} people of {', '.join(judged.files)}: {judged.who}")
    for name, words in (("mild", "1 to 4 night cramps a month"), ("moderate_severe", "5 or more a month")):
        print(f"{words}: {_percent(judged.prevalence[name])}")
    for outcome in judged.outcomes:
        words = "any night cramps" if outcome.outcome == "any" else "five or more a month"
        print(f"\n{words}: {outcome.events} of {outcome.n}, weighted {_percent(outcome.observed)}")
        for model in outcome.models:
            _print_model(model)
        for name, difference in outcome.brier_differences.items():
            print(f"  Brier score less that of {name}: {_number(difference, 5)}")
        print("  tenths by predicted probability: predicted, observed")
        for group in outcome.models[0].groups:
            print(f"    {100 * group.predicted:5.1f} %  {_percent(group.observed)}  n {group.observed.n}")
    for outcome_name, (hits, n) in _covered(judged.cells).items():
        print(
            f"{outcome_name}: the 95 % interval holds the direct survey estimate in {hits} of {n} cells of sex and age"
        )


def _print_model(model: ModelJudgment) -> None:
    print(f"  {model.model}")
    print(f"    Brier score {_number(model.brier, 4)}, scaled {model.scaled_brier:.4f}, AUC {_number(model.auc, 3)}")
    if model.slope is not None and model.intercept is not None:
        print(f"    calibration slope {_number(model.slope, 2)}, intercept {_number(model.intercept, 2)}")
    if model.group_slope is not None and model.group_intercept is not None:
        print(f"    over tenths: slope {_number(model.group_slope, 2)}, intercept {_number(model.group_intercept, 3)}")
    print(f"    calibration in the large (log-odds) {_number(model.in_the_large, 3)}")


def _covered(cells: tuple[CellCover, ...]) -> dict[str, tuple[int, int]]:
    names = dict.fromkeys(cell.outcome for cell in cells)
    return {
        name: (sum(c.covered for c in cells if c.outcome == name), sum(c.outcome == name for c in cells))
        for name in names
    }


def _plot(options: argparse.Namespace) -> int:
    from soleus.knowledge.load import load_evidence
    from soleus.report.population_svg import draw_population

    evidence = load_evidence()
    judged = judge_files([Path(options.file)], cross_validate=options.cross_validate) if options.file else None
    folder = Path(options.out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, svg in draw_population(evidence, judged).items():
            path = folder / f"population_{name}.svg"
            path.write_text(svg, encoding="utf-8")
            print(f"written: {path}")
    except OSError as error:
        print(f"error: {folder} cannot be written: {error.strerror}", file=sys.stderr)
        return NOT_READ
    return OK


def _percent(share: Estimate) -> str:
    return f"{100 * share.value:.1f} % ({100 * share.low:.1f} to {100 * share.high:.1f})"


def _number(of: Estimate, digits: int) -> str:
    return f"{of.value:.{digits}f} ({of.low:.{digits}f} to {of.high:.{digits}f})"


def tell(words: str) -> None:
    """Say on standard error what is being done."""
    print(words, file=sys.stderr, flush=True)


def tell_share(done: int, of: int) -> None:
    """Show how many fits are done: one changing line on a terminal, a line at a fifth of the way elsewhere."""
    if sys.stderr.isatty():
        print(f"\rfit {done} of {of}" + ("\n" if done == of else ""), end="", file=sys.stderr, flush=True)
    elif done % max(of // 5, 1) == 0:
        tell(f"fit {done} of {of}")
