"""What must hold for every record of cramps: order, sums, and the length of nights when clocks are changed."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soleus.core.record import Episode, NightCount, night_of
from soleus.monitoring.clock_profile import profile

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia"]
# nights around changes of the clocks of both half-years, and ordinary ones
days = st.one_of(
    st.dates(date(2026, 3, 6), date(2026, 4, 6)),
    st.dates(date(2026, 9, 25), date(2026, 11, 3)),
    st.dates(date(2026, 1, 1), date(2026, 12, 31)),
)


@st.composite
def records(draw: st.DrawFn) -> tuple[list[Episode], list[NightCount], str]:
    zone = draw(st.sampled_from(ZONES))
    counted = draw(st.lists(days, max_size=12, unique=True))
    counts = [NightCount(night_of=day, cramps=draw(st.integers(0, 4))) for day in counted]
    episodes = []
    for number in range(draw(st.integers(0, 15))):
        day, minute = draw(days), draw(st.integers(0, 1439))
        at = datetime.combine(day, time(0), tzinfo=UTC) + timedelta(minutes=minute)
        timed = draw(st.booleans())
        episodes.append(
            Episode(
                id=str(number),
                recorded_at=at,
                zone=zone,
                night_of=night_of(at, zone),
                started_at=at if timed else None,
            )
        )
    return episodes, counts, zone


@given(records())
@settings(max_examples=80, deadline=None)
def test_hours_and_cramps_add_up(record: tuple[list[Episode], list[NightCount], str]) -> None:
    episodes, counts, zone = record
    result = profile(episodes, counts, zone)
    clock = ZoneInfo(zone)
    recorded = {count.night_of for count in counts} | {episode.night_of for episode in episodes}
    lengths = [
        datetime.combine(night + timedelta(days=1), time(12), tzinfo=clock).timestamp()
        - datetime.combine(night, time(12), tzinfo=clock).timestamp()
        for night in recorded
    ]
    assert sum(result.exposure_h) == pytest.approx(sum(lengths) / 3600)
    assert result.nights_recorded == len(recorded)
    timed = sum(episode.started_at is not None for episode in episodes)
    assert sum(result.cramps) == timed
    assert result.without_time >= len(episodes) - timed
    assert all(hours > 0 for hours, cramps in zip(result.exposure_h, result.cramps, strict=True) if cramps)
    if result.at_night is not None:
        assert 0 <= result.at_night.low <= result.at_night.value <= result.at_night.high <= 1
        assert result.first_half_cramps + result.second_half_cramps == result.at_night.cramps


@given(records(), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_the_order_of_entries_does_not_matter(
    record: tuple[list[Episode], list[NightCount], str], source: random.Random
) -> None:
    episodes, counts, zone = record
    expected = profile(episodes, counts, zone)
    source.shuffle(episodes)
    source.shuffle(counts)
    assert profile(episodes, counts, zone) == expected


@given(records(), days)
@settings(max_examples=60, deadline=None)
def test_a_night_not_recorded_moves_no_rate(record: tuple[list[Episode], list[NightCount], str], last: date) -> None:
    episodes, counts, zone = record
    before = profile(episodes, counts, zone)
    if before.last is None:
        return
    after = profile(episodes, counts, zone, last=max(before.last, last))
    assert after.per_hour == before.per_hour
    assert after.at_night == before.at_night
    assert len(after.missing) == len(before.missing) + (max(before.last, last) - before.last).days
