"""Reads a result folder: every file compared with its checksum, every frame with its pixels'.

Records from before there were manifests have checksums of their frames alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
from pydantic import ValidationError

from heedmap.data.gates.gate import gate
from heedmap.data.images import decode_image, pixels_sha256
from heedmap.data.parquet import read_parquet
from heedmap.errors import FrameError, RecordError
from heedmap.phrase import Phrase
from heedmap.record.manifest import (
    MANIFEST_FILE,
    Damage,
    Manifest,
    Verification,
    damages,
    listed,
    read_checked,
    read_manifest,
)
from heedmap.record.record import MANIFEST_SINCE, RECORD_FILE, SCHEMA_VERSION, FrameInfo, Record
from heedmap.record.tables import SCHEMAS, TableFile, TableName, empty_table, file_of

T = TypeVar("T")
_LATER: tuple[TableName, ...] = ("trail", "word_image")
"""Tables that came without a new schema."""

Read = tuple[Record, dict[TableName, pa.Table | TableFile], dict[str, bytes]]
MOST_READINGS = 5
"""How often a folder is read that is replaced while it is."""


def read_record(folder: Path) -> Record:
    """The record of a result folder.

    Raises RecordError when it is none, is damaged, or is of a newer schema.
    """
    return _of_one_result(folder, _read_record)


def read_result(folder: Path) -> Read:
    """Record, tables, and PNG bytes by frame name, of a result folder.

    Raises RecordError when it is none, is damaged (what is, is named), or is of a newer schema.
    """
    return _of_one_result(folder, _read_result)


def _of_one_result(folder: Path, read: Callable[[Path, Manifest | None], T]) -> T:
    """Read by one manifest; from the start where another result took the folder meanwhile."""
    for _ in range(MOST_READINGS):
        manifest = read_manifest(folder, "result")
        try:
            return read(folder, manifest)
        except RecordError:
            if read_manifest(folder, "result") == manifest:
                raise
    raise RecordError(
        "{folder} is being replaced all the time; read it when that has ended.", folder=folder
    )


def _read_record(folder: Path, manifest: Manifest | None) -> Record:
    if not (folder / RECORD_FILE).is_file():
        raise RecordError(
            "{folder} is not a heedmap result: it has no {record_file}. Give the folder that an "
            "audit wrote with --out.",
            folder=folder,
            record_file=RECORD_FILE,
        )
    return _record(folder, _contents(folder, manifest, [RECORD_FILE])[RECORD_FILE], manifest)


def _read_result(folder: Path, manifest: Manifest | None) -> Read:
    record = _read_record(folder, manifest)
    tables = {name: file_of(name) for name in SCHEMAS if _has_table(folder, name, record, manifest)}
    frames = {frame.name: frame.file for frame in record.frames}
    contents = _contents(folder, manifest, [*tables.values(), *frames.values()])
    for frame in record.frames:
        if (damage := _frame_damage(frame, contents[frame.file])) is not None:
            raise _damaged(folder, [damage])
    with gate(
        RecordError,
        Phrase("The result in {folder}", folder=folder),
        Phrase("do not trust this folder"),
    ):
        read: dict[TableName, pa.Table | TableFile] = {
            name: read_parquet(contents[tables[name]]).cast(SCHEMAS[name])
            if name in tables
            else empty_table(name)
            for name in SCHEMAS
        }
    return record, read, {name: contents[file] for name, file in frames.items()}


def verify_result(folder: Path) -> Verification:
    """Compare every file of a result folder with its checksum, and frames with their pixels'.

    Raises RecordError when it is none, or so damaged that its files are not known.
    """
    manifest = read_manifest(folder, "result")
    damaged = [] if manifest is None else damages(folder, manifest)
    if any(damage.file == RECORD_FILE for damage in damaged):
        return Verification(folder, len(manifest.files if manifest else ()), tuple(damaged))
    record = read_record(folder)
    names = {damage.file for damage in damaged}
    for frame in record.frames:
        if frame.file not in names:
            content = read_checked(folder, frame.file, None)
            damage = content if isinstance(content, Damage) else _frame_damage(frame, content)
            damaged += [] if damage is None else [damage]
    if manifest is not None:
        return Verification(folder, len(manifest.files), tuple(damaged))
    unchecked = [RECORD_FILE, *(file_of(n) for n in SCHEMAS if _has_table(folder, n, record))]
    return Verification(folder, len(record.frames), tuple(damaged), tuple(unchecked))


def _contents(folder: Path, manifest: Manifest | None, names: Iterable[str]) -> dict[str, bytes]:
    """Content by file name. Raises RecordError that names the damaged."""
    checksums = {} if manifest is None else manifest.files
    found: dict[str, bytes] = {}
    damaged: list[Damage] = []
    for name in names:
        content = (
            read_checked(folder, name, checksums.get(name))
            if manifest is None or name in checksums
            else Damage(
                name, Phrase("{manifest_file} does not name it", manifest_file=MANIFEST_FILE)
            )
        )
        if isinstance(content, Damage):
            damaged.append(content)
        else:
            found[name] = content
    if damaged:
        raise _damaged(folder, damaged)
    return found


def _damaged(folder: Path, damaged: Iterable[Damage]) -> RecordError:
    return RecordError(
        "The result in {folder} is damaged: {damaged}; restore the folder, or run the audit again.",
        folder=folder,
        damaged=listed(damaged),
    )


def _record(folder: Path, content: bytes, manifest: Manifest | None) -> Record:
    path = folder / RECORD_FILE
    try:
        record = Record.model_validate(_of_this_schema(path, content))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise RecordError(
            "{path} does not fit record schema {known}: {place}: {misfit}",
            path=path,
            known=SCHEMA_VERSION,
            place=place,
            misfit=first["msg"],
        ) from error
    except (ValueError, RecursionError) as error:
        raise RecordError(
            "The result in {folder} cannot be read: {why}", folder=folder, why=error
        ) from error
    if (odd := _contradiction(record)) is not None:
        raise RecordError(
            "{path} contradicts itself: {odd}; do not trust this folder.", path=path, odd=odd
        )
    if record.schema_version >= MANIFEST_SINCE and manifest is None:
        raise _damaged(folder, [Damage(MANIFEST_FILE, Phrase("it is missing"))])
    return record


def _contradiction(record: Record) -> str | None:
    """What a case names that the record does not have; None for every record of heedmap's own."""
    frames = {frame.name for frame in record.frames}
    asked = {instruction.name for instruction in record.instructions}
    for policy in record.policies:
        for case in policy.cases:
            if case.frame not in frames or case.instruction not in asked:
                return Phrase(
                    "it has no frame '{frame}' with the instruction '{instruction}'",
                    frame=case.frame,
                    instruction=case.instruction,
                )
            layouts = (held for each in case.layouts.values() for held in each.regions.values())
            positions = [*case.visible_positions, *(p for held in layouts for p in held)]
            if positions and not 0 <= min(positions) <= max(positions) < case.sequence_length:
                return Phrase(
                    "a position lies beyond the {sequence_length} of its sequence",
                    sequence_length=case.sequence_length,
                )
    return None


def _of_this_schema(path: Path, content: bytes) -> Any:
    """The JSON of a record. Raises RecordError when a newer heedmap wrote it."""
    found = json.loads(content)
    version = found.get("schema_version") if isinstance(found, dict) else None
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise RecordError(
            "{path} was written in record schema {version}, but this heedmap reads up to {known}; "
            "update heedmap.",
            path=path,
            version=version,
            known=SCHEMA_VERSION,
        )
    return found


def _has_table(
    folder: Path, name: TableName, record: Record, manifest: Manifest | None = None
) -> bool:
    """Whether the table is there, or must be.

    Schemas below 3 had `attention` alone; the later ones are named by a manifest, or were not
    written yet.
    """
    if name in _LATER and manifest is not None:
        return file_of(name) in manifest.files
    must = name == "attention" or (name not in _LATER and record.schema_version >= 3)
    return must or (folder / file_of(name)).exists()


def _frame_damage(frame: FrameInfo, png: bytes) -> Damage | None:
    """How a frame's copy differs from the frame that was audited; None where it does not."""
    try:
        pixels = decode_image(png, Phrase("The frame {file}", file=frame.file))
    except FrameError as error:
        return Damage(frame.file, error.phrase)
    if pixels_sha256(pixels) != frame.sha256:
        return Damage(frame.file, Phrase("its pixels are not those of the frame that was audited"))
    return None
