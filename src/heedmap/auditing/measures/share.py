"""Share: how an action row's attention is divided among the regions.

Scale: 0..1, all regions of a layout sum to 1. The published page's `ratio` is this share, averaged
over heads. Degenerate cases: a region without positions, or wholly masked, has share 0;
that describes the sequence, not whether the instruction is followed.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from heedmap.errors import CaptureError
from heedmap.record.layout import Layout
from heedmap.record.record import RegionCount
from heedmap.types import ActionAttention, VisibleByLayer

SUM_TOLERANCE = 1e-4
"""Weights recorded in float32 sum to 1 far closer than this; more means a faulty capture."""


def region_shares(
    attention: ActionAttention, layout: Layout
) -> dict[str, Float[np.ndarray, "layer head"]]:
    """Share of every region, by layer and head: summed over keys, averaged over action rows.

    Raises CaptureError when the weights are not over this layout's sequence, or do not sum
    to 1: then no share would mean anything.
    """
    keys = attention.shape[-1]
    if keys != layout.length:
        raise CaptureError(
            "The attention is over {keys} keys, but the layout describes {length} positions; "
            "regions and attention must be of the same forward pass.",
            keys=keys,
            length=layout.length,
        )
    total = attention.sum(axis=-1, dtype=np.float64)
    worst = float(np.abs(total - 1).max())
    if worst > SUM_TOLERANCE:
        raise CaptureError(
            "The recorded attention weights do not sum to 1 (off by up to {worst:.2g}); the "
            "capture does not fit this model's attention.",
            worst=worst,
        )
    # Dividing by the sum takes away float32 rounding, so that regions sum to 1 to 1e-12.
    exact = attention / total[..., None]
    return {
        region: exact[..., list(positions)].sum(axis=-1).mean(axis=-1)
        for region, positions in layout.regions.items()
    }


def visible_counts(layout: Layout, visible: VisibleByLayer) -> dict[str, RegionCount]:
    """How many of a region's positions the action rows can see: in any layer, and in each."""
    return {
        region: RegionCount(
            visible=int(visible[:, list(positions)].any(axis=0).sum()),
            total=len(positions),
            visible_by_layer=tuple(visible[:, list(positions)].sum(axis=1).tolist()),
        )
        for region, positions in layout.regions.items()
    }
