"""Run something in place of a module's forward, for a while."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from torch import nn

_NOT_SET = object()


class _Instead(partial[Any]):
    """A function and, as its last argument bound, the forward that it runs in place of."""


@contextmanager
def instead_of(module: nn.Module, function: Callable[..., Any]) -> Iterator[None]:
    """Inside, `module` runs `function(its own forward, *args, **kwargs)`; its hooks still run.

    Only this instance is touched, and it is put back as it was in any case.
    """
    before = module.__dict__.get("forward", _NOT_SET)
    module.__dict__["forward"] = _Instead(function, module.forward)
    try:
        yield
    finally:
        if before is _NOT_SET:
            del module.__dict__["forward"]
        else:
            module.__dict__["forward"] = before


def running_instead(module: nn.Module) -> Iterator[Callable[..., Any]]:
    """What `instead_of` has put in place of a module's forward, the latest first."""
    forward = module.__dict__.get("forward")
    while isinstance(forward, _Instead):
        yield forward.func
        forward = forward.args[-1]
