"""Pickles of LeRobot's servers, written and read without running a pickle.

A pickle is a program. Here its steps are followed on paper: where it would import a name and call
it, the name and what it would be called with are noted, and nothing else happens.
"""

from __future__ import annotations

import io
import pickle
import pickletools
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from heedmap.phrase import Phrase

MOST_STEPS = 1000
STORAGES = {
    "torch.FloatStorage": "<f4",
    "torch.DoubleStorage": "<f8",
    "torch.HalfStorage": "<f2",
    "torch.BFloat16Storage": "<u2",
}
_MARK = object()
_MISFITS = (IndexError, KeyError, TypeError, AttributeError, StopIteration)
_LITERALS = (
    *("BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "BINUNICODE", "SHORT_BINUNICODE"),
    *("BINUNICODE8", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8"),
)
_CONSTANTS: dict[str, Callable[[], Any]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_LIST": list,
    "EMPTY_DICT": dict,
    "EMPTY_TUPLE": tuple,
    "MARK": lambda: _MARK,
}


@dataclass(frozen=True)
class Name:
    """What would be imported."""

    text: str


@dataclass(eq=False)
class Made:
    """What a call of `name` with `given` would give; `state` is what it would be filled with."""

    name: str
    given: Any
    state: Any = None


def pickled(name: str, fields: dict[str, Any]) -> bytes:
    """A pickle of an object with these fields, of a class `module.Name` that need not be here."""
    module, _, own = name.rpartition(".")
    content = pickle.dumps(fields, protocol=3)[2:-1]  # without its head and its end
    return b"\x80\x03c" + f"{module}\n{own}\n".encode() + b")\x81" + content + b"b."


def on_paper(file: io.BytesIO) -> Any:
    """The next pickle of a file. Raises ValueError for steps that no plain data needs."""
    stack: list[Any] = []
    memo: dict[int, Any] = {}
    try:
        for opcode, argument, _ in pickletools.genops(file):
            if opcode.name == "STOP":
                return stack.pop()
            _step(opcode.name, argument, stack, memo)
    except _MISFITS as error:
        raise ValueError(
            Phrase("its steps do not fit ({error_kind})", error_kind=type(error).__name__)
        ) from error
    raise ValueError(Phrase("it has no end"))


def _step(name: str, argument: Any, stack: list[Any], memo: dict[int, Any]) -> None:
    if name in _LITERALS:
        stack.append(argument)
    elif name in _CONSTANTS:
        stack.append(_CONSTANTS[name]())
    elif name in ("MEMOIZE", "BINPUT", "LONG_BINPUT"):
        memo[len(memo) if argument is None else argument] = stack[-1]
    elif name in ("BINGET", "LONG_BINGET"):
        stack.append(memo[argument])
    elif name in ("APPEND", "APPENDS", "SETITEM", "SETITEMS", "BUILD"):
        _fill(name, stack)
    elif name in ("TUPLE", "TUPLE1", "TUPLE2", "TUPLE3"):
        count = int(name[5:]) if name[5:] else None
        stack.append(tuple(_taken(stack, count)))
    elif name == "GLOBAL":
        stack.append(Name(argument.replace(" ", ".")))
    elif name == "STACK_GLOBAL":
        stack.append(Name(".".join(_taken(stack, 2))))
    elif name in ("REDUCE", "NEWOBJ"):
        called, given = _taken(stack, 2)
        stack.append(Made(called.text, given))
    elif name == "BINPERSID":
        stack.append(Made("persistent", stack.pop()))
    elif name not in ("PROTO", "FRAME"):
        raise ValueError(Phrase("it has the step {name}, which no plain data needs", name=name))


def _fill(name: str, stack: list[Any]) -> None:
    """Puts what is on top of the stack into what lies below it."""
    count = {"APPEND": 1, "SETITEM": 2, "BUILD": 1}.get(name)
    items = _taken(stack, count)
    target = stack[-1]
    if name == "BUILD" and isinstance(target, Made):
        target.state = items[0]
    elif name.startswith("APPEND") and isinstance(target, list):
        target.extend(items)
    elif name.startswith("SETITEM") and isinstance(target, dict):
        target.update(zip(items[::2], items[1::2], strict=True))
    else:
        raise TypeError(name)


def _taken(stack: list[Any], count: int | None) -> list[Any]:
    """The topmost items, or those above the last mark."""
    if count is None:
        count = next(n for n, each in enumerate(reversed(stack)) if each is _MARK)
        items = _taken(stack, count)
        stack.pop()
        return items
    if len(stack) < count:
        raise IndexError
    items = stack[len(stack) - count :]
    del stack[len(stack) - count :]
    return items


def timed_actions(data: bytes) -> Float[np.ndarray, "step dim"]:
    """The actions of a pickled list of LeRobot's `TimedAction`.

    Raises ValueError for whatever else the pickle holds.
    """
    found = on_paper(io.BytesIO(data))
    if not isinstance(found, list) or not 1 <= len(found) <= MOST_STEPS:
        raise ValueError(Phrase("it holds no list of 1 to {most} actions", most=MOST_STEPS))
    rows: list[np.ndarray] = []
    for each in found:
        is_action = isinstance(each, Made) and each.name.endswith(".TimedAction")
        if not is_action or not isinstance(each.state, dict):
            raise ValueError(Phrase("it holds something else than timed actions"))
        rows.append(_tensor(each.state.get("action")))
    if len({len(row) for row in rows}) != 1:
        raise ValueError(Phrase("its actions are of unequal lengths"))
    return np.stack(rows)


def _tensor(made: Any) -> Float[np.ndarray, " dim"]:
    """One dimension of a storage."""
    match made:
        case Made(
            "torch._utils._rebuild_tensor_v2",
            (
                Made("torch.storage._load_from_bytes", (bytes(content),)),
                int(begin),
                (int(length),),
                (int(stride),),
                *_,
            ),
        ) if begin >= 0 and length >= 1 and stride >= 1:
            values = _storage(content)[begin::stride][:length]
            if len(values) == length:
                return values
    raise ValueError(Phrase("an action is no tensor of one dimension"))


def _storage(content: bytes) -> Float[np.ndarray, " values"]:
    """Torch's older form: five pickles, of which the fourth names the type, then the numbers."""
    file = io.BytesIO(content)
    match [on_paper(file) for _ in range(5)][3]:
        case Made("persistent", ("storage", Name(kind), *_)) if kind in STORAGES:
            pass
        case _:
            raise ValueError(Phrase("an action is no tensor of floating-point numbers"))
    dtype = np.dtype(STORAGES[kind])
    raw = file.read()
    if len(raw) < 8 or struct.unpack("<q", raw[:8])[0] * dtype.itemsize != len(raw) - 8:
        raise ValueError(Phrase("an action's numbers are cut short"))
    values = np.frombuffer(raw[8:], dtype)
    if kind == "torch.BFloat16Storage":  # the upper half of a float32
        return (values.astype(np.uint32) << 16).view(np.float32).astype(np.float64)
    return values.astype(np.float64)
