"""Reading Parquet files, in the thread that asks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq


def read_parquet(source: Path | bytes, **options: Any) -> pa.Table:
    """A whole table from a file, or from its content; options are those of Arrow's `read_table`.

    Arrow's pool of threads is not used: a process that ends soon after the pool began is aborted
    by it (seen with Arrow 26: exit code 134, in every second script that only reads a result).
    """
    place = source if isinstance(source, Path) else pa.BufferReader(source)
    return pq.read_table(place, use_threads=False, **options)
