"""A recording as it is read again: what was tapped, and its steps."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from heedmap.errors import RecordError, TapError, first_line_of
from heedmap.frozen import Frozen
from heedmap.monitor.tap.step import Step
from heedmap.monitor.tap.store import METER_FILE, read_steps
from heedmap.record.files import read_plain, replace_file

ABOUT_FILE, PAGE_FILE = "run.json", "tap.html"
MOST_JSON_BYTES = 16 * 2**20
SCHEMA_VERSION = 1


class About(Frozen):
    """What was tapped, and what is known besides the steps."""

    schema_version: int = SCHEMA_VERSION
    server: str
    listening: str
    started: str
    """UTC, ISO 8601."""
    ended: str | None = None
    """None while the tap runs, and where it was killed."""
    trained: tuple[str, ...] = ()
    """Sources of training instructions that words were held against."""
    max_mb: float
    clients: int = 0
    messages: int = 0
    """That passed, as far as they were observed."""
    dropped: int = 0
    """Messages that passed without being observed."""
    unreadable: int = 0
    """Messages that passed and are no observation or answer that can be read."""
    batched: int = 0
    """Observations of several robots in one message; only the first of each was recorded."""
    unreachable: int = 0
    """Clients that came while the server was away."""
    parts_without_thumbnails: int = 0
    steps_removed: int = 0
    shadow: str | None = None
    """Code of why no shadow questions were asked, or no more; None where there is no reason."""


class Reading(Frozen):
    """One shadow question: how far the action moves when the instruction is exchanged."""

    client: int
    step: int
    words: str
    """That the client sent."""
    exchanged: str
    """That were sent in their place."""
    distance: float
    """Root mean square over the dimensions of the first action, in the action's own units."""
    scaled: float | None = None
    """The same with each dimension divided by its standard deviation over the client's steps."""
    same: float
    """The distance of a second answer under the same words."""
    same_scaled: float | None = None


@dataclass(frozen=True)
class Recording:
    """A recording in a folder; its steps are read when they are asked for."""

    folder: Path
    about: About
    readings: tuple[Reading, ...]

    def steps(self) -> Iterator[Step]:
        """Every step in its order. Raises TapError as `store.read_steps`."""
        return read_steps(self.folder)


def read_run(folder: Path) -> Recording:
    """The recording in a folder, also where its tap was killed.

    Raises TapError for a folder without one.
    """
    try:
        about = About.model_validate_json(_content(folder, ABOUT_FILE))
        lines = _content(folder, METER_FILE).splitlines() if (folder / METER_FILE).exists() else []
    except FileNotFoundError as error:
        raise TapError(
            "{folder} holds no recording of a tap; give the folder of --out.", folder=folder
        ) from error
    except (ValidationError, RecordError, OSError) as error:
        raise TapError(
            "The recording in {folder} cannot be read: {why}.",
            folder=folder,
            why=first_line_of(error),
        ) from error
    return Recording(folder, about, tuple(_readings(lines)))


def write_about(folder: Path, about: About) -> None:
    """Replace what is known of the run."""
    content = json.dumps(about.model_dump(mode="json"), ensure_ascii=False, indent=1)
    replace_file(folder / ABOUT_FILE, content.encode("utf-8", "replace"))


def _readings(lines: list[bytes]) -> Iterator[Reading]:
    """Up to the first line that is cut off."""
    for line in lines:
        try:
            yield Reading.model_validate_json(line)
        except ValidationError:
            return


def _content(folder: Path, name: str) -> bytes:
    size = (folder / name).stat().st_size
    if size > MOST_JSON_BYTES:
        raise TapError(
            "{path} has {size:,} bytes; do not trust this folder.", path=folder / name, size=size
        )
    return read_plain(folder, name)
