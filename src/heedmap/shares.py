"""The table of shares: made case by case, written as it comes, read whole or from disk.

One row for each policy, frame, instruction, layout, layer, head and region. An audit of many
frames holds only a few cases' rows in memory.
"""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from jaxtyping import Float

from heedmap.errors import RecordError

ATTENTION_FILE = "attention.parquet"
ROWS_AT_ONCE = 200_000
"""Rows that are held before they are written."""

LayoutKind = Literal["declared", "measured"]

ATTENTION_SCHEMA = pa.schema(
    [
        pa.field("policy", pa.string(), nullable=False),
        pa.field("frame", pa.string(), nullable=False),
        pa.field("instruction", pa.string(), nullable=False),
        pa.field("layout", pa.string(), nullable=False),
        pa.field("layer", pa.int32(), nullable=False),
        pa.field("head", pa.int32(), nullable=False),
        pa.field("region", pa.string(), nullable=False),
        pa.field("share", pa.float64(), nullable=False),
    ]
)


def share_table(
    policy: str,
    frame: str,
    instruction: str,
    layout: LayoutKind,
    shares: Mapping[str, Float[np.ndarray, "layer head"]],
) -> pa.Table:
    """Rows of `attention.parquet` for one case under one layout."""
    layers, heads = next(iter(shares.values())).shape
    count = len(shares) * layers * heads
    layer, head = np.divmod(np.tile(np.arange(layers * heads), len(shares)), heads)
    return pa.table(
        {
            "policy": [policy] * count,
            "frame": [frame] * count,
            "instruction": [instruction] * count,
            "layout": [layout] * count,
            "layer": layer,
            "head": head,
            "region": [region for region in shares for _ in range(layers * heads)],
            "share": np.concatenate([values.ravel() for values in shares.values()]),
        }
    ).cast(ATTENTION_SCHEMA)


class SharesFile:
    """A table of shares on disk, in a temporary folder that goes when this object does."""

    def __init__(self) -> None:
        folder = tempfile.mkdtemp(prefix="heedmap-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self.path = Path(folder) / ATTENTION_FILE

    def read(self) -> pa.Table:
        """The whole table."""
        return pq.read_table(self.path)


class SharesWriter:
    """Writes rows to a Parquet file as they come; `finish` gives the file.

    Raises RecordError when the disk is full.
    """

    def __init__(self) -> None:
        self._file = SharesFile()
        self._writer = pq.ParquetWriter(self._file.path, ATTENTION_SCHEMA)
        self._held: list[pa.Table] = []

    def add(self, table: pa.Table) -> None:
        """Rows of one case."""
        self._held.append(table)
        if sum(len(held) for held in self._held) >= ROWS_AT_ONCE:
            self._write()

    def finish(self) -> SharesFile:
        """Write what is left and close the file."""
        self._write()
        self._writer.close()
        return self._file

    def _write(self) -> None:
        if self._held:
            try:
                self._writer.write_table(pa.concat_tables(self._held))
            except OSError as error:
                raise RecordError(
                    f"The shares cannot be kept in {self._file.path.parent} ({error}); free some "
                    f"space there, or set TMPDIR to a folder that has more."
                ) from error
        self._held = []
