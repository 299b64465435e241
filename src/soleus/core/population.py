"""What is found out about a population, as plain numbers: shared by those who compute and those who draw or print."""

from __future__ import annotations

from typing import Literal

import msgspec


class Estimate(msgspec.Struct, frozen=True):
    """A number with its 95 % interval and standard error, and how many people are behind it."""

    value: float
    low: float
    high: float
    error: float
    n: int


class RiskGroup(msgspec.Struct, frozen=True):
    """A tenth of people by predicted probability: the mean that was predicted, and the share observed."""

    predicted: float
    observed: Estimate


class ModelJudgment(msgspec.Struct, frozen=True):
    """How well one model's probabilities fit what people answered.

    ``brier`` is the mean squared error; ``scaled_brier`` is 1 for perfect and 0 for no better than the null.
    ``in_the_large`` is the shift of log-odds that would make the mean right (0 is right). ``slope`` and ``intercept``
    are those of the log-odds (1 and 0 are right); None for a model that says the same to everybody. ``group_slope``
    and ``group_intercept`` are those of observed shares on predicted ones over the tenths.
    """

    model: str
    brier: Estimate
    scaled_brier: float
    in_the_large: Estimate
    slope: Estimate | None
    intercept: Estimate | None
    group_slope: Estimate | None
    group_intercept: Estimate | None
    auc: Estimate
    groups: tuple[RiskGroup, ...]


class OutcomeJudgment(msgspec.Struct, frozen=True):
    """All models on one outcome. The differences of Brier scores are those of the first model less each other one."""

    outcome: Literal["any", "frequent"]
    n: int
    events: int
    observed: Estimate
    models: tuple[ModelJudgment, ...]
    brier_differences: dict[str, Estimate]


class CellCover(msgspec.Struct, frozen=True):
    """A group of one sex and age: the direct survey estimate beside the fitted one with its 95 % interval."""

    sex: Literal["female", "male"]
    ages: tuple[int, int]
    outcome: Literal["any", "frequent"]
    direct: Estimate
    fitted: Estimate

    @property
    def covered(self) -> bool:
        """Whether the fitted interval holds the direct estimate."""
        return self.fitted.low <= self.direct.value <= self.fitted.high


class PopulationJudgment(msgspec.Struct, frozen=True):
    """A fitted population held against people who answered.

    ``who`` says in words whether these people were used for fitting. ``prevalence`` has the shares of mild (1 to 4 a
    month) and moderate to severe (5 or more) night cramps. ``unknown`` counts people left out, by reason.
    """

    files: tuple[str, ...]
    cycle: int | None
    fitted_on: bool
    cross_validated: bool
    who: str
    n: int
    unknown: dict[str, int]
    prevalence: dict[str, Estimate]
    outcomes: tuple[OutcomeJudgment, ...]
    cells: tuple[CellCover, ...] = ()
