"""Attention weights of a few query rows, from the tensors of one attention call.

The fast kernels never form the weights. Here only the requested rows are computed next to
them, in float32, from the very queries, keys and mask of the call:
softmax(q k^T * scaling + mask), as transformers' eager implementations do.
"""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float, Int, Shaped

from heedmap.errors import CaptureError

Queries = Float[torch.Tensor, "batch head query dim"]
Keys = Float[torch.Tensor, "batch kv_head key dim"]
Mask = Shaped[torch.Tensor, "mask_batch mask_head mask_query mask_key"]
Rows = Int[torch.Tensor, "row"]
RowWeights = Float[torch.Tensor, "batch head row key"]

MASKED_BELOW = -5_000.0
"""A score below this is masked: implementations add -1e4, the dtype's minimum, or -inf to what the
query and the key give."""


def resolve_rows(rows: tuple[int, ...], query_count: int) -> Rows:
    """Row numbers as 0..query_count-1; negative ones count from the end.

    Raises CaptureError for a row beyond the sequence.
    """
    resolved = [row + query_count if row < 0 else row for row in rows]
    beyond = [row for row, at in zip(rows, resolved, strict=True) if not 0 <= at < query_count]
    if beyond:
        raise CaptureError(
            "Row {beyond} was asked for, but this attention call has {query_count} query rows; "
            "give rows from {lowest} to {last}.",
            beyond=beyond[0],
            query_count=query_count,
            lowest=-query_count,
            last=query_count - 1,
        )
    return torch.tensor(resolved)


def row_bias(
    mask: Mask | None, is_causal: bool, rows: Rows, key_count: int
) -> Float[torch.Tensor, "mask_batch mask_head mask_row key"] | None:
    """What is added to the scores of these rows, in float32; None where nothing is.

    A boolean mask (True: may see) becomes 0 and -inf. `is_causal` is the kernel's flag:
    row i sees keys 0..i. A mask may be wider than the keys, as eager attention allows.
    """
    if mask is None:
        if not is_causal:
            return None
        seen = torch.arange(key_count, device=rows.device)[None] <= rows[:, None]
        return _bias_of(seen)[None, None]
    own = mask if mask.shape[2] == 1 else mask[:, :, rows]
    own = own[..., :key_count]
    return _bias_of(own) if own.dtype == torch.bool else own.float()


def row_weights(
    query: Queries,
    key: Keys,
    rows: Rows,
    bias: Float[torch.Tensor, "mask_batch mask_head mask_row key"] | None,
    scaling: float,
) -> RowWeights:
    """Softmax weights of the rows over all keys, float32.

    Grouped-query attention: each key head serves `head / kv_head` query heads in order.
    """
    return torch.softmax(row_scores(query, key, rows, bias, scaling), dim=-1)


def row_scores(
    query: Queries,
    key: Keys,
    rows: Rows,
    bias: Float[torch.Tensor, "mask_batch mask_head mask_row key"] | None,
    scaling: float,
) -> RowWeights:
    """What the softmax of `row_weights` is taken of: q k^T * scaling + bias, float32."""
    batch, heads, _, _ = query.shape
    kv_heads, key_count = key.shape[1], key.shape[2]
    chosen = query[:, :, rows].float().unflatten(1, (kv_heads, heads // kv_heads))
    scores = torch.einsum("bkgrd,bksd->bkgrs", chosen, key.float()).flatten(1, 2) * scaling
    if bias is not None:
        scores = scores + bias
    return scores.reshape(batch, heads, len(rows), key_count)


def row_visibility(
    bias: Float[torch.Tensor, "mask_batch mask_head mask_row key"] | None,
    batch: int,
    row_count: int,
    key_count: int,
) -> Bool[torch.Tensor, "batch row key"]:
    """Which keys a row may see: those whose bias is not a mask's huge negative number.

    With one mask a head, a key counts as visible if any head may see it.
    """
    if bias is None:
        return torch.ones(batch, row_count, key_count, dtype=torch.bool)
    visible = (bias > MASKED_BELOW).any(dim=1)
    return visible.expand(batch, row_count, key_count)


def _bias_of(seen: Bool[torch.Tensor, "*shape"]) -> Float[torch.Tensor, "*shape"]:
    return torch.zeros(seen.shape, device=seen.device).masked_fill(~seen, -torch.inf)
