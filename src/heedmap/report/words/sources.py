"""From a path to its instructions: data sets, benchmarks, lists and logs."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from heedmap.data.lerobot_tasks import load_tasks, tasks_of_episodes
from heedmap.data.locator import Locator
from heedmap.errors import InstructionError, MissingExtraError
from heedmap.phrase import Phrase
from heedmap.report.words.bddl import read_tasks
from heedmap.report.words.lists import read_list, split_characters
from heedmap.report.words.texts import Instruction, Kind, Role, Source, Unreadable

Says = Literal["name", "language"]
"""From where an evaluation on BDDL tasks takes the words: LIBERO takes the file's name."""
INFO = "meta/info.json"
HDF5 = (".h5", ".hdf5")
MOST_FILES = 1_000_000
FORMS = Phrase(
    "a LeRobot or RLDS folder, a folder of BDDL, HDF5 or case files, or a .bddl, .hdf5, "
    ".tfrecord, .txt, .jsonl, .json, .yaml, .csv or .parquet file"
)


def read_source(path: Path, role: Role, says: Says = "name") -> Source:
    """What a file or folder says. Raises a HeedmapError, in one sentence, for what cannot be read.

    A folder is of one kind: the first that fits of LeRobot, RLDS, BDDL, HDF5 and cases.
    """
    if not path.exists():
        raise InstructionError(
            "The source {path} does not exist; give {forms}.", path=path, forms=FORMS
        )
    left_out: list[Unreadable] = []
    kind, found = _read(path, says, left_out)
    if not found:
        raise InstructionError(
            "The source {path} holds no instructions; give {forms}.", path=path, forms=FORMS
        )
    has_frames = kind in ("lerobot", "rlds", "hdf5", "cases")
    return Source(str(path), role, kind, tuple(found), has_frames, tuple(left_out))


def _read(path: Path, says: Says, left_out: list[Unreadable]) -> tuple[Kind, list[Instruction]]:
    if path.is_dir():
        return _of_folder(path, says, left_out)
    if not stat.S_ISREG(path.stat().st_mode):
        raise InstructionError(
            "The source {path} is no regular file; give {forms}.", path=path, forms=FORMS
        )
    if path.suffix.lower() == ".bddl":
        return "bddl", read_tasks([path], path, left_out, says_language=says == "language")
    if path.suffix.lower() in HDF5:
        return "hdf5", list(_of_hdf5([path], path.parent))
    if ".tfrecord" in path.name:
        return "rlds", list(_of_rlds(path))
    return read_list(path)


def _of_folder(
    folder: Path, says: Says, left_out: list[Unreadable]
) -> tuple[Kind, list[Instruction]]:
    if (folder / INFO).is_file():
        return "lerobot", list(_of_lerobot(folder, folder))
    files = _files(folder)
    if infos := [path for path in files if path.match(INFO)]:
        sets = [path.parent.parent for path in infos]
        return "lerobot", [each for data_set in sets for each in _of_lerobot(data_set, folder)]
    if shards := [path for path in files if ".tfrecord" in path.name]:
        return "rlds", [each for shard in shards for each in _of_rlds(shard)]
    if tasks := [path for path in files if path.suffix.lower() == ".bddl"]:
        return "bddl", read_tasks(tasks, folder, left_out, says_language=says == "language")
    if episodes := [path for path in files if path.suffix.lower() in HDF5]:
        return "hdf5", list(_of_hdf5(episodes, folder))
    if cases := [path for path in files if path.name == "instructions.yaml"]:
        return "cases", [each for path in cases for each in read_list(path)[1]]
    raise InstructionError(
        "The folder {folder} holds no instructions that can be read: no {info} (LeRobot), no "
        ".tfrecord, .bddl or .hdf5 file and no instructions.yaml; give {forms}.",
        folder=folder,
        info=INFO,
        forms=FORMS,
    )


def _files(folder: Path) -> list[Path]:
    """Regular files below a folder, in the order of their names. Links to folders are not taken.

    Raises InstructionError for more files than any benchmark has.
    """
    found: list[Path] = []
    for path in folder.rglob("*"):
        if len(found) > MOST_FILES:
            raise InstructionError(
                "The folder {folder} holds more than {most:,} files; give the folder of the "
                "data set or of the tasks itself.",
                folder=folder,
                most=MOST_FILES,
            )
        if path.is_file():
            found.append(path)
    return sorted(found)


def _of_lerobot(folder: Path, root: Path) -> Iterator[Instruction]:
    """One for each episode; where no episode names its task, one for each of the tasks."""
    named = False
    name = folder.name if folder == root else str(folder.relative_to(root))
    for episode, tasks in tasks_of_episodes(folder):
        place = f"{name}#episode={episode}"
        joined = split_characters(list(tasks))
        for text in tasks if joined is None else [joined]:
            named = True
            recording = Locator(place, folder, episode=episode)
            yield Instruction(text, place, is_split=joined is not None, episode=recording)
    if not named:
        for number, text in load_tasks(folder).items():
            yield Instruction(str(text), f"{name}#task_index={number}")


def _of_rlds(path: Path) -> Iterator[Instruction]:
    try:
        from heedmap.data.rlds import instructions_of_episodes
    except ModuleNotFoundError as error:
        raise MissingExtraError("rlds", error.name or "tfrecord") from error
    for shard, number, texts in instructions_of_episodes(path):
        for text in texts or [""]:
            place = f"{shard.name}#{number}"
            yield Instruction(text, place, episode=Locator(place, shard, episode=number))


def _of_hdf5(files: list[Path], root: Path) -> Iterator[Instruction]:
    try:
        from heedmap.data.hdf5 import instruction_in
    except ModuleNotFoundError as error:
        raise MissingExtraError("data", error.name or "h5py") from error
    for path in files:
        place = str(path.relative_to(root))
        yield Instruction(instruction_in(path) or "", place, episode=Locator(place, path))
