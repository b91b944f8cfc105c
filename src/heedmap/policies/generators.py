"""Random generators that a policy may draw from, put back after it was run.

The process's own (Python's, NumPy's and torch's, on all devices in use) and those that the policy
holds: attributes of its module and of the objects that its function reaches.
"""

from __future__ import annotations

import functools
import random
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np
import torch

MOST_SEARCHED = 100_000
"""Objects that are looked at for generators, the nearest first: a policy may hold its data."""
MOST_ITEMS = 1_000
"""A list or dict of more is data, and not looked into."""

_RUN = ("__call__", "act", "forward")
"""Methods by which a policy is run."""

PutBack = Callable[[], object]
_OPAQUE = (
    *(type, ModuleType, torch.Tensor, torch.dtype, torch.device, np.ndarray),
    *(str, bytes, int, float, complex, type(None)),
)
"""Nothing that a policy draws from is inside of these."""


@contextmanager
def generators_kept(*owners: object, seed: int | None = None) -> Iterator[None]:
    """Afterwards every generator is as it was, whatever was drawn inside and however it ended.

    `owners` are policies or modules, whose own generators are kept, too. With a `seed` those of the
    process start from it inside.
    """
    states = [_kept(each) for each in generators_of(*owners)]
    python, numpy, cpu = random.getstate(), np.random.get_state(), torch.get_rng_state()
    devices = _device_states()
    try:
        if seed is not None:
            random.seed(seed)
            np.random.seed(seed % 2**32)
            torch.default_generator.manual_seed(seed)
            for device, _ in devices:
                _set_seed(device, seed)
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)
        torch.set_rng_state(cpu)
        for device, state in devices:
            _set_state(device, state)
        for put_back in states:
            put_back()


def generators_of(*owners: object) -> list[Any]:
    """The generators that objects hold or reach, each once.

    Attributes, containers, closures, bound methods and the globals that a function names are
    followed, classes and modules of Python are not.
    """
    found: list[Any] = []
    left, seen = deque(owners), dict[int, object]()
    while left and len(seen) < MOST_SEARCHED:
        each = left.popleft()
        if isinstance(each, _OPAQUE) or id(each) in seen:
            continue
        seen[id(each)] = each  # held, so that no other object gets its number
        if _is_generator(each):
            found.append(each)
        else:
            left += _inside(each)
    return found


def _is_generator(each: object) -> bool:
    return isinstance(
        each,
        (torch.Generator, np.random.Generator, np.random.RandomState, np.random.BitGenerator),
    ) or (isinstance(each, random.Random) and not isinstance(each, random.SystemRandom))


def _inside(each: Any) -> list[Any]:
    if isinstance(each, dict):
        return list(each.values()) if len(each) <= MOST_ITEMS else []
    if isinstance(each, (list, tuple, set, frozenset)):
        return list(each) if len(each) <= MOST_ITEMS else []
    if isinstance(each, MethodType):
        return [each.__self__, each.__func__]
    if isinstance(each, functools.partial):
        return [each.func, each.args, each.keywords]
    if isinstance(each, FunctionType):
        return _of_function(each)
    methods = [getattr(type(each), name, None) for name in _RUN]
    return [getattr(each, "__dict__", None), *(m for m in methods if isinstance(m, FunctionType))]


def _of_function(function: FunctionType) -> list[Any]:
    """Cells, defaults, and of the globals that it names, generators and functions beside it."""
    cells = [cell.cell_contents for cell in function.__closure__ or () if not _is_empty(cell)]
    named = [function.__globals__.get(name) for name in function.__code__.co_names]
    beside = [
        each
        for each in named
        if _is_generator(each)
        or (isinstance(each, FunctionType) and each.__globals__ is function.__globals__)
    ]
    return [*cells, *beside, function.__defaults__, function.__kwdefaults__]


def _is_empty(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018
    except ValueError:
        return True
    return False


def _kept(generator: Any) -> PutBack:
    """What puts a generator back to where it is now."""
    if isinstance(generator, random.Random):
        return functools.partial(generator.setstate, generator.getstate())
    if isinstance(generator, torch.Generator):
        return functools.partial(generator.set_state, generator.get_state())
    if isinstance(generator, np.random.RandomState):
        return functools.partial(generator.set_state, generator.get_state())
    bits = generator.bit_generator if isinstance(generator, np.random.Generator) else generator
    return functools.partial(setattr, bits, "state", bits.state)


_Device = tuple[str, int]


def _device_states() -> list[tuple[_Device, Any]]:
    """Only of devices that are in use: asking another one would start it."""
    found: list[tuple[_Device, Any]] = []
    if torch.cuda.is_initialized():
        states = torch.cuda.get_rng_state_all()
        found += [(("cuda", index), state) for index, state in enumerate(states)]
    if torch.backends.mps.is_available():
        found.append((("mps", 0), torch.mps.get_rng_state()))
    return found


def _set_seed(device: _Device, seed: int) -> None:
    kind, index = device
    if kind == "cuda":
        torch.cuda.default_generators[index].manual_seed(seed)
    else:
        torch.mps.manual_seed(seed)


def _set_state(device: _Device, state: Any) -> None:
    kind, index = device
    if kind == "cuda":
        torch.cuda.set_rng_state(state, index)
    else:
        torch.mps.set_rng_state(state)
