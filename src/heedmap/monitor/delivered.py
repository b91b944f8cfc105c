"""Rung 0 from a recording or a file: what a tap saw on the wire, or an audit of the words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from textwrap import shorten
from typing import Any, Self

from pydantic import BaseModel, Field, ValidationError, model_validator

from heedmap.errors import InputError, MissingExtraError
from heedmap.ladder.delivered import Delivered, WordsFinding, delivered
from heedmap.phrase import Phrase
from heedmap.report.words.page import DATA
from heedmap.report.words.texts import Role
from heedmap.visible import visible

MOST_BYTES = 64 * 2**20
"""Of a file of findings: each keeps 200 texts at most."""
MOST_COUNT = 10**12
EXAMPLE_LETTERS = 120


def read_delivered(place: Path) -> Delivered:
    """The facts of rung 0 from a tap's folder, or from the JSON of `heedmap words`.

    Raises InputError where it is neither, and TapError for a recording that cannot be read.
    """
    if place.is_file():
        return _of_words(place)
    if (place / DATA).is_file():
        return _of_words(place / DATA)
    if not place.is_dir():
        raise InputError(
            "--delivered {place} is no file and no folder; give the folder of `heedmap tap "
            "--out`, or the JSON of `heedmap words --json`.",
            place=place,
        )
    if not (place / "run.json").is_file():
        raise InputError(
            "--delivered {place} holds neither the recording of a tap nor {data}; give the folder "
            "of `heedmap tap --out` or of `heedmap words --out`.",
            place=place,
            data=DATA,
        )
    return _of_tap(place)


def _of_tap(folder: Path) -> Delivered:
    try:
        from heedmap.monitor.tap.recording import read_run
        from heedmap.monitor.tap.story import story_of
    except ModuleNotFoundError as error:
        raise MissingExtraError("server", error.name or "msgpack") from error

    recording = read_run(folder)
    story = story_of(recording.steps())
    found = [
        WordsFinding(
            code=code,
            count=story.steps[code],
            total=story.count,
            example=_shown(odds[0].words if odds else None),
            other=_shown(odds[0].nearest if odds else None),
        )
        for code, odds in story.by_code()
    ]
    is_compared = bool(recording.about.trained)
    return delivered("tap", visible(str(folder)), story.count, found, is_compared=is_compared)


class _Source(BaseModel):
    role: Role
    instructions: int = Field(ge=0, le=MOST_COUNT)


class _Row(BaseModel, extra="allow"):
    said: str


class _Finding(BaseModel):
    code: str
    role: Role
    count: int = Field(ge=1, le=MOST_COUNT)
    total: int = Field(ge=1, le=MOST_COUNT)
    rows: list[_Row]

    @model_validator(mode="after")
    def _is_part(self) -> Self:
        if self.count > self.total:
            raise ValueError(Phrase("more were found than there are"))
        return self


class _Words(BaseModel):
    """What `heedmap words` writes, as far as it is needed here."""

    sources: list[_Source]
    findings: list[_Finding]


def _of_words(file: Path) -> Delivered:
    if file.stat().st_size > MOST_BYTES:
        raise InputError(
            "{file} has more than {most} MiB, and `heedmap words` writes less; give the "
            "JSON of `heedmap words --json`.",
            file=file,
            most=MOST_BYTES >> 20,
        )
    try:
        audit = _Words.model_validate(json.loads(file.read_bytes()), strict=True)
    except (OSError, ValueError, RecursionError, ValidationError) as error:
        raise InputError(
            "{file} is no JSON of `heedmap words`, or of an older one ({error_kind}); write it "
            "with `heedmap words ... --json FILE`.",
            file=file,
            error_kind=type(error).__name__,
        ) from error
    total = sum(source.instructions for source in audit.sources if source.role != "trained")
    is_compared = any(source.role == "trained" for source in audit.sources)
    found = _findings(audit)
    return delivered("words", visible(str(file)), total, found, is_compared=is_compared)


def _findings(audit: _Words) -> Iterator[WordsFinding]:
    """Those about what is said to a policy, rather than about what it was trained with."""
    for each in audit.findings:
        if each.role == "trained":
            continue
        row = each.rows[0] if each.rows else None
        yield WordsFinding(
            code=each.code,
            count=each.count,
            total=each.total,
            example=None if row is None else _shown(row.said),
            other=None if row is None else _shown(_beside(row.model_extra or {})),
        )


def _beside(extra: dict[str, Any]) -> str | None:
    found = (extra.get(name) for name in ("asked", "trained"))
    return next((text for text in found if isinstance(text, str)), None)


def _shown(text: str | None) -> str | None:
    """In one line, not too long, with control characters written out."""
    return None if not text else visible(shorten(" ".join(text.split()), EXAMPLE_LETTERS))
