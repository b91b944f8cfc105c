"""The folder of a result: checked, written to a temporary folder, and replaced as one.

Only files that heedmap wrote are ever replaced: those that the folder's manifest names, or that
a record from before there were manifests is known to have. A folder with anything else in it is
always refused.
"""

from __future__ import annotations

import getpass
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from heedmap.errors import RecordError
from heedmap.phrase import Phrase
from heedmap.record.files import (
    exchange,
    move_to,
    parts_of,
    read_plain,
    replace_file,
    sync,
    sync_folder,
    written_beside,
)
from heedmap.record.left import HeldFolder
from heedmap.record.manifest import (
    MANIFEST_FILE,
    Damage,
    Kind,
    Manifest,
    foreign_entries,
    listed,
    manifest_of_folder,
    read_checked,
    read_manifest,
)
from heedmap.record.record import FRAME_FILE, MANIFEST_SINCE, RECORD_FILE, Record
from heedmap.record.tables import SCHEMAS, file_of

REPORT_FILE = "report.html"
LOCK_SECONDS = 60.0
"""How long one process waits for another that replaces the same folder."""

_OWN_NAMES = {RECORD_FILE, *map(file_of, SCHEMAS), REPORT_FILE, "report.ko.html"}
"""Everything that a result may hold besides frames; the last was written by older versions."""


def check_writable(folder: Path, *, overwrite: bool = False) -> None:
    """Raise RecordError unless a result can be written to `folder`. Call before long work.

    On `overwrite` an older result is replaced; a folder that holds anything else never is.
    """
    try:
        place = _place(folder)
        with _locked(place):
            _check_replaceable(place, overwrite)
        with (
            _made(place.parent),
            tempfile.TemporaryDirectory(prefix=f".{place.name}-", dir=place.parent),
        ):
            pass
    except OSError as error:
        raise _cannot_write(folder, error) from error


@contextmanager
def _made(folder: Path) -> Iterator[None]:
    """Inside, the folder is there; those that were made for it go again, if nothing came in."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield
    finally:
        with suppress(OSError):
            for each in missing:
                each.rmdir()


@contextmanager
def result_folder(folder: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """An empty temporary folder that replaces `folder`, with a manifest, when the block ends.

    All of it or nothing: a reader sees the older result or the new one. Raises RecordError when
    writing fails, or the place holds what may not be replaced (looked at again at the end); then
    the temporary folder is removed, and `folder` stays as it was.
    """
    check_writable(folder, overwrite=overwrite)
    place = _place(folder)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        workplace = HeldFolder(f".{place.name}-", place.parent)
    except OSError as error:
        raise _cannot_write(place, error) from error
    staging = workplace.path / "new"
    try:
        staging.mkdir()
        yield staging
        manifest = manifest_of_folder("result", staging)
        (staging / MANIFEST_FILE).write_bytes(manifest.encode())
        sync_folder(staging)
        with _locked(place):
            _check_replaceable(place, overwrite)
            _take_place(staging, place, workplace.path / "old")
            sync(place.parent)
    except OSError as error:
        raise _cannot_write(folder, error) from error
    finally:
        workplace.remove()


def add_report(
    folder: Path, kind: Kind, report: bytes, is_same_result: Callable[[], bool] = lambda: True
) -> Path:
    """Write the report into the folder of a result or a sweep, and enter it in the manifest.

    Gives its path. A process that is killed at any moment leaves what the next call goes on with.
    `is_same_result` says whether the folder still holds what the report was made from. Raises
    RecordError when it does not, or the report there is not heedmap's; OSError.
    """
    path = folder / REPORT_FILE
    with _locked(folder.resolve()):
        if not is_same_result():
            raise RecordError(
                "{folder} was replaced by another result while its report was made; run the "
                "command again.",
                folder=folder,
            )
        manifest = _settled(folder, kind)
        if manifest is None:
            replace_file(path, report)
            return path
        _check_own_report(folder, manifest)
        with written_beside(path, report) as part:
            entered = manifest.with_file(REPORT_FILE, report)
            replace_file(folder / MANIFEST_FILE, entered.encode())
            move_to(path, part)
    return path


def settle(folder: Path, kind: Kind) -> None:
    """End what a process was doing that was killed while it wrote a report. Raises OSError."""
    with _locked(folder.resolve()):
        _settled(folder, kind)


def _settled(folder: Path, kind: Kind) -> Manifest | None:
    """The folder's manifest; what a killed process left beside a report's place goes.

    That is moved to its place which the manifest names already. A folder without a manifest is
    left as it is.
    """
    manifest, path = read_manifest(folder, kind), folder / REPORT_FILE
    if manifest is None:
        return None
    entered = manifest.files.get(REPORT_FILE)
    for part in parts_of(path):
        if entered is not None and entered.difference(part.read_bytes()) is None:
            move_to(path, part)
    for part in (*parts_of(path), *parts_of(folder / MANIFEST_FILE)):
        part.unlink(missing_ok=True)
    return manifest


def _check_own_report(folder: Path, manifest: Manifest) -> None:
    """Raise RecordError where the folder's report was not written by heedmap, or was changed."""
    path = folder / REPORT_FILE
    if not path.exists() and not path.is_symlink():
        return
    if isinstance(read_checked(folder, REPORT_FILE, manifest.files.get(REPORT_FILE)), Damage) or (
        REPORT_FILE not in manifest.files
    ):
        raise RecordError(
            "{path} is not as heedmap wrote it; move it away, and run the command again.", path=path
        )


def own_files(folder: Path) -> Manifest | set[str] | None:
    """The files of the result in a folder: its manifest, or names; None where it holds no result.

    Raises RecordError for a damaged manifest: it is not known then which files are heedmap's.
    """
    manifest = read_manifest(folder, "result")
    if manifest is not None:
        own = {name: held for name, held in manifest.files.items() if _is_own_name(name)}
        return manifest.model_copy(update={"files": own})
    frames = _frames_before_manifests(folder)
    return None if frames is None else {*filter(_is_own_name, frames), *_OWN_NAMES}


def _is_own_name(name: str) -> bool:
    """A folder of a stranger may claim more; what heedmap never wrote stays foreign."""
    return name in _OWN_NAMES or FRAME_FILE.fullmatch(name) is not None


def _frames_before_manifests(folder: Path) -> list[str] | None:
    """The frames' files of a record from before there were manifests; None for anything else."""
    try:
        record = Record.model_validate_json(read_plain(folder, RECORD_FILE))
    except (FileNotFoundError, RecordError, ValueError):
        return None
    is_older = record.schema_version < MANIFEST_SINCE
    return [frame.file for frame in record.frames] if is_older else None


def _place(folder: Path) -> Path:
    """Where the folder really lies: a link stays a link, and what it points to is replaced."""
    try:
        return folder.resolve()
    except (OSError, RuntimeError) as error:
        raise RecordError(
            "The output folder {folder} cannot be found: {why}.", folder=folder, why=error
        ) from error


def _check_replaceable(place: Path, overwrite: bool) -> None:
    if place == Path.cwd() or place in Path.cwd().parents:
        raise RecordError(
            "{place} is the folder that you are in; choose another --out.", place=place
        )
    if not place.exists():
        return
    if not place.is_dir():
        raise RecordError("{place} exists and is not a folder; choose another --out.", place=place)
    if not any(place.iterdir()):
        return
    if overwrite:
        _settled(place, "result")
    own = own_files(place)
    foreign = foreign_entries(place, own or (), written_later=[REPORT_FILE])
    if foreign:
        kind = Phrase("is not a heedmap result")
        if own is not None:
            kind = Phrase("holds more than a heedmap result")
        raise RecordError(
            "{place} {kind}: {foreign} would be lost; choose another --out, or move away what "
            "heedmap did not write, or what was changed since.",
            place=place,
            kind=kind,
            foreign=listed(foreign),
        )
    if not overwrite:
        raise RecordError(
            "{place} already holds a result; choose another folder, or replace it (--force).",
            place=place,
        )


def _take_place(staging: Path, place: Path, replaced: Path) -> None:
    """Put the new folder in the older one's place: as one step where the system can."""
    if not place.exists():
        staging.rename(place)
    elif exchange(staging, place):
        staging.rename(replaced)
    else:
        place.rename(replaced)
        try:
            staging.rename(place)
        except OSError:
            replaced.rename(place)
            raise


def _cannot_write(folder: Path, error: OSError) -> RecordError:
    return RecordError(
        "The output folder {folder} cannot be written: {why}; choose another --out.",
        folder=folder,
        why=error.strerror or error,
    )


@contextmanager
def _locked(place: Path) -> Iterator[None]:
    """Inside, no other process of this user on this machine replaces or adds to that folder."""
    locks = Path(tempfile.gettempdir()) / f"heedmap-locks-{_user()}"
    locks.mkdir(mode=0o700, exist_ok=True)
    lock = FileLock(locks / f"{hashlib.sha256(os.fsencode(place)).hexdigest()[:16]}.lock")
    try:
        with lock.acquire(timeout=LOCK_SECONDS):
            yield
    except Timeout as error:
        raise RecordError(
            "{place} is being written by another process; try again.", place=place
        ) from error


def _user() -> str:
    return str(os.getuid()) if hasattr(os, "getuid") else getpass.getuser()
