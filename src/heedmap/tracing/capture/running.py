"""A network while it runs: its operators one by one, and the module that each belongs to.

The module is the innermost one that has begun and not ended.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.nn.modules.module import (
    register_module_forward_hook,
    register_module_forward_pre_hook,
)
from torch.utils._python_dispatch import TorchDispatchMode

from heedmap.policies.unwatched import UNWATCHED


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
    name_of = {inner: name for name, inner in module.named_modules()}
    # Two hooks on all modules of the process, instead of two on each of these: putting a
    # thousand hooks on and off takes longer than many a pass that is stopped early.
    handles = (
        register_module_forward_pre_hook(partial(_enter, running, name_of)),
        register_module_forward_hook(partial(_leave, running, name_of), always_call=True),
    )
    try:
        yield running
    finally:
        for handle in handles:
            handle.remove()


def _enter(running: Running, name_of: dict[nn.Module, str], module: nn.Module, *_: Any) -> None:
    if (name := name_of.get(module)) is not None:
        running.begun.append(name)
        running.stack.append(name)


def _leave(running: Running, name_of: dict[nn.Module, str], module: nn.Module, *_: Any) -> None:
    if module in name_of:
        running.stack.pop()


class OperatorMode(TorchDispatchMode, ABC):
    """Shows every operator below Python's wrappers to `operate`, which runs it."""

    @abstractmethod
    def operate(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run the operator, or something in its place; gives its result."""

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        if UNWATCHED.get():
            return func(*args, **kwargs)
        if torch.is_inference_mode_enabled():  # composite operators arrive whole there
            with self:
                result = func.decompose(*args, **kwargs)
            if result is not NotImplemented:
                return result
        return self.operate(func, args, kwargs)
