"""A drive on disk: its settings, one JSON line an episode, the strip, and the videos.

A line is written and synced when its episode is finished under all conditions, so that a stopped
run loses at most the episodes in hand; run again with the same options it goes on with the others.
Other options than those that a folder was begun with are refused.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from heedmap.data.gates.documents import first_misfit
from heedmap.errors import RecordError
from heedmap.frozen import Frozen
from heedmap.ladder.messages import Language
from heedmap.phrase import Phrase
from heedmap.record.files import made_folder, only_writer, plain_path, read_plain, write_whole
from heedmap.report.driving.page import render_drive
from heedmap.report.driving.result import Drive, Episode, Settings, Strip

SETTINGS, LINES, STRIPS, PAGE = "drive.json", "episodes.jsonl", "strips.json", "drive.html"
LOCK = ".lock"
MOST_BYTES = 256 * 2**20
"""Of the lines; an episode takes a few kB."""
Stored = TypeVar("Stored", bound=Frozen)
_STRIPS = TypeAdapter(tuple[Strip, ...])


class DriveFolder:
    """Where a drive is kept."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def begin(self, settings: Settings) -> Drive:
        """A new drive, or the one that is there, to go on with.

        Raises RecordError when it was begun with other settings, or the folder holds other files.
        """
        made_folder(self.path)
        if plain_path(self.path, SETTINGS).exists():
            found = self.read()
            _check_same(self.path, found.settings, settings)
            return found
        if left := sorted(each.name for each in self.path.iterdir() if each.name != LOCK):
            raise RecordError(
                "{path} holds files that are no drive ({left}); choose another --out.",
                path=self.path,
                left=", ".join(left[:3]),
            )
        write_whole(
            self.path / SETTINGS, settings.model_dump_json(indent=1).encode(), Phrase("settings")
        )
        return Drive.of(settings, [])

    def writing(self) -> AbstractContextManager[None]:
        """Inside, no other process may write here. Raises RecordError where one does."""
        return only_writer(self.path, LOCK)

    def read(self) -> Drive:
        """What was driven so far. Raises RecordError for files that are no drive."""
        settings = _parsed(Settings, self._bytes(SETTINGS), self.path / SETTINGS)
        return Drive.of(settings, self.lines())

    def lines(self) -> list[Episode]:
        """Every finished episode; a last line that was cut short by a kill does not count."""
        if not plain_path(self.path, LINES).exists():
            return []
        whole, _, _ = self._bytes(LINES).rpartition(b"\n")
        place = self.path / LINES
        found = [_parsed(Episode, line, place) for line in whole.split(b"\n") if line]
        return list({each.seed: each for each in found}.values())

    def append(self, episodes: Sequence[Episode]) -> None:
        """Add finished ones, on the disk when it returns. Raises RecordError when it cannot."""
        content = b"".join(each.model_dump_json().encode() + b"\n" for each in episodes)
        path = plain_path(self.path, LINES)
        try:
            with path.open("r+b" if path.exists() else "w+b") as file:
                file.seek(_end_of_whole_lines(file.read()))
                file.truncate()
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise RecordError(
                "The episodes cannot be written to {path}: {why}; free some space and run the "
                "same command again.",
                path=path,
                why=error.strerror or error,
            ) from error

    def write_strips(self, strips: Sequence[Strip]) -> None:
        """The frames of the first episode. Raises RecordError when they cannot be written."""
        write_whole(self.path / STRIPS, _STRIPS.dump_json(tuple(strips)), Phrase("strip of frames"))

    def strips(self) -> tuple[Strip, ...]:
        """As written; none where there is no file. Raises RecordError for a damaged one."""
        if not plain_path(self.path, STRIPS).exists():
            return ()
        try:
            return _STRIPS.validate_json(self._bytes(STRIPS))
        except ValidationError as error:
            raise _damaged(self.path / STRIPS, error) from error

    def write_page(self, language: Language = "en") -> Path:
        """The page of what is there; its path. Raises RecordError when it cannot be written."""
        page = render_drive(self.read(), self.strips(), language).encode("utf-8", "replace")
        write_whole(self.path / PAGE, page, Phrase("page"))
        return self.path / PAGE

    def _bytes(self, name: str) -> bytes:
        place = plain_path(self.path, name)
        try:
            if place.stat().st_size > MOST_BYTES:
                raise RecordError(
                    "{place} is larger than {most} MiB, which no drive is; do not trust "
                    "this folder.",
                    place=place,
                    most=MOST_BYTES >> 20,
                )
            return read_plain(self.path, name)
        except OSError as error:
            raise RecordError(
                "{place} cannot be read: {why}; give the folder that 'heedmap drive' wrote.",
                place=place,
                why=error.strerror or error,
            ) from error


def _end_of_whole_lines(content: bytes) -> int:
    return content.rfind(b"\n") + 1


def _parsed(kind: type[Stored], content: bytes, place: Path) -> Stored:
    try:
        return kind.model_validate_json(content)
    except ValidationError as error:
        raise _damaged(place, error) from error


def _damaged(place: Path, error: ValidationError) -> RecordError:
    return RecordError(
        "{place} is not as heedmap writes it ({misfit}); move it away, or choose another --out.",
        place=place,
        misfit=first_misfit(error),
    )


def _check_same(path: Path, found: Settings, wanted: Settings) -> None:
    one, two = found.model_dump(), wanted.model_dump()
    for name, value in two.items():
        if one[name] != value:
            raise RecordError(
                "{path} was begun with another {name} ({one}, now {value}); choose another --out, "
                "or the options that it was begun with.",
                path=path,
                name=name.replace("_", " "),
                one=one[name],
                value=value,
            )
