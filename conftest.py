"""Read before tests/conftest.py, and so before heedmap is imported.

Shapes are checked at calls of all functions whose module writes shapes; plain types are left to
pyright. A function is checked once for each kind of arguments (types, dtypes and shapes): a check
takes longer than most functions, and tells nothing more about the same shapes.
"""

from __future__ import annotations

import dataclasses
import gc
import inspect
import sys
from collections.abc import Callable, Hashable
from functools import wraps
from pathlib import Path
from typing import Any, get_args, get_type_hints

import jaxtyping

gc.disable()
"""Until all tests are collected: a million objects come with the imports, and none of them goes."""

_SOURCE = Path(__file__).parent / "src"

_INNERMOST = {
    "heedmap.tracing.capture.cuts",
    "heedmap.tracing.capture.inputs",
    "heedmap.tracing.capture.trace",
    "heedmap.tracing.shared_prefix.layers_running",
}
"""Run at every operator or layer; a check there costs more than all that is tested."""


def modules_with_shapes() -> list[str]:
    """Modules of heedmap that write shapes, or use those of `heedmap.types`."""
    files = sorted((_SOURCE / "heedmap").rglob("*.py"))
    shaped = [
        ".".join(file.relative_to(_SOURCE).with_suffix("").parts)
        for file in files
        if any(word in file.read_text(encoding="utf-8") for word in ("jaxtyping", "heedmap.types"))
    ]
    return [name for name in shaped if name not in _INNERMOST]


_PLAIN = {str, int, float, bool, type(None)}
_SEQUENCES = (list, tuple)


def kind_of(value: Any) -> Hashable:
    """All of a value that a check of shapes looks at."""
    kind = type(value)
    if kind in _PLAIN:
        return kind
    if isinstance(value, _SEQUENCES):
        return kind, tuple(map(kind_of, value))
    if isinstance(value, dict):
        return tuple(map(kind_of, value.values()))
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        return kind, value.dtype, tuple(value.shape)
    return kind


def writes_shapes(function: Callable[..., Any]) -> bool:
    """Whether a shape is among the function's annotations; if they cannot be read, it may be."""
    try:
        hints = get_type_hints(function)
    except NameError:  # of a name that is imported for type checkers alone
        return True
    return any(map(_is_shape, hints.values()))


def _is_shape(hint: Any) -> bool:
    is_array = isinstance(hint, type) and issubclass(hint, jaxtyping.AbstractArray)
    parts = hint if isinstance(hint, list) else get_args(hint)  # a list in those of Callable
    return is_array or any(map(_is_shape, parts))


def checked_once_a_kind(
    *, typechecker: Any, check: Callable[..., Any] = jaxtyping.jaxtyped
) -> Callable[[Any], Any]:
    """The decorator of jaxtyping, for calls that differ from earlier ones in more than values."""

    def decorate(function: Any) -> Any:
        if inspect.isclass(function):
            if dataclasses.is_dataclass(function):
                function.__init__ = decorate(function.__init__)
            return function
        seen = set[Hashable]()
        checked: Callable[..., Any] | None = None  # made when called: most are not, in one process

        @wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            nonlocal checked
            if checked is None:  # its module is whole now
                shaped = writes_shapes(function)
                checked = check(function, typechecker=typechecker) if shaped else function
                if not shaped:
                    _put_back(call, function)
            if checked is function:
                return function(*args, **kwargs)
            kind = kind_of(args), *kwargs, kind_of(kwargs)
            if kind in seen:
                return function(*args, **kwargs)
            result = checked(*args, **kwargs)
            seen.add(kind)
            return result

        return call

    return decorate


def _put_back(wrapped: object, function: Callable[..., Any]) -> None:
    """A function without shapes as it was, where it is looked up by its name."""
    *owners, name = function.__qualname__.split(".")
    owner: Any = sys.modules.get(function.__module__)
    for each in owners:
        owner = getattr(owner, each, None)
    if owner is not None and vars(owner).get(name) is wrapped:
        setattr(owner, name, function)


jaxtyping.jaxtyped = checked_once_a_kind  # the import hook decorates with it
jaxtyping.install_import_hook(modules_with_shapes(), "beartype.beartype")


def pytest_collection_finish() -> None:
    """What was imported is not gone through at every collection of garbage, which are few.

    With Python's own thresholds they took a sixteenth of the suite's time.
    """
    gc.freeze()
    gc.set_threshold(300_000, 10, 100)
    gc.enable()


def pytest_unconfigure() -> None:
    """All of it is let go of in the end, as without the tests."""
    gc.unfreeze()
