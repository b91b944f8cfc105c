"""Activation patching stack by stack: what each one alone brings over of another instruction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch

from heedmap.auditing.graph.rows import Graph
from heedmap.auditing.trails import Trails, recorded
from heedmap.errors import CaptureError, InstructionError
from heedmap.phrase import Phrase
from heedmap.policies.stages import stage
from heedmap.tracing.capture.stacks import block_of, pattern_of
from heedmap.tracing.trail.recording import Operator, OperatorKey, Recording
from heedmap.tracing.trail.steps import distance_of_scores


class Patched(NamedTuple):
    """The action with one stack taken from the run under another instruction."""

    carried: float
    """1 is the other instruction's action, 0 the action as it was or one as far from the other's:
    1 - |patched - other| / |base - other|, of the scores' L2 norms."""
    moved: float
    """|patched - base| / |base - other|: 0 only where the action is as it was."""


@stage(Phrase("taking each stack's states from the run under another instruction"))
def stacks_patched(
    trails: Trails, text: str, others: Sequence[str], graph: Graph
) -> dict[str, Patched]:
    """By stack: what comes over of the action's difference with what its layers compute.

    All that runs inside a stack's layers in the run under `text` is taken from the run under
    another instruction, keys and values that are kept for later included, and all else is computed
    anew. Of `others` that one is taken whose action is farthest. Stacks are left out whose layers
    are not modules of their own, or do not give what they gave in the other run (one that writes in
    place cannot be held); all of them where the actions are the same.
    """
    base = trails.of(text)
    runs = [trails.of(other) for other in others if other in graph.word_texts]
    other = max(runs, key=lambda run: _distance(base, run) or 0.0, default=None)
    apart = 0.0 if other is None else _distance(base, other)
    if other is None or not apart:
        return {}
    theirs = {operator.key: operator for operator in other.operators}
    found: dict[str, Patched] = {}
    for pattern, blocks in _blocks(graph).items():
        held = _held(base, theirs, blocks)
        if "" in blocks or not held:
            continue
        try:
            run = recorded(trails.policy, trails.observation, text, held)
        except (InstructionError, CaptureError):
            continue
        left, moved = _distance(run, other), _distance(run, base)
        if left is not None and moved is not None and _gives(run, theirs, blocks):
            found[pattern] = Patched(1 - left / apart, moved / apart)
    return found


def _gives(run: Recording, theirs: Mapping[OperatorKey, Operator], blocks: set[str]) -> bool:
    """Whether these layers gave what they gave in the other run, whatever way they write it."""
    for operator in run.operators:
        other = theirs.get(operator.key)
        if not _is_within(operator, blocks) or other is None:
            continue
        pairs = zip(operator.outputs, other.outputs, strict=False)
        if any(not torch.equal(mine.tensor, given.tensor) for mine, given in pairs):
            return False
    return True


def _blocks(graph: Graph) -> dict[str, set[str]]:
    """Of each stack, the layers around its attention."""
    found: dict[str, set[str]] = {}
    for rows in graph.rows:
        found.setdefault(pattern_of(rows.node.module), set()).add(block_of(rows.node.module))
    return found


def _held(
    base: Recording, theirs: Mapping[OperatorKey, Operator], blocks: set[str]
) -> dict[OperatorKey, torch.Tensor]:
    """What operators inside of these layers gave in the other run; what writes in place is left."""
    found: dict[OperatorKey, torch.Tensor] = {}
    for operator in base.operators:
        other = theirs.get(operator.key)
        if other is None or operator.func._schema.is_mutable or not _is_within(operator, blocks):
            continue
        if operator.outputs and other.outputs:
            mine, given = operator.outputs[0].tensor, other.outputs[0].tensor
            if mine.is_floating_point() and (mine.shape, mine.dtype) == (given.shape, given.dtype):
                found[operator.key] = given
    return found


def _is_within(operator: Operator, blocks: set[str]) -> bool:
    parts = operator.module.split(".")
    return any(".".join(parts[: count + 1]) in blocks for count in range(len(parts)))


def _distance(one: Recording, two: Recording) -> float | None:
    return distance_of_scores(one.scores, two.scores)
