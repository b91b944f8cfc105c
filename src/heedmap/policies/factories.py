"""Functions of the user's own, `package.module:function`: imported and called, errors in words."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from heedmap.errors import HeedmapError, ends_program, first_line_of, without_stop


def import_from_here(name: str, error: type[HeedmapError], advice: Callable[[], str]) -> ModuleType:
    """A module, which may lie in the current folder. Raises `error`, with advice, for any other."""
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        return importlib.import_module(name)
    except BaseException as cause:  # a script may read the command line, and end
        if ends_program(cause):
            raise
        raise error(
            "The module '{name}' cannot be imported ({why}); {advice}.",
            name=name,
            why=described(cause),
            advice=advice(),
        ) from cause


def call_factory(factory: Callable[[], Any], name: str, error: type[HeedmapError]) -> Any:
    """What it makes. Errors of ours pass; any other is raised as `error`."""
    try:
        return factory()
    except HeedmapError:
        raise
    except BaseException as cause:
        if ends_program(cause):
            raise
        raise error(
            "The factory '{name}' raised {why}.", name=name, why=described(cause)
        ) from cause


def described(error: BaseException) -> str:
    """Its kind and the first line of what it says."""
    first_line = without_stop(first_line_of(error))
    return f"{type(error).__name__}: {first_line}" if first_line else type(error).__name__
