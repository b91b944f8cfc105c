"""The readings of a run as JSON lines on disk, and as one table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
from pydantic import ValidationError

from heedmap.data.gates.documents import first_misfit
from heedmap.data.gates.files import read_text
from heedmap.errors import RecordError
from heedmap.monitor.reading import Reading
from heedmap.phrase import Phrase

MOST_BYTES = 512 * 2**20


def append_reading(path: Path, reading: Reading) -> None:
    """Add one line. Raises RecordError when the file cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(reading.model_dump_json() + "\n")
    except OSError as error:
        raise RecordError(
            "The reading at step {step} cannot be added to {path}: {why}. Give a file that can be "
            "written as history.",
            step=reading.step,
            path=path,
            why=error,
        ) from error


def read_history(path: Path) -> tuple[Reading, ...]:
    """All readings of a file, in order.

    Raises RecordError when it cannot be read or a line is no reading.
    """
    lines = read_text(path, Phrase("history"), RecordError, MOST_BYTES).split("\n")
    try:
        return tuple(Reading.model_validate_json(line) for line in lines if line)
    except ValidationError as error:
        raise RecordError(
            "{path} is not a history that a heedmap monitor wrote: {misfit}.",
            path=path,
            misfit=first_misfit(error),
        ) from error


def curve_of(readings: Sequence[Reading]) -> pa.Table:
    """One row a reading: `step`, `seconds`, `cause`, and every metric; null: not measured."""
    names = sorted({name for reading in readings for name in reading.metrics})
    columns: dict[str, pa.Array] = {
        "step": pa.array([reading.step for reading in readings], pa.int64()),
        "seconds": pa.array([reading.seconds for reading in readings], pa.float64()),
        "cause": pa.array([reading.cause for reading in readings], pa.string()),
    }
    for name in names:
        values = [reading.metrics.get(name) for reading in readings]
        columns[name] = pa.array(values, pa.float64())
    return pa.table(columns)
