"""Attention rollout: how much of each position flows into the action rows over all layers.

Abnar & Zuidema 2020, "Quantifying Attention Flow in Transformers": each layer mixes
residual and attention, A' = r I + (1 - r) A; the rollout is the product over the layers.
Only the action rows are needed, so a vector is carried from the last layer down to the
first, and a layer's rows are computed a few at a time: no matrix of S x S is ever stored.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float

from heedmap.errors import CaptureError

RowWeightsOf = Callable[[tuple[int, ...]], Float[torch.Tensor, "head row key"]]
"""Gives one layer's attention weights of the requested rows."""


def rollout(
    layers: Sequence[RowWeightsOf],
    action_rows: Sequence[int],
    length: int,
    *,
    residual_share: float = 0.5,
    rows_at_once: int = 256,
) -> Float[torch.Tensor, " position"]:
    """Shares of the positions entering layer 0; they sum to 1.

    Starts evenly from the action rows, a row named twice counting once; heads are averaged.
    float64.

    Raises CaptureError when no action row is given.
    """
    if not action_rows:
        raise CaptureError("Rollout needs at least one action row to start from; none was given.")
    carried = torch.zeros(length, dtype=torch.float64)
    carried[list(action_rows)] = 1
    carried /= carried.sum()
    for weights_of in reversed(layers):
        rows = torch.nonzero(carried).flatten().tolist()
        attended = torch.zeros(length, dtype=torch.float64)
        for start in range(0, len(rows), rows_at_once):
            chunk = tuple(rows[start : start + rows_at_once])
            weights = weights_of(chunk).mean(dim=0).cpu().double()
            attended += carried[list(chunk)] @ weights
        carried = residual_share * carried + (1 - residual_share) * attended
    return carried
