"""The first line of a CSV: how its columns are called, and what stands between them."""

from __future__ import annotations

import csv
from pathlib import Path

from soleus.cohort.problems import screening_error

__all__ = ["csv_header"]

DELIMITERS = (",", ";", "\t", "|")
WHY = "nothing was screened"


def csv_header(source: Path) -> tuple[list[str], str]:
    """Return the columns of a CSV and the character between them: the one that its first line has most of.

    Raises
    ------
    ScreeningError
        The file cannot be opened, is empty, or its first line is not UTF-8 (other lines are a matter of their row).
    """
    try:
        opened = source.open(encoding="utf-8-sig", errors="surrogateescape", newline="")
    except OSError as error:
        what = f"it cannot be opened: {error.strerror or error}"
        raise screening_error("no_input", str(source), what, WHY, "check its name and that you may read it") from None
    with opened as file:
        first = file.readline(1 << 20)
        delimiter = max(DELIMITERS, key=first.count)
        file.seek(0)
        try:
            names = next(csv.reader(file, delimiter=delimiter), [])
            "".join(names).encode()
        except (UnicodeEncodeError, csv.Error) as error:
            what = "its first line is not text in UTF-8"
            raise screening_error("bad_csv", source.name, what, str(error), "save it as UTF-8") from None
    if not any(name.strip() for name in names):
        raise screening_error(
            "bad_csv", source.name, "its first line is empty", WHY, "the first line names the columns"
        )
    return names, delimiter
