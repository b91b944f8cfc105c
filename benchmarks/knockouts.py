"""Every layer, head and region cut on the action row, against one masked forward each.

    .venv/bin/python -m benchmarks.knockouts [--size real|small] [--dtype float32|bfloat16]
        [--length 78] [--sample 4] [--model kosmos2|paligemma|qwen2_5_vl]

Kosmos-2's text decoder with random weights, or another model's, of the reduced size and the length
of an audit's benchmark; the image and the instruction are cut in
every head of every layer. The naive way, a forward pass with the edges in its mask, is measured on
a sample and scaled to all; the sample's scores must be the same both ways. "First" holds what
finding and checking the cached way costs, "again" what every further frame does.
"""

from __future__ import annotations

import argparse

import torch
from rich.table import Table

from benchmarks.floors import decoder_gflop, decoder_gigabytes, measured_rates
from benchmarks.instructions import policy_of
from benchmarks.measure import Timing, console, machine, seconds_of, write_json
from benchmarks.models import IMAGE_TOKENS, SIZES, kosmos2
from benchmarks.options import add_common, frame_of, instruction
from heedmap.data.observation import of_frame
from heedmap.tracing.interventions.cached import Knockouts
from heedmap.tracing.interventions.knockout import (
    Knockout,
    KnockoutRun,
    act_under,
    edges_between,
    visible_edges,
)
from heedmap.tracing.observe import only_stack, traced

PATTERNS = {
    "kosmos2": "model.text_model.model.layers.*.self_attn",
    "paligemma": "model.language_model.layers.*.self_attn",
    "qwen2_5_vl": "model.language_model.layers.*.self_attn",
}


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    add_common(parser, lengths=True)
    parser.add_argument("--sample", type=int, default=4)
    parser.add_argument("--model", choices=tuple(PATTERNS), default="kosmos2")
    given = parser.parse_args()
    dtype = getattr(torch, given.dtype)
    for length in given.length:
        _measure(given, dtype, length)


def _measure(given: argparse.Namespace, dtype: torch.dtype, length: int) -> None:
    is_kosmos2 = given.model == "kosmos2"
    policy = (
        kosmos2(given.size, dtype, length, tower=False)
        if is_kosmos2
        else policy_of(given.model, given.size, dtype)
    )
    observation, text = of_frame(frame_of(0)), instruction(0)
    stack = only_stack(traced(policy, observation, text), PATTERNS[given.model])
    visible, last, length = visible_edges(stack), stack.length - 1, stack.length
    image = range(1, 1 + IMAGE_TOKENS)
    words = range(last - len(text.split()), last)
    runs = [
        KnockoutRun(
            observation,
            text,
            Knockout(edges_between(stack.length, [last], keys), (layer,), (head,)),
        )
        for keys in (image, words)
        for layer in range(len(stack.calls))
        for head in range(stack.calls[0].head_count)
    ]
    knockouts = Knockouts(policy, 1)
    kept: list[torch.Tensor] = []

    def cached() -> None:
        kept[:] = [knockouts.scores(stack, (last,), visible, runs)]

    first = seconds_of(cached)
    sampled = list(range(0, len(runs), max(1, len(runs) // given.sample)))[: given.sample]
    naive: list[torch.Tensor] = []
    naive_each = seconds_of(
        lambda: naive.append(act_under(policy, stack, [runs[n] for n in sampled], batch=1))
    ) / len(sampled)
    again = seconds_of(cached)
    scale = float(naive[0].abs().max().clamp(min=1))
    apart = float((kept[0][sampled] - naive[0]).abs().max()) / scale
    if knockouts.path().kind != "cached rows" or apart > (1e-5 if dtype == torch.float32 else 5e-2):
        raise SystemExit(f"Not the same both ways (by {apart:.2e}): {knockouts.path()}")
    _print(given, dtype, length, len(runs), naive_each, first, again, apart)


def _print(
    given: argparse.Namespace,
    dtype: torch.dtype,
    length: int,
    count: int,
    naive_each: float,
    first: float,
    again: float,
    apart: float,
) -> None:
    cached_floor, naive_floor = _floors(given, dtype, length, count)
    table = Table(
        title=f"{count} knockouts on the action row, {given.model} ({given.size}), "
        f"{given.dtype}, S = {length}",
        title_justify="left",
    )
    for column in ("way", "seconds", "floor s", "times faster"):
        table.add_column(column, justify="left" if column == "way" else "right")
    naive = naive_each * count
    table.add_row(
        f"one masked forward each (measured on {given.sample}, scaled)",
        f"{naive:,.1f}",
        naive_floor,
        "1",
    )
    table.add_row("cached, first", f"{first:.2f}", cached_floor, f"{naive / first:.0f}")
    table.add_row("cached, again", f"{again:.2f}", cached_floor, f"{naive / again:.0f}")
    table.caption = f"Scores agree to {apart:.1e} of their scale. {machine()}"
    console.print(table)
    ways = (("naive, scaled", naive), ("cached, first", first), ("cached, again", again))
    timings = [Timing(n, s, s, s, s / naive, s / naive, s / naive) for n, s in ways]
    more = {"size": given.size, "dtype": given.dtype, "length": length, "count": count}
    write_json(given.json, "knockouts", timings, **more)


def _floors(
    given: argparse.Namespace, dtype: torch.dtype, length: int, count: int
) -> tuple[str, str]:
    """What the hardware needs at least, cached and naive; known of Kosmos-2's decoder."""
    if given.model != "kosmos2":
        return "", ""
    size, rates = SIZES[given.size], measured_rates(dtype)
    whole = decoder_gflop(size, length, length)
    read = decoder_gigabytes(size, dtype)
    # A cut at layer l runs the layers from l on: half of them on average, one row each.
    rows = count * (size.layers + 1) / (2 * size.layers)
    cached = rates.seconds(whole + decoder_gflop(size, 1, length) * rows, 2 * read)
    return f"{cached:.2f}", f"{count * rates.seconds(whole, read):,.1f}"


if __name__ == "__main__":
    main()
