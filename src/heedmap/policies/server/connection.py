"""What each protocol gives, and how the ways in which a server fails become one sentence."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import ClassVar

import numpy as np
from jaxtyping import Float

from heedmap.data.observation import Observation
from heedmap.errors import PolicyError, first_line_of
from heedmap.phrase import Phrase
from heedmap.policies.server.options import ProtocolName

MOST_ANSWER_BYTES = 64 * 2**20
"""A chunk of actions is a few kilobytes."""
MOST_NAMES = 12
MOST_SHOWN = 300
"""Characters of a server's own error that are shown."""


class Connection(ABC):
    """An open conversation with a server."""

    protocol: ClassVar[ProtocolName]
    reset: str
    """How the server is made to forget what it was asked before, for the record."""

    @abstractmethod
    def ask(self, observation: Observation, instruction: str) -> Float[np.ndarray, "step dim"]:
        """One chunk of actions, of a server that remembers nothing.

        Raises PolicyError for no answer, an error's text, and what is no chunk; the connection
        is of no use then.
        """

    @abstractmethod
    def close(self) -> None:
        """Say goodbye; never fails, and takes seconds at most."""


@contextmanager
def transport(server: str, *errors: type[Exception]) -> Iterator[None]:
    """Inside, what a network raises becomes a PolicyError. `errors` are a library's own."""
    try:
        yield
    except (OSError, *errors) as error:
        reason = f"{type(error).__name__}: {first_line_of(error)[:MOST_SHOWN]}"
        raise PolicyError(
            "The server {server} gave no answer ({reason}); start it, and check host, port and "
            "protocol.",
            server=server,
            reason=reason,
        ) from error


def listed(names: Iterable[object]) -> str:
    """Names that a server gave, for a sentence: not too many, and none too long."""
    shown = [" ".join(f"{name!s:.40}".split()) for name in islice(names, MOST_NAMES + 1)]
    return ", ".join(["..." if n == MOST_NAMES else name for n, name in enumerate(shown)])


def said(server: str, text: object) -> PolicyError:
    """A server's own error: the last line of what it wrote, which may be a traceback."""
    last_line = (str(text).strip().splitlines() or [Phrase("no reason")])[-1]
    return PolicyError(
        "The server {server} answered with an error: {last_line}",
        server=server,
        last_line=last_line[:MOST_SHOWN],
    )
