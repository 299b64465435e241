"""What the pictures of a diary share: the plot with its scale, and days in a few letters."""

from __future__ import annotations

from datetime import date, timedelta

from soleus.report.diary_view import MONTHS, WEEKDAYS
from soleus.report.language import Language, load_language
from soleus.report.svg_canvas import Canvas, ticks

ENGLISH = load_language("en")


class Scale:
    """From a value to its height on the sheet; what lies beyond the ends is held at them."""

    def __init__(self, low: float, high: float, top: float, bottom: float) -> None:
        self.marks = ticks(low, high)
        self.low, self.high, self.top, self.bottom = self.marks[0], self.marks[-1], top, bottom

    def __call__(self, value: float) -> float:
        """Return the height of a value on the sheet."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self.bottom - share * (self.bottom - self.top)


def draw_grid(sheet: Canvas, scale: Scale, language: Language) -> None:
    """Draw the horizontal lines with their values."""
    for value in scale.marks:
        if value != int(value) and scale.low == 0 and scale.high >= 2:
            continue  # counts have no halves
        y = scale(value)
        sheet.line(plot_left(sheet), y, plot_right(sheet), y, "grid")
        sheet.text(plot_left(sheet) - 10, y + 6, language.number(value, ".4g"), "soft", anchor="end")


def say_empty(sheet: Canvas, words: str) -> str:
    """Return the picture of nothing yet, in words."""
    return sheet.finish(sheet.paragraph(24, 84, words, "soft") + 4)


def plot_left(sheet: Canvas) -> float:
    """Return where the plot begins: room for the values is left of it."""
    return 54.0 if sheet.narrow else 70.0


def plot_right(sheet: Canvas) -> float:
    """Return where the plot ends."""
    return sheet.width - (14.0 if sheet.narrow else 24.0)


def month_words(language: Language, day: date) -> str:
    """Return the short name of a month."""
    if language.code == "en":
        return MONTHS[day.month - 1][:3]
    from babel.dates import format_date  # not needed for English

    return str(format_date(day, "LLL", locale=language.locale))


def short_day(language: Language, day: date) -> str:
    """Return day and month in a few letters."""
    return (
        f"{day.day}. {month_words(language, day)}"
        if language.code == "de"
        else f"{day.day} {month_words(language, day)}"
    )


def weekday_words(language: Language, weekday: int, *, whole: bool = False) -> str:
    """Return the name of a weekday, 0 for Monday, short or whole."""
    if language.code == "en":
        return WEEKDAYS[weekday] if whole else WEEKDAYS[weekday][:3]
    from babel.dates import format_date

    monday = date(2001, 1, 1)
    form = "cccc" if whole else "ccc"
    return str(format_date(monday + timedelta(days=weekday), form, locale=language.locale))
