"""The trail as a table: every module call of a run, how far its output differs in other runs.

Where the actions of two runs differ, activation patching says which calls carry that difference:
the base run once more, with one call's output replaced by the one of the other run (Zhang & Nanda
2024, "Towards Best Practices of Activation Patching in Language Models"; whole outputs, no noise).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass
from math import isinf
from typing import Any, Literal

import torch
from torch import nn
from torch.utils._pytree import tree_map

from heedmap.data.observation import Observation
from heedmap.errors import InstructionError, PolicyRunError
from heedmap.policies.attempts import attempt
from heedmap.policies.base import ActionScores, Policy
from heedmap.tracing.trail.differences import Differences
from heedmap.tracing.trail.recording import ModuleCall, Recording, Value

Exchanged = Literal["instruction", "frame", "paraphrase", "same"]
"""In what another run is not the base run; `same` is the same input given again."""

Shares = Sequence[float | None]
"""One value for every module call of the base run, in the order of `Recording.calls`."""


@dataclass(frozen=True)
class Step:
    """One module call of the base run. None is what was not measured or cannot be compared."""

    order: int
    """From 0, in the order in which the calls ended."""
    module: str
    """Empty for the outermost."""
    kind: str
    """Name of its class."""
    call: int
    """Which call of this module it is, from 0."""
    depth: int
    """Inside of how many other modules that were called."""
    instruction: float | None = None
    """Relative difference (L2) of its output under another instruction."""
    frame: float | None = None
    paraphrase: float | None = None
    same: float | None = None
    carried: float | None = None
    """Share of the action's difference that patching this output brings over: 1 all of it, 0 none;
    it may lie outside."""


def steps(
    base: Recording, differences: Mapping[Exchanged, Shares], carried: Shares | None = None
) -> list[Step]:
    """The rows of a run; `differences` are those of `relative_differences`, by what was exchanged.

    Other runs need not be kept until then: each holds all of its activations.
    """
    columns: dict[str, Shares] = {**differences}
    if carried is not None:
        columns["carried"] = carried
    called = {call.module for call in base.calls}
    return [
        Step(
            *(n, call.module, call.kind, call.call, _depth(call.module, called)),
            **{name: of[n] for name, of in columns.items()},
        )
        for n, call in enumerate(base.calls)
    ]


def _depth(module: str, called: Set[str]) -> int:
    """How many called modules its name begins with; all are inside the outermost."""
    parts = module.split(".") if module else []
    return sum(".".join(parts[:length]) in called for length in range(len(parts)))


def relative_differences(base: Recording, other: Recording) -> list[float | None]:
    """How far what each call gave differs in the other run; the largest of several tensors.

    The length of the difference over the length of the base's output (L2 norms); 1 where the
    base's is all zeros and the other's is not. None where the other run has no such call, or the
    call gave no tensors, or others of another shape.
    """
    between = Differences(base, other)
    return [_relative(between, call) for call in base.calls]


def _relative(between: Differences, call: ModuleCall) -> float | None:
    other = between.other_calls.get((call.module, call.call))
    if other is None or not _are_alike(call.outputs, other.outputs):
        return None
    found = between.of_call(call, other).relative
    return 1.0 if isinf(found) else found


def _are_alike(mine: Sequence[Value], others: Sequence[Value]) -> bool:
    """Whether there are any, and each has the shape and dtype of its counterpart."""
    kinds = [
        [(value.tensor.shape, value.tensor.dtype) for value in side] for side in (mine, others)
    ]
    return bool(mine) and kinds[0] == kinds[1]


def carried_shares(
    policy: Policy,
    observation: Observation,
    instruction: str,
    base: Recording,
    other: Recording,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[float | None]:
    """Of the action's difference, what patching each call's output from `other` brings over.

    `observation` and `instruction` are those of `base`. A share is 1 - |patched - other| /
    |base - other|, of the scores' L2 norms. 0 without a run where the output is the same. None for
    all where the actions are the same, or of unequal shape, or the policy gives other scores
    afterwards: it keeps what was patched in. `on_progress` is called with calls done, and of how
    many. The policy runs in the mode that it is in, once for each call that differs; no hook is
    left behind. Raises what running the policy raises, unless it fails under a patch, twice.
    """
    relative, others = relative_differences(base, other), Differences(base, other).other_calls
    apart = distance_of_scores(base.scores, other.scores)
    if not apart:
        return [None] * len(base.calls)
    shares: list[float | None] = []
    for number, call in enumerate(base.calls):
        share = None if relative[number] is None else 0.0
        if relative[number]:
            outputs = others[call.module, call.call].outputs
            patched = _patched(policy, observation, instruction, call, outputs)
            left = distance_of_scores(patched, other.scores)
            share = None if left is None else 1 - left / apart
        shares.append(share)
        on_progress(number + 1, len(base.calls))
    with torch.no_grad():
        again = policy.act_unchecked([observation], [instruction])
    return shares if distance_of_scores(again, base.scores) == 0 else [None] * len(base.calls)


def distance_of_scores(one: ActionScores | None, two: ActionScores | None) -> float | None:
    """Between scores; None where they cannot be compared."""
    if one is None or two is None or one.shape != two.shape:
        return None
    found = float((one.double().cpu() - two.double().cpu()).norm())
    return found if found < float("inf") else None  # nor NaN


def _patched(
    policy: Policy,
    observation: Observation,
    instruction: str,
    call: ModuleCall,
    outputs: Sequence[Value],
) -> ActionScores | None:
    """Scores with that call's output replaced; None where it did not come, or it fails."""
    module = policy.module.get_submodule(call.module)

    def run() -> ActionScores | None:
        with torch.no_grad(), _replaced(module, call.call, outputs) as was_replaced:
            scores = policy.act_unchecked([observation], [instruction])
        return scores if was_replaced else None

    try:
        found = attempt(run)
    except InstructionError:
        return None
    return None if isinstance(found, PolicyRunError) else found


@contextmanager
def _replaced(module: nn.Module, nth: int, outputs: Sequence[Value]) -> Iterator[list[bool]]:
    """Inside, the module's nth call gives `outputs`; the list has an entry once it did."""
    calls, was_replaced = 0, list[bool]()

    def replace(_: nn.Module, __: Any, output: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls != nth + 1:
            return None
        left = list(outputs)
        # Copies: what comes after may write into what it is given.
        given = tree_map(
            lambda leaf: left.pop(0).tensor.clone() if _is_plain(leaf) else leaf, output
        )
        was_replaced.append(True)
        return given

    handle = module.register_forward_hook(replace)
    try:
        yield was_replaced
    finally:
        handle.remove()


def _is_plain(leaf: Any) -> bool:
    """As a recording takes tensors in."""
    return torch.is_tensor(leaf) and leaf.layout == torch.strided and not leaf.is_meta
