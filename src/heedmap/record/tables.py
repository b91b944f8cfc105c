"""The tables of a result: made case by case, written as they come, read whole or from disk.

`attention.parquet` has a row for each policy, frame, instruction, layout, layer, head and
region; `positions.parquet` for each policy, frame, instruction, layer and position;
`word_image.parquet` for each policy, instruction, layer, word position and image position of the
first frame; `trials.parquet` for each policy, trial and measure of the upper rungs; `trail.parquet`
for each policy and module call. An audit of many frames holds only a few cases' rows in memory.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from jaxtyping import Float

from heedmap.data.parquet import read_parquet
from heedmap.errors import RecordError
from heedmap.record.left import HeldFolder

ROWS_AT_ONCE = 200_000
"""Rows that are held before they are written."""

LayoutKind = Literal["declared", "measured"]
TableName = Literal["attention", "positions", "word_image", "trials", "trail"]


def _schema(*may_be_null: str, **columns: pa.DataType) -> pa.Schema:
    return pa.schema(
        [pa.field(name, kind, nullable=name in may_be_null) for name, kind in columns.items()]
    )


TRAIL_FIGURES = ("instruction", "frame", "paraphrase", "same", "carried")
"""Of a module call; null where it was not measured."""

WORD_IMAGE_FIGURES = ("reads", "is_read")
"""Attention of the word's row to the image position, and the other way; null where masked."""

_CASE = {"policy": pa.string(), "frame": pa.string(), "instruction": pa.string()}

SCHEMAS: dict[TableName, pa.Schema] = {
    "attention": _schema(
        **_CASE,
        layout=pa.string(),
        layer=pa.int32(),
        head=pa.int32(),
        region=pa.string(),
        share=pa.float64(),
    ),
    "positions": _schema(**_CASE, layer=pa.int32(), position=pa.int32(), share=pa.float32()),
    "word_image": _schema(
        *WORD_IMAGE_FIGURES,
        **_CASE,
        layer=pa.int32(),
        word_position=pa.int32(),
        image_position=pa.int32(),
        **dict.fromkeys(WORD_IMAGE_FIGURES, pa.float32()),
    ),
    "trials": _schema(
        policy=pa.string(),
        trial=pa.string(),
        cluster=pa.string(),
        measure=pa.string(),
        value=pa.float64(),
    ),
    "trail": _schema(
        *TRAIL_FIGURES,
        policy=pa.string(),
        order=pa.int32(),
        module=pa.string(),
        kind=pa.string(),
        call=pa.int32(),
        **dict.fromkeys(TRAIL_FIGURES, pa.float64()),
    ),
}
"""Every column of every table; docs/record.md says what they hold."""

ATTENTION_SCHEMA = SCHEMAS["attention"]


def file_of(name: TableName) -> str:
    """The file of a table in a result folder."""
    return f"{name}.parquet"


def empty_table(name: TableName) -> pa.Table:
    """No rows: nothing was measured, or an older heedmap did not write this table."""
    return SCHEMAS[name].empty_table()


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


def position_table(
    policy: str,
    frame: str,
    instruction: str,
    attention: Float[np.ndarray, "layer head row key"],
) -> pa.Table:
    """Rows of `positions.parquet` for one case: shares, averaged over heads and action rows."""
    shares = attention.astype(np.float64).mean(axis=(1, 2))
    layers, length = shares.shape
    layer, position = np.divmod(np.arange(layers * length), length)
    return pa.table(
        {
            "policy": [policy] * shares.size,
            "frame": [frame] * shares.size,
            "instruction": [instruction] * shares.size,
            "layer": layer,
            "position": position,
            "share": shares.ravel(),
        }
    ).cast(SCHEMAS["positions"])


def word_image_table(
    policy: str,
    frame: str,
    instruction: str,
    words: Sequence[int],
    image: Sequence[int],
    reads: Float[np.ndarray, "layer word image"],
    is_read: Float[np.ndarray, "layer word image"],
) -> pa.Table:
    """Rows of `word_image.parquet` for one case; NaN is written as null: masked."""
    layer, word, patch = np.indices(reads.shape)
    figures = dict(zip(WORD_IMAGE_FIGURES, (reads, is_read), strict=True))
    return pa.table(
        {
            "policy": [policy] * reads.size,
            "frame": [frame] * reads.size,
            "instruction": [instruction] * reads.size,
            "layer": layer.ravel(),
            "word_position": np.asarray(words)[word.ravel()],
            "image_position": np.asarray(image)[patch.ravel()],
            **{name: pa.array(of.ravel(), from_pandas=True) for name, of in figures.items()},
        }
    ).cast(SCHEMAS["word_image"])


def trial_table(
    policy: str, clusters: Mapping[str, str], by_trial: Mapping[str, Mapping[str, float]]
) -> pa.Table:
    """Rows of `trials.parquet`; `by_trial` holds values by measure and trial.

    `clusters` names the cluster of every trial.
    """
    rows = [
        {
            "policy": policy,
            "trial": trial,
            "cluster": clusters[trial],
            "measure": measure,
            "value": float(value),
        }
        for measure, values in by_trial.items()
        for trial, value in values.items()
    ]
    return pa.Table.from_pylist(rows, schema=SCHEMAS["trials"])


def trail_table(policy: str, steps: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Rows of `trail.parquet`; `steps` are module calls by the names of its columns.

    Further values of a step are left out.
    """
    rows = [{**step, "policy": policy} for step in steps]
    return pa.Table.from_pylist(rows, schema=SCHEMAS["trail"])


class TableFile:
    """A table on disk, in a temporary folder that goes when this object does."""

    def __init__(self, name: TableName) -> None:
        self._folder = HeldFolder("heedmap-table-", Path(tempfile.gettempdir()))
        self.path = self._folder.path / file_of(name)

    def remove(self) -> None:
        """Remove the file now, not only when this object goes."""
        self._folder.remove()

    def read(self) -> pa.Table:
        """The whole table."""
        return read_parquet(self.path)


class TableWriter:
    """Writes rows to a Parquet file as they come; `finish` gives the file.

    Raises RecordError when the disk is full.
    """

    def __init__(self, name: TableName) -> None:
        self._file = TableFile(name)
        self._writer = pq.ParquetWriter(self._file.path, SCHEMAS[name])
        self._held: list[pa.Table] = []

    def add(self, table: pa.Table) -> None:
        """Rows of one case."""
        self._held.append(table)
        if sum(len(held) for held in self._held) >= ROWS_AT_ONCE:
            self._write()

    def finish(self) -> TableFile:
        """Write what is left and close the file."""
        self._write()
        self._writer.close()
        return self._file

    def discard(self) -> None:
        """Close the file, and remove it."""
        self._writer.close()
        self._file.remove()

    def _write(self) -> None:
        if self._held:
            try:
                self._writer.write_table(pa.concat_tables(self._held))
            except OSError as error:
                raise RecordError(
                    "The shares cannot be kept in {parent} ({why}); free some space there, or set "
                    "TMPDIR to a folder that has more.",
                    parent=self._file.path.parent,
                    why=error,
                ) from error
        self._held = []


@contextmanager
def table_writers() -> Iterator[dict[TableName, TableWriter]]:
    """A writer for each table; what they wrote is gone at once where the block fails."""
    writers: dict[TableName, TableWriter] = {name: TableWriter(name) for name in SCHEMAS}
    try:
        yield writers
    except BaseException:
        for writer in writers.values():
            writer.discard()
        raise
