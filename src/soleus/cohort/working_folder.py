"""The folder in which a screening is made, so that a kill loses nothing and nothing half done has the final name.

Everything is written into ``OUT.partial``: each file under a temporary name, flushed to the disk, then renamed. A part
counts as done when its file of counts is there, which is written last. At the end the results are renamed to ``OUT``.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from soleus.cohort.problems import ScreeningError, screening_error

__all__ = ["WorkingFolder", "cannot_write"]

WHY = "nothing was screened"
STATE, LOCK = "screening.json", "lock"


@dataclass(frozen=True, slots=True)
class WorkingFolder:
    """``OUT.partial`` and what is in it; see `WorkingFolder.open`."""

    out: Path
    place: Path

    @property
    def results(self) -> Path:
        """What will be the final folder."""
        return self.place / "results"

    def part(self, number: int) -> Path:
        """Answers of one part."""
        return self.results / f"part-{number:05d}.parquet"

    def done(self) -> set[int]:
        """Return the numbers of the parts that are done: their counts and their answers are both there."""
        numbers = (int(path.stem) for path in (self.place / "counts").glob("*.json"))
        return {number for number in numbers if self.part(number).exists()}

    def rejects(self, number: int) -> Path:
        """Rejects of one part; there is none when all its rows could be read."""
        return self.place / "rejects" / f"{number:05d}.parquet"

    def counts(self, number: int) -> Path:
        """Counts of one part: when it is there, the part is done."""
        return self.place / "counts" / f"{number:05d}.json"

    @property
    def input(self) -> Path:
        """The input as one Parquet file, where it was not one."""
        return self.place / "input.parquet"

    @property
    def malformed(self) -> tuple[Path, Path]:
        """The rows of a CSV that are no rows of its table, by reason: see `soleus.cohort.staging.stage_csv`."""
        return self.place / "malformed.parquet", self.place / "undecoded.parquet"

    @classmethod
    @contextmanager
    def open(cls, out: Path, fingerprint: dict[str, Any]) -> Iterator[WorkingFolder]:
        """Open the folder for a new screening, or for one that was interrupted; it is locked meanwhile.

        Parameters
        ----------
        out : Path
            The final folder, which must not exist.
        fingerprint : dict
            What the answers depend on. A screening is continued only when it is the same.

        Raises
        ------
        ScreeningError
            The final folder is there; the working folder is of another screening, or in use; it cannot be written.
        """
        if out.exists():
            fix = "remove it, or give another name: nothing is overwritten"
            raise screening_error("output_exists", str(out), "it is there already", WHY, fix)
        folder = cls(out, out.with_name(out.name + ".partial"))
        try:
            for each in (folder.results, folder.place / "rejects", folder.place / "counts"):
                each.mkdir(parents=True, exist_ok=True)
            with (folder.place / LOCK).open("w") as lock:
                _lock(lock.fileno(), folder.place)
                folder._check(fingerprint)
                try:
                    yield folder
                except ScreeningError:
                    folder._forget_if_empty()
                    raise
        except OSError as error:
            raise cannot_write(error, folder.place) from error

    def _check(self, fingerprint: dict[str, Any]) -> None:
        state = self.place / STATE
        told = msgspec.json.encode(fingerprint, order="sorted")
        if not state.exists():
            self.write(state, lambda path: path.write_bytes(told))
            return
        before = msgspec.json.decode(state.read_bytes())
        if msgspec.json.encode(before, order="sorted") != told:
            changed = sorted(key for key in fingerprint if before.get(key) != fingerprint[key])
            raise screening_error(
                "other_screening",
                str(self.place),
                f"an interrupted screening is there, and these have changed since: {', '.join(changed)}",
                WHY,
                "give another name for the output, or remove that folder to start again",
            )

    def _forget_if_empty(self) -> None:
        """After an input that was refused before any work was done: leave the folder to whatever comes next."""
        if all(path.name in (STATE, LOCK) for path in self.place.rglob("*") if path.is_file()):
            (self.place / STATE).unlink(missing_ok=True)

    def write(self, path: Path, writer: Callable[[Path], object]) -> None:
        """Write a file: under a temporary name, flushed to the disk, then renamed; a failure leaves nothing."""
        temporary = path.with_name(path.name + ".writing")
        try:
            writer(temporary)
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise

    def finish(self) -> None:
        """Give the results their final name; the rest is removed."""
        for each in (self.results, self.place):
            _flush(each)
        self.results.rename(self.out)
        _flush(self.out.parent)
        # what says whose folder it is goes last: a kill in between leaves nothing that another input could take over
        for each in sorted(self.place.iterdir()):
            if each.is_dir():
                shutil.rmtree(each)
            elif each.name not in (STATE, LOCK):
                each.unlink()
        (self.place / STATE).unlink()
        shutil.rmtree(self.place)


def cannot_write(error: OSError, where: Path) -> ScreeningError:
    """Return the problem that an error of the disk is."""
    full = error.errno in (28, 122) or "No space left" in str(error)
    what = "the disk is full" if full else f"it cannot be written: {error.strerror or error}"
    fix = "make room and run the same command again" if full else "check that you may write there, then run it again"
    return screening_error(
        "disk_full" if full else "not_written", str(where), what, "what was done so far is kept", fix
    )


def _flush(folder: Path) -> None:
    """Make the names in a folder durable (Windows does it by itself)."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _lock(handle: int, place: Path) -> None:
    try:
        if os.name == "posix":
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        else:
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    except OSError:
        fix = "wait for it, or stop it"
        raise screening_error("in_use", str(place), "another screening is writing to it", WHY, fix) from None
