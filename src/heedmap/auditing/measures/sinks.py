"""Sinks: positions that draw attention whatever they hold.

Two criteria, either of which makes a position a sink:

attention     the mean attention that it receives from the action rows, over layers and heads,
              is above a share, though nothing moves it (Xiao et al. 2024, "Efficient Streaming
              Language Models with Attention Sinks", who find the first tokens to be such).
activation    a number in its hidden state is huge (Sun et al. 2024, "Massive Activations in
              Large Language Models": above 100 and about 1,000 times the median magnitude).
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from jaxtyping import Float

from heedmap.types import ActionAttention

SINK_SHARE = 0.3
MASSIVE = 100.0
MASSIVE_RATIO = 1000.0


def attention_sinks(
    attention: ActionAttention, content: Collection[int], threshold_share: float = SINK_SHARE
) -> tuple[int, ...]:
    """Positions that receive more than `threshold_share`, and hold no `content`.

    Content are positions that pixels, words or state move, and the action rows: attention
    to them may well be meant.
    """
    mean = attention.mean(axis=(0, 1, 2), dtype=np.float64)
    found = np.flatnonzero(mean > threshold_share)
    return tuple(int(position) for position in found if position not in set(content))


def massive_activations(
    states: Float[np.ndarray, "position dim"],
    floor: float = MASSIVE,
    ratio: float = MASSIVE_RATIO,
) -> tuple[int, ...]:
    """Positions with a number of magnitude above `floor` and `ratio` times the median."""
    magnitude = np.abs(states)
    bound = max(floor, ratio * float(np.median(magnitude)))
    return tuple(np.flatnonzero(magnitude.max(axis=1) > bound).tolist())
