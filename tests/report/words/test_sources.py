"""Data sets, lists and logs become instructions; what is no source is one sentence."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import h5py
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from heedmap.errors import HeedmapError, InstructionError
from heedmap.report.words.sources import read_source
from heedmap.report.words.texts import Source
from tests.data.recordings import (
    TASKS,
    rlds_episode,
    write_episode,
    write_json,
    write_lerobot_2,
    write_lerobot_3,
    write_rlds,
)


def read(path: Path) -> Source:
    return read_source(path, "given")


def said(path: Path) -> list[str]:
    return [each.said for each in read(path).instructions]


def test_a_lerobot_data_set_has_the_tasks_of_its_episodes(tmp_path: Path) -> None:
    write_lerobot_3(tmp_path / "set")
    found = read(tmp_path / "set")
    assert (found.kind, found.has_frames) == ("lerobot", True)
    assert [(each.said, each.place) for each in found.instructions] == [
        (TASKS[0], "set#episode=0"),
        (TASKS[1], "set#episode=1"),
    ]
    # Below a folder of data sets, too.
    assert read(tmp_path).instructions[0].place == "set#episode=0"


def test_a_lerobot_data_set_without_them_has_its_table_of_tasks(tmp_path: Path) -> None:
    write_lerobot_2(tmp_path, "image")
    assert said(tmp_path) == list(TASKS)


def test_a_lerobot_task_that_was_split_is_put_together_and_marked(tmp_path: Path) -> None:
    write_json(tmp_path / "meta/info.json", {})
    row = {"episode_index": 0, "tasks": list("open it"), "length": 3}
    (tmp_path / "meta/episodes.jsonl").write_text(json.dumps(row) + "\n")
    (only,) = read(tmp_path).instructions
    assert (only.said, only.is_split) == ("open it", True)


def test_a_lerobot_line_ends_at_a_line_feed_alone(tmp_path: Path) -> None:
    write_json(tmp_path / "meta/info.json", {})
    row = {"task_index": 0, "task": "open it\u2028now"}
    line = json.dumps(row, ensure_ascii=False) + "\r\n"
    (tmp_path / "meta/tasks.jsonl").write_text(line, encoding="utf-8")
    assert said(tmp_path) == ["open it\u2028now"]


@pytest.mark.parametrize("number", ["Infinity", "1e999", "NaN", "[" * 100_000, "null", '"x"'])
@pytest.mark.parametrize("name", ["tasks", "episodes"])
def test_lerobot_lines_of_other_things_are_one_sentence(
    tmp_path: Path, name: str, number: str
) -> None:
    write_json(tmp_path / "meta/info.json", {})
    index = f"{name.removesuffix('s')}_index"
    line = f'{{"{index}": {number}, "task": "open it", "tasks": ["open it"]}}\n'
    (tmp_path / f"meta/{name}.jsonl").write_text(line)
    with pytest.raises(HeedmapError, match=f"cannot be read as a list of {index}") as raised:
        read(tmp_path)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("text", ["[1, 2]", "{}", "[[]]", "7", "[" * 100_000])
def test_hdf5_information_without_a_text_has_none(tmp_path: Path, text: str) -> None:
    with h5py.File(tmp_path / "a.h5", "w", libver="latest") as file:
        info = f'{{"language_instruction": {text}}}'
        file.create_group("data").attrs["problem_info"] = info
    assert said(tmp_path / "a.h5") == [""]


def test_hdf5_files_have_their_attribute_or_liberos_own(tmp_path: Path) -> None:
    write_episode(tmp_path / "a.h5", language_instruction="open it")
    with h5py.File(tmp_path / "b.hdf5", "w") as file:
        info = json.dumps({"language_instruction": "close it"})
        file.create_group("data").attrs["problem_info"] = info
    with h5py.File(tmp_path / "c.hdf5", "w"):
        pass
    assert said(tmp_path) == ["open it", "close it", ""]
    assert read(tmp_path / "a.h5").kind == "hdf5"


def test_rlds_records_have_their_steps_texts(tmp_path: Path) -> None:
    path = tmp_path / "set-train.tfrecord-00000-of-00001"
    write_rlds(path, [rlds_episode(0), rlds_episode(1)])
    found = read(path)
    assert found.kind == "rlds"
    assert [each.place.split("#")[1] for each in found.instructions] == ["0", "1"]
    assert all(each.said for each in found.instructions)
    assert said(tmp_path) == [each.said for each in found.instructions]


LISTS: dict[str, str] = {
    "a.txt": "open it\r\n\nclose it\n",
    "a.jsonl": '{"run": 1}\n{"instruction": "open it", "frame": "x.png"}\n{"task": "close it"}\n',
    "b.jsonl": '"open it"\n["close it"]\n',
    "a.json": '{"tasks": ["open it", {"text": "close it", "name": "b"}]}',
    "a.yaml": "suite:\n  first: open it\n  second: [close it]\n",
    "b.yaml": "- {name: a, text: open it}\n- {name: b, text: close it}\n",
    "c.jsonl": '{"task": 0, "text": "open it"}\n{"task": 1, "text": "close it"}\n',
    "b.csv": 'step;instruction\n"1,5";open it\n2;close it\n',
    "c.csv": "task\tnote\nopen it\ta,b\nclose it\tc;d\n",
    "a.csv": "frame,instruction\nx.png,open it\ny.png,close it\n",
}


@pytest.mark.parametrize("name", LISTS)
def test_lists_of_every_kind_are_read(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(LISTS[name], newline="")
    assert said(tmp_path / name) == ["open it", "close it"]


def test_a_parquet_table_and_a_folder_of_cases_are_read(tmp_path: Path) -> None:
    pq.write_table(pa.table({"task": ["open it", None]}), tmp_path / "a.parquet")
    assert said(tmp_path / "a.parquet") == ["open it", ""]
    (tmp_path / "cases/0").mkdir(parents=True)
    (tmp_path / "cases/0/instructions.yaml").write_text(LISTS["b.yaml"])
    assert (read(tmp_path / "cases").kind, said(tmp_path / "cases")) == (
        "cases",
        ["open it", "close it"],
    )


def test_a_log_can_tell_what_was_asked_from_what_was_said(tmp_path: Path) -> None:
    row = {"instruction": "open it", "asked": "close it"}
    (tmp_path / "log.jsonl").write_text(json.dumps(row))
    (only,) = read(tmp_path / "log.jsonl").instructions
    assert (only.said, only.asked, only.place) == ("open it", "close it", "log.jsonl:1")


NO_TEXTS: dict[str, tuple[str, str]] = {
    "a.jsonl": ('{"task": {"name": "open it"}}', "a.jsonl:1 holds a mapping"),
    "b.jsonl": ('{"task": "open it", "asked": 3}', "b.jsonl:1:asked holds a number"),
    "c.jsonl": ('{"task": [["open it"], [NaN]]}', "c.jsonl:1 holds a number"),
    "a.yaml": ("- open it\n- yes\n", "a.yaml:2 holds a truth value"),
    "b.yaml": ("task: !!binary aGk=\n", "b.yaml holds bytes"),
    "c.yaml": ("a: 2024-01-02\n", "c.yaml:a holds date"),
}


@pytest.mark.parametrize("name", NO_TEXTS)
def test_what_is_no_text_is_refused_with_its_place(tmp_path: Path, name: str) -> None:
    content, why = NO_TEXTS[name]
    (tmp_path / name).write_text(content)
    with pytest.raises(InstructionError, match=f"{why} where a text is expected"):
        read(tmp_path / name)


@pytest.mark.parametrize("value", [7, b"open it", {"en": "open it"}])
def test_a_column_of_other_things_is_refused(tmp_path: Path, value: Any) -> None:
    pq.write_table(pa.table({"task": [value]}), tmp_path / "a.parquet")
    with pytest.raises(InstructionError, match="where a text is expected"):
        read(tmp_path / "a.parquet")


BAD: dict[str, tuple[Any, str]] = {
    "missing.txt": (None, "does not exist"),
    "empty.txt": ("", "holds no instructions"),
    "other.jsonl": ('{"a": 1}', "holds no instructions"),
    "broken.jsonl": ('"open it"\n{bad', "line 2 is no JSON"),
    "broken.json": ("[" * 100_000, "cannot be read"),
    "broken.yaml": ("a: [", "cannot be read"),
    "broken.parquet": ("PAR1", "cannot be read"),
    "broken.h5": ("no", "cannot be read as HDF5"),
    "a.tfrecord": ("no", "no TFRecord file"),
    "a.doc": ("open it", "of an unknown kind"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_read_is_one_sentence(tmp_path: Path, name: str) -> None:
    content, why = BAD[name]
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(HeedmapError, match=why) as raised:
        read(tmp_path / name)
    assert "\n" not in str(raised.value)


def test_folders_without_instructions_and_pipes_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    with pytest.raises(InstructionError, match="no regular file"):
        read(tmp_path / "pipe.txt")
    os.mkfifo(tmp_path / "task.bddl")
    with pytest.raises(InstructionError, match="holds no instructions that can be read"):
        read(tmp_path)


def test_a_document_of_aliases_is_refused_and_a_star_is_none(tmp_path: Path) -> None:
    (tmp_path / "bomb.yaml").write_text("- &a [x x, x x]\n- &b [*a, *a]\n- [*b, *b]\n")
    with pytest.raises(InstructionError, match="it has aliases"):
        read(tmp_path / "bomb.yaml")
    (tmp_path / "star.yaml").write_text("- open *it*\n- 'close *it'\n")
    assert said(tmp_path / "star.yaml") == ["open *it*", "close *it"]
