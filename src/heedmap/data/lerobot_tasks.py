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

from heedmap.data.gates.files import check_regular, read_text
from heedmap.data.gates.gate import gate
from heedmap.data.parquet import read_parquet
from heedmap.data.rows import Rows
from heedmap.errors import FrameError
from heedmap.phrase import Phrase

TASKS_3, TASKS_2 = "meta/tasks.parquet", "meta/tasks.jsonl"
EPISODES_2 = "meta/episodes.jsonl"
MOST_LINES_BYTES = 512 * 2**20
ADVICE = Phrase("mend the data set there")


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
            raise FrameError("{path} has no column of tasks and task_index.", path=path)
        rows = Rows(path, table)
        numbers = rows.all_whole("task_index").tolist()
        return {number: rows.text(texts[0], row) for row, number in enumerate(numbers)}
    path = folder / TASKS_2
    if not path.is_file():
        return {}
    with gate(FrameError, str(path), ADVICE, Phrase("a list of task_index and task")):
        return {int(line["task_index"]): str(line["task"]) for line in _lines(path)}


def tasks_of_episodes(folder: Path) -> Iterator[tuple[int, list[str]]]:
    """Each episode's number and tasks, as `meta/episodes` has them; nothing where it has none.

    Raises FrameError, in one sentence, for what cannot be read.
    """
    path = folder / EPISODES_2
    if path.is_file():
        with gate(FrameError, str(path), ADVICE, Phrase("a list of episode_index and tasks")):
            found = [
                (int(each["episode_index"]), _as_list(each.get("tasks"))) for each in _lines(path)
            ]
        yield from found
        return
    for part in sorted((folder / "meta/episodes").glob("*/*.parquet")):
        table = read_table(part, columns=["episode_index", "tasks"])
        if table.num_columns == 2:
            numbers = Rows(part, table).all_whole("episode_index").tolist()
            yield from zip(numbers, map(_as_list, table["tasks"].to_pylist()), strict=True)


def read_table(path: Path, filters: Any = None, columns: list[str] | None = None) -> pa.Table:
    """A Parquet file of a data set. Raises FrameError where it cannot be read."""
    check_regular(path, Phrase("table"), FrameError)
    with gate(FrameError, str(path), ADVICE):
        found = read_parquet(path, filters=filters, columns=columns)
        assert found.column_names is not None  # names that are no UTF-8 raise here
        return found


def column_names(path: Path) -> list[str]:
    """Of a Parquet file of a data set. Raises FrameError where it cannot be read."""
    check_regular(path, "table", FrameError)
    with gate(FrameError, str(path), ADVICE):
        return list(pq.read_schema(path).names)


def _lines(path: Path) -> list[Any]:
    """Lines end at line feeds alone: a text may hold what else parts lines, such as U+2028."""
    lines = read_text(path, Phrase("list"), FrameError, MOST_LINES_BYTES).split("\n")
    return [json.loads(line) for line in lines if line.strip()]


def _as_list(tasks: Any) -> list[str]:
    if tasks is None:
        return []
    return [str(task) for task in tasks] if isinstance(tasks, list) else [str(tasks)]


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)
