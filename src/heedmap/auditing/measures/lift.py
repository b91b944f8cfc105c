"""Lift: a region's share against what uniform attention would give it.

lift = (share of the region / all shares) / (visible positions of it / all visible ones);
1 is as much as its size, 2 twice that. Sinks may be left out on both sides, for they draw
attention whatever the content.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from heedmap.types import ActionAttention, VisiblePositions


def lift(
    attention: ActionAttention,
    positions: Sequence[int],
    visible: VisiblePositions,
    sinks: Collection[int] = (),
) -> float | None:
    """Lift of `positions`, from the attention averaged over layers, heads and rows.

    Averaged first and divided once, so that a head that spends all on a sink counts as
    little as it should. None where no position of the region is visible, or nothing but
    sinks is attended.
    """
    counted = visible.copy()
    counted[list(sinks)] = False
    own = [position for position in positions if counted[position]]
    mean = attention.mean(axis=(0, 1, 2), dtype=np.float64)
    total = float(mean[counted].sum())
    if not own or total == 0:
        return None
    return float(mean[own].sum()) / total / (len(own) / int(counted.sum()))


def ivar(attention: ActionAttention, text: Sequence[int], visual: Sequence[int]) -> float | None:
    """Instruction share over instruction and image share of the action row, 0..1.

    Offered under the name under which it was published (instruction-to-visual attention
    ratio). From attention averaged over layers, heads and rows; None where neither region
    is attended at all.
    """
    mean = attention.mean(axis=(0, 1, 2), dtype=np.float64)
    on_text, on_image = float(mean[list(text)].sum()), float(mean[list(visual)].sum())
    total = on_text + on_image
    return on_text / total if total > 0 else None
