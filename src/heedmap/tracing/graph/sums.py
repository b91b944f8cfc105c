"""Axes of an attention that is written out as a product and a sum, without a matrix product."""

from __future__ import annotations

import torch

from heedmap.tracing.trail.recording import Operator


def axes_of_sum(
    operator: Operator, weights: torch.Tensor, values: torch.Tensor
) -> tuple[int, int, int, list[int]] | None:
    """Axes of keys, queries, dimensions and groups; None where it is another kind of sum."""
    if weights.ndim != values.ndim or len(operator.args) < 2:
        return None
    summed = operator.args[1]
    summed = [summed] if isinstance(summed, int) else list(summed or ())
    if len(summed) != 1:
        return None
    keys = summed[0] % weights.ndim
    rest = [axis for axis in range(weights.ndim) if axis != keys]
    queries = [a for a in rest if values.shape[a] == 1 and weights.shape[a] > 1]
    dims = [a for a in rest if weights.shape[a] == 1 and values.shape[a] > 1]
    if len(queries) != 1 or len(dims) != 1:
        return None
    groups = [a for a in rest if a not in (queries[0], dims[0])]
    return keys, queries[0], dims[0], groups


def in_order(
    tensor: torch.Tensor, groups: list[int], last: tuple[int, int], shape: torch.Size
) -> torch.Tensor:
    """With its groups first, as one axis, and the two that are named last."""
    sizes = [shape[axis] if axis in groups else tensor.shape[axis] for axis in range(tensor.ndim)]
    for axis in last:
        sizes[axis] = tensor.shape[axis]
    (left,) = set(range(tensor.ndim)) - {*groups, *last}  # of size one here
    moved = tensor.expand(sizes).permute(*groups, *last, left).squeeze(-1)
    return moved.flatten(0, -3) if groups else moved[None]


def out_of_order(
    rows: torch.Tensor,
    groups: list[int],
    last: tuple[int, int, int],
    shape: torch.Size,
    keeps_axis: bool,
) -> torch.Tensor:
    """From (group, query) to what a sum gives; `last` are axes of queries, dimensions and keys."""
    laid = rows.reshape(*[shape[axis] for axis in groups], rows.shape[1], 1, 1)
    order = [*groups, *last]
    laid = laid.permute([order.index(axis) for axis in range(len(shape))])
    return laid if keeps_axis else laid.squeeze(last[2])
