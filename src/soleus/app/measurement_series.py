"""All series of measurements of a diary, each read together."""

from __future__ import annotations

from soleus.app.measurement_report import SeriesReport, report_series
from soleus.core.record import Sample
from soleus.diary import Diary
from soleus.knowledge.schema import Evidence


def series_of(diary: Diary) -> dict[str, list[Sample]]:
    """Return the measurements by quantity, the one measured last first."""
    found: dict[str, list[Sample]] = {}
    for sample in diary.samples():
        found.setdefault(sample.quantity, []).append(sample)
    newest = sorted(found, key=lambda key: (found[key][-1].taken_at, key), reverse=True)
    return {key: found[key] for key in newest}


def report_all_series(diary: Diary, evidence: Evidence) -> list[SeriesReport]:
    """Return what each series says, the one measured last first."""
    return [report_series(key, samples, evidence) for key, samples in series_of(diary).items()]
