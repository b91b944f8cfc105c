"""Instructions in lists: text files, JSON lines, JSON, YAML, CSV and Parquet."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from heedmap.data.gates.documents import yaml_of
from heedmap.data.parquet import read_parquet
from heedmap.errors import HeedmapError, InstructionError, first_line_of
from heedmap.phrase import Phrase
from heedmap.report.words.files import read_text
from heedmap.report.words.texts import Instruction, Kind

KEYS = (
    *("instruction", "language_instruction", "task_description", "said", "task", "tasks"),
    *("language", "prompt", "text", "instructions", "annotation"),
)
"""Under which names a row has what the policy is given; the first that is there."""
ASKED = "asked"
"""Under which name a row has what the task asks for, where a log tells the two apart."""
MOST_BYTES = 512 * 2**20
MOST_YAML_BYTES = 16 * 2**20
MOST_INSTRUCTIONS = 5_000_000
MOST_NESTED = 8
DELIMITERS = ",;\t|"
"""Of a CSV file; spreadsheets write semicolons where a comma is in numbers."""
_MANY_CHARACTERS = 4

_NAMES = {
    **{bool: Phrase("a truth value"), int: Phrase("a number"), float: Phrase("a number")},
    **{dict: Phrase("a mapping"), bytes: Phrase("bytes"), list: Phrase("a list")},
}
"""What a sentence calls a value that is no text."""

Found = tuple[Any, str | None, str]
"""A value, what is asked beside it, and where it lies."""


def read_list(path: Path) -> tuple[Kind, list[Instruction]]:
    """The instructions of a file, by the ending of its name.

    Raises InstructionError, in one sentence, for a file that cannot be read or has none.
    """
    suffix = path.suffix.lower()
    if suffix not in _READERS:
        endings = ", ".join(_READERS)
        raise InstructionError(
            "The file {path} is of an unknown kind; give {endings}, .bddl, .hdf5, .tfrecord, a "
            "LeRobot or RLDS folder, or a folder of BDDL or HDF5 files.",
            path=path,
            endings=endings,
        )
    kind, read = _READERS[suffix]
    found: list[Instruction] = []
    try:
        for value, asked, place in read(path):
            found += _instructions(value, asked, place)
            if len(found) > MOST_INSTRUCTIONS:
                raise InstructionError(
                    "{path} has more than {most:,} instructions.",
                    path=path,
                    most=MOST_INSTRUCTIONS,
                )
    except HeedmapError:
        raise
    except Exception as error:  # of csv, json, Arrow, and whatever these raise
        raise InstructionError(
            "{path} cannot be read: {why}.", path=path, why=first_line_of(error)
        ) from error
    if not found:
        raise InstructionError(
            "{path} holds no instructions; expected a list of texts, or rows with one of {keys}.",
            path=path,
            keys=", ".join(KEYS[:5]),
        )
    return kind, found


def split_characters(value: list[Any]) -> str | None:
    """The text whose characters a list holds one by one; None for a list of anything else."""
    are_characters = all(isinstance(each, str) and len(each) == 1 for each in value)
    return "".join(value) if are_characters and len(value) >= _MANY_CHARACTERS else None


def _instructions(value: Any, asked: str | None, place: str) -> Iterator[Instruction]:
    """One for a text, or each of several in a list."""
    if isinstance(value, list):
        joined = split_characters(value)
        if joined is not None:
            yield Instruction(joined, place, asked, is_split=True)
        else:
            for each in value:
                yield from _instructions(each, asked, place)
    else:
        yield Instruction(_text(value, place) or "", place, asked)


def _text(value: Any, place: str) -> str | None:
    """A text, or nothing. Raises InstructionError for a number, a mapping or another thing."""
    if value is None or isinstance(value, str):
        return value
    raise InstructionError(
        "{place} holds {kind} where a text is expected; write the instruction as a text, in "
        "quotation marks where the format needs them.",
        place=place,
        kind=_NAMES.get(type(value), type(value).__name__),
    )


def _of_text(path: Path) -> Iterator[Found]:
    """Every line; empty ones only part the list."""
    for number, line in enumerate(read_text(path, MOST_BYTES, Phrase("list")).split("\n"), 1):
        line = line.removesuffix("\r")
        if line.strip():
            yield line, None, f"{path.name}:{number}"


def _of_json_lines(path: Path) -> Iterator[Found]:
    for number, line in enumerate(read_text(path, MOST_BYTES, Phrase("log")).split("\n"), 1):
        if line.strip():
            try:
                row = json.loads(line)
            except ValueError as error:
                raise ValueError(
                    Phrase("line {number} is no JSON: {why}", number=number, why=error)
                ) from error
            yield from _of_row(row, f"{path.name}:{number}")


def _of_json(path: Path) -> Iterator[Found]:
    content = json.loads(read_text(path, MOST_BYTES, Phrase("list")))
    yield from _of_document(content, path.name)


def _of_yaml(path: Path) -> Iterator[Found]:
    text = read_text(path, MOST_YAML_BYTES, Phrase("list"))
    yield from _of_document(yaml_of(text), path.name)


def _of_csv(path: Path) -> Iterator[Found]:
    text = read_text(path, MOST_BYTES, Phrase("table"))
    rows = csv.DictReader(io.StringIO(text), delimiter=_delimiter(text.partition("\n")[0]))
    for number, row in enumerate(rows, 2):
        yield from _of_row(row, f"{path.name}:{number}")


def _delimiter(header: str) -> str:
    """What parts the columns: the first under which one of them has a known name, or a comma."""
    for delimiter in DELIMITERS:
        if any(name in KEYS for name in next(csv.reader([header], delimiter=delimiter), [])):
            return delimiter
    return DELIMITERS[0]


def _of_parquet(path: Path) -> Iterator[Found]:
    names = [name for name in pq.read_schema(path).names if name in (*KEYS, ASKED)]
    for number, row in enumerate(read_parquet(path, columns=names).to_pylist()):
        yield from _of_row(row, f"{path.name}:{number}")


def _of_row(row: Any, place: str) -> Iterator[Found]:
    """What a row says; a row of other things, such as a log's first line, says nothing."""
    if not isinstance(row, Mapping):
        yield row, None, place
        return
    there = [key for key in KEYS if key in row]
    if there:
        may_be_texts = (key for key in there if isinstance(row[key], str | list | None))
        key = next(may_be_texts, there[0])  # a number beside a text is that of the task
        yield row[key], _text(row.get(ASKED), f"{place}:{ASKED}"), place


def _of_document(content: Any, place: str, depth: int = 0) -> Iterator[Found]:
    """Texts in a document: rows in a list, or names with their texts."""
    if depth > MOST_NESTED:
        return
    if isinstance(content, Mapping):
        key = next((key for key in KEYS if key in content), None)
        if key is not None and not isinstance(content[key], Mapping | list):
            yield from _of_row(content, place)
        elif key is not None:
            yield from _of_document(content[key], f"{place}:{key}", depth + 1)
        else:
            for name, each in content.items():
                yield from _of_document(each, f"{place}:{name}", depth + 1)
    elif isinstance(content, list) and split_characters(content) is None:
        for number, each in enumerate(content, 1):
            inside = f"{place}:{number}"
            if isinstance(each, Mapping):
                yield from _of_row(each, inside)
            else:
                yield each, None, inside
    elif content is not None:
        yield content, None, place


_READERS: dict[str, tuple[Kind, Callable[[Path], Iterator[Found]]]] = {
    ".txt": ("list", _of_text),
    ".jsonl": ("log", _of_json_lines),
    ".json": ("list", _of_json),
    ".yaml": ("list", _of_yaml),
    ".yml": ("list", _of_yaml),
    ".csv": ("table", _of_csv),
    ".parquet": ("table", _of_parquet),
}
