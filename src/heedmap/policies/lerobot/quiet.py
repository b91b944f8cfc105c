"""LeRobot prints and warns freely; a command's output is not the place for it."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet(*, loading: bool = False) -> Iterator[None]:
    """Inside, nothing is printed, warned of or logged; while `loading`, progress bars are not, too.

    Logging that is switched off altogether is left as it is.
    """
    before = logging.root.manager.disable
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        logging.disable(logging.CRITICAL)
        bars = contextlib.redirect_stderr(io.StringIO()) if loading else contextlib.nullcontext()
        try:
            with bars:
                yield
        finally:
            logging.disable(before)
