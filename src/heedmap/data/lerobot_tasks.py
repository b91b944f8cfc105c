"""Tasks of LeRobotDataset folders: the table of tasks, and which ones each episode has.

Only `meta/` is read. A task is a text; a data set that split it into characters is read as it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from heedmap.data.parquet import read_parquet
from heedmap.data.rows import Rows
from heedmap.errors import FrameError, first_line_of

TASKS_3, TASKS_2 = "meta/tasks.parquet", "meta/tasks.jsonl"
EPISODES_2 = "meta/episodes.jsonl"
_NO_TASKS = (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)
"""What lines raise that are no tasks: other JSON, infinite numbers, ever deeper lists."""


def load_tasks(folder: Path) -> dict[int, str]:
    """Texts by task_index; empty where no table of tasks is there.

    Raises FrameError, in one sentence, for a table that cannot be read.
    """
    path = folder / TASKS_3
    if path.is_file():
        table = read_table(path)
        texts = [name for name in table.column_names if _is_text(table[name].type)]
        texts.sort(key=lambda name: name != "task")
        if not texts or "task_index" not in table.column_names:
            raise FrameError(f"{path} has no column of tasks and task_index.")
        rows = Rows(path, table)
        numbers = rows.all_whole("task_index").tolist()
        return {number: rows.text(texts[0], row) for row, number in enumerate(numbers)}
    path = folder / TASKS_2
    if not path.is_file():
        return {}
    try:
        return {int(line["task_index"]): str(line["task"]) for line in _lines(path)}
    except _NO_TASKS as error:
        raise FrameError(f"{path} is no list of task_index and task: {error}") from error


def tasks_of_episodes(folder: Path) -> Iterator[tuple[int, list[str]]]:
    """Each episode's number and tasks, as `meta/episodes` has them; nothing where it has none.

    Raises FrameError, in one sentence, for what cannot be read.
    """
    path = folder / EPISODES_2
    if path.is_file():
        try:
            for line in _lines(path):
                yield int(line["episode_index"]), _as_list(line.get("tasks"))
        except _NO_TASKS as error:
            raise FrameError(f"{path} is no list of episode_index and tasks: {error}") from error
        return
    for part in sorted((folder / "meta/episodes").glob("*/*.parquet")):
        table = read_table(part, columns=["episode_index", "tasks"])
        if table.num_columns == 2:
            numbers = Rows(part, table).all_whole("episode_index").tolist()
            yield from zip(numbers, map(_as_list, table["tasks"].to_pylist()), strict=True)


def read_table(path: Path, filters: Any = None, columns: list[str] | None = None) -> pa.Table:
    """A Parquet file of a data set. Raises FrameError where it cannot be read."""
    try:
        return read_parquet(path, filters=filters, columns=columns)
    except (OSError, pa.ArrowException) as error:
        first_line = first_line_of(error)
        raise FrameError(f"{path} cannot be read: {first_line}") from error


def column_names(path: Path) -> list[str]:
    """Of a Parquet file of a data set. Raises FrameError where it cannot be read."""
    try:
        return list(pq.read_schema(path).names)
    except (OSError, pa.ArrowException) as error:
        raise FrameError(f"{path} cannot be read: {first_line_of(error)}") from error


def _lines(path: Path) -> list[Any]:
    """Lines end at line feeds alone: a text may hold what else parts lines, such as U+2028."""
    lines = path.read_text(encoding="utf-8").split("\n")
    return [json.loads(line) for line in lines if line.strip()]


def _as_list(tasks: Any) -> list[str]:
    if tasks is None:
        return []
    return [str(task) for task in tasks] if isinstance(tasks, list) else [str(tasks)]


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)
