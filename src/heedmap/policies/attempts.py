"""Distinguishes what a policy cannot do from a failure that happened once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from heedmap.errors import PolicyRunError

Result = TypeVar("Result")


def attempt(run: Callable[[], Result]) -> Result | PolicyRunError:
    """What `run` gives, or the policy's error where it fails twice in a row: it cannot do this.

    For what a policy need not be able to do, such as taking several examples at once. Raises
    the PolicyRunError of a failure that does not come again: that is a fault, no inability.
    """
    try:
        return run()
    except PolicyRunError as error:
        first = error
    try:
        run()
    except PolicyRunError:
        return first
    raise first
