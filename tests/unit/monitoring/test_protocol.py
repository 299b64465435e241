"""Series by a protocol: which sittings count, why others do not, and when the data suffice."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from soleus.core.record import Sample
from soleus.knowledge.load import load_evidence
from soleus.monitoring.protocol import Protocol, evaluate
from soleus.monitoring.ready_protocols import (
    ANKLE_BRACHIAL_INDEX,
    PROTOCOLS,
    SKIN_TEMPERATURE,
    VEIN_VELOCITY,
    own_protocol,
)

EVIDENCE = load_evidence()
SPREAD = (0.0, 2.0, 1.0)


def sitting(
    day: int, hour: float, value: float = 10.0, tries: int = 3, protocol: Protocol = VEIN_VELOCITY, **more: object
) -> list[Sample]:
    fields = {"quantity": protocol.quantity, "unit": protocol.unit, "posture": protocol.posture, "leg": "left", **more}
    start = datetime(2026, 5, 1, tzinfo=UTC) + timedelta(days=day - 1, hours=hour)
    moments = [start + timedelta(minutes=3 * i) for i in range(tries)]
    return [
        Sample(id=f"{m.isoformat()}-{i}", recorded_at=m, zone="UTC", taken_at=m, value=value + SPREAD[i % 3], **fields)  # type: ignore[arg-type]
        for i, m in enumerate(moments)
    ]


def series(days: int, protocol: Protocol = VEIN_VELOCITY) -> list[Sample]:
    return [
        s for d in range(1, days + 1) for h, v in ((7, 10.0), (20, 12.0)) for s in sitting(d, h, v + d % 3, 3, protocol)
    ]


def test_seven_days_after_the_day_of_practice_are_enough() -> None:
    report = evaluate(VEIN_VELOCITY, series(8), evidence=EVIDENCE)
    assert report.says == "Enough: 7 of 7 days."
    assert report.enough
    assert report.morning is not None
    assert report.evening is not None
    assert report.evening.value - report.morning.value == pytest.approx(2.0)
    assert report.morning.low is not None
    assert report.morning.low < report.morning.value
    assert report.daily_variability_percent is not None
    assert len(report.best) == 14
    assert {s.why_not for s in report.sittings[:2]} == {"the first day is practice"}


def test_more_days_than_needed_are_enough_too() -> None:
    assert evaluate(VEIN_VELOCITY, series(10), evidence=EVIDENCE).says == "Enough: 9 days, 7 are needed."


def test_five_days_lack_three() -> None:
    report = evaluate(VEIN_VELOCITY, series(5), evidence=EVIDENCE)
    assert report.says == "Not yet: 3 more days with a morning and an evening reading."
    assert report.day_night.measurable is None


@pytest.mark.parametrize(
    ("spoiled", "reason"),
    [
        (sitting(8, 7, posture="sitting"), "posture: sitting, not lying"),
        (sitting(8, 7, posture=None), "posture: the posture was not noted"),
        (sitting(8, 7, leg="right"), "leg: right, not left"),
        (sitting(8, 7, tries=1), "only 1 of 3 tries"),
        (sitting(8, 12), "at 12:00, outside 06:00 to 10:00 and 18:00 to 23:00"),
        (
            [*sitting(8, 7, tries=2), *sitting(8, 7.2, tries=1, posture="standing")],
            "only 2 of 3 tries; posture: standing",
        ),
    ],
)
def test_a_sitting_that_departs_does_not_count_and_says_why(spoiled: list[Sample], reason: str) -> None:
    rest = [s for s in series(8) if not (s.taken_at.day == 8 and s.taken_at.hour == 7)]
    report = evaluate(VEIN_VELOCITY, [*rest, *spoiled], evidence=EVIDENCE)
    assert report.says == "Not yet: 1 more day with a morning and an evening reading."
    bad = next(s for s in report.sittings if s.day.day == 8 and s.part != "evening")
    assert not bad.counts
    assert bad.why_not.startswith(reason)


def test_a_second_sitting_in_the_same_window_does_not_count() -> None:
    report = evaluate(VEIN_VELOCITY, [*series(8), *sitting(3, 9, 99.0)], evidence=EVIDENCE)
    extra = next(s for s in report.sittings if s.at.hour == 9)
    assert extra.why_not == "a second sitting in the same morning"
    assert report.day_night == evaluate(VEIN_VELOCITY, series(8), evidence=EVIDENCE).day_night


def test_the_highest_stands_for_a_velocity_and_the_middle_for_a_ratio() -> None:
    assert evaluate(VEIN_VELOCITY, sitting(1, 7) + sitting(2, 7), evidence=EVIDENCE).best[0].value == 12.0
    abi = sitting(1, 7, 1.0, 3, ANKLE_BRACHIAL_INDEX) + sitting(2, 7, 1.0, 3, ANKLE_BRACHIAL_INDEX)
    assert evaluate(ANKLE_BRACHIAL_INDEX, abi, evidence=EVIDENCE).best[0].value == 2.0


def test_more_tries_do_not_raise_the_best() -> None:
    five = [*sitting(1, 7), *sitting(2, 7), *sitting(2, 7.2, 50.0, 2)]
    best = evaluate(VEIN_VELOCITY, five, evidence=EVIDENCE).best[0]
    assert best.value == 12.0
    assert best.notes == ("only the first 3 of 5 tries are used",)


def test_posture_alone_is_warned_of_with_the_published_figures() -> None:
    (warning,) = evaluate(VEIN_VELOCITY, [], evidence=EVIDENCE).warnings
    assert "11 cm/s lying on the back" in warning
    assert "3 cm/s sitting" in warning
    assert "stein2009" in warning
    (abi,) = evaluate(ANKLE_BRACHIAL_INDEX, [], evidence=EVIDENCE).warnings
    assert "0.35" in abi


def test_readings_of_unknown_time_and_of_another_quantity() -> None:
    report = evaluate(VEIN_VELOCITY, [*series(8), *sitting(9, 7, clock_known=False)], evidence=EVIDENCE)
    assert report.without_clock == 3
    assert report.days_complete == 7
    with pytest.raises(ValueError, match="not abi"):
        evaluate(VEIN_VELOCITY, sitting(1, 7, quantity="abi"), evidence=EVIDENCE)


def test_units_are_converted_to_that_of_the_protocol() -> None:
    report = evaluate(
        VEIN_VELOCITY, [s for d in (1, 2) for s in sitting(d, 7, 0.1, 3, unit="m/s", leg=None)], evidence=EVIDENCE
    )
    assert report.best[0].value == pytest.approx(210.0)  # the highest of 0.1, 2.1 and 1.1 m/s


def test_skin_temperature_has_no_per_cent_and_a_bare_ratio_needs_no_unit() -> None:
    assert evaluate(SKIN_TEMPERATURE, series(8, SKIN_TEMPERATURE), evidence=EVIDENCE).daily_variability_percent is None
    bare = [s for d in range(1, 9) for h in (7, 20) for s in sitting(d, h, 1.0, 3, ANKLE_BRACHIAL_INDEX, unit="")]
    assert evaluate(ANKLE_BRACHIAL_INDEX, bare, evidence=EVIDENCE).enough


def test_the_order_of_readings_does_not_matter() -> None:
    forward, backward = series(9), list(reversed(series(9)))
    assert evaluate(VEIN_VELOCITY, forward, evidence=EVIDENCE) == evaluate(VEIN_VELOCITY, backward, evidence=EVIDENCE)


def test_every_ready_protocol_says_what_to_do_and_why() -> None:
    for protocol in (*PROTOCOLS.values(), own_protocol("girth", "cm", None)):
        assert protocol.why
        assert len(protocol.instructions()) == 4
        assert "8 days" in protocol.instructions()[3]


def test_a_protocol_that_nobody_can_keep_is_refused() -> None:
    with pytest.raises(ValueError, match="3 tries, 2 days"):
        replace(VEIN_VELOCITY, days=2)
    with pytest.raises(ValueError, match="overlap"):
        replace(VEIN_VELOCITY, evening=VEIN_VELOCITY.morning)
