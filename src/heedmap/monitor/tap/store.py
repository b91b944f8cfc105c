"""A recording on disk: closed Parquet parts, and a journal of the part that is still open.

A step goes into the journal with one write as soon as it is complete, so that a killed process
loses at most the step in hand. The folder is bounded: the oldest thumbnails go first, then the
oldest parts.
"""

from __future__ import annotations

import errno
import os
import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgpack
import pyarrow as pa
import pyarrow.parquet as pq

from heedmap.data.parquet import read_parquet
from heedmap.errors import TapError, first_line_of
from heedmap.monitor.tap.step import NAMES, SCHEMA, Step, as_row, of_row
from heedmap.record.files import replace_file

STEPS_A_PART = 500
MOST_PART_SHARE = 8
"""The open part is closed before it takes more than this fraction of the folder's bound."""
OTHERS_SHARE = 8
"""As much of the bound is left for the page, the readings and what is said of the run."""
READINGS_SHARE = 20
METER_FILE = "meter.jsonl"
_RECORD = struct.Struct("<II")
"""Length of a journal's record, and its checksum."""
MOST_RECORD_BYTES = 16 * 2**20
_PART = re.compile(r"steps-(\d{6,9})\.parquet")
_JOURNAL = re.compile(r"steps-(\d{6,9})\.journal")


@dataclass
class Removed:
    """What went to keep the folder within its bound."""

    thumbnails: int = 0
    """Parts whose thumbnails went."""
    steps: int = 0


class Store:
    """Writes the steps of one run. Raises TapError where the folder cannot be written."""

    def __init__(self, folder: Path, most_bytes: int, steps_a_part: int = STEPS_A_PART) -> None:
        self._folder = folder
        self._most_bytes = most_bytes - most_bytes // OTHERS_SHARE
        self._steps_a_part = steps_a_part
        self._number = 0
        self._sizes: dict[int, int] = {}
        """Bytes of each closed part."""
        self._counts: dict[int, int] = {}
        self._with_thumbnails: list[int] = []
        self._readings_bytes = 0
        self.removed = Removed()
        self._open_journal()

    def append(self, step: Step) -> None:
        """Keep a step: it is read again, whatever ends this process afterwards."""
        content = msgpack.packb(as_row(step))
        assert content is not None
        record = _RECORD.pack(len(content), zlib.crc32(content)) + content
        try:
            if os.write(self._journal, record) < len(record):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            raise cannot_write(self._folder, error) from error
        self._steps.append(step)
        self._bytes += len(record)
        if (
            len(self._steps) >= self._steps_a_part
            or self._bytes * MOST_PART_SHARE >= self._most_bytes
        ):
            self.close_part()
            self._open_journal()

    def append_reading(self, line: bytes) -> None:
        """Keep what a shadow question found; beyond their share of the bound they are not."""
        self._readings_bytes += len(line)
        if self._readings_bytes * READINGS_SHARE <= self._most_bytes:
            with (self._folder / METER_FILE).open("ab") as file:
                file.write(line)

    def close_part(self) -> None:
        """Make a Parquet part of the open steps, and drop their journal."""
        os.close(self._journal)
        journal = self._folder / f"steps-{self._number:06}.journal"
        try:
            if self._steps:
                self._make_room(self._bytes)
                content = part_bytes(self._steps)
                replace_file(journal.with_suffix(".parquet"), content)
                self._sizes[self._number] = len(content)
                self._counts[self._number] = len(self._steps)
                self._with_thumbnails.append(self._number)
            journal.unlink()
            self._make_room(0)
        except OSError as error:
            raise cannot_write(self._folder, error) from error

    def _open_journal(self) -> None:
        self._number += 1
        self._steps: list[Step] = []
        self._bytes = 0
        try:
            self._journal = os.open(
                self._folder / f"steps-{self._number:06}.journal",
                os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND,
                0o644,
            )
        except OSError as error:
            raise cannot_write(self._folder, error) from error

    def _make_room(self, coming_bytes: int) -> None:
        """Take out the oldest thumbnails, then the oldest parts, until the rest fits.

        What is coming lies there twice for a moment: as a journal and as a part.
        """
        while self._sizes and sum(self._sizes.values()) + 2 * coming_bytes > self._most_bytes:
            if self._with_thumbnails:
                number = self._with_thumbnails.pop(0)
                table = read_parquet(self._path(number))
                empty = pa.array([[]] * len(table), SCHEMA.field("thumbnails").type)
                at = table.schema.get_field_index("thumbnails")
                content = _table_bytes(table.set_column(at, SCHEMA.field("thumbnails"), empty))
                replace_file(self._path(number), content)
                self._sizes[number] = len(content)
                self.removed.thumbnails += 1
            else:
                number = min(self._sizes)
                self._path(number).unlink()
                del self._sizes[number]
                self.removed.steps += self._counts.pop(number)

    def _path(self, number: int) -> Path:
        return self._folder / f"steps-{number:06}.parquet"


def part_bytes(steps: list[Step]) -> bytes:
    """The steps as a Parquet file."""
    return _table_bytes(pa.Table.from_pylist([as_row(step) for step in steps], SCHEMA))


def _table_bytes(table: pa.Table) -> bytes:
    buffer = pa.BufferOutputStream()
    pq.write_table(table, buffer, compression="zstd")
    return buffer.getvalue().to_pybytes()


def read_steps(folder: Path) -> Iterator[Step]:
    """Every step of a recording in its order: the parts, then what can be read of the journal.

    None where no observation passed. Raises TapError for a damaged part.
    """
    parts = _numbered(folder, _PART)
    journals = _numbered(folder, _JOURNAL)
    for number in sorted(parts.keys() | journals.keys()):
        # Of a part that was closed, the journal may be left by a killed process.
        yield from _of_part(parts[number]) if number in parts else _of_journal(journals[number])


def _numbered(folder: Path, pattern: re.Pattern[str]) -> dict[int, Path]:
    try:
        names = [each.name for each in folder.iterdir() if each.is_file() and not each.is_symlink()]
    except OSError as error:
        raise TapError(
            "The folder {folder} cannot be read: {why}.", folder=folder, why=error.strerror
        ) from error
    return {int(found[1]): folder / name for name in names if (found := pattern.fullmatch(name))}


def _of_part(path: Path) -> Iterator[Step]:
    try:
        rows = read_parquet(path, columns=list(NAMES)).cast(SCHEMA).to_pylist()
        steps = list(map(of_row, rows))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise TapError(
            "The part {path} of the recording cannot be read ({why}); move it away to read the "
            "others.",
            path=path,
            why=first_line_of(error),
        ) from error
    yield from steps


def _of_journal(path: Path) -> Iterator[Step]:
    """The steps up to the first that is cut off or damaged."""
    with path.open("rb") as file:
        while len(head := file.read(_RECORD.size)) == _RECORD.size:
            length, checksum = _RECORD.unpack(head)
            content = file.read(length) if length <= MOST_RECORD_BYTES else b""
            if len(content) != length or zlib.crc32(content) != checksum:
                return
            try:
                step = of_row(msgpack.unpackb(content))
            except (ValueError, TypeError, msgpack.UnpackException):
                return
            yield step


def cannot_write(folder: Path, error: OSError) -> TapError:
    """What is said where the recording cannot go on."""
    return TapError(
        "The recording cannot be written to {folder}: {why}; choose a folder with room that can "
        "be written.",
        folder=folder,
        why=error.strerror or error,
    )
