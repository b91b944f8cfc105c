"""One step: what a client sent, and what it got."""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa
from pydantic import TypeAdapter


@dataclass(frozen=True)
class Step:
    """One observation and its answer, as they passed; the columns of the recording."""

    client: int
    """Number of the connection, from 1."""
    episode: int
    """Of the client, from 1; 0 where its protocol marks none."""
    step: int
    """Of the client, from 0."""
    time_s: float
    """Since the tap began."""
    words: str | None
    """None where the observation has none."""
    cameras: tuple[str, ...] = ()
    thumbnails: tuple[bytes, ...] = field(default=(), repr=False)
    """A small JPEG each camera; none where they were taken out to save room."""
    state: tuple[float, ...] | None = None
    action: tuple[float, ...] | None = None
    """First step of the chunk; None where no action was answered."""
    chunk_shape: tuple[int, ...] = ()
    latency_ms: float | None = None
    """Between observation and answer; None where no answer came."""
    error: str | None = None
    """What the server said in place of an action."""
    findings: tuple[str, ...] = ()
    """Codes of what is odd about this step."""
    nearest: str | None = None
    """Nearest training instruction, where the words are none."""


SCHEMA = pa.schema(
    [
        pa.field("client", pa.int32(), nullable=False),
        pa.field("episode", pa.int32(), nullable=False),
        pa.field("step", pa.int64(), nullable=False),
        pa.field("time_s", pa.float64(), nullable=False),
        pa.field("words", pa.string()),
        pa.field("cameras", pa.list_(pa.string()), nullable=False),
        pa.field("thumbnails", pa.list_(pa.binary()), nullable=False),
        pa.field("state", pa.list_(pa.float64())),
        pa.field("action", pa.list_(pa.float64())),
        pa.field("chunk_shape", pa.list_(pa.int64()), nullable=False),
        pa.field("latency_ms", pa.float64()),
        pa.field("error", pa.string()),
        pa.field("findings", pa.list_(pa.string()), nullable=False),
        pa.field("nearest", pa.string()),
    ]
)
NAMES = tuple(SCHEMA.names)
_READER = TypeAdapter(Step)


def as_row(step: Step) -> dict[str, object]:
    """The step as a row; half characters, which no file can hold, become question marks."""
    row = dict(vars(step))
    for name, value in row.items():
        if isinstance(value, str):
            row[name] = value.encode("utf-8", "replace").decode()
    row["cameras"] = [name.encode("utf-8", "replace").decode() for name in step.cameras]
    return row


def of_row(row: object) -> Step:
    """A step from a row of a recording, which may be a stranger's. Raises ValueError."""
    return _READER.validate_python(row)
