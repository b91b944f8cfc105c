"""Work of a policy outside its pass: a recording of the pass leaves it out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from heedmap.errors import said_by

UNWATCHED: ContextVar[bool] = ContextVar("UNWATCHED", default=False)
"""Whether what runs now is nobody's business: recordings and cuts pass it by.

A policy says so from inside its `act`, which is called as in deployment: it is handed no recording
that it could tell, and may not know of any. So this is the one thing that is not passed on.
"""


@contextmanager
def unwatched() -> Iterator[None]:
    """Operators inside are neither recorded nor changed.

    For what a policy computes outside its pass, with modules that are not the watched ones.
    """
    token = UNWATCHED.set(True)
    try:
        yield
    finally:
        UNWATCHED.reset(token)


_WATCHING = str(Path(__file__).parents[1] / "tracing")


def is_raised_by_watching(error: BaseException | None) -> bool:
    """Whether an error came up in what watches a policy's pass, not in the policy's own code."""
    if error is None:
        return False
    if "torch dispatch mode" in said_by(error) or type(error).__module__.startswith(
        "torch._dynamo"
    ):
        return True  # a kernel that compiles itself, such as FlexAttention, refuses to be watched
    frames, last = error.__traceback__, ""
    while frames is not None:
        last = frames.tb_frame.f_code.co_filename
        frames = frames.tb_next
    return last.startswith(_WATCHING)
