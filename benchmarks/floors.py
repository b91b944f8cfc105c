"""What the hardware must do at least: operations and bytes, and how fast it does them here."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

from benchmarks.models import IMAGE_TOKENS, Size

TOWER_TOKENS = 257
"""256 patches and the class token of Kosmos-2's ViT-L/14."""


@dataclass(frozen=True)
class Rates:
    """What matrix products and reading reach on this machine."""

    gflop_per_s: float
    gb_per_s: float

    def seconds(self, gflop: float, gigabytes: float) -> float:
        """The longer of computing and moving."""
        return max(gflop / self.gflop_per_s, gigabytes / self.gb_per_s)


def measured_rates(dtype: torch.dtype, dim: int = 2048) -> Rates:
    """The best of many products of (1,024, dim) with (dim, 4 dim), and of as many with one row.

    One row reads every weight once and computes next to nothing: a copy would count the pages that
    its result is given for the first time.
    """
    device = "cuda" if torch.cuda.is_available() else "cpu"
    features = torch.randn(1024, dim, dtype=dtype, device=device)
    weight = torch.randn(4 * dim, dim, dtype=dtype, device=device)
    product_s = _best_seconds(lambda: torch.nn.functional.linear(features, weight))
    read_s = _best_seconds(lambda: torch.nn.functional.linear(features[:1], weight))
    gflop = 2 * len(features) * dim * 4 * dim / 1e9
    return Rates(gflop / product_s, weight.nbytes / 1e9 / read_s)


def decoder_gflop(size: Size, rows: int, keys: int) -> float:
    """Of `rows` positions that attend to `keys`, through all layers."""
    matrices = 2 * size.decoder_layer_parameters * rows
    attention = 4 * rows * keys * size.dim
    return size.layers * (matrices + attention) / 1e9


def tower_gflop(size: Size) -> float:
    """One image through the tower and the resampler."""
    matrices = 2 * size.tower_layer_parameters * TOWER_TOKENS
    attention = 4 * TOWER_TOKENS**2 * size.tower_dim
    resampler = 2 * 2 * size.dim**2 * (TOWER_TOKENS + 2 * IMAGE_TOKENS)
    return (size.tower_layers * (matrices + attention) + resampler) / 1e9


def decoder_gigabytes(size: Size, dtype: torch.dtype) -> float:
    """The decoder's matrices, read once."""
    return size.layers * size.decoder_layer_parameters * dtype.itemsize / 1e9


def attention_mib(size: Size, rows: int, keys: int, itemsize: int = 4) -> float:
    """Weights of `rows` in every layer and head, as they are kept."""
    return size.layers * size.heads * rows * keys * itemsize / 2**20


def _best_seconds(way: Callable[[], torch.Tensor], tries: int = 20) -> float:
    return min(_seconds(way) for _ in range(tries))


def _seconds(way: Callable[[], torch.Tensor]) -> float:
    start = time.perf_counter()
    way()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - start
