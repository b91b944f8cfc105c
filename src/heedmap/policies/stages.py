"""What an audit is doing: named in the errors of a policy, so that its author can find them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from heedmap.phrase import Phrase

_STAGE: ContextVar[str | None] = ContextVar("_STAGE", default=None)


@contextmanager
def stage(doing: Phrase) -> Iterator[None]:
    """Inside, a policy that fails does so while `doing`, such as "running a batch".

    Of stages inside one another the innermost counts. Also a decorator of functions.
    """
    token = _STAGE.set(doing)
    try:
        yield
    finally:
        _STAGE.reset(token)


def current_stage() -> str | None:
    """What is being done now; None outside of an audit."""
    return _STAGE.get()
