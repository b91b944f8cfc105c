"""Rung 0 from a recording or a file: what a tap saw on the wire, or an audit of the words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from textwrap import shorten
from typing import Any

from pydantic import BaseModel, ValidationError

from heedmap.errors import InputError
from heedmap.ladder.delivered import Delivered, WordsFinding, delivered
from heedmap.report.untrusted import visible
from heedmap.wire.words.page import DATA

MOST_BYTES = 256 * 2**20
"""Of a file of findings."""
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
            f"--delivered {place} does not exist; give the folder of `heedmap tap --out`, or the "
            f"JSON of `heedmap words --json`."
        )
    return _of_tap(place)


def _of_tap(folder: Path) -> Delivered:
    from heedmap.wire.tap.recording import read_run
    from heedmap.wire.tap.story import story_of

    story = story_of(read_run(folder).steps())
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
    return delivered("tap", str(folder), story.count, found)


class _Source(BaseModel):
    path: str
    role: str
    instructions: int


class _Row(BaseModel, extra="allow"):
    said: str


class _Finding(BaseModel):
    code: str
    source: str
    count: int
    total: int
    rows: list[_Row]


class _Words(BaseModel):
    """What `heedmap words` writes, as far as it is needed here."""

    sources: list[_Source]
    findings: list[_Finding]


def _of_words(file: Path) -> Delivered:
    if file.stat().st_size > MOST_BYTES:
        raise InputError(f"{file} has more than {MOST_BYTES >> 20} MiB; write it again.")
    try:
        audit = _Words.model_validate(json.loads(file.read_bytes()))
    except (OSError, ValueError, RecursionError, ValidationError) as error:
        raise InputError(
            f"{file} is no JSON of `heedmap words` ({type(error).__name__}); write it with "
            f"`heedmap words ... --json FILE`."
        ) from error
    said = {source.path for source in audit.sources if source.role != "trained"}
    total = sum(source.instructions for source in audit.sources if source.path in said)
    return delivered("words", str(file), total, list(_findings(audit, said)))


def _findings(audit: _Words, said: set[str]) -> Iterator[WordsFinding]:
    """Those about what is said to a policy, rather than about what it was trained with."""
    for each in audit.findings:
        if each.count < 1 or each.total < 1 or each.source not in said:
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
