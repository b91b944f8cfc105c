"""Rows of a data set's Parquet file, whose columns may hold anything: read as numbers or refused.

The one place where a cell becomes a number, so that whatever else it holds is named by file,
column and row.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from jaxtyping import Float, Int

from heedmap.errors import FrameError
from heedmap.phrase import Phrase


class Rows:
    """Rows of one file, in an order of their own; row numbers count from 0.

    `what` says which rows of the file they are, such as "episode 3".
    """

    def __init__(self, path: Path, table: pa.Table, what: str = "") -> None:
        self.path = path
        self.table = table
        self._of = Phrase(" of {what}", what=what) if what else ""

    def __len__(self) -> int:
        return len(self.table)

    @cached_property
    def names(self) -> frozenset[str]:
        """Of the columns."""
        return frozenset(self.table.column_names)

    def value(self, name: str, row: int) -> Any:
        """What a cell holds, as Python has it. Raises FrameError unless there is one column."""
        return self._column(name)[row].as_py()

    def numbers(
        self, name: str, row: int, dtype: Literal["float32", "float64"] = "float64"
    ) -> Float[np.ndarray, " n"]:
        """A cell's numbers in one row, whether they are nested or not.

        Raises FrameError where a cell holds none, or anything else beside: texts, nothing, lists of
        unequal lengths, NaN, and what is too large for `dtype`.
        """
        value = self.value(name, row)
        with np.errstate(over="ignore"):
            found = _numeric(value).astype(dtype).reshape(-1)
        if not found.size or not np.isfinite(found).all():
            raise self._refused(name, row, value, Phrase("finite numbers"))
        return found

    def number(self, name: str, row: int) -> float:
        """A cell's one number. Raises FrameError as `numbers`, and for more than one."""
        found = self.numbers(name, row)
        if found.size != 1:
            raise self._refused(name, row, self.value(name, row), Phrase("one number"))
        return float(found[0])

    def whole(self, name: str, row: int) -> int:
        """A cell's one whole number, from 0 on. Raises FrameError for any other."""
        found = self.number(name, row)
        if not found.is_integer() or found < 0:
            raise self._refused(
                name, row, self.value(name, row), Phrase("a whole number from 0 on")
            )
        return int(found)

    def text(self, name: str, row: int) -> str:
        """A cell's text. Raises FrameError for anything else."""
        value = self.value(name, row)
        if not isinstance(value, str):
            raise self._refused(name, row, value, Phrase("a text"))
        return value

    def all_numbers(self, name: str) -> Float[np.ndarray, " row"]:
        """One number a row. Raises FrameError, with the first row that has none."""
        found = _numeric(self._column(name).to_pylist()).astype(np.float64)
        if found.shape == (len(self),) and np.isfinite(found).all():
            return found
        return np.array([self.number(name, row) for row in range(len(self))])

    def all_whole(self, name: str) -> Int[np.ndarray, " row"]:
        """One whole number a row, from 0 on. Raises FrameError, with the first row without."""
        found = self.all_numbers(name)
        for row in np.flatnonzero((found < 0) | (found % 1 != 0)):
            self.whole(name, int(row))
        return found.astype(np.int64)

    def sorted_by(self, name: str) -> Rows:
        """The rows in the order of a column's whole numbers."""
        order = np.argsort(self.all_whole(name), kind="stable")
        sorted_rows = Rows(self.path, self.table.take(pa.array(order)))
        sorted_rows._of = self._of
        return sorted_rows

    def _column(self, name: str) -> pa.ChunkedArray:
        places = self.table.schema.get_all_field_indices(name)
        if len(places) != 1:
            how_many = (
                Phrase("{count} columns", count=len(places)) if places else Phrase("no column")
            )
            raise FrameError(
                "{path} has {how_many} '{name}', expected one.",
                path=self.path,
                how_many=how_many,
                name=name,
            )
        return self.table.column(places[0])

    def _refused(self, name: str, row: int, value: Any, expected: str) -> FrameError:
        shown = (
            f"{value!r:.60}"
            if not isinstance(value, bytes)
            else Phrase("{count} bytes", count=len(value))
        )
        shown = Phrase("nothing") if value is None else shown
        return FrameError(
            "{path} has {shown} in column '{name}', row {row}{of}; expected {expected}. Mend the "
            "data set there.",
            path=self.path,
            shown=shown,
            name=name,
            row=row,
            of=self._of,
            expected=expected,
        )


def _numeric(value: Any) -> np.ndarray:
    """As an array of numbers; an empty one for anything else."""
    try:
        found = np.asarray(value)
    except (ValueError, OverflowError):  # lists of unequal lengths
        return np.empty(0)
    return found if found.dtype.kind in "biuf" else np.empty(0)
