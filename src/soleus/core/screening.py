"""What a screening found, in numbers: the shape that the driver fills and the report draws."""

from __future__ import annotations

import msgspec

BINS = 20  # of P(true cramp), equally wide
AGE_BANDS = (0, 18, 30, 40, 50, 60, 70, 80)  # lower ends; the last is open


class ScreeningSummary(msgspec.Struct, frozen=True, kw_only=True):
    """Counts over all people of a register; they add up: ``read`` = ``screened`` + ``rejected``.

    Parameters
    ----------
    read, screened, rejected : int
        Rows.
    urgency : dict
        Screened people by urgency.
    red_flags : dict
        People in whom each flag is raised.
    first_cause : dict
        People by the cause that explains the complaint with the greatest probability (``idiopathic``, ``other`` too).
    expected : dict
        Sum over people of the probability that a cause explains the complaint, in thousandths of a person.
    cramp : tuple of int
        People by P(true cramp), in `BINS` equal bins.
    groups : dict
        Keys ``SEX AGE`` (``female 60``: lower end of the band; ``unknown`` for either) to people by urgency.
    problems : dict
        People with each problem.
    rejects : dict
        Rejected rows by reason (code).
    rejected_columns : dict
        Keys ``COLUMN REASON`` to rejected rows.
    """

    read: int = 0
    screened: int = 0
    rejected: int = 0
    urgency: dict[str, int] = {}
    red_flags: dict[str, int] = {}
    first_cause: dict[str, int] = {}
    expected: dict[str, int] = {}
    cramp: tuple[int, ...] = (0,) * BINS
    groups: dict[str, dict[str, int]] = {}
    problems: dict[str, int] = {}
    rejects: dict[str, int] = {}
    rejected_columns: dict[str, int] = {}

    def __add__(self, other: ScreeningSummary) -> ScreeningSummary:
        """Return the counts of both together.

        Examples
        --------
        >>> (ScreeningSummary(read=2, urgency={"soon": 1}) + ScreeningSummary(read=1, urgency={"soon": 2})).urgency
        {'soon': 3}
        """
        return ScreeningSummary(
            read=self.read + other.read,
            screened=self.screened + other.screened,
            rejected=self.rejected + other.rejected,
            cramp=tuple(a + b for a, b in zip(self.cramp, other.cramp, strict=True)),
            groups={
                key: added(self.groups.get(key, {}), other.groups.get(key, {}))
                for key in sorted({*self.groups, *other.groups})
            },
            **{
                name: added(getattr(self, name), getattr(other, name))
                for name in (
                    "urgency",
                    "red_flags",
                    "first_cause",
                    "expected",
                    "problems",
                    "rejects",
                    "rejected_columns",
                )
            },
        )


def added(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    """Return the sums of two tables of counts, in the order of their keys."""
    return {key: one.get(key, 0) + other.get(key, 0) for key in sorted({*one, *other})}
