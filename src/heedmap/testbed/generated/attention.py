"""Attention in six ways of writing it, over one interface: queries, keys, what may be seen."""

from __future__ import annotations

import math
from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import nn

from heedmap.testbed.generated.wiring import PADDING, Columns, Rows, Wiring

AttentionKind = Literal["multihead", "sdpa", "softmax", "einsum", "rotary", "sink"]

States = Float[torch.Tensor, "batch position dim"]
Queries = Float[torch.Tensor, "batch query dim"]
Keys = Float[torch.Tensor, "batch key dim"]
Allowed = Bool[torch.Tensor, "batch query key"]


class Attention(nn.Module):
    """Multi-head attention without biases.

    multihead  `nn.MultiheadAttention`
    sdpa       `scaled_dot_product_attention`
    softmax    by hand, heads before positions
    einsum     by hand, positions before heads
    rotary     sdpa with rotary positions (self-attention only; others as sdpa)
    sink       by hand, with a learned logit that takes attention and gives nothing
    """

    def __init__(self, kind: AttentionKind, dim: int, heads: int, wiring: Wiring) -> None:
        super().__init__()
        self.kind = kind
        self.heads = heads
        self.wiring = wiring
        if kind == "multihead":
            self.inner = nn.MultiheadAttention(dim, heads, bias=False, batch_first=True)
            return
        self.query, self.key, self.value, self.out = (
            nn.Linear(dim, dim, bias=False) for _ in range(4)
        )
        if kind == "sink":
            self.sink = nn.Parameter(torch.zeros(heads))

    def forward(
        self, queries: Queries, keys: Keys, allowed: Allowed, rows: Rows, columns: Columns
    ) -> Queries:
        """What the queries read; `rows` and `columns` are the regions of queries and keys."""
        allowed = self.wiring("allowed", allowed, rows, columns)
        bias = self.wiring("bias", None, rows, columns)
        mask = torch.zeros(allowed.shape).masked_fill(~allowed, -math.inf)
        mask = (mask if bias is None else mask + bias)[:, None]  # batch head query key
        if self.kind == "multihead":
            whole = mask.expand(-1, self.heads, -1, -1).flatten(0, 1)
            key, value = self._wired(keys, keys, columns)
            return self.inner(queries, key, value, attn_mask=whole, need_weights=False)[0]
        split = (self.heads, -1)
        q = self.query(queries).unflatten(-1, split)
        k = self.key(keys).unflatten(-1, split)
        v = self.value(keys).unflatten(-1, split)
        k, v = self._wired(k, v, columns)
        if self.kind == "einsum":
            logits = torch.einsum("bqhd,bkhd->bqkh", q, k) / math.sqrt(q.shape[-1])
            weights = (logits + mask.permute(0, 2, 3, 1)).softmax(dim=2)
            return self.out(torch.einsum("bqkh,bkhd->bqhd", weights, v).flatten(2))
        q, k, v = (each.transpose(1, 2) for each in (q, k, v))
        if self.kind == "rotary" and queries.shape == keys.shape:
            places = (columns != PADDING).cumsum(dim=1)
            q, k = rotated(q, places), rotated(k, places)
        if self.kind in ("sdpa", "rotary"):
            read = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        else:
            logits = q @ k.mT / math.sqrt(q.shape[-1]) + mask
            read = self._weights(logits) @ v
        return self.out(read.transpose(1, 2).flatten(2))

    def _wired(
        self, key: torch.Tensor, value: torch.Tensor, columns: Columns
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Positions are the second axis, however many follow."""
        return self.wiring("keys", key, columns), self.wiring("values", value, columns)

    def _weights(self, logits: Float[torch.Tensor, "b h q k"]) -> Float[torch.Tensor, "b h q k"]:
        if self.kind != "sink":
            return logits.softmax(dim=-1)
        sinks = self.sink[None, :, None, None].expand(*logits.shape[:3], 1)
        return torch.cat([logits, sinks], dim=-1).softmax(dim=-1)[..., :-1]


def rotated(
    heads: Float[torch.Tensor, "b h n d"], places: Int[torch.Tensor, "b n"]
) -> Float[torch.Tensor, "b h n d"]:
    """Rotary positions: pairs of dimensions turned by an angle that grows with the place."""
    half = heads.shape[-1] // 2
    speeds = 1.0 / 100.0 ** (torch.arange(half) / half)
    angles = places[:, None, :, None] * speeds
    first, second = heads[..., :half], heads[..., half:]
    cos, sin = angles.cos(), angles.sin()
    return torch.cat([first * cos - second * sin, first * sin + second * cos], dim=-1)
