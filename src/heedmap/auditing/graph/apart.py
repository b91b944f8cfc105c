"""Where the rows of each attention computation differ between two runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool

from heedmap.auditing.graph.rows import Flags
from heedmap.tracing.graph.nodes import Node, nodes_of
from heedmap.tracing.trail.recording import OperatorKey, Recording


@dataclass(frozen=True)
class Apart:
    """Where the rows of each computation differ from the base run's."""

    queries: Mapping[OperatorKey, Flags]
    keys: Mapping[OperatorKey, Bool[torch.Tensor, "group key"]]
    score_change: float

    def any_at(self, key: OperatorKey) -> bool:
        """Whether anything that the computation takes differs."""
        return any(key in side and bool(side[key].any()) for side in (self.queries, self.keys))

    @classmethod
    def between(cls, base: Recording, nodes: Sequence[Node], run: Recording) -> Apart:
        """Computations that the run does not have, or in other shapes, are left out."""
        others = {node.key: node for node in nodes_of(run)}
        queries, keys = {}, {}
        for node in nodes:
            other = others.get(node.key)
            if other is None or other.values.shape != node.values.shape:
                continue
            apart = (node.values != other.values).any(dim=-1)
            if node.keys is not None and other.keys is not None:
                apart = apart | (node.keys != other.keys).any(dim=-1)
            keys[node.key] = apart
            if node.queries is not None and other.queries is not None:
                queries[node.key] = (node.queries != other.queries).any(dim=-1).any(dim=0)
            elif node.is_over_itself:
                queries[node.key] = apart.any(dim=0)
        one, two = base.scores, run.scores
        if one is None or two is None or one.shape != two.shape:
            return cls(queries, keys, 0.0)
        return cls(queries, keys, float((one - two).abs().max()))


def any_of(flags: Sequence[torch.Tensor], none: torch.Tensor) -> torch.Tensor:
    """Where any of these is True; `none` where there are none of them."""
    found = none
    for each in flags:
        found = found | each
    return found
