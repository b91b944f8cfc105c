"""What a share would be without any learning: the same network, its weights shuffled."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn


@contextmanager
def shuffled_weights(module: nn.Module, seed: int) -> Iterator[None]:
    """Every weight matrix's entries in another order inside, bit for bit as before after.

    The entries' distribution stays, what was learned goes. Vectors (biases, norms) stay.
    The order is drawn from the seed and inverted, so no second copy of the weights is held.
    """
    matrices = [p for p in module.parameters() if p.ndim >= 2 and p.is_floating_point()]
    done: list[tuple[int, nn.Parameter]] = []
    try:
        for index, matrix in enumerate(matrices):
            _permute(matrix, seed + index, invert=False)
            done.append((index, matrix))
        yield
    finally:
        for index, matrix in done:
            _permute(matrix, seed + index, invert=True)


@torch.no_grad()
def _permute(matrix: nn.Parameter, seed: int, *, invert: bool) -> None:
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(matrix.numel(), generator=generator).to(matrix.device)
    if invert:
        order = order.argsort()
    matrix.copy_(matrix.flatten()[order].view_as(matrix))
