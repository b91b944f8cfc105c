"""Knockouts: query -> key edges cut before the softmax, and matched random edges as control.

A knockout names its edges, the layers and the heads that lose them (Geva et al. 2023,
"Dissecting Recall of Factual Associations", call it attention knockout). Many run in one
batch: one example each, of one frame or of several, as long as the sequences are equally
long.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Bool

from heedmap.data.observation import Observation
from heedmap.policies.base import ActionScores, Policy
from heedmap.tracing.batches import BatchSize, in_batches
from heedmap.tracing.capture.cuts import EdgeCut, cut_edges
from heedmap.tracing.capture.stacks import Stack

Edges = Bool[np.ndarray, "query key"]
"""True where an edge from a query to a key is meant."""

BATCH = 32
"""Examples that run together, at most."""
POSITIONS_AT_ONCE = 16_384
"""Of all examples that run together: fewer of long sequences."""


@dataclass(frozen=True)
class Knockout:
    """Edges to cut in some layers and heads; without layers or heads named, in all."""

    edges: Edges
    layers: tuple[int, ...] | None = None
    heads: tuple[int, ...] | None = None

    @property
    def first_layer(self) -> int:
        """The first that loses edges: before it nothing differs."""
        return min(self.layers, default=0) if self.layers is not None else 0

    def is_in(self, layer: int) -> bool:
        """Whether this layer loses edges."""
        return self.layers is None or layer in self.layers

    def within(
        self, layers: Collection[int] | None = None, heads: Collection[int] | None = None
    ) -> Knockout:
        """The same edges, in these layers and heads only."""
        return replace(
            self,
            layers=None if layers is None else tuple(layers),
            heads=None if heads is None else tuple(heads),
        )


@dataclass(frozen=True)
class KnockoutRun:
    """One example to run: an observation, an instruction, and what is cut (None: nothing)."""

    observation: Observation
    instruction: str
    knockout: Knockout | None = None


def edges_between(length: int, queries: Collection[int], keys: Collection[int]) -> Edges:
    """All edges from `queries` to `keys`."""
    edges = np.zeros((length, length), dtype=bool)
    edges[np.ix_(sorted(queries), sorted(keys))] = True
    return edges


def edges_from_outside(length: int, keys: Collection[int]) -> Edges:
    """All edges to `keys` from every other position: nothing reads them."""
    return edges_between(length, set(range(length)) - set(keys), keys)


def visible_edges(stack: Stack) -> Edges:
    """Edges that some layer's mask lets through."""
    seen = [call.visibility()[0] for call in stack.calls]
    return torch.stack(seen).any(dim=0).cpu().numpy()


def random_edges(
    edges: Edges, visible: Edges, avoid: Collection[int], rng: np.random.Generator
) -> Edges:
    """As many random visible edges in every row, none of them to `avoid` or to itself.

    One order of the positions is drawn, and each row takes the first that it may see: so
    the rows lose the same positions, as they do under the knockout that this is matched to.
    A row that sees too few others loses all of those.
    """
    length = len(edges)
    eligible = visible & ~np.eye(length, dtype=bool)
    eligible[:, sorted(avoid)] = False
    wanted = (edges & visible).sum(axis=1, keepdims=True)
    order = rng.permutation(length)
    ranked = eligible[:, order]
    chosen = ranked & (ranked.cumsum(axis=1) <= wanted)
    drawn = np.zeros_like(edges)
    drawn[:, order] = chosen
    return drawn


def act_under(
    policy: Policy, stack: Stack, runs: Sequence[KnockoutRun], *, batch: int | BatchSize = BATCH
) -> ActionScores:
    """The action's scores of every run, on the CPU; all sequences as long as `stack`'s.

    Raises CaptureError when a cut does not take place, as with a sequence of another length.
    """

    def together(chunk: Sequence[KnockoutRun]) -> ActionScores:
        with cut_edges(policy.module, cuts_of([r.knockout for r in chunk], stack)):
            scores = policy([r.observation for r in chunk], [r.instruction for r in chunk])
        return scores.float().cpu()

    return torch.stack(in_batches(runs, batch, together, most=POSITIONS_AT_ONCE // stack.length))


def cuts_of(knockouts: Sequence[Knockout | None], stack: Stack) -> dict[str, EdgeCut]:
    """What every attention module of the stack has to cut, one example a knockout."""
    cuts: dict[str, EdgeCut] = {}
    for layer, name in enumerate(stack.module_names):
        here = [k if k is not None and k.is_in(layer) else None for k in knockouts]
        touched = np.zeros(stack.length, dtype=bool)
        for knockout in here:
            if knockout is not None:
                touched |= knockout.edges.any(axis=1)
        rows = np.flatnonzero(touched)
        if not len(rows):
            continue
        by_head = any(k is not None and k.heads is not None for k in here)
        heads = stack.calls[layer].head_count if by_head else 1
        hidden = np.zeros((len(here), heads, len(rows), stack.length), bool)
        for example, knockout in enumerate(here):
            if knockout is not None:
                chosen = slice(None) if knockout.heads is None else list(knockout.heads)
                hidden[example, chosen] = knockout.edges[rows]
        cuts[name] = EdgeCut(tuple(rows.tolist()), torch.from_numpy(hidden))
    return cuts
