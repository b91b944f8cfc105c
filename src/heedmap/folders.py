"""Output folders: checked before long work, and written whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from heedmap.errors import RecordError


def check_writable(folder: Path, marker: str, *, overwrite: bool = False) -> None:
    """Raise RecordError unless a result can be written to `folder`. Call before long work.

    A folder that holds the file `marker` is an older result, replaced only on `overwrite`;
    one that holds anything else is never touched.
    """
    try:
        if folder.exists():
            _check_replaceable(folder, marker, overwrite)
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent):
            pass
    except OSError as error:
        raise RecordError(
            f"The output folder {folder} cannot be written: {error.strerror or error}."
        ) from error


def write_whole(path: Path, content: bytes, what: str) -> None:
    """Write a file beside its place and rename it, so that it is there whole or not at all.

    Raises RecordError, in which the file goes by `what` ("report"), when it cannot be written.
    """
    part: Path | None = None
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
        part = Path(name)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        part.chmod(0o644)
        part.replace(path)
    except OSError as error:
        raise RecordError(
            f"The {what} cannot be written to {path}: {error.strerror or error}; "
            f"choose a folder that exists and can be written."
        ) from error
    finally:
        if part is not None:
            part.unlink(missing_ok=True)


@contextmanager
def staged_folder(folder: Path) -> Iterator[Path]:
    """An empty folder beside `folder` that takes its place when the block ends well.

    Raises RecordError when writing fails; then nothing is left, and what was there stays.
    """
    workplace = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    staging, replaced = workplace / "new", workplace / "old"
    staging.mkdir()
    try:
        yield staging
        if folder.exists():
            folder.rename(replaced)
        staging.rename(folder)
    except OSError as error:
        if replaced.exists() and not folder.exists():
            replaced.rename(folder)
        raise RecordError(f"The result cannot be written to {folder}: {error}") from error
    finally:
        shutil.rmtree(workplace, ignore_errors=True)


def _check_replaceable(folder: Path, marker: str, overwrite: bool) -> None:
    if not folder.is_dir():
        raise RecordError(f"{folder} exists and is not a folder; choose another --out.")
    is_result = (folder / marker).is_file()
    if not is_result and any(folder.iterdir()):
        raise RecordError(
            f"{folder} holds files that are not a heedmap result; choose another --out, "
            f"or empty it first."
        )
    if is_result and not overwrite:
        raise RecordError(
            f"{folder} already holds a result; choose another --out, or replace it with --force."
        )
