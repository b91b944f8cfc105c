"""Reading Parquet files, in the thread that asks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

MANY_ROWS, MOST_ROWS_A_BYTE = 1_000_000, 200
"""Some column of a table always differs from row to row."""


def read_parquet(source: Path | bytes, **options: Any) -> pa.Table:
    """A whole table from a file, or from its content; options are those of Arrow's `read_table`.

    Arrow's pool of threads is not used: a process that ends soon after the pool began is aborted
    by it (seen with Arrow 26: exit code 134, in every second script that only reads a result).
    Raises ArrowInvalid for a file that claims more rows than its size can hold.
    """
    _check_rows(source)
    place = source if isinstance(source, Path) else pa.BufferReader(source)
    return pq.read_table(place, use_threads=False, **options)


def _check_rows(source: Path | bytes) -> None:
    """Equal values take next to no room: a file of a kilobyte may claim billions of rows."""
    with pq.ParquetFile(source if isinstance(source, Path) else pa.BufferReader(source)) as file:
        rows = file.metadata.num_rows
    size = source.stat().st_size if isinstance(source, Path) else len(source)
    if rows > max(MANY_ROWS, MOST_ROWS_A_BYTE * size):
        raise pa.ArrowInvalid(
            f"it claims {rows:,} rows in {size:,} bytes, more than any table of measurements"
        )
