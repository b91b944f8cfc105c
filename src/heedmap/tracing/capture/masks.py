"""What the masks let through: from which positions anything can reach the action rows.

Information moves from a key to a query where the query may see the key, and stays where
it is along the residual stream. Walking the layers from last to first gives, for every
position entering layer 0, the fewest hops to an action row: 1 is direct attention, 2 is
over one other position.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Bool, Int

from heedmap.tracing.capture.stacks import Stack

UNREACHABLE = -1

Hops = Int[np.ndarray, " position"]
"""Fewest hops from a position to an action row; 0 is the row itself, -1 cannot reach it."""


def hops_to(stack: Stack, rows: Sequence[int]) -> Hops:
    """Fewest hops from every position to one of `rows`, through all layers' masks."""
    masks = [call.visibility()[0].cpu() for call in stack.calls]
    return fewest_hops(masks, rows)


def fewest_hops(masks: Sequence[Bool[torch.Tensor, "query key"]], rows: Sequence[int]) -> Hops:
    """As `hops_to`, from one mask a layer (first layer first; True: may see).

    Raises ValueError without any mask.
    """
    if not masks:
        raise ValueError("Hops need at least one layer's mask.")
    far = np.iinfo(np.int64).max // 2
    hops = np.full(masks[0].shape[1], far, dtype=np.int64)
    hops[list(rows)] = 0
    for mask in reversed(masks):
        reached = np.flatnonzero(hops < far)
        seen_by = np.where(mask.numpy()[reached], hops[reached, None] + 1, far)
        hops = np.minimum(hops, seen_by.min(axis=0))
    return np.where(hops >= far, UNREACHABLE, hops)


def blind_rows(stack: Stack) -> tuple[int, ...]:
    """Query rows that may see no key at all in some layer (their attention means nothing)."""
    blind = torch.stack([~call.visibility()[0].any(dim=1) for call in stack.calls]).any(dim=0)
    return tuple(torch.nonzero(blind).flatten().tolist())


def visible_by_layer(
    stack: Stack, rows: Sequence[int], positions: Sequence[int]
) -> tuple[int, ...]:
    """How many of `positions` any of `rows` may see, layer by layer."""
    chosen = torch.tensor(list(positions), dtype=torch.long)
    return tuple(
        int(call.visibility()[0, list(rows)].any(dim=0).cpu()[chosen].sum()) for call in stack.calls
    )
