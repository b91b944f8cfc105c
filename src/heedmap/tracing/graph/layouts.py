"""How attention that is written out lies in what it takes and gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch

from heedmap.tracing.trail.recording import Operator, Value

Layout = Callable[[torch.Tensor], torch.Tensor]


class Lays(NamedTuple):
    """Of a computation that is written out: what it reads, and how rows lie in it."""

    read: Value
    lay_values: Layout
    lay_output: Layout


def turned(is_turned: bool, is_single: bool) -> Layout:
    """Of a matrix product, to (group, row, column); turned where values are the first factor."""

    def lay(given: torch.Tensor) -> torch.Tensor:
        grouped = given[None] if is_single else given
        return grouped.mT if is_turned else grouped

    return lay


def rows_given(is_turned: bool, is_single: bool) -> Layout:
    """From (group, query) to what a matrix product gives."""

    def lay(rows: torch.Tensor) -> torch.Tensor:
        spread = rows[:, None, :] if is_turned else rows[:, :, None]
        return spread[0] if is_single else spread

    return lay


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
