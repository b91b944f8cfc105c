"""Time of recording the action row against a plain forward and `output_attentions=True`.

    .venv/bin/python benchmarks/capture.py [--length 257] [--dim 512] [--layers 8] [--rounds 15]

A Kosmos-2 decoder of the given size with random weights, float32, one example, one thread.
The ways are interleaved in every round, so that a noisy machine hurts all alike; ratios are
medians of per-round ratios to the plain forward, with the quartiles.
"""

from __future__ import annotations

import argparse
import copy
import platform
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from transformers import Kosmos2TextConfig
from transformers.models.kosmos2.modeling_kosmos2 import Kosmos2TextModel

from heedmap import capture_attention
from heedmap.capture.trace import trace

Way = Callable[[], object]


def decoder(dim: int, layers: int, implementation: str) -> Kosmos2TextModel:
    """A seeded random decoder; the same weights whatever runs the attention."""
    torch.manual_seed(0)
    config = Kosmos2TextConfig(
        vocab_size=100,
        embed_dim=dim,
        layers=layers,
        ffn_dim=4 * dim,
        attention_heads=dim // 64,
        dropout=0.0,
        attention_dropout=0.0,
    )
    config._attn_implementation = implementation
    return Kosmos2TextModel(config).eval().requires_grad_(False)


def ways_of(length: int, dim: int, layers: int) -> dict[str, Way]:
    """What is compared, by name; the plain forward first."""
    fast = decoder(dim, layers, "sdpa")
    slow = copy.deepcopy(fast)
    slow.set_attn_implementation("eager")
    embeds = torch.randn(1, length, dim, generator=torch.Generator().manual_seed(1))

    def run(model: Kosmos2TextModel, context: AbstractContextManager[object], **options: bool):
        with torch.no_grad(), context:
            return model(inputs_embeds=embeds.clone(), use_cache=False, **options)

    return {
        "plain SDPA forward": lambda: run(fast, nullcontext()),
        "capture_attention": lambda: run(fast, capture_attention(fast)),
        "trace (any torch module)": lambda: run(fast, trace(fast)),
        "eager, output_attentions=True": lambda: run(slow, nullcontext(), output_attentions=True),
    }


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    for name, default in (("length", 257), ("dim", 512), ("layers", 8), ("rounds", 15)):
        parser.add_argument(f"--{name}", type=int, default=default)
    given = parser.parse_args()
    torch.set_num_threads(1)
    ways = ways_of(given.length, given.dim, given.layers)
    seconds = {name: [] for name in ways}
    for round_index in range(given.rounds + 2):  # two rounds to warm up
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            if round_index >= 2:
                seconds[name].append(time.perf_counter() - start)
    plain = np.array(seconds["plain SDPA forward"])
    title = f"S={given.length}, dim {given.dim}, {given.layers} layers, {platform.machine()} CPU"
    table = Table("way", "median ms", "ratio to plain", "quartiles", title=title)
    for name, taken in seconds.items():
        ratios = np.array(taken) / plain
        low, middle, high = np.quantile(ratios, [0.25, 0.5, 0.75])
        spread = f"{low:.3f}-{high:.3f}"
        table.add_row(name, f"{1000 * np.median(taken):.1f}", f"{middle:.3f}", spread)
    Console().print(table)


if __name__ == "__main__":
    main()
