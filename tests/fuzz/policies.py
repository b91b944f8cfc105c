"""Policies that give what they should not, from one of their calls on, as authors' mistakes do."""

from __future__ import annotations

import json
import warnings
from asyncio import CancelledError
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import torch

from heedmap.auditing.api import audit
from heedmap.data.pixels import Frame
from heedmap.errors import InstructionError
from heedmap.policies.callable import CallablePolicy
from tests.failing import is_as_before, plain, state_of, trials_of
from tests.fuzz.mutate import ESCAPE

Give = Callable[[torch.Tensor, int], Any]
"""From right scores, (batch, action), and the number of the call, what is given instead."""


class SilentError(Exception):
    """Says nothing, or cannot even say that."""

    def __str__(self) -> str:
        raise ValueError("no words")


class Panic(BaseException):
    """As libraries that are not written in Python raise."""


def _raises(error: Callable[[], BaseException]) -> Give:
    def give(scores: torch.Tensor, number: int) -> Any:
        raise error()

    return give


def _recursion(scores: torch.Tensor, number: int) -> Any:
    return _recursion(scores, number + 1)


def _nested(scores: torch.Tensor, number: int) -> Any:
    inside: list[Any] = [scores]
    for _ in range(5_000):
        inside = [inside]
    return inside


def _itself(scores: torch.Tensor, number: int) -> Any:
    given: list[Any] = []
    given.append(given)
    return given


class _Odd(torch.Tensor):
    """A class of one's own."""


GOOD: dict[str, Give] = {
    "tensor": lambda scores, _: scores,
    "numpy": lambda scores, _: scores.numpy().copy(),
    "read-only numpy": lambda scores, _: _read_only(scores.numpy().copy()),
    "tuple": lambda scores, _: (scores, "state"),
    "dict": lambda scores, _: {"action": scores, "loss": None},
    "list": lambda scores, _: [row.tolist() for row in scores],
    "chunks": lambda scores, _: scores[:, None],
    "requires_grad": lambda scores, _: scores.clone().requires_grad_(),
    "double": lambda scores, _: scores.double(),
    "transposed": lambda scores, _: scores.mT.contiguous().mT,
    "subclass": lambda scores, _: scores.as_subclass(_Odd),
}
"""The same action in another form."""
BAD: dict[str, Give] = {
    "nothing": lambda scores, _: None,
    "text": lambda scores, _: "left",
    "bytes": lambda scores, _: b"\x00",
    "a class": lambda scores, _: torch.Tensor,
    "a function": lambda scores, _: lambda: scores,
    "an iterator": lambda scores, _: iter(scores),
    "empty list": lambda scores, _: [],
    "empty dict": lambda scores, _: {},
    "dict of escapes": lambda scores, _: {ESCAPE: 1, "\ud800": scores, None: scores},
    "array of objects": lambda scores, _: np.array([{}, None], dtype=object),
    "array of texts": lambda scores, _: np.array([["a", "b"]]),
    "array of dates": lambda scores, _: np.array([["2026-01-01"]], dtype="datetime64[s]"),
    "structured array": lambda scores, _: np.zeros(2, [("a", "f4")]),
    "nan": lambda scores, _: torch.full_like(scores, torch.nan),
    "one nan": lambda scores, _: torch.where(scores == scores.max(), torch.nan, scores),
    "infinite": lambda scores, _: scores / 0,
    "too many rows": lambda scores, _: torch.cat([scores, scores]),
    "no rows": lambda scores, _: scores[:0],
    "no actions": lambda scores, _: scores[:, :0],
    "ragged": lambda scores, _: [[1.0], [1.0, 2.0]],
    "nested": _nested,
    "itself": _itself,
    "meta": lambda scores, _: scores.to("meta"),
    "complex": lambda scores, _: scores.to(torch.complex64) * 1j,
    "sparse": lambda scores, _: scores.to_sparse(),
    "changing": lambda scores, number: torch.cat([scores] * (1 + number % 2), dim=1),
    "stranger": lambda scores, number: scores + number,
    "error": _raises(lambda: ValueError("no camera")),
    "error of escapes": _raises(lambda: RuntimeError(f"{ESCAPE}\nsecond \ud800 line\r" * 99)),
    "long error": _raises(lambda: KeyError("x" * 10**6)),
    "silent error": _raises(SilentError),
    "stop": _raises(StopIteration),
    "assertion": _raises(lambda: AssertionError()),
    "exit": _raises(lambda: SystemExit(0)),
    "exit of escapes": _raises(lambda: SystemExit(ESCAPE)),
    "cancelled": _raises(CancelledError),
    "panic": _raises(lambda: Panic(f"{ESCAPE}\nsecond line")),
    "memory": _raises(MemoryError),
    "torch's memory": _raises(lambda: torch.OutOfMemoryError("CUDA out of memory")),
    "group": _raises(lambda: ExceptionGroup("several", [ValueError("a"), TypeError("b")])),
    "warning": lambda scores, _: warnings.warn("raised as an error", UserWarning, stacklevel=1),
    "too deep": _recursion,
    "huge": lambda scores, _: torch.zeros(1).expand(len(scores), 10**13),
}
"""What must end an audit in one sentence where every call gives it."""
ODD: dict[str, Give] = {
    "more actions": lambda scores, _: torch.cat([scores, scores], dim=1),
    "half": lambda scores, _: scores.half(),
    "integers": lambda scores, _: scores.long(),
    "bools": lambda scores, _: scores > 0,
    "zeros": lambda scores, _: torch.zeros_like(scores),
    "large": lambda scores, _: scores * 1e30,
    "tiny": lambda scores, _: scores * 1e-38,
    "one number": lambda scores, _: 3,
    "a vector": lambda scores, _: scores[0],
    "all the same": lambda scores, _: scores[:1].expand(len(scores), -1),
    "inference": lambda scores, _: torch.inference_mode()(scores.clone)(),
    "instruction": _raises(lambda: InstructionError(f"too long {ESCAPE}")),
}
"""What may be taken or refused, but never ends in anything else."""
WAYS: Mapping[str, Give] = {**GOOD, **BAD, **ODD}
LAST_CALL = 61
"""Of an audit of one trial."""


def _read_only(array: np.ndarray) -> np.ndarray:
    array.setflags(write=False)
    return array


@cache
def _imported() -> None:
    """What the first audit of a process imports changes filters of warnings."""
    plain().audited(trials_of(1))


def write_policy(folder: Path) -> None:
    (folder / "policy.json").write_text(json.dumps({"gives": "tensor", "from": 1, "for": 1}))


def spoil_policy(folder: Path, draw: Random) -> str:
    """Which thing is given, from which call on, and in how many calls."""
    gives, first = draw.choice(list(WAYS)), draw.choice((1, 1, draw.randint(1, LAST_CALL)))
    count = draw.choice((1, 10**6))
    told = {"gives": gives, "from": first, "for": count, "continuous": draw.random() < 0.5}
    (folder / "policy.json").write_text(json.dumps(told))
    return f"{gives} from call {first}" + (" on" if count > 1 else "")


def audit_policy(folder: Path) -> None:
    """Audit it; what must be refused and is not is a finding, and what is left behind is."""
    _imported()
    told = json.loads((folder / "policy.json").read_text())
    counting, give = plain(), WAYS[told["gives"]]
    right, calls = counting.run, range(told["from"], told["from"] + told["for"])

    def run(frames: Sequence[Frame], texts: Sequence[str]) -> Any:
        scores = right(frames, texts)
        number = len(counting.sizes)
        return give(scores, number) if number in calls else scores

    counting.run = run
    names = None if told.get("continuous") else ("l", "r", "f")
    policy = CallablePolicy("own", counting, counting.network, action_names=names)
    (trial,) = trials_of(1)
    before = state_of(counting)
    try:
        record = audit(policy, trial.observation, trial.instructions).record
    finally:
        assert is_as_before(counting, before), "something was left changed"
    # A single call may have been a fast way, whose result is compared and not taken.
    is_always = told["from"] == 1 and told["for"] > LAST_CALL
    assert not (is_always and told["gives"] in BAD), f"accepted {record.policies[0].verdict}"
