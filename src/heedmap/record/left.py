"""Temporary folders that are removed after their process, even where it was killed.

A file in the folder is locked while its process lives. Whoever makes the next such folder removes
those beside it that nobody holds any more.
"""

from __future__ import annotations

import glob
import os
import shutil
import tempfile
import weakref
from pathlib import Path

from filelock import FileLock, Timeout

IN_USE = "in-use.lock"


class HeldFolder:
    """A new, empty folder `parent/PREFIX...`, which goes when this object does.

    Raises OSError where it cannot be made.
    """

    def __init__(self, prefix: str, parent: Path) -> None:
        _remove_left(prefix, parent)
        self.path, lock = _held(prefix, parent)
        self.remove = weakref.finalize(self, _remove, self.path, lock)


def _held(prefix: str, parent: Path) -> tuple[Path, FileLock]:
    """A new folder and the lock in it.

    Another process that cleans up may find the folder before it is locked, and take it for left.
    """
    while True:
        path = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
        # The object may end in another thread than it began in.
        lock = FileLock(path / IN_USE, thread_local=False)
        try:
            lock.acquire()
        except FileNotFoundError:
            continue
        if (path / IN_USE).exists():
            return path, lock
        lock.release()


def _remove(path: Path, lock: FileLock) -> None:
    lock.release()
    shutil.rmtree(path, ignore_errors=True)


def _remove_left(prefix: str, parent: Path) -> None:
    """Folders of processes that were killed: nobody holds the lock in them any more."""
    for left in parent.glob(f"{glob.escape(prefix)}*/{IN_USE}"):
        try:
            if not _is_ours(left.parent):
                continue
            with FileLock(left, timeout=0):
                shutil.rmtree(left.parent, ignore_errors=True)
        except (Timeout, OSError):
            continue  # it is being written, or is not ours


def _is_ours(folder: Path) -> bool:
    """Whether this user made it: in a folder that all may write to, a link may lead anywhere."""
    return not hasattr(os, "getuid") or folder.lstat().st_uid == os.getuid()
