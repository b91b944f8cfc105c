"""Examples of a data set: which instruction, and which action, came with which frame.

A data set is a folder of case folders, as `heedmap specimens case` writes them, or a table
(CSV, JSON lines, Parquet) with the columns `frame` (an image file, relative to the table),
`instruction`, and optionally `action` and `episode`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from pyarrow import csv, json

from heedmap.data.cases import load_cases
from heedmap.data.gates.gate import gate
from heedmap.data.images import load_frame
from heedmap.data.parquet import read_parquet
from heedmap.data.pixels import Frame
from heedmap.errors import RecordError
from heedmap.phrase import Phrase, in_a_row

REQUIRED = ("frame", "instruction")
OPTIONAL = ("action", "episode")


@dataclass(frozen=True)
class Examples:
    """Examples as columns; `frame` numbers the entries of `frames`."""

    frames: tuple[Frame, ...]
    frame: tuple[int, ...]
    instruction: tuple[str, ...]
    action: tuple[str | None, ...]
    episode: tuple[str, ...]
    """The frame itself where no episode is known."""

    def __len__(self) -> int:
        return len(self.frame)


def load_examples(path: Path) -> Examples:
    """Read a data set. Raises a HeedmapError, in one sentence, for what cannot be read."""
    if path.is_dir():
        return _of_cases(path)
    if not path.is_file():
        raise RecordError(
            "The data set {path} does not exist; give a folder of cases, or a CSV, JSON-lines or "
            "Parquet file with the columns {required}.",
            path=path,
            required=", ".join(REQUIRED),
        )
    return _of_table(_read_table(path), path)


def _of_cases(folder: Path) -> Examples:
    trials = load_cases(folder)
    rows = [
        (number, text, trial.expected.get(name), trial.name)
        for number, trial in enumerate(trials)
        for name, text in trial.instructions.items()
    ]
    frame, instruction, action, episode = (tuple(column) for column in zip(*rows, strict=True))
    frames = tuple(trial.observation.frame for trial in trials)
    return Examples(frames, frame, instruction, action, episode)


def _read_table(path: Path) -> pa.Table:
    readers = {
        ".csv": csv.read_csv,
        ".json": json.read_json,
        ".jsonl": json.read_json,
        ".parquet": read_parquet,
    }
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise RecordError(
            "The data set {path} is of an unknown kind; give a .csv, .jsonl or .parquet file, or "
            "a folder of cases.",
            path=path,
        )
    with gate(
        RecordError,
        Phrase("The data set {path}", path=path),
        Phrase("mend the table, or write it anew"),
    ):
        found = reader(path)
        assert found.column_names is not None  # names that are no UTF-8 raise here
        return found


def _of_table(table: pa.Table, path: Path) -> Examples:
    missing = [name for name in REQUIRED if name not in table.column_names]
    if missing:
        raise RecordError(
            "The data set {path} has no column {missing}; it has {columns}. Needed are "
            "{required}, and {optional} where they are known.",
            path=path,
            missing=in_a_row(missing, Phrase(" and no column ")),
            columns=", ".join(table.column_names),
            required=", ".join(REQUIRED),
            optional=in_a_row(OPTIONAL, Phrase(" and ")),
        )
    columns = {name: _texts(table, name) for name in (*REQUIRED, *OPTIONAL)}
    names = columns["frame"]
    if None in names or None in columns["instruction"]:
        raise RecordError(
            "The data set {path} has rows without a frame or an instruction; fill or drop them.",
            path=path,
        )
    distinct = list(dict.fromkeys(names))
    number = {name: index for index, name in enumerate(distinct)}
    episodes = zip(columns["episode"], names, strict=True)
    return Examples(
        frames=tuple(load_frame(path.parent / str(name)) for name in distinct),
        frame=tuple(number[name] for name in names),
        instruction=tuple(str(text) for text in columns["instruction"]),
        action=tuple(columns["action"]),
        episode=tuple(str(episode if episode is not None else name) for episode, name in episodes),
    )


def _texts(table: pa.Table, name: str) -> Sequence[str | None]:
    if name not in table.column_names:
        return [None] * len(table)
    return [None if value is None else str(value) for value in table[name].to_pylist()]
