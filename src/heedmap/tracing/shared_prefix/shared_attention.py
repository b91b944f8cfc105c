"""Attention of many branches whose first keys and values are one trunk's.

A branch is a variant of a recorded pass: another instruction behind the same image, or the
same sequence with edges cut. Its own rows are few; what they attend to is mostly shared.
The shared part is one matrix product for all branches together.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float

BranchQueries = Float[torch.Tensor, "branch head row dim"]
OwnKeys = Float[torch.Tensor, "branch kv_head row dim"]
OwnValues = Float[torch.Tensor, "branch kv_head row value_dim"]
Shared = Float[torch.Tensor, "shared_kv_head shared_key shared_dim"]
BranchBias = Float[torch.Tensor, "bias_branch bias_head bias_row key"]
BranchWeights = Float[torch.Tensor, "branch head chosen_row key"]

SCORES_AT_ONCE = 2**26
"""Entries of the scores that are held together (256 MiB in float32)."""


@dataclass(frozen=True)
class Hidden:
    """Edges cut in some branches: which ones, and where; head is one axis entry or all."""

    branches: torch.Tensor
    edges: Bool[torch.Tensor, "cut cut_head row key"]


def attend_shared(
    query: BranchQueries,
    own: tuple[OwnKeys, OwnValues],
    shared: tuple[Shared, Shared],
    bias: BranchBias | None,
    scaling: float,
    hidden: Hidden | None = None,
    weights_of_rows: tuple[int, ...] = (),
) -> tuple[torch.Tensor, BranchWeights | None]:
    """What every branch's rows read, and the float32 weights of some of its rows.

    Keys are in the order shared, own; so do the bias's and the weights'. Computed in
    float32. A row that has nothing left to see reads zero.
    """
    branches, _, rows, _ = query.shape
    entries = query.shape[1] * rows * (shared[0].shape[1] + rows)
    step = max(1, SCORES_AT_ONCE // entries)
    read, kept = [], []
    for start in range(0, branches, step):
        chunk = slice(start, start + step)
        scores = _scores(query[chunk], own[0][chunk], shared[0], scaling)
        if bias is not None:
            scores = scores + (bias if len(bias) == 1 else bias[chunk])
        if hidden is not None:
            scores = _hide(scores, hidden, start)
        weights = torch.nan_to_num(torch.softmax(scores, dim=-1), nan=0.0)
        read.append(_read(weights, own[1][chunk], shared[1]).to(query.dtype))
        if weights_of_rows:
            kept.append(weights[:, :, list(weights_of_rows)])
    return torch.cat(read), torch.cat(kept) if kept else None


def _scores(
    query: torch.Tensor, own_key: torch.Tensor, shared_key: torch.Tensor, scaling: float
) -> torch.Tensor:
    """(branch, head, row, shared + own) before mask and softmax."""
    branches, heads, rows, _ = query.shape
    kv_heads = own_key.shape[1]
    # (kv_head, branch x group x row, dim): one product a head for all branches.
    grouped = query.float().unflatten(1, (kv_heads, -1)) * scaling
    flat = grouped.transpose(0, 1).flatten(1, 3)
    to_shared = (flat @ shared_key.float().mT).unflatten(1, (branches, heads // kv_heads, rows))
    to_own = torch.einsum("bkgrd,bksd->bkgrs", grouped, own_key.float())
    return torch.cat([to_shared.transpose(0, 1), to_own], dim=-1).flatten(1, 2)


def _read(
    weights: torch.Tensor, own_value: torch.Tensor, shared_value: torch.Tensor
) -> torch.Tensor:
    branches, heads, rows, _ = weights.shape
    kv_heads, shared_keys = own_value.shape[1], shared_value.shape[1]
    grouped = weights.unflatten(1, (kv_heads, -1))
    flat = grouped[..., :shared_keys].transpose(0, 1).flatten(1, 3)
    from_shared = (flat @ shared_value.float()).unflatten(1, (branches, heads // kv_heads, rows))
    from_own = torch.einsum("bkgrs,bksd->bkgrd", grouped[..., shared_keys:], own_value.float())
    return (from_shared.transpose(0, 1) + from_own).flatten(1, 2)


def _hide(scores: torch.Tensor, hidden: Hidden, start: int) -> torch.Tensor:
    inside = (hidden.branches >= start) & (hidden.branches < start + len(scores))
    if inside.any():
        which = hidden.branches[inside] - start
        scores[which] = scores[which].masked_fill(hidden.edges[inside], -torch.inf)
    return scores
