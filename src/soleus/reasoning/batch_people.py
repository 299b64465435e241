"""What is known of many people, column by column: the facts of a batch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from soleus.core.case import Fact, Facts, Person, Reading, Setting

__all__ = ["ABSENT", "PRESENT", "SETTINGS", "SEXES", "UNKNOWN", "People", "Readings", "States", "gather_people"]

FloatArray = NDArray[np.float64]
States = NDArray[np.int8]

UNKNOWN, ABSENT, PRESENT = 0, 1, 2
SEXES = (None, "female", "male")
SETTINGS: tuple[Setting | None, ...] = (None, *get_args(Setting))
CENSORED: tuple[Literal["", "<", ">"], ...] = ("", "<", ">")


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """Readings of one quantity of N people, in its canonical unit: those of person i are ``start[i]:start[i + 1]``.

    ``start`` (N + 1,). ``value`` (R,). ``low``, ``high`` (R,): the laboratory's own limits, NaN where not given.
    ``censored`` (R,): 0 a value, 1 "below value", 2 "above value".
    """

    start: NDArray[np.int64]
    value: FloatArray
    low: FloatArray
    high: FloatArray
    censored: NDArray[np.int8]

    def count(self) -> NDArray[np.int64]:
        """Number of readings of each person (N,)."""
        return np.diff(self.start)

    def of(self, quantity: str, person: int) -> list[Reading]:
        """Return one person's readings."""
        part = slice(self.start[person], self.start[person + 1])
        columns = (column[part].tolist() for column in (self.value, self.low, self.high, self.censored))
        return [
            Reading(
                quantity=quantity,
                value=value,
                words="",
                low=None if math.isnan(low) else low,
                high=None if math.isnan(high) else high,
                censored=CENSORED[censored],
            )
            for value, low, high, censored in zip(*columns, strict=True)
        ]

    def kept(self, people: NDArray[np.bool_]) -> Readings:
        """Return the readings of the chosen people (N,) only; the others have none."""
        count = self.count()
        chosen = np.repeat(people, count)
        return Readings(
            np.concatenate(([0], np.cumsum(np.where(people, count, 0)))),
            self.value[chosen],
            self.low[chosen],
            self.high[chosen],
            self.censored[chosen],
        )


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """Facts of N people; a person is what `soleus.core.case.Facts` is for one.

    Attributes
    ----------
    age, pregnancy_month : (N,) float
        Years and months; NaN unknown.
    sex, setting : (N,) int8
        Index into `SEXES` and `SETTINGS`; 0 unknown.
    postpartum : (N,) int8
        `UNKNOWN`, `ABSENT` or `PRESENT`.
    told : dict of str to (N,) int8
        State of each finding; a finding that is not in it is unknown in everybody.
    readings : dict of str to Readings
        By quantity.
    """

    age: FloatArray
    pregnancy_month: FloatArray
    sex: States
    setting: States
    postpartum: States
    told: dict[str, States]
    readings: dict[str, Readings]

    def __len__(self) -> int:
        return len(self.age)

    def person(self, i: int) -> Person:
        """Return the context of one person."""
        known = int(self.postpartum[i])
        return Person(
            age=None if np.isnan(self.age[i]) else float(self.age[i]),
            sex=SEXES[self.sex[i]],  # type: ignore[arg-type]
            pregnancy_month=None if np.isnan(self.pregnancy_month[i]) else float(self.pregnancy_month[i]),
            postpartum=None if known == UNKNOWN else known == PRESENT,
            setting=SETTINGS[self.setting[i]],
        )

    def facts(self, i: int) -> Facts:
        """Return one person's facts, as a single assessment takes them."""
        return Facts(
            person=self.person(i),
            facts=tuple(
                Fact(finding=key, present=bool(self.told[key][i] == PRESENT), words="", where="")
                for key in sorted(self.told)
                if self.told[key][i] != UNKNOWN
            ),
            readings=tuple(reading for key, column in self.readings.items() for reading in column.of(key, i)),
        )


def gather_people(facts: Sequence[Facts]) -> People:
    """Return the facts of single people as one batch, in their order.

    Examples
    --------
    >>> people = gather_people([Facts(person=Person(age=68.0, sex="female")), Facts(person=Person())])
    >>> people.age.tolist(), people.sex.tolist()
    ([68.0, nan], [1, 0])
    """
    n = len(facts)
    told: dict[str, States] = {}
    quantities: dict[str, list[tuple[int, Reading]]] = {}
    for i, one in enumerate(facts):
        for fact in one.facts:
            told.setdefault(fact.finding, np.zeros(n, np.int8))[i] = PRESENT if fact.present else ABSENT
        for reading in one.readings:
            quantities.setdefault(reading.quantity, []).append((i, reading))
    persons = [one.person for one in facts]

    def numbers(values: Sequence[float | None]) -> FloatArray:
        return np.array([np.nan if value is None else value for value in values], dtype=np.float64)

    return People(
        age=numbers([person.age for person in persons]),
        pregnancy_month=numbers([person.pregnancy_month for person in persons]),
        sex=np.array([SEXES.index(person.sex) for person in persons], dtype=np.int8),
        setting=np.array([SETTINGS.index(person.setting) for person in persons], dtype=np.int8),
        postpartum=np.array(
            [UNKNOWN if person.postpartum is None else 1 + person.postpartum for person in persons], dtype=np.int8
        ),
        told=told,
        readings={
            key: Readings(
                np.concatenate(([0], np.cumsum(np.bincount([i for i, _ in listed], minlength=n)))),
                np.array([reading.value for _, reading in listed], dtype=np.float64),
                numbers([reading.low for _, reading in listed]),
                numbers([reading.high for _, reading in listed]),
                np.array([CENSORED.index(reading.censored) for _, reading in listed], dtype=np.int8),
            )
            for key, listed in quantities.items()
        },
    )
