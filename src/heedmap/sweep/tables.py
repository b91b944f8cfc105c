"""The tables of a run folder: one Parquet part a cell. docs/sweep.md says what columns hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

import pyarrow as pa
import pyarrow.parquet as pq

from heedmap.record.tables import SCHEMAS

RunTable = Literal[
    "cells", "frames", "cases", "responses", "trials", "attention", "positions", "timings"
]
RUN_TABLES: tuple[RunTable, ...] = get_args(RunTable)
COMMIT: RunTable = "cells"
"""Written last of a cell's parts, before their checksums."""

_TEXT, _NUMBER, _COUNT, _YES = pa.string(), pa.float64(), pa.int32(), pa.bool_()
_NUMBERS = pa.list_(pa.float64())


def _schema(required: Mapping[str, pa.DataType], nullable: Mapping[str, pa.DataType]) -> pa.Schema:
    fields = [pa.field(name, kind, nullable=False) for name, kind in required.items()]
    return pa.schema([*fields, *(pa.field(name, kind) for name, kind in nullable.items())])


_CELL = {"cell": _TEXT, "policy": _TEXT, "set": _TEXT}


def _as_in_records(name: Literal["attention", "positions"]) -> pa.Schema:
    """The columns of an audit's table, behind those that name the cell."""
    own = {field.name: field.type for field in SCHEMAS[name] if field.name != "policy"}
    return _schema({**_CELL, **own}, {})


RUN_SCHEMAS: dict[RunTable, pa.Schema] = {
    "cells": _schema(
        {**_CELL, "first": _COUNT, "frames": _COUNT, "status": _TEXT},
        {
            "cause": _TEXT,
            "error_type": _TEXT,
            "error": _TEXT,
            "weights_sha256": _TEXT,
            "details": _TEXT,
        },
    ),
    "frames": _schema(
        {**_CELL, "frame": _TEXT, "source": _TEXT, "cluster": _TEXT},
        {
            "pixels_sha256": _TEXT,
            "episode": _TEXT,
            "recorded": _TEXT,
            "needed": _YES,
            "tokenised": _TEXT,
            "present": _TEXT,
            "visible": _TEXT,
            "attended": _TEXT,
            "cause": _TEXT,
            "measurements": _TEXT,
        },
    ),
    "cases": _schema(
        {**_CELL, "frame": _TEXT, "instruction": _TEXT, "text": _TEXT},
        {
            "expected_action": _TEXT,
            "token_count": _COUNT,
            "sequence_length": _COUNT,
            "image_visible": _COUNT,
            "image_total": _COUNT,
            "instruction_positions": _COUNT,
            "instruction_reachable": _COUNT,
            "action": _TEXT,
            "action_values": _NUMBERS,
            "probabilities": _NUMBERS,
            "is_right": _YES,
            "share": _NUMBER,
            "last_layer_share": _NUMBER,
            "lift": _NUMBER,
            "value_share": _NUMBER,
            "rollout_share": _NUMBER,
            "values_are_zero": _YES,
            "ivar": _NUMBER,
            "attention_sha256": _TEXT,
            "record": _TEXT,
        },
    ),
    "responses": _schema(
        {
            **_CELL,
            "frame": _TEXT,
            "kind": _TEXT,
            "instruction": _TEXT,
            "text": _TEXT,
            "scores": _NUMBERS,
        },
        {},
    ),
    "trials": _schema(
        {**_CELL, "frame": _TEXT, "cluster": _TEXT, "measure": _TEXT, "value": _NUMBER}, {}
    ),
    "attention": _as_in_records("attention"),
    "positions": _as_in_records("positions"),
    "timings": _schema(
        {
            "cell": _TEXT,
            "engine": _TEXT,
            "worker": _TEXT,
            "started_utc": _TEXT,
            "seconds": _NUMBER,
            "load_seconds": _NUMBER,
            "attempts": _COUNT,
        },
        {},
    ),
}


def as_schema(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The columns of `schema`; one that an older heedmap did not write is null.

    Raises pyarrow's ArrowException for a column that is missing and may not be null.
    """
    for field in schema:
        if field.nullable and field.name not in table.column_names:
            table = table.append_column(field, pa.nulls(len(table), field.type))
    return table.select(schema.names).cast(schema)


def part(name: RunTable, rows: Sequence[Mapping[str, Any]] | pa.Table) -> bytes:
    """One cell's part of a table, as the bytes of a Parquet file; equal rows give equal bytes."""
    schema = RUN_SCHEMAS[name]
    if isinstance(rows, Sequence):
        table = pa.Table.from_pylist([dict(row) for row in rows], schema=schema)
    else:
        table = rows.select(schema.names).cast(schema)
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue().to_pybytes()
