"""A register as rows in a fixed order: read part by part from Parquet, whatever it was before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from soleus.cohort.problems import ScreeningError, screening_error
from soleus.cohort.scoring import ROW

__all__ = ["BATCH_ROWS", "Part", "Register"]

WHY = "nothing was screened"
BATCH_ROWS = 16_384  # choice: fewer people at a time cost more calls each, more cost memory


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of a register, in batches; ``number`` counts from 0."""

    number: int
    batches: list[pa.RecordBatch]


@dataclass(frozen=True, slots=True)
class Register:
    """Parquet files that are read one after the other, in the order of their names.

    ``columns`` are the ones that are read; ``rows`` is the number of all rows.
    """

    files: tuple[Path, ...]
    columns: tuple[str, ...]
    rows: int

    @classmethod
    def open(cls, path: Path, columns: tuple[str, ...]) -> Register:
        """Open a Parquet file, or a folder of them.

        Raises
        ------
        ScreeningError
            There is no file, one is not Parquet or cut off, or one lacks a column that the mapping names.
        """
        files = tuple(sorted(path.rglob("*.parquet"))) if path.is_dir() else (path,)
        if not files:
            raise screening_error("no_input", str(path), "the folder holds no Parquet file", WHY, "name another folder")
        rows = 0
        for file in files:
            with _opened(file) as parquet:
                names = parquet.schema_arrow.names
                missing = [name for name in columns if name not in names]
                if missing:
                    what = f"it has no column {', '.join(missing[:8])}"
                    near = f"its columns are {', '.join(names[:20])}"
                    raise screening_error("missing_column", str(file), what, near, "correct the mapping")
                rows += parquet.metadata.num_rows
        return cls(files, columns, rows)

    def parts(self, size: int, first: int = 0) -> Iterator[Part]:
        """Return the parts of `size` rows, from part `first` on; what comes before it is not decoded."""
        number, waiting, room = first, [], size
        for batch in self._batches(first * size):
            start = 0
            while start < batch.num_rows:
                piece = batch.slice(start, min(room, batch.num_rows - start))
                waiting.append(piece)
                start += piece.num_rows
                room -= piece.num_rows
                if not room:
                    yield Part(number, waiting)
                    number, waiting, room = number + 1, [], size
        if waiting:
            yield Part(number, waiting)

    def _batches(self, skip: int) -> Iterator[pa.RecordBatch]:
        """Return all rows after the first `skip`, numbered from 1 unless they bring their numbers."""
        seen = 0
        for file in self.files:
            with _opened(file) as parquet:
                # a register may have a column of that name which is no number of rows
                numbered = ROW in parquet.schema_arrow.names and parquet.schema_arrow.field(ROW).type == pa.int64()
                wanted = [*self.columns, ROW] if numbered else list(self.columns)
                groups: list[int] = []
                for group in range(parquet.num_row_groups):
                    count = parquet.metadata.row_group(group).num_rows
                    if seen + count <= skip and not groups:
                        seen += count
                    else:
                        groups.append(group)
                try:
                    for read in parquet.iter_batches(BATCH_ROWS, groups, wanted, use_threads=False):
                        batch, begin = read, seen
                        seen += batch.num_rows
                        if seen <= skip:
                            continue
                        if begin < skip:
                            batch, begin = batch.slice(skip - begin), skip
                        if not numbered:
                            rows = pa.array(np.arange(begin + 1, begin + 1 + batch.num_rows))
                            batch = batch.append_column(ROW, rows)
                        yield batch
                except (pa.ArrowException, OSError) as error:
                    raise _not_parquet(file, error) from error


def _opened(file: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(file)
    except (pa.ArrowException, OSError) as error:
        raise _not_parquet(file, error) from error


def _not_parquet(file: Path, error: Exception) -> ScreeningError:
    said = " ".join(str(error).split())[:200]
    if isinstance(error, FileNotFoundError):
        return screening_error("no_input", str(file), "there is no such file", WHY, "check its name")
    what = "it is not a whole Parquet file (cut off, damaged, or something else)"
    return screening_error("not_parquet", str(file), what, said, "copy or export it again")
