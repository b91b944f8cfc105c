"""Heads: how many of a layer look at a region, and which look most."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

ALIVE_SHARE = 0.05
"""Of its attention, as in the follow-up to "Action-Token Attention Analysis" (MoNaVLA)."""

HeadShares = Float[np.ndarray, "layer head"]


@dataclass(frozen=True)
class HeadShare:
    """One head's share of one region."""

    layer: int
    head: int
    region: str
    share: float


def heads_alive(shares: HeadShares, threshold_share: float = ALIVE_SHARE) -> tuple[int, ...]:
    """Per layer, the heads with at least `threshold_share` on the region."""
    return tuple((shares >= threshold_share).sum(axis=1).tolist())


def head_table(shares: Mapping[str, HeadShares], top: int | None = None) -> list[HeadShare]:
    """Every head's share of every region, largest first; equal ones in reading order."""
    rows = [
        HeadShare(layer, head, region, float(values[layer, head]))
        for region, values in shares.items()
        for layer in range(values.shape[0])
        for head in range(values.shape[1])
    ]
    return sorted(rows, key=lambda row: -row.share)[:top]
