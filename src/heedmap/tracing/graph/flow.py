"""Attention rollout over all computations of a run (Abnar & Zuidema 2020, on a graph).

From the rows that the action is made of, shares are carried back through the run: half of a row's
share goes on along its residual stream, half to the rows that its attention read (by its weights,
mean over heads), whichever stack, cache, flow step or token these come from. A computation without
a residual stream passes all of it on to what it read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float

from heedmap.errors import CaptureError
from heedmap.phrase import Phrase
from heedmap.tracing.graph.nodes import Node
from heedmap.tracing.graph.origins import Origins
from heedmap.tracing.graph.states import NOTHING, States
from heedmap.tracing.trail.recording import Recording, Value

LEAST_SHARE = 1e-12
"""Of a flow, below which what is not followed does not count."""

Shares = Float[torch.Tensor, "_ _"]
"""(group, row), of unlike sizes."""


@dataclass(frozen=True, eq=False)
class Flow:
    """Where the action's shares come from; all of it adds up to 1."""

    keys: Mapping[int, Shares]
    """By the number of a computation: its keys, where no attention made them."""
    starts: Mapping[int, Shares]
    """Its query rows, as they were before any attention."""
    chosen: float
    """Tokens or bins that the policy chose earlier in the run."""
    nowhere: float
    """What is read of no key: learned sinks, rows that see nothing."""

    @property
    def total(self) -> float:
        """1, but for rounding."""
        held = [*self.keys.values(), *self.starts.values()]
        return self.chosen + self.nowhere + sum(float(each.sum()) for each in held)


def flow_of(recording: Recording, nodes: Sequence[Node], action: Sequence[Value]) -> Flow:
    """Evenly from the rows that `action` is made of.

    Raises CaptureError where it is made of no attention, or rows are mixed on the way in a form
    that is not followed.
    """
    origins = Origins(recording, nodes)
    ends = origins.follow(action)
    if not ends:
        raise CaptureError("the action was not followed back to rows that attention gave")
    return _Carrying(origins, {node.number: node for node in nodes}).back(ends)


class _Carrying:
    """Shares by state, from the last one to the first: each is made of smaller numbers."""

    def __init__(self, origins: Origins, nodes: Mapping[int, Node]) -> None:
        self._origins = origins
        self._states: States = origins.states
        self._nodes = nodes
        self._shares = torch.zeros(len(self._states), dtype=torch.float64)
        self._keys: dict[int, Shares] = {}
        self._starts: dict[int, Shares] = {}
        self._chosen = self._nowhere = 0.0

    def back(self, ends: Sequence[int]) -> Flow:
        for state in {self._states.chosen.get(each, each) for each in ends}:
            self._shares[state] = 1
        self._shares /= self._shares.sum()
        behind = len(self._states)
        for number, begin, shape in reversed(self._states.blocks()):
            size = shape[0] * shape[1]
            self._pass_on(begin + size, behind)
            shares = self._shares[begin : begin + size].reshape(shape)
            if bool(shares.any()):
                self._read(self._nodes[number], shares)
            behind = begin
        self._pass_on(1, behind)
        return Flow(self._keys, self._starts, self._chosen, self._nowhere)

    def _pass_on(self, first: int, behind: int) -> None:
        """Sums and means between two computations."""
        held = torch.nonzero(self._shares[first:behind]).flatten() + first
        pending = set(held.tolist())
        while pending:
            state = max(pending)
            pending.remove(state)
            share = float(self._shares[state])
            if state in self._states.lost:
                module = self._states.lost[state]
                raise CaptureError(
                    "rows are mixed in {module} by something else than attention",
                    module=f"'{module}'" if module else Phrase("the outermost module"),
                )
            if state in self._states.starts:
                self._start(state, share)
            elif state in self._states.chosen:
                self._chosen += share
            for part, of_it in self._states.parts.get(state, ()):
                self._shares[part] += of_it * share
                if first <= part:
                    pending.add(part)

    def _start(self, state: int, share: float) -> None:
        rows = self._states.starts[state]
        node = self._nodes[rows[0].node]
        held = self._starts.setdefault(
            node.number, torch.zeros(node.groups, node.query_count, dtype=torch.float64)
        )
        for given in rows:
            held[given.group, given.row] += share / len(rows)

    def _read(self, node: Node, shares: Shares) -> None:
        """What attention gave goes to the keys, by their weights."""
        rows = torch.nonzero(shares.any(dim=0)).flatten().tolist()
        weights = node.weights(rows).double().cpu()
        read = torch.einsum("gr,grk->gk", shares[:, rows], weights)
        self._nowhere += float(shares.sum() - read.sum())
        held = self._origins.values[node.number]
        is_input = held == NOTHING
        if bool((read * is_input).any()):
            self._keys[node.number] = read * is_input
        self._shares.index_add_(0, held[~is_input], read[~is_input])
