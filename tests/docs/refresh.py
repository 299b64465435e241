"""Write the real output into the excerpts of the documents: ``.venv/bin/python tests/docs/refresh.py``.

Run it when the evidence or the wording of the answer has changed. An excerpt keeps its shape: parts between ``...``
are found again by their first line and take as many lines as before. What is not found again is told, and is for a
person to mend.
"""

from __future__ import annotations

import contextlib
import io
import re
import sys
import tempfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import test_docs

LONGEST = 120  # choice: a longer line of output is cut and ends with an ellipsis, as it was before


def key(line: str) -> str:
    """Return what identifies a line of output: its words up to the first number."""
    return re.split(r"\d(?!\. )|\(", line)[0].strip()


def take(shown: list[str], said: list[str]) -> tuple[list[str], list[str]]:
    """Return an excerpt with the lines of the real output, and the first lines that were not found again."""
    result: list[str] = []
    lost: list[str] = []
    at, i = 0, 0
    while i < len(shown):
        if shown[i] == "...":
            result.append("...")
            i += 1
            continue
        end = next((j for j in range(i, len(shown)) if shown[j] == "..."), len(shown))
        found = next((j for j in range(at, len(said)) if key(said[j]) == key(shown[i])), None)
        if found is None:
            lost.append(shown[i])
            result += shown[i:end]
        else:
            fresh = said[found : found + end - i]
            result += [f"{line[:LONGEST]} ..." if len(line) > LONGEST and old.endswith(" ...") else line
                       for line, old in zip(fresh, shown[i:end], strict=False)]  # fmt: skip
            at = found + end - i
        i = end
    return result, lost


def output(command: str) -> list[str]:
    """Return what a command prints."""
    said = io.StringIO()
    with (
        tempfile.TemporaryDirectory() as folder,
        pytest.MonkeyPatch.context() as patch,
        contextlib.redirect_stdout(said),
        contextlib.suppress(SystemExit),
    ):
        test_docs.run_command(command, Path(folder), patch)
    return said.getvalue().replace(f"{folder}/", "").splitlines()


def refresh(page: str) -> list[str]:
    """Rewrite the console blocks of one page; return what was not found again."""
    lost: list[str] = []

    def renew(match: re.Match[str]) -> str:
        if match[1] != "console":
            return match[0]
        parts = re.split(r"^(?=\$ )", match[2], flags=re.M)
        fresh = []
        for part in parts:
            command, *shown = part.splitlines() or [""]
            if shown and command.startswith("$ soleus") and not test_docs.SLOW.match(command[2:]):
                shown, missing = take(shown, output(command[2:]))
                lost.extend(f"{page}: {command}: {line}" for line in missing)
            fresh += [command, *shown] if part else []
        return "```console\n" + "\n".join(fresh) + "\n```"

    path = test_docs.ROOT / page
    path.write_text(test_docs.FENCE.sub(renew, test_docs.TEXT[page]), encoding="utf-8")
    return lost


if __name__ == "__main__":
    missing = [line for page in test_docs.TEXT for line in refresh(page)]
    print("\n".join(["not found again:", *missing] if missing else ["every excerpt is real output"]))
    sys.exit(bool(missing))
