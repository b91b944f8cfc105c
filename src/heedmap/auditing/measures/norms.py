"""Norms of what is read: attention times the length of the value that it brings.

Kobayashi et al. 2020, "Attention is Not Only a Weight": a weight on a key whose projected
value is short brings little. The norm for head h, row r, key k is |a_hrk| * ||W_O^h v_hk||.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float

from heedmap.errors import CaptureError

Norms = Float[torch.Tensor, "head row key"]


def value_weighted_norms(
    weights: Float[torch.Tensor, "head row key"],
    values: Float[torch.Tensor, "kv_head key value_dim"],
    output_weight: Float[torch.Tensor, "out heads_dim"] | None = None,
) -> Norms:
    """Norms by head, row and key.

    `output_weight` is the output projection's matrix (as `nn.Linear` keeps it), whose columns
    belong to the heads in order; without it the values' own lengths count. With grouped
    queries each value head serves as many query heads in order. The norms of the projected
    values are taken once a key and one head after another, so nothing larger than key x out
    is formed.

    Raises CaptureError when heads and sizes do not fit together.
    """
    heads, kv_heads, value_dim = len(weights), len(values), values.shape[-1]
    if heads % kv_heads:
        raise CaptureError(
            "{heads} query heads cannot share {kv_heads} value heads.",
            heads=heads,
            kv_heads=kv_heads,
        )
    served = values.float().repeat_interleave(heads // kv_heads, dim=0)
    lengths = served.norm(dim=-1)
    if output_weight is not None:
        if output_weight.shape[1] != heads * value_dim:
            raise CaptureError(
                "The output projection takes {taken} features, but {heads} heads of {value_dim} "
                "give {given}.",
                taken=output_weight.shape[1],
                heads=heads,
                value_dim=value_dim,
                given=heads * value_dim,
            )
        by_head = output_weight.float().unflatten(1, (heads, value_dim)).transpose(0, 1)
        lengths = torch.stack(
            [(own @ matrix.T).norm(dim=-1) for own, matrix in zip(served, by_head, strict=True)]
        )
    return weights.float().abs() * lengths[:, None]


def norm_share(norms: Norms, positions: Sequence[int]) -> float | None:
    """Share of all that is read which comes from `positions`; None where nothing is read."""
    total = float(norms.sum())
    return float(norms[..., list(positions)].sum()) / total if total > 0 else None
