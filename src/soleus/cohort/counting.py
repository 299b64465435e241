"""The numbers of one part of a screening."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from soleus.core.screening import AGE_BANDS, BINS, ScreeningSummary
from soleus.reasoning.batch_people import SEXES, FloatArray, States

__all__ = ["count_answers", "group_names"]


def group_names(age: FloatArray, sex: States) -> tuple[list[str], NDArray[np.int64]]:
    """Return the names of the groups by sex and age band, and which of them each person belongs to."""
    bands = ["unknown", *(str(low) for low in AGE_BANDS)]
    names = [f"{one or 'unknown'} {band}" for one in SEXES for band in bands]
    band = np.where(np.isnan(age), 0, np.searchsorted(AGE_BANDS, np.nan_to_num(age), side="right"))
    return names, sex.astype(np.int64) * len(bands) + band


def count_answers(answers: pa.Table) -> ScreeningSummary:
    """Return the counts of scored rows.

    Parameters
    ----------
    answers : pyarrow.Table
        As `soleus.cohort.scoring.Scorer.score` returns them, rejects among them.
    """
    good = pc.is_null(answers["reject_code"])
    rejected = answers.filter(pc.invert(good))
    screened = answers.filter(good) if rejected.num_rows else answers  # the usual case, without a copy
    pairs = screened.select(["group", "urgency"]).group_by(["group", "urgency"]).aggregate([([], "count_all")])
    groups: dict[str, dict[str, int]] = {}
    for row in sorted(pairs.to_pylist(), key=lambda row: (row["group"], row["urgency"])):
        groups.setdefault(row["group"], {})[row["urgency"]] = row["count_all"]
    explains = [name for name in answers.schema.names if name.startswith("explains_")]
    causes = [*(name.removeprefix("explains_") for name in explains), "idiopathic", "other"]
    columns = [*explains, "idiopathic", "other"]
    best, first = np.full(screened.num_rows, -1.0), np.zeros(screened.num_rows, dtype=np.int64)
    expected = {}
    for k, (cause, column) in enumerate(zip(causes, columns, strict=True)):
        value = screened[column].to_numpy()
        higher = value > best
        best[higher], first[higher] = value[higher], k
        expected[cause] = round(1000 * float(value.sum()))
    most = np.bincount(first, minlength=len(causes))
    bins = np.bincount(np.minimum((screened["cramp"].to_numpy() * BINS).astype(np.int64), BINS - 1), minlength=BINS)
    return ScreeningSummary(
        read=answers.num_rows,
        screened=screened.num_rows,
        rejected=rejected.num_rows,
        urgency=_counts(screened["urgency"]),
        red_flags=_counts(pc.list_flatten(screened["red_flags"])),
        first_cause={cause: int(n) for cause, n in sorted(zip(causes, most, strict=True)) if n},
        expected=dict(sorted(expected.items())),
        cramp=tuple(int(n) for n in bins),
        groups=groups,
        problems=_counts(pc.list_flatten(screened["problems"])),
        rejects=_counts(rejected["reject_code"]),
        rejected_columns=_counts(pc.binary_join_element_wise(rejected["reject_column"], rejected["reject_code"], " ")),
    )


def _counts(values: pa.ChunkedArray) -> dict[str, int]:
    counted = pc.value_counts(values).to_pylist()
    return dict(sorted((one["values"], one["counts"]) for one in counted))
