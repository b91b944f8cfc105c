"""Where the rows of each attention computation differ between two runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool

from heedmap.auditing.graph.rows import ACTION, MIXED
from heedmap.tracing.graph.nodes import Node, nodes_of
from heedmap.tracing.trail.recording import OperatorKey, Recording


@dataclass(frozen=True)
class Apart:
    """Where the rows of each computation differ from the base run's."""

    queries: Mapping[OperatorKey, Bool[torch.Tensor, "_ _"]]
    """By group and query."""
    keys: Mapping[OperatorKey, Bool[torch.Tensor, "_ _"]]
    """By group and key."""
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
                asking = _rows_apart(node, other)
            else:
                asking, asked = _by_scores(node, other)
                apart = apart if asked is None else apart | asked
            keys[node.key] = apart
            if asking is not None:
                queries[node.key] = asking
            elif node.is_over_itself:
                queries[node.key] = apart
        one, two = base.scores, run.scores
        if one is None or two is None or one.shape != two.shape:
            return cls(queries, keys, 0.0)
        return cls(queries, keys, float((one - two).abs().max()))


def _rows_apart(node: Node, other: Node) -> Bool[torch.Tensor, "group query"] | None:
    """Queries that differ; None where they were not recognised."""
    if node.queries is None or other.queries is None:
        return None
    return (node.queries != other.queries).any(dim=-1)


def _by_scores(
    node: Node, other: Node
) -> tuple[Bool[torch.Tensor, "group query"] | None, Bool[torch.Tensor, "group key"] | None]:
    """Queries and keys that differ, where only their products are seen.

    A query that differs changes all scores that it may see, but for those of a learned sink, which
    no query changes; a key, its own of every query. Where all scores differ, it is not known which
    of them do.
    """
    one, two = node.scores, other.scores
    if one is None or two is None or one.shape != two.shape:
        return None, None
    seen, apart = node.seen & other.seen, one != two
    if one.shape[1] > 1:
        seen = seen & (one != one[:, :1]).any(dim=1, keepdim=True)
    is_query = (apart | ~seen).all(dim=2) & (seen.sum(dim=2) > 1)
    is_query &= ~is_query.all(dim=1, keepdim=True)
    is_known = ~(apart | ~seen).flatten(1).all(dim=1)
    of_keys = (apart & seen & ~is_query[..., None]).any(dim=1) & is_known[:, None]
    return is_query, of_keys


def any_of(flags: Sequence[torch.Tensor], none: torch.Tensor) -> torch.Tensor:
    """Where any of these is True; `none` where there are none of them."""
    found = none
    for each in flags:
        found = found | each
    return found


def regions_of(
    held: Mapping[str, Sequence[torch.Tensor | None]],
    none: torch.Tensor,
    own: torch.Tensor | None,
) -> dict[str, torch.Tensor]:
    """Rows that each input makes differ, none of them in two; `own` are the action's."""
    flags = {
        name: any_of([each for each in found if each is not None], none)
        for name, found in held.items()
    }
    if own is not None and own.shape == none.shape:
        flags = _with_action(flags, own)
    several = torch.stack(list(flags.values())).sum(dim=0) > 1
    regions = {name: each & ~several for name, each in flags.items() if each.any()}
    return regions | {MIXED: several} if several.any() else regions


def _with_action(flags: Mapping[str, torch.Tensor], own: torch.Tensor) -> dict[str, torch.Tensor]:
    """With the action's own keys as a region, which goes before the others.

    But where the action is pooled over rows that hold an input, these stay what they are: some of
    the own keys hold it then, and no others do.
    """
    pooled = torch.zeros_like(own)
    for each in flags.values():
        is_part = bool((each & own).any()) and bool((own & ~each).any())
        if is_part and not bool((each & ~own).any()):
            pooled = pooled | each
    own = own & ~pooled
    return {name: each & ~own for name, each in flags.items()} | {ACTION: own}
