"""One audit at a time in a process.

An audit watches modules by hooks that the whole process shares, switches torch's paths of
attention and puts generators back: two at once would read each other's passes. Threads wait for
each other here; whatever an audit calls in its own thread goes on.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from heedmap.phrase import Phrase, spoken

LOGGER = logging.getLogger("heedmap")

_LOCK = threading.RLock()


@contextmanager
def alone() -> Iterator[None]:
    """Inside, no other thread of this process audits; one that has to wait says so in the log."""
    if not _LOCK.acquire(blocking=False):
        waits = Phrase(
            "heedmap: another thread of this process is auditing; this audit begins when that one "
            "has ended (to run both at once, use two processes)."
        )
        LOGGER.warning(waits.in_language(spoken()))
        _LOCK.acquire()
    try:
        yield
    finally:
        _LOCK.release()
