"""The pictures of a diary: sound SVG, words for those who do not see, missing told apart from none, width kept."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from xml.etree import ElementTree

import html5lib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from soleus.report.diary_svg import render_clock_svg, render_nights_svg, render_weeks_svg
from soleus.report.diary_table import (
    render_table_html,
    render_table_text,
    tabulate_clock,
    tabulate_nights,
    tabulate_series,
    tabulate_weeks,
)
from soleus.report.diary_text import (
    can_draw_blocks,
    render_clock_text,
    render_nights_text,
    render_series_text,
    render_weeks_text,
)
from soleus.report.diary_view import HourBin, NightCell, SeriesPoint, SeriesView, WeekBar
from soleus.report.series_svg import render_series_svg

MONDAY = date(2026, 11, 2)
NIGHTS = [
    NightCell(MONDAY, "count", 2),
    NightCell(MONDAY + timedelta(days=1), "none", 0),
    NightCell(MONDAY + timedelta(days=2), "missing"),
    NightCell(MONDAY + timedelta(days=9), "count", 12),
]
WEEKS = [
    WeekBar(MONDAY, 2.0, 0.7, 4.5, 7),
    WeekBar(MONDAY + timedelta(weeks=1), 0.0, 0.0, 2.1, 6),
    WeekBar(MONDAY + timedelta(weeks=2), None, None, None, 0),
    WeekBar(MONDAY + timedelta(weeks=3), 3.0, 0.1, 60.0, 1),
]
HOURS = [HourBin(3, 8), HourBin(23, 1), HourBin(15, 2)]
SERIES = SeriesView(
    "Calcium & <ionized>",
    "mmol/L",
    (
        SeriesPoint(datetime(2026, 1, 10, 8), 2.31, 2.2, 2.6),
        SeriesPoint(datetime(2026, 5, 10, 8), 2.29, 2.15, 2.6),
        SeriesPoint(datetime(2026, 9, 10, 8), 2.02, 2.15, 2.6, real_change=True),
    ),
    2.22,
    2.33,
    "The last reading is lower than chance explains.",
)
SVGS = {
    "nights": render_nights_svg(NIGHTS),
    "weeks": render_weeks_svg(WEEKS),
    "clock": render_clock_svg(HOURS),
    "series": render_series_svg(SERIES),
    "no nights": render_nights_svg([]),
    "no weeks": render_weeks_svg([WeekBar(MONDAY, None, None, None, 0)]),
    "no hours": render_clock_svg([]),
    "no readings": render_series_svg(SeriesView("Iron", "", (), None, None, "We can't tell yet.")),
}
SPACE = "{http://www.w3.org/2000/svg}"


def parse(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


def said(element: ElementTree.Element) -> dict[str, ElementTree.Element]:
    """Shapes by the words that a reader of the picture is told of them."""
    found = {}
    for shape in element.iter():
        title = shape.find(f"{SPACE}title")
        if shape.tag != f"{SPACE}svg" and title is not None:
            found[title.text or ""] = shape
    return found


@pytest.mark.parametrize("name", SVGS)
def test_an_svg_stands_alone_and_has_words(name: str) -> None:
    root = parse(SVGS[name])
    assert root.tag == f"{SPACE}svg"
    assert root.get("role") == "img"
    title, description = root.find(f"{SPACE}title"), root.find(f"{SPACE}desc")
    assert title is not None
    assert description is not None
    assert title.text
    assert len(description.text or "") > 20
    assert root.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
    tags = {element.tag.removeprefix(SPACE) for element in root.iter()}
    assert tags <= {"svg", "title", "desc", "style", "rect", "circle", "line", "path", "text"}  # no script, no image
    style = root.findtext(f"{SPACE}style") or ""
    assert "url(" not in style
    assert "@import" not in style
    assert "prefers-color-scheme:dark" in style
    assert not re.search(r"\bon\w+=|href=", SVGS[name])


@pytest.mark.parametrize("name", SVGS)
def test_text_is_large_and_everything_lies_on_the_sheet(name: str) -> None:
    root = parse(SVGS[name])
    sizes = [int(size) for size in re.findall(r"font-size:(\d+)px", SVGS[name])]
    assert min(sizes) >= 16
    _, _, width, height = (float(part) for part in (root.get("viewBox") or "").split())
    for element in root.iter():
        for x in ("x", "cx", "x1", "x2"):
            assert 0 <= float(element.get(x, 0)) <= width
        for y in ("y", "cy", "y1", "y2"):
            assert 0 <= float(element.get(y, 0)) <= height
        if element.tag == f"{SPACE}rect":
            assert float(element.get("x", 0)) + float(element.get("width", 0)) <= width + 0.1
            assert float(element.get("y", 0)) + float(element.get("height", 0)) <= height + 0.1


def test_a_counted_a_free_and_a_missing_night_have_three_shapes() -> None:
    shapes = said(parse(SVGS["nights"]))
    counted = shapes["Monday 2 November 2026: 2 cramps"]
    free = shapes["Tuesday 3 November 2026: no cramps"]
    missing = shapes["Wednesday 4 November 2026: not recorded"]
    assert (counted.tag, free.tag, missing.tag) == (f"{SPACE}rect", f"{SPACE}circle", f"{SPACE}rect")
    assert {counted.get("class"), missing.get("class")} == {"some", "gap"}
    style = SVGS["nights"]
    assert re.search(r"\.gap\{fill:none;[^}]*stroke-dasharray", style)  # an outline, told apart without color
    assert len(shapes) == len(NIGHTS)  # the days between are not drawn: nothing is known of them


def test_a_missing_night_is_never_drawn_as_zero() -> None:
    root = parse(render_nights_svg([NightCell(MONDAY, "missing")]))
    assert not [e for e in root.iter(f"{SPACE}circle") if e.find(f"{SPACE}title") is not None]
    assert not [e for e in root.iter(f"{SPACE}text") if e.text == "0"]
    for blocks in (True, False):
        body = render_nights_text([NightCell(MONDAY, "missing")], blocks=blocks).split("\n")[2:9]
        assert body[0].split() == ["Mon", "·" if blocks else "."]
        assert not set("0o○") & set("".join(body[:1]).removeprefix("Mon"))


def test_a_missing_night_cannot_be_given_a_number() -> None:
    with pytest.raises(ValueError, match="not recorded, so it has no number"):
        NightCell(MONDAY, "missing", 0)
    with pytest.raises(ValueError, match="counted, but"):
        NightCell(MONDAY, "count", 0)
    with pytest.raises(ValueError, match="no cramps told"):
        NightCell(MONDAY, "none", 2)
    with pytest.raises(ValueError, match="so it has no rate"):
        WeekBar(MONDAY, 0.0, 0.0, 0.0, 0)


def test_a_week_of_zero_and_a_week_without_nights_differ() -> None:
    shapes = said(parse(SVGS["weeks"]))
    zero = shapes["Week of 9 November 2026: 0 cramps per week (0 to 2.1), 6 nights recorded"]
    gap = shapes["Week of 16 November 2026: no night recorded"]
    assert (zero.get("class"), gap.get("class")) == ("bar", "gap")
    text = render_weeks_text(WEEKS).split("\n")
    assert text[2].endswith("0 (0 to 2.1) 6 of 7")
    assert text[3].endswith("no night recorded")
    assert "0" not in text[3].removeprefix("16 Nov 2026")


def test_bars_have_the_height_of_their_rate_and_whiskers_of_the_interval() -> None:
    root = parse(
        render_weeks_svg([WeekBar(MONDAY, 2.0, 1.0, 4.0, 7), WeekBar(MONDAY + timedelta(7), 4.0, 2.0, 8.0, 7)])
    )
    bars = [float(e.get("height", 0)) for e in root.iter(f"{SPACE}rect") if e.get("class") == "bar"]
    assert bars[1] == pytest.approx(2 * bars[0], abs=0.2)
    whiskers = [e for e in root.iter(f"{SPACE}line") if e.get("class") == "whisker" and e.get("x1") == e.get("x2")]
    spans = [float(e.get("y1", 0)) - float(e.get("y2", 0)) for e in whiskers]
    assert spans == pytest.approx([1.5 * bars[0], 3 * bars[0]], abs=0.3)  # 4 - 1 and 8 - 2, where 2 is the bar


def test_an_interval_far_beyond_the_rates_ends_in_an_arrow() -> None:
    assert len([e for e in parse(SVGS["weeks"]).iter(f"{SPACE}path") if e.get("class") == "tip"]) == 1
    assert render_weeks_text(WEEKS).count("▶") == 1
    assert "0.1 to 60" in render_table_text(tabulate_weeks(WEEKS))  # the table has the number


def test_the_night_is_shaded_in_the_clock() -> None:
    root = parse(SVGS["clock"])
    shade = next(e for e in root.iter(f"{SPACE}rect") if e.get("class") == "night")
    left, right = float(shade.get("x", 0)), float(shade.get("x", 0)) + float(shade.get("width", 0))
    shapes = said(root)
    at_night, by_day = shapes["3 to 4 o'clock: 8 cramps"], shapes["15 to 16 o'clock: 2 cramps"]
    assert left < float(at_night.get("x", 0)) < right
    assert not left < float(by_day.get("x", 0)) < right
    assert float(at_night.get("height", 0)) == pytest.approx(4 * float(by_day.get("height", 0)), abs=0.3)


def test_a_series_shows_limits_level_and_real_change() -> None:
    root = parse(SVGS["series"])
    assert len([e for e in root.iter(f"{SPACE}line") if e.get("class") == "limit" and float(e.get("x2", 0)) > 300]) == 3
    band = next(e for e in root.iter(f"{SPACE}rect") if e.get("class") == "band")
    dots = [e for e in root.iter(f"{SPACE}circle") if e.get("class") == "mark"]
    top, low = float(band.get("y", 0)), float(band.get("y", 0)) + float(band.get("height", 0))
    assert all(top < float(dot.get("cy", 0)) < low for dot in dots)  # 2.31 and 2.29 lie within 2.22 to 2.33
    assert "10 September 2026: 2.02 mmol/L, real change" in said(root)
    assert "The last reading is lower" in "".join(e.text or "" for e in root.iter(f"{SPACE}text"))
    text = render_series_text(SERIES)
    assert text.split("\n")[3].endswith("real change")
    assert text.count("◆") == 2  # the reading and the legend


def test_words_of_a_person_cannot_break_the_picture() -> None:
    view = SeriesView('x"><script>alert(1)</script>\x1b[2J\x00', "<b>", SERIES.points, None, None, "]]> & \x07")
    root = parse(render_series_svg(view))
    assert not list(root.iter(f"{SPACE}script"))
    assert "\x1b" not in render_series_text(view)
    assert "\x1b" not in render_table_text(tabulate_series(view))
    assert "\x1b" not in render_table_html(tabulate_series(view))
    assert "<script" not in render_table_html(tabulate_series(view))


def test_one_reading_and_one_value_can_be_drawn() -> None:
    for value in (0.0, 5.0, -3.0):
        view = SeriesView("Iron", "", (SeriesPoint(datetime(2026, 1, 1), value),), None, None, "We can't tell yet.")
        parse(render_series_svg(view))
        assert "●" in render_series_text(view)
    same = tuple(SeriesPoint(datetime(2026, 1, day), 5.0) for day in (1, 2, 3))
    parse(render_series_svg(SeriesView("Iron", "", same, None, None, "")))


def test_every_picture_has_a_table_with_the_same_values() -> None:
    nights = tabulate_nights(NIGHTS)
    assert [row[1] for row in nights.rows] == ["2 cramps", "no cramps", "not recorded", "12 cramps"]
    weeks = tabulate_weeks(WEEKS)
    assert [row[1] for row in weeks.rows] == ["2", "0", "not recorded", "3"]
    clock = tabulate_clock(HOURS)
    assert len(clock.rows) == 24
    assert clock.rows[0][0] == "12:00 to 13:00"
    assert ("03:00 to 04:00", "8") in clock.rows
    assert tabulate_series(SERIES).rows[2] == ("2026-09-10 08:00", "2.02", "2.15", "2.6", "real change")
    for table in (nights, weeks, clock, tabulate_series(SERIES)):
        page = html5lib.HTMLParser(strict=True).parseFragment(render_table_html(table))
        assert len(page.findall(".//{*}tbody/{*}tr")) == len(table.rows)
        assert page.findtext(".//{*}caption") == table.caption
        assert len(render_table_text(table).split("\n")) == len(table.rows) + 2


def test_block_characters_only_where_they_can_be_shown() -> None:
    assert can_draw_blocks("utf-8")
    for encoding in ("ascii", "latin-1", "cp1252", None, "no such encoding"):
        assert not can_draw_blocks(encoding)


CELLS = st.lists(
    st.tuples(st.integers(0, 700), st.sampled_from(["count", "none", "missing"]), st.integers(1, 120)),
    max_size=60,
    unique_by=lambda item: item[0],
).map(
    lambda items: [
        NightCell(MONDAY + timedelta(days=day), state, n if state == "count" else None)  # type: ignore[arg-type]
        for day, state, n in items
    ]
)


@given(CELLS, st.integers(40, 140), st.booleans())
def test_nights_keep_to_the_width_and_each_night_is_shown_once(
    cells: list[NightCell], width: int, blocks: bool
) -> None:
    text = render_nights_text(cells, width=width, blocks=blocks)
    lines = text.split("\n")
    assert all(len(line) <= width for line in lines)
    assert text.isascii() or blocks
    body = [
        word
        for line in lines
        if line[:3] in ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
        for word in line[4:].split()
    ]
    none, missing = ("○", "·") if blocks else ("o", ".")
    states = [cell.state for cell in cells]
    assert body.count(none) == states.count("none")
    assert body.count(missing) == states.count("missing")
    assert len(body) == len(cells)
    shapes = said(parse(render_nights_svg(cells)))
    assert len(shapes) == len(cells)


@given(
    st.lists(st.tuples(st.floats(0, 30), st.floats(0, 1), st.floats(1, 9), st.integers(0, 7)), max_size=30),
    st.lists(st.integers(0, 300), min_size=24, max_size=24),
    st.lists(st.floats(-1e6, 1e6), max_size=12),
    st.integers(40, 140),
    st.booleans(),
)
def test_whatever_the_values_the_width_is_kept_and_the_svg_is_sound(
    rates: list[tuple[float, float, float, int]], counts: list[int], values: list[float], width: int, blocks: bool
) -> None:
    weeks = [
        WeekBar(MONDAY + timedelta(weeks=i), *((r, r * a, r * b + 1) if n else (None, None, None)), n)
        for i, (r, a, b, n) in enumerate(rates)
    ]
    hours = [HourBin(hour, n) for hour, n in enumerate(counts)]
    points = tuple(SeriesPoint(datetime(2026, 1, 1) + timedelta(days=3 * i), v) for i, v in enumerate(values))
    view = SeriesView("Calcium", "mmol/L", points, None, None, "We can't tell yet.")
    for text in (
        render_weeks_text(weeks, width=width, blocks=blocks),
        render_clock_text(hours, width=width, blocks=blocks),
        render_series_text(view, width=width, blocks=blocks),
    ):
        assert all(len(line) <= width for line in text.split("\n")), text
        assert text.isascii() or blocks
    for svg in (render_weeks_svg(weeks), render_clock_svg(hours), render_series_svg(view)):
        assert "nan" not in svg
        parse(svg)
    gaps = [e for e in parse(render_weeks_svg(weeks)).iter(f"{SPACE}rect") if e.find(f"{SPACE}title") is not None]
    if any(week.rate is not None for week in weeks):
        assert sum(e.get("class") == "gap" for e in gaps) == sum(week.rate is None for week in weeks)


def test_hours_of_the_clock_stand_over_their_names() -> None:
    for width in (80, 60):
        lines = render_clock_text([HourBin(3, 5)], width=width).split("\n")
        column = lines[1].index("█")
        heads = lines[8]
        assert heads[column:].startswith("03" if width == 80 else "3")
