"""One sentence for whatever a library raises about an input; the cause is kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from heedmap.errors import HeedmapError, ends_program, first_line_of, without_stop
from heedmap.phrase import Phrase

READ = Phrase("read")


@contextmanager
def gate(
    error: type[HeedmapError], what: str, advice: str, kind: str = "", *, doing: str = READ
) -> Iterator[None]:
    """Inside, any error becomes `error`: `WHAT cannot be read as KIND (...); ADVICE`.

    Something else than reading is said by `doing`.

    heedmap's own errors pass as they are, and so does Ctrl-C. A library may raise anything at all
    about bytes from outside, so no list of its errors is ever whole.
    """
    try:
        yield
    except (HeedmapError, BrokenPipeError):  # the latter is of whoever reads what is printed
        raise
    except BaseException as cause:
        if ends_program(cause):
            raise
        raise refusal(error, what, cause, advice, kind, doing) from cause


def refusal(
    error: type[HeedmapError],
    what: str,
    cause: BaseException,
    advice: str,
    kind: str = "",
    doing: str = READ,
) -> HeedmapError:
    """The error in place of what a library raised."""
    why = getattr(cause, "strerror", None) or first_line_of(cause)
    if isinstance(cause, MemoryError):
        why = Phrase("it needs more memory than there is")
    if isinstance(cause, RecursionError):
        why = Phrase("it is nested too deep")
    if isinstance(cause, KeyError):
        why = Phrase("it has no {key}", key=why)
    as_what = Phrase("{doing} as {kind}", doing=doing, kind=kind) if kind else doing
    return error(
        "{what} cannot be {as_what} ({why}); {advice}.",
        what=what,
        as_what=as_what,
        why=without_stop(why or first_line_of(cause)),
        advice=advice,
    )
