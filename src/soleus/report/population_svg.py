"""Pictures of a population for a paper: cramps over age and pregnancy, what goes with them, and calibration.

Women and men, and the models, differ in shape and in dash as well as in lightness, so that a gray print keeps them.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log

from soleus.core.population import CellCover, PopulationJudgment, RiskGroup
from soleus.knowledge.schema import Evidence, RelativeRisk
from soleus.report.population_panel import Panel, Sheet

WOMEN, MEN = "#8c2d04", "#08519c"
INK, GRAY, PALE = "#1d2a3a", "#6b737c", "#c9ced4"
OUTCOMES = (("any", 1, "Any night cramps in a month"), ("frequent", 3, "Five or more night cramps a month"))
RATIOS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)


def draw_population(evidence: Evidence, judged: PopulationJudgment | None = None) -> dict[str, str]:
    """Return the pictures as SVG texts by name: age, pregnancy, risks, and with a judgment calibration.

    Parameters
    ----------
    evidence : Evidence
    judged : PopulationJudgment, optional
        Adds the direct survey estimates to the curves, and the calibration of the models.
    """
    pictures = {
        "age": draw_age(evidence, judged.cells if judged else ()),
        "pregnancy": draw_pregnancy(evidence),
        "risks": draw_risks(evidence),
    }
    if judged:
        pictures["calibration"] = draw_calibration(judged)
    return pictures


def draw_age(evidence: Evidence, cells: Sequence[CellCover] = ()) -> str:
    """Return how common night cramps are over age in women and men, with 95 % bands and direct estimates."""
    sheet = Sheet(
        940, 430, "Night leg cramps by age and sex",
        "Share of women and of men with any and with five or more night cramps a month over age, fitted curves with 95 "
        "% bands" + (", and direct survey estimates with 95 % intervals" if cells else ""),
    )  # fmt: skip
    curves = evidence.cramp_frequency
    for i, (outcome, least, title) in enumerate(OUTCOMES):
        top = 0.7 if outcome == "any" else 0.25
        panel = Panel(sheet, 70 + 460 * i, 60, 370, 290, (16, 86), (0, top), title)
        panel.axes(range(20, 90, 10), [top * k / (7 if outcome == "any" else 5) for k in range(8)], "age, years")
        for name, color, dash in (("women", WOMEN, ""), ("men", MEN, "7 4")):
            curve = curves[name]
            low, high = ([row[least - 1] for row in rows] for rows in (curve.at_least_low, curve.at_least_high))
            panel.band(curve.at, low, high, color)
            panel.curve(curve.at, [sum(row[least:]) for row in curve.shares], color, dash)
        for cell in cells:
            if cell.outcome == outcome:
                shift = -0.6 if cell.sex == "female" else 0.6
                color, shape = (WOMEN, "circle") if cell.sex == "female" else (MEN, "square")
                middle = (cell.ages[0] + cell.ages[1] + 1) / 2 + shift
                panel.estimate(middle, cell.direct.value, cell.direct.low, cell.direct.high, color, shape)
    key = [("women", WOMEN, "", "circle"), ("men", MEN, "7 4", "square")]
    sheet.key(
        70, 408, key, "Line: fitted curve; band: its 95 % range" + ("; marks: direct estimates." if cells else ".")
    )
    return sheet.finish()


def draw_pregnancy(evidence: Evidence) -> str:
    """Return the five answers over the months of pregnancy, with those of other women of 28 beside them."""
    sheet = Sheet(
        620, 420, "Night leg cramps in pregnancy",
        "Share of pregnant women with any and with five or more night cramps a month by month of pregnancy, with 95 % "
        "bands; a dotted line for women of 28 who are not pregnant",
    )  # fmt: skip
    curve, women = evidence.cramp_frequency["pregnant"], evidence.cramp_frequency["women"]
    panel = Panel(sheet, 70, 60, 510, 270, (1, 10), (0, 1.0), "Share of pregnant women")
    panel.axes(range(1, 11), [0, 0.2, 0.4, 0.6, 0.8, 1.0], "month of pregnancy")
    for (_, least, _), color, dash in zip(OUTCOMES, (INK, WOMEN), ("", "7 4"), strict=True):
        low, high = ([row[least - 1] for row in rows] for rows in (curve.at_least_low, curve.at_least_high))
        panel.band(curve.at, low, high, color)
        panel.curve(curve.at, [sum(row[least:]) for row in curve.shares], color, dash)
        other = sum(women.shares[28 - women.at[0]][least:])
        panel.curve((1, 10), (other, other), color, "2 4")
    key = [("any", INK, "", ""), ("five or more a month", WOMEN, "7 4", "")]
    sheet.key(70, 394, key, "Dotted: women of 28, not pregnant.")
    return sheet.finish()


def draw_risks(evidence: Evidence) -> str:
    """Return the relative risks of everything that goes with frequent cramps, negative controls below."""
    risks = evidence.relative_risks
    groups = [
        ("Conditions", [r for r in risks.values() if r.kind == "condition" and not r.negative_control]),
        ("Medicines", [r for r in risks.values() if r.kind == "medicine" and not r.negative_control]),
        ("Negative controls: nothing should be seen here", [r for r in risks.values() if r.negative_control]),
    ]
    rows = sum(len(group) + 1 for _, group in groups)
    height = 34
    sheet = Sheet(
        1000, 150 + height * rows, "What goes with five or more night cramps a month",
        "Relative risks with 95 % intervals: crude, adjusted, adjusted for health too, and for leg jerks instead of "
        "cramps. They are associations, not effects.",
    )  # fmt: skip
    panel = Panel(sheet, 420, 60, 540, height * rows, (log(RATIOS[0]), log(RATIOS[-1])), (rows, 0), "")
    panel.ratio_axis(RATIOS, "relative risk (logarithmic)")
    at = 0.0
    for title, group in groups:
        sheet.text(24, panel.y(at + 0.65), title, weight="600")
        at += 1
        for risk in sorted(group, key=lambda r: -r.adjusted_for_health.value):
            _draw_risk(sheet, panel, at + 0.5, risk)
            at += 1
    key = [("crude", PALE, "", "circle"), ("adjusted", GRAY, "", "square"), ("for health too", INK, "", "square"),
           ("leg jerks", MEN, "7 4", "diamond")]  # fmt: skip
    sheet.key(24, sheet.height - 22, key, "")
    return sheet.finish()


def _draw_risk(sheet: Sheet, panel: Panel, at: float, risk: RelativeRisk) -> None:
    label = risk.label if len(risk.label) <= 42 else risk.label[:41] + "…"
    sheet.text(24, panel.y(at) + 5, f"{label} ({risk.exposed_with_cramps} of {risk.exposed})")
    shown = (
        (risk.crude, PALE, "circle", -0.27), (risk.adjusted, GRAY, "square", -0.09),
        (risk.adjusted_for_health, INK, "square", 0.09), (risk.jerks, MEN, "diamond", 0.27),
    )  # fmt: skip
    for ratio, color, shape, shift in shown:
        panel.across(at + shift, log(ratio.value), log(ratio.range[0]), log(ratio.range[1]), color, shape)


def draw_calibration(judged: PopulationJudgment) -> str:
    """Return observed against predicted shares in tenths of people, for the curves and the plain model."""
    sheet = Sheet(
        940, 470, "Predicted and observed night cramps",
        f"Observed shares with 95 % intervals against predicted ones in tenths of {judged.n} people; on the line both "
        f"are the same. {judged.who[0].upper()}{judged.who[1:]}.",
    )  # fmt: skip
    for i, outcome in enumerate(judged.outcomes):
        title = next(title for key, _, title in OUTCOMES if key == outcome.outcome)
        shown = outcome.models[:2]
        top = 0.1 * (1 + int(10 * max(g.observed.high for model in shown for g in model.groups)))
        panel = Panel(sheet, 70 + 460 * i, 60, 330, 330, (0, top), (0, top), title)
        marks = [top * k / 5 for k in range(6)]
        panel.axes(marks, marks, "predicted", percent=True)
        panel.curve((0, top), (0, top), GRAY, "2 4")
        for model, color, shape, shift in zip(shown, (INK, MEN), ("circle", "diamond"), (-1, 1), strict=False):
            _draw_groups(panel, model.groups, color, shape, shift * top / 200)
    models = judged.outcomes[0].models
    key = [(models[0].model, INK, "", "circle"), (models[1].model, MEN, "", "diamond")]
    sheet.key(70, 446, key, "")
    return sheet.finish()


def _draw_groups(panel: Panel, groups: Sequence[RiskGroup], color: str, shape: str, shift: float) -> None:
    for group in groups:
        panel.estimate(
            group.predicted + shift, group.observed.value, group.observed.low, group.observed.high, color, shape
        )
