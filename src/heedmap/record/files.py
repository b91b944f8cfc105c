"""Single files: written whole or not at all, and read only where they lie in their folder."""

from __future__ import annotations

import ctypes
import errno
import glob
import os
import re
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from heedmap.errors import RecordError

PART_PREFIX = ".part-"
"""Begins the name of a file that is still being written; it is left only by a killed process."""

_NOT_SUPPORTED = (errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.ENOSYS, errno.ENOLCK)
"""What file systems answer that cannot lock a folder, or have it on the disk at once."""

_PLAIN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)?")


def is_plain_name(name: str) -> bool:
    """Whether a stored file name is one inside its folder: `file` or `subfolder/file`.

    Letters, digits, `_`, `-` and `.` only, no part begins with a dot: neither `..` nor an
    absolute path can be written so.
    """
    return _PLAIN_NAME.fullmatch(name) is not None


def plain_path(folder: Path, name: str) -> Path:
    """Where the file of that name lies, which may not exist yet.

    Raises RecordError for a name that is not plain, and for a link on the way to the file or in
    its place: a result from a stranger must not reach other files.
    """
    if not is_plain_name(name):
        raise RecordError(
            "{folder} names the file {name}, which is not a plain file name inside that folder; "
            "do not trust this folder.",
            folder=folder,
            name=repr(name),
        )
    path = folder
    for part in name.split("/"):
        path = path / part
        if path.is_symlink():
            raise RecordError(
                "{path} is a link, expected a file of its own; do not trust this folder, or copy "
                "it with links resolved.",
                path=path,
            )
    return path


def read_plain(folder: Path, name: str) -> bytes:
    """The content of a regular file inside the folder.

    Raises RecordError as `plain_path`, and for pipes and devices; FileNotFoundError where there
    is none.
    """
    path = plain_path(folder, name)
    if not stat.S_ISREG(path.stat().st_mode):
        raise RecordError("{path} is not a regular file; do not trust this folder.", path=path)
    return path.read_bytes()


def replace_file(path: Path, content: bytes) -> None:
    """Write a temporary file, flush it, and rename it: the file is whole or as before.

    Also after the power fails: it is on the disk before it gets its name, and with its name
    afterwards. Raises OSError; no temporary file is left then.
    """
    with written_beside(path, content) as part:
        move_to(path, part)


@contextmanager
def written_beside(path: Path, content: bytes) -> Iterator[Path]:
    """A file beside its place, on the disk already; it goes where the block does not move it.

    A killed process leaves it. Raises OSError.
    """
    handle, name = tempfile.mkstemp(prefix=f"{PART_PREFIX}{path.name}-", dir=path.parent)
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.chmod(0o644)
        yield part
    finally:
        part.unlink(missing_ok=True)


def move_to(path: Path, part: Path) -> None:
    """Give a file its name, on the disk too. Raises OSError."""
    part.replace(path)
    sync(path.parent)


def parts_of(path: Path) -> list[Path]:
    """What killed processes were writing in place of a file; links are none."""
    found = path.parent.glob(f"{PART_PREFIX}{glob.escape(path.name)}-*")
    return [each for each in found if each.is_file() and not each.is_symlink()]


def sync_folder(folder: Path) -> None:
    """Have every file of a folder on the disk before it is moved: power may fail at any moment.

    Raises OSError.
    """
    for path in [*folder.rglob("*"), folder]:
        sync(path)


def sync(path: Path) -> None:
    """Have a file's content, or the names in a folder, on the disk. Raises OSError."""
    is_folder = path.is_dir()
    if is_folder and os.name != "posix":
        return  # only POSIX opens folders
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if not is_folder or error.errno not in _NOT_SUPPORTED:
            raise
    finally:
        os.close(handle)


@contextmanager
def held_folder(folder: Path, lock_file: str) -> Iterator[None]:
    """Inside, no other process holds this folder. Raises BlockingIOError where one does.

    Both the folder and a file in it are locked: the file can be removed by hand while it is held,
    and some file systems (network disks) and Windows lock no folders. The system lets go of them
    when the process ends, however it ends.
    """
    with _locked_itself(folder):
        try:
            held = FileLock(folder / lock_file).acquire(timeout=0)
        except Timeout as error:
            raise BlockingIOError(f"{folder / lock_file} is locked") from error
        with held:
            yield


@contextmanager
def only_writer(folder: Path, lock_file: str = ".lock") -> Iterator[None]:
    """Make the folder; inside, no other process writes there.

    Raises RecordError where one does, or the folder cannot be made.
    """
    made_folder(folder)
    with ExitStack() as held:
        try:
            held.enter_context(held_folder(folder, lock_file))
        except BlockingIOError:
            raise RecordError(
                "{path} is being written by another process; wait for it, or choose another --out.",
                path=folder,
            ) from None
        yield


@contextmanager
def _locked_itself(folder: Path) -> Iterator[None]:
    """A lock on the folder, where the system has such locks."""
    if sys.platform == "win32":
        yield
        return
    import fcntl

    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise
        except OSError as error:
            if error.errno not in _NOT_SUPPORTED:
                raise
        yield
    finally:
        os.close(handle)


def write_whole(path: Path, content: bytes, what: str) -> None:
    """As `replace_file`, for output that a user named.

    Raises RecordError, in which the file goes by `what` ("report"), when it cannot be written.
    """
    try:
        replace_file(path, content)
    except OSError as error:
        raise RecordError(
            "The {what} cannot be written to {path}: {why}; choose a folder that exists and can "
            "be written.",
            what=what,
            path=path,
            why=error.strerror or error,
        ) from error


def made_folder(folder: Path) -> Path:
    """The folder, which is made with those above it. Raises RecordError where it cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RecordError(
            "The folder {folder} cannot be made: {why}.", folder=folder, why=error.strerror
        ) from error
    return folder


def exchange(one: Path, two: Path) -> bool:
    """Let two folders change places in one step; False where the system cannot.

    Linux can (renameat2), so that a process killed at any moment leaves either at its place.
    """
    at_cwd, exchange_both = -100, 2
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError, TypeError):
        return False
    return rename(at_cwd, os.fsencode(one), at_cwd, os.fsencode(two), exchange_both) == 0
