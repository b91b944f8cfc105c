"""A network while it runs: its operators one by one, and the module that each belongs to.

The module is the innermost one that has begun and not ended.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any, TypeVar

import torch
from torch import nn
from torch._ops import HigherOrderOperator, OpOverload
from torch.nn.modules.module import (
    register_module_forward_hook,
    register_module_forward_pre_hook,
)
from torch.utils._python_dispatch import TorchDispatchMode

from heedmap.policies.uncompiled import uncompiled
from heedmap.policies.unwatched import UNWATCHED
from heedmap.tracing.capture.functions import written_out


@dataclass
class Running:
    """Names of the modules that are running, outermost first, and of all that have begun."""

    stack: list[str] = field(default_factory=lambda: [""])
    begun: list[str] = field(default_factory=list)
    numbers: list[int] = field(default_factory=lambda: [0])
    """Which call of each of the running modules it is, from 0."""

    @property
    def innermost(self) -> str:
        """The module to which an operator that runs now belongs."""
        return self.stack[-1]

    @property
    def call(self) -> int:
        """Which call of the innermost module it is, from 0."""
        return self.numbers[-1]


@contextmanager
def watch_modules(
    module: nn.Module,
    *,
    on_enter: Callable[[str], None] | None = None,
    on_leave: Callable[[str, int, Any], None] | None = None,
) -> Iterator[Running]:
    """Follow which module inside `module` runs; leaves no hook behind.

    `on_enter` is called with a module's name, `on_leave` with its name, the number of the call and
    what it gave (None where it raised).
    """
    running = Running()
    watched = _Watched(names_of_modules(module), on_enter, on_leave)
    enter, leave = partial(_enter, running, watched), partial(_leave, running, watched)
    if _holds_compiled(watched.name_of):  # a compiled module warns of hooks on all modules
        handles = [inner.register_forward_pre_hook(enter) for inner in watched.name_of]
        handles += [
            inner.register_forward_hook(leave, always_call=True) for inner in watched.name_of
        ]
    else:
        # Two hooks on all modules of the process, instead of two on each of these: putting a
        # thousand hooks on and off takes longer than many a pass that is stopped early.
        handles = [
            register_module_forward_pre_hook(enter),
            register_module_forward_hook(leave, always_call=True),
        ]
    try:
        with uncompiled():
            yield running
    finally:
        for handle in handles:
            handle.remove()


def names_of_modules(module: nn.Module) -> dict[nn.Module, str]:
    """As `named_modules` has them, in its order; several times as fast, as it does not recurse."""
    found: dict[nn.Module, str] = {}
    left = [("", module)]
    while left:
        name, inner = left.pop()
        if inner in found:
            continue
        found[inner] = name
        prefix = f"{name}." if name else ""
        children = [
            (prefix + own, each) for own, each in inner._modules.items() if each is not None
        ]
        left += reversed(children)
    return found


def _holds_compiled(modules: Iterable[nn.Module]) -> bool:
    return any(type(inner).__name__ == "OptimizedModule" for inner in modules)


@dataclass
class _Watched:
    """Whose calls are followed, and who is told of them."""

    name_of: dict[nn.Module, str]
    on_enter: Callable[[str], None] | None
    on_leave: Callable[[str, int, Any], None] | None
    calls: Counter[str] = field(default_factory=Counter)


def _enter(running: Running, watched: _Watched, module: nn.Module, *_: Any) -> None:
    if (name := watched.name_of.get(module)) is not None:
        running.begun.append(name)
        running.stack.append(name)
        running.numbers.append(watched.calls[name])
        watched.calls[name] += 1
        if watched.on_enter is not None:
            watched.on_enter(name)


def _leave(running: Running, watched: _Watched, module: nn.Module, _: Any, output: Any) -> None:
    if module in watched.name_of:
        name, number = running.stack.pop(), running.numbers.pop()
        if watched.on_leave is not None:
            watched.on_leave(name, number, output)


Mode = TypeVar("Mode", bound="OperatorMode")


class OperatorMode(TorchDispatchMode, ABC):
    """Shows every operator below Python's wrappers to `operate`, which runs it.

    Operators that take functions are taken apart where we know how (FlexAttention, `torch.cond`),
    and run as they are otherwise.
    """

    supports_higher_order_operators = True
    took_apart = False
    """Whether composite operators were taken apart, which may round otherwise than they do."""
    _is_written_out = False
    """Whether an operator that takes functions is being run in Python."""

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Not wrapped at every operator: torch compiles nothing where such a mode is on."""
        return False

    def pass_by(self) -> None:
        """Called where something ran that was not shown."""

    @abstractmethod
    def operate(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run the operator, or something in its place; gives its result."""

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        if UNWATCHED.get():
            return func(*args, **kwargs)
        if isinstance(func, HigherOrderOperator):
            return self._write_out(func, args, kwargs)
        arrives_whole = self._is_written_out or torch.is_inference_mode_enabled()
        if arrives_whole and _is_composite(func):
            self.took_apart = True
            with self:
                return func.decompose(*args, **kwargs)
        return self.operate(func, args, kwargs)

    def _write_out(
        self, func: HigherOrderOperator, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        in_python = written_out(func)
        if in_python is None:
            self.pass_by()
            return func(*args, **kwargs)
        self.took_apart = True
        before, self._is_written_out = self._is_written_out, True
        try:
            with self:
                return in_python(*args, **kwargs)
        finally:
            self._is_written_out = before


@cache
def _is_composite(func: OpOverload) -> bool:
    """Whether torch runs the operator as a sequence of others, which a mode is to see instead."""
    return func._can_decompose()


@contextmanager
def watch_inside(
    module: nn.Module, names: Set[str] | None, make: Callable[[Running], Mode]
) -> Iterator[Mode]:
    """Show to a mode the operators that run in one of the named modules itself, and no others.

    Seeing an operator costs some 20 µs, which for most of them would be for nothing. The empty name
    is the outermost module, and what runs in none. Without names all operators are shown.
    """
    is_on = False

    def switch() -> None:
        nonlocal is_on
        if (names is None or running.innermost in names) != is_on:
            is_on = not is_on
            mode.__enter__() if is_on else mode.__exit__(None, None, None)

    with watch_modules(
        module, on_enter=lambda name: switch(), on_leave=lambda name, call, output: switch()
    ) as running:
        mode = make(running)
        switch()
        try:
            yield mode
        finally:
            if is_on:
                mode.__exit__(None, None, None)
