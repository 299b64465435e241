"""What a form of a page says: text as typed, numbers as people write them, and what is wrong beside which field."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from fastapi import Request, Response

from soleus.app.printed_number import printed_number
from soleus.app.web.page import NO_SUCH_PAGE, go_to
from soleus.app.web.wire import Refused
from soleus.core.message import Message, say
from soleus.diary import Diary

EARLIEST = date(1900, 1, 1)  # nobody alive has an older night
MOST_FIELDS = 400
_LOCAL = re.compile(r"/(?:[\w.~%:@-]+(?:/[\w.~%:@-]+)*)?")


class Fields:
    """The fields of a form; ``wrong`` gathers what can't be read, by the name of the field."""

    def __init__(self, told: Mapping[str, str], repeated: Mapping[str, list[str]]) -> None:
        self.told, self.repeated = dict(told), dict(repeated)
        self.wrong: dict[str, Message] = {}

    def text(self, name: str, longest: int = 2000) -> str:
        """Return what was typed, without space at the ends."""
        return self.told.get(name, "").strip()[:longest]

    def every(self, name: str) -> list[str]:
        """Return all values under one name."""
        return self.repeated.get(name, [])

    def number(self, name: str, low: float, high: float) -> float | None:
        """Return a number; None when nothing was typed, or something that is none (then it is told)."""
        text = self.text(name, 40)
        if not text:
            return None
        numbers = printed_number(text, decimal_comma=True)[1]
        if not numbers or not low <= numbers[0] <= high:
            self.wrong[name] = say("Write a number between {low:g} and {high:g}.", low=low, high=high)
            return None
        return numbers[0]

    def whole(self, name: str, low: int, high: int) -> int | None:
        """Return a whole number; see `number`."""
        found = self.number(name, low, high)
        if found is not None and found != int(found):
            self.wrong[name] = say("Write a whole number.")
            return None
        return None if found is None else int(found)

    def yes(self, name: str) -> bool | None:
        """Return yes or no; None when neither was chosen."""
        return {"yes": True, "no": False}.get(self.text(name))

    def one_of(self, name: str, known: tuple[str, ...]) -> str | None:
        """Return the chosen one of the known values."""
        text = self.text(name)
        return text if text in known else None


async def read_fields(request: Request) -> Fields:
    """Return the fields of the form that was sent."""
    form = await request.form(max_files=0, max_fields=MOST_FIELDS)
    repeated: dict[str, list[str]] = {}
    for name, value in form.multi_items():
        if isinstance(value, str):
            repeated.setdefault(name, []).append(value)
    return Fields({name: values[-1] for name, values in repeated.items()}, repeated)


def go_back(address: str, otherwise: str, **told: str | list[str]) -> Response:
    """Return the answer to a form: look again at the page of ours that it was on."""
    from urllib.parse import urlencode

    path = address if _LOCAL.fullmatch(address) else otherwise
    return go_to(path + (f"?{urlencode(told, doseq=True)}" if told else ""))


def check_night(night: date, latest: date) -> date:
    """Return a night of the past; refuse one that is no night of anybody alive.

    Raises
    ------
    Refused
    """
    if not EARLIEST <= night <= latest:
        raise Refused(404, [NO_SUCH_PAGE])
    return night


@dataclass(frozen=True)
class Notice:
    """What a page says of the change just made: ids that were kept or taken out, or that a change was taken back."""

    kept: tuple[str, ...] = ()
    gone: str = ""
    undone: bool = False


def notice_of(request: Request, diary: Diary) -> Notice:
    """Return the notice that the address asks for, as far as it is true."""
    asked = request.query_params
    ids = tuple(dict.fromkeys(asked.getlist("kept")))[:MOST_FIELDS]
    gone = asked.get("gone", "")
    known = diary.find([*ids, gone]) if ids or gone else {}
    return Notice(
        kept=tuple(id for id in ids if id in known), gone="" if gone in known else gone, undone="undone" in asked
    )
