"""Attention knockout in an attention graph: edges cut in some computations of a run.

As `heedmap.tracing.capture.cuts`, but for single computations: one stack, one flow step, one token.
A row that has nothing left to see reads zero.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool
from torch import nn

from heedmap.errors import CaptureError
from heedmap.tracing.capture.cuts import EdgeCut, cut_fused
from heedmap.tracing.capture.rows import MASKED_BELOW
from heedmap.tracing.capture.running import OperatorMode, Running, watch_inside
from heedmap.tracing.capture.trace import fused_call
from heedmap.tracing.graph.nodes import Node
from heedmap.tracing.trail.recorder import OperatorCounter
from heedmap.tracing.trail.recording import OperatorKey

Hidden = Bool[torch.Tensor, "group query key"]


@dataclass(frozen=True, eq=False)
class NodeCut:
    """Edges of one computation that are cut: True where one is."""

    node: Node
    hidden: Hidden

    @property
    def key(self) -> OperatorKey:
        """Of the operator at which the edges are cut."""
        return self.node.softmax_key


@contextmanager
def cut_nodes(module: nn.Module, cuts: Sequence[NodeCut]) -> Iterator[None]:
    """Cut edges while the body runs `module` once; computations are told by their place in the run.

    Raises CaptureError when a cut did not take place: never a silent "no effect".
    """
    by_key = {cut.key: cut for cut in cuts}
    names = {name for name, _, _, _ in by_key}
    with watch_inside(module, names, lambda running: _Cutter(running, by_key)) as cutter:
        yield
    if missed := sorted({cut.node.module for cut in cuts if cut.key not in cutter.done}):
        raise CaptureError(
            "The edges in {missed} could not be cut: this run took another way. Give instructions "
            "of one length.",
            missed=", ".join(missed[:3]),
        )


class _Cutter(OperatorMode):
    """Passes every operator on; attention computations lose the edges that were named."""

    def __init__(self, running: Running, cuts: Mapping[OperatorKey, NodeCut]) -> None:
        super().__init__()
        self._counter = OperatorCounter(running, {name for _, _, name, _ in cuts})
        self._cuts = cuts
        self.done: set[OperatorKey] = set()

    def operate(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        key = self._counter.key_of(func)
        cut = None if key is None else self._cuts.get(key)
        if key is None or cut is None:
            return func(*args, **kwargs)
        if cut.node.softmax is not None:
            if args[0].numel() != cut.node.softmax.inputs[0].tensor.numel():
                return func(*args, **kwargs)
            self.done.add(key)
            weights = func(_cut_scores(args[0], cut), *args[1:], **kwargs)
            return torch.nan_to_num(weights, nan=0.0)
        call = fused_call(key[0], func, args, kwargs)
        result = func(*args, **kwargs)
        if (call.query_count, call.key_count) != cut.hidden.shape[1:]:
            return result
        self.done.add(key)
        rows = torch.nonzero(cut.hidden.any(dim=0).any(dim=1)).flatten().tolist()
        hidden = cut.hidden[:, rows].unflatten(0, (len(call.query), call.head_count))
        return cut_fused(result, call, EdgeCut(tuple(rows), hidden))


def _cut_scores(scores: torch.Tensor, cut: NodeCut) -> torch.Tensor:
    """With the cut edges at minus infinity; in rows that lose any, masked keys too."""
    places = cut.node.places
    assert places is not None
    flat = scores.flatten().clone()
    loses = cut.hidden.any(dim=-1, keepdim=True)
    gone = cut.hidden | (loses & (flat[places] < MASKED_BELOW))
    flat[places[gone]] = -torch.inf
    return flat.reshape(scores.shape)
