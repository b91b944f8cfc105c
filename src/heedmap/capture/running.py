"""Which module of a network is running: the innermost one that has begun and not ended."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from torch import nn


@dataclass
class Running:
    """Names of the modules that are running, outermost first, and of all that have begun."""

    stack: list[str] = field(default_factory=lambda: [""])
    begun: list[str] = field(default_factory=list)

    @property
    def innermost(self) -> str:
        """The module to which an operator that runs now belongs."""
        return self.stack[-1]


@contextmanager
def watch_modules(module: nn.Module) -> Iterator[Running]:
    """Follow which module inside `module` runs; leaves no hook behind."""
    running = Running()
    handles = [
        handle
        for name, inner in module.named_modules()
        for handle in (
            inner.register_forward_pre_hook(partial(_enter, running, name)),
            inner.register_forward_hook(partial(_leave, running), always_call=True),
        )
    ]
    try:
        yield running
    finally:
        for handle in handles:
            handle.remove()


def _enter(running: Running, name: str, *_: Any) -> None:
    running.begun.append(name)
    running.stack.append(name)


def _leave(running: Running, *_: Any) -> None:
    running.stack.pop()
