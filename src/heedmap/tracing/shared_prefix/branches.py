"""Run many variants of one recorded pass at once, on the few rows in which they differ.

The policy is called once. Inside the stack, the first layer's states are replaced by the
rows of all branches; keys and values of every other position are the trunk's. A branch that
differs only from layer l on joins there. What leaves the last layer are the branches' rows
alone, one example a branch, and the policy's own head reads them. That this is allowed
(nothing outside the rows depends on them; the head reads them as it reads the whole) is not
assumed: the first branch is the trunk itself, and its scores must come out the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, final

import numpy as np
import torch

from heedmap.policies.base import ActionScores, Policy
from heedmap.tracing.capture.calls import FusedCall
from heedmap.tracing.interventions.knockout import Knockout
from heedmap.tracing.shared_prefix.layer_inputs import LayerInput, at_positions
from heedmap.tracing.shared_prefix.layers_running import (
    Arguments,
    LayersRunning,
    scores_of_rows,
)
from heedmap.tracing.shared_prefix.shared_attention import Hidden, attend_shared
from heedmap.tracing.shared_prefix.trunk import Trunk


def run_branches(
    policy: Policy,
    trunk: Trunk,
    rows: Sequence[int],
    branches: Sequence[Knockout],
    *,
    copies: bool = False,
) -> ActionScores:
    """Scores of every branch, and before them those of the trunk itself, run the same way.

    A branch is a knockout whose effect stays within `rows`: positions that no other position
    sees, the action rows among them. With
    `copies` the policy is called on as many copies of the example as there are branches, for
    heads that look at the batch, or on one.

    Raises NotShareableError where the policy cannot be run this way.
    """
    order = sorted(range(len(branches)), key=lambda index: branches[index].first_layer)
    plain = Knockout(np.zeros((trunk.length, trunk.length), dtype=bool), layers=())
    every = [plain, *(branches[index] for index in order)]
    count = len(every) if copies else 1
    running = _Branches(trunk, sorted(rows), every, count)
    examples = [(trunk.observation, trunk.instruction)] * count
    with running.watching(policy.module, trunk.stack.block_names):
        scores = scores_of_rows(policy, examples, len(every))
    in_order = torch.empty_like(scores)
    in_order[[0, *(index + 1 for index in order)]] = scores
    return in_order


@final
class _Branches(LayersRunning):
    """Feeds the branches' rows to the layers and gives them the trunk's keys and values."""

    def __init__(
        self, trunk: Trunk, rows: Sequence[int], branches: Sequence[Knockout], copies: int
    ) -> None:
        super().__init__()
        self._copies = copies
        self._trunk = trunk
        self._rows = torch.tensor(rows)
        kept = set(range(trunk.length)) - set(rows)
        self._others = torch.tensor(sorted(kept), dtype=torch.long)
        self._branches = branches
        self._starts = np.array([branch.first_layer for branch in branches])
        self._key_order = torch.cat([self._others, self._rows])

    def take(self, layer: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments | None:
        place = self._trunk.layers[layer].place
        given = LayerInput(args, kwargs, place)
        joining = int((self._starts == layer).sum())
        entering = self._trunk.layers[layer].entering
        entering = entering[:, self._rows.to(entering.device)].expand(joining, -1, -1)
        states = entering if layer == 0 else torch.cat([given.states, entering])
        others = given.others if self._copies == 1 else _one_example(given.others, self._copies)
        others = at_positions(others, self._trunk.length, self._rows)
        replaced = given.replaced(states, others)
        return replaced.args, replaced.kwargs

    def attend(self, layer: int, call: FusedCall) -> torch.Tensor | None:
        kept = self._trunk.layers[layer]
        query, packed = kept.unpacked(call.query, len(self._rows))
        others = self._others.to(query.device)
        shared = tuple(t[0].index_select(1, others) for t in (kept.call.key, kept.call.value))
        read, _ = attend_shared(
            query,
            (kept.of_kept_heads(call.key), kept.of_kept_heads(call.value)),
            (shared[0], shared[1]),
            self._bias(layer),
            kept.call.scaling,
            self._hidden(layer, query.device),
        )
        return read.reshape(*packed[:-1], read.shape[-1])

    def _bias(self, layer: int) -> torch.Tensor | None:
        bias = self._trunk.layers[layer].bias(self._rows)
        return None if bias is None else bias[..., self._key_order.to(bias.device)]

    def _hidden(self, layer: int, device: torch.device) -> Hidden | None:
        """The edges that branches lose in this layer."""
        cut = [
            (number, branch) for number, branch in enumerate(self._branches) if branch.is_in(layer)
        ]
        if not cut:
            return None
        heads = self._trunk.layers[layer].head_count
        by_head = any(branch.heads is not None for _, branch in cut)
        order, rows = self._key_order.numpy(), self._rows.numpy()
        edges = np.zeros((len(cut), heads if by_head else 1, len(self._rows), len(order)), bool)
        for index, (_, branch) in enumerate(cut):
            chosen = slice(None) if branch.heads is None else list(branch.heads)
            edges[index, chosen] = branch.edges[np.ix_(rows, order)]
        numbers = torch.tensor([number for number, _ in cut], device=device)
        return Hidden(numbers, torch.from_numpy(edges).to(device))


def _one_example(value: Any, copies: int) -> Any:
    """Tensors of a batch of copies become one example; what is not a batch stays."""
    if torch.is_tensor(value):
        return value[:1] if value.ndim > 1 and len(value) == copies else value
    if isinstance(value, list | tuple):
        return type(value)(_one_example(each, copies) for each in value)
    if isinstance(value, dict):
        return {key: _one_example(each, copies) for key, each in value.items()}
    return value
