"""What reading one input led to, and whether that is a finding."""

from __future__ import annotations

import os
import resource
import tempfile
import time
import traceback
import unicodedata
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import heedmap
from heedmap.errors import HeedmapError

MOST_SECONDS = 30.0
MOST_GROWTH_BYTES = 2 * 2**30
MOST_LETTERS = 2_000
"""Of an error: a sentence, with one long name in it."""
OURS = str(Path(heedmap.__file__).parent)


@dataclass(frozen=True)
class Outcome:
    """`kind` is accepted, refused, or the kind of finding; `told` what was said or raised."""

    kind: str
    told: str = ""
    seconds: float = 0.0

    @property
    def is_finding(self) -> bool:
        """Whether it must not be."""
        return self.kind not in ("accepted", "refused")


class SaidError(Exception):
    """A command ended with this on standard error, and a code that is not zero."""


def tried(read: Callable[[Path], None], folder: Path) -> Outcome:
    """Read a folder's sample. Inside, memory may grow by `MOST_GROWTH_BYTES` at most."""
    begin = time.monotonic()
    with _printed() as printed, _limited(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = _of(read, folder)
    if found.kind in ("accepted", "refused") and (raw := _raw(_without_breaks(printed[0]))):
        found = Outcome("raw characters", f"printed {raw}: {printed[0][:300]!r}")
    return Outcome(found.kind, found.told, time.monotonic() - begin)


def _of(read: Callable[[Path], None], folder: Path) -> Outcome:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        read(folder)
    except (HeedmapError, SaidError) as error:
        found = judged(str(error).strip())
    except MemoryError as error:
        found = Outcome("memory", _place(error))
    except Exception as error:
        found = Outcome("traceback", f"{_place(error)} {type(error).__name__}: {error}"[:400])
    else:
        found = Outcome("accepted")
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    if grown > MOST_GROWTH_BYTES // 2 and not found.is_finding:
        return Outcome("memory", f"{grown >> 20} MiB more")
    return found


def judged(message: str) -> Outcome:
    """One sentence in one line that a terminal only shows, or a finding."""
    if len(message.splitlines()) != 1:
        return Outcome("many lines", repr(message[:300]))
    if raw := _raw(message):
        return Outcome("raw characters", f"{raw} in {message[:300]!r}")
    if len(message) > MOST_LETTERS:
        return Outcome("too long", repr(message[:200]))
    return Outcome("refused", message)


def _raw(text: str) -> str:
    """The first character that a terminal would obey, or that no file can hold."""
    for character in text:
        if unicodedata.category(character) in ("Cc", "Cs") and character != "\t":
            return repr(character)
        if unicodedata.bidirectional(character) in ("LRO", "RLO", "LRE", "RLE", "PDF"):
            return repr(character)
    return ""


def _without_breaks(text: str) -> str:
    """Progress bars of libraries go back to the line's beginning."""
    return text.replace("\n", "").replace("\r", "")


def _place(error: BaseException) -> str:
    """Where in heedmap it came from, which makes equal findings one."""
    own = [
        f"{Path(frame.filename).relative_to(OURS)}:{frame.lineno}"
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename.startswith(OURS)
    ]
    return own[-1] if own else "outside of heedmap"


@contextmanager
def _limited() -> Iterator[None]:
    """Memory that may be written, touched or not: a claim of terabytes fails at once.

    Not all address space: what draws the charts reserves much of that, and never uses it.
    """
    pages = int(Path("/proc/self/statm").read_text().split()[5])
    now = pages * os.sysconf("SC_PAGE_SIZE")
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (now + MOST_GROWTH_BYTES, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


@contextmanager
def _printed() -> Iterator[list[str]]:
    """What goes to the process' own output, also from libraries in C; in the list afterwards."""
    printed = [""]
    with tempfile.TemporaryFile() as file:
        kept = os.dup(1), os.dup(2)
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        try:
            yield printed
        finally:
            for number, each in enumerate(kept, 1):
                os.dup2(each, number)
                os.close(each)
            file.seek(0)
            printed[0] = file.read(2**20).decode("utf-8", "replace")
