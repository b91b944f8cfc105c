"""The folder of a result: checked, written beside its place, and replaced as one.

Only files that heedmap wrote are ever replaced: those that the folder's manifest names, or that
a record from before there were manifests is known to have. A folder with anything else in it is
refused, whatever the user asks for.
"""

from __future__ import annotations

import getpass
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from heedmap.errors import RecordError
from heedmap.record.files import read_plain, replace_file
from heedmap.record.manifest import (
    MANIFEST_FILE,
    foreign_entries,
    listed,
    manifest_of_folder,
    read_manifest,
)
from heedmap.record.record import FRAME_FILE, MANIFEST_SINCE, RECORD_FILE
from heedmap.record.tables import SCHEMAS, file_of

REPORT_FILE = "report.html"
LOCK_SECONDS = 60.0
"""How long one process waits for another that replaces the same folder."""

_OWN_NAMES = {RECORD_FILE, *map(file_of, SCHEMAS), REPORT_FILE, "report.ko.html"}
"""Everything that a result may hold beside frames; the last was written by older versions."""


def check_writable(folder: Path, *, overwrite: bool = False) -> None:
    """Raise RecordError unless a result can be written to `folder`. Call before long work.

    On `overwrite` an older result is replaced; a folder that holds anything else never is.
    """
    try:
        _check_replaceable(folder, overwrite)
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.resolve().parent):
            pass
    except OSError as error:
        raise RecordError(
            f"The output folder {folder} cannot be written: {error.strerror or error}."
        ) from error


@contextmanager
def result_folder(folder: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """An empty folder beside `folder` that takes its place, with a manifest, when the block ends.

    All of it or nothing: a reader sees the older result or the new one. Raises RecordError when
    writing fails, or the place holds what may not be replaced (looked at again at the end); then
    nothing is left beside, and what was there stays.
    """
    _check_replaceable(folder, overwrite)
    place = folder.resolve()  # a link stays a link; what it points to is replaced
    workplace = _beside(place)
    staging = workplace / "new"
    try:
        staging.mkdir()
        yield staging
        manifest = manifest_of_folder("result", staging)
        (staging / MANIFEST_FILE).write_bytes(manifest.encode())
        with _locked(place):
            _check_replaceable(folder, overwrite)
            _take_place(staging, place, workplace / "old")
    except OSError as error:
        raise RecordError(f"The result cannot be written to {folder}: {error}") from error
    finally:
        shutil.rmtree(workplace, ignore_errors=True)


def add_report(folder: Path, report: bytes, is_same_result: Callable[[], bool]) -> Path:
    """Write the report into a result folder and enter it in the manifest; gives its path.

    `is_same_result` says whether the folder still holds what the report was made from. Raises
    RecordError when it does not, or the folder cannot be written.
    """
    path = folder / REPORT_FILE
    try:
        with _locked(folder.resolve()):
            if not is_same_result():
                raise RecordError(
                    f"{folder} was replaced by another result while its report was made; "
                    f"run the command again."
                )
            replace_file(path, report)
            if (manifest := read_manifest(folder, "result")) is not None:
                entered = manifest.with_file(REPORT_FILE, report)
                replace_file(folder / MANIFEST_FILE, entered.encode())
    except OSError as error:
        raise RecordError(
            f"The report cannot be written to {path}: {error.strerror or error}."
        ) from error
    return path


def own_files(folder: Path) -> set[str] | None:
    """The files of the result in a folder, by name; None where it holds no result.

    Raises RecordError for a damaged manifest: it is not known then which files are heedmap's.
    """
    manifest = read_manifest(folder, "result")
    if manifest is not None:
        return {*filter(_is_own_name, manifest.files), MANIFEST_FILE}
    frames = _frames_before_manifests(folder)
    return None if frames is None else {*filter(_is_own_name, frames), *_OWN_NAMES}


def _is_own_name(name: str) -> bool:
    """A folder of a stranger may claim more; what heedmap never wrote stays foreign."""
    return name in _OWN_NAMES or FRAME_FILE.fullmatch(name) is not None


def _frames_before_manifests(folder: Path) -> list[str] | None:
    """The frames' files of a record from before there were manifests; None for anything else."""
    try:
        record = json.loads(read_plain(folder, RECORD_FILE))
        is_record = 1 <= record["schema_version"] < MANIFEST_SINCE and record["policies"]
        return [str(frame["file"]) for frame in record["frames"]] if is_record else None
    except (FileNotFoundError, RecordError, ValueError, KeyError, TypeError):
        return None


def _check_replaceable(folder: Path, overwrite: bool) -> None:
    if not folder.exists():
        return
    if not folder.is_dir():
        raise RecordError(f"{folder} exists and is not a folder; choose another --out.")
    if not any(folder.iterdir()):
        return
    own = own_files(folder)
    foreign = foreign_entries(folder, own or ())
    if foreign:
        kind = "is not a heedmap result" if own is None else "holds more than a heedmap result"
        raise RecordError(
            f"{folder} {kind}: {listed(foreign)} would be lost; choose another --out, or move "
            f"these files away first."
        )
    if not overwrite:
        raise RecordError(
            f"{folder} already holds a result; choose another --out, or replace it with --force."
        )


def _take_place(staging: Path, place: Path, replaced: Path) -> None:
    """Move the older folder away and the new one to its place; undone where that fails."""
    if place.exists():
        place.rename(replaced)
    try:
        staging.rename(place)
    except OSError:
        if replaced.exists():
            replaced.rename(place)
        raise


def _beside(place: Path) -> Path:
    try:
        return Path(tempfile.mkdtemp(prefix=f".{place.name}-", dir=place.parent))
    except OSError as error:
        raise RecordError(
            f"The output folder {place} cannot be written: {error.strerror or error}."
        ) from error


@contextmanager
def _locked(place: Path) -> Iterator[None]:
    """Inside, no other process of this user on this machine replaces or adds to that folder."""
    locks = Path(tempfile.gettempdir()) / f"heedmap-locks-{_user()}"
    locks.mkdir(mode=0o700, exist_ok=True)
    lock = FileLock(locks / f"{hashlib.sha256(str(place).encode()).hexdigest()[:16]}.lock")
    try:
        with lock.acquire(timeout=LOCK_SECONDS):
            yield
    except Timeout as error:
        raise RecordError(f"{place} is being written by another process; try again.") from error


def _user() -> str:
    return str(os.getuid()) if hasattr(os, "getuid") else getpass.getuser()
