"""Many instructions on one frame: the page's way, plain forwards, and together.

    .venv/bin/python -m benchmarks.instructions [--size real|small] [--dtype float32|bfloat16]
        [--model kosmos2|paligemma|qwen2_5_vl] [--count 1 4 16 32 64] [--rounds 3] [--unlike]

The whole policy, vision tower included. The page's way is one eager forward with
`output_attentions=True` for every instruction; it is run on a sample of `--sample` of them
and scaled to all, as the plain forwards are. Ours finds the transformer anew every time. The
instructions begin alike ("please navigate to the ..."); `--unlike` ones share no word.
Before any time is told, scores and attention rows are compared with those of single runs.
"""

from __future__ import annotations

import argparse

import torch
from rich.table import Table
from torch import nn
from transformers import PreTrainedModel

from benchmarks.floors import decoder_gflop, decoder_gigabytes, measured_rates, tower_gflop
from benchmarks.measure import Timing, console, interleaved, machine, write_json
from benchmarks.models import SIZES, kosmos2, paligemma, qwen2_5_vl
from benchmarks.options import add_common, frame_of, instruction, unlike_instruction
from heedmap import Attended, CallablePolicy, attend
from heedmap.data.observation import of_frame

LENGTH = 78


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    add_common(parser, lengths=False)
    models = ("kosmos2", "paligemma", "qwen2_5_vl")
    parser.add_argument("--model", choices=models, default="kosmos2")
    parser.add_argument("--count", type=int, nargs="+", default=[32])
    parser.add_argument("--sample", type=int, default=2)
    parser.add_argument("--unlike", action="store_true", help="instructions that share no word")
    given = parser.parse_args()
    dtype = getattr(torch, given.dtype)
    policy = policy_of(given.model, given.size, dtype)
    make = unlike_instruction if given.unlike else instruction
    rows: list[tuple[int, list[Timing], Attended]] = []
    for count in given.count:
        texts = [make(number) for number in range(count)]
        found = attend(policy, frame_of(0), texts)
        _check(policy, texts, found, dtype)
        timings = _times(policy, texts, given.sample, given.rounds)
        rows.append((count, timings, found))
        more = {"model": policy.name, "dtype": given.dtype, "count": count}
        write_json(given.json, "instructions", timings, shared=found.shared_positions, **more)
    floors = _floors(given.size, dtype, rows) if given.model == "kosmos2" else {}
    _print(policy.name, given.dtype, rows, floors)


def policy_of(model: str, size: str, dtype: torch.dtype) -> CallablePolicy:
    """By name; Kosmos-2 in the given size, the others at reduced width."""
    if model == "kosmos2":
        return kosmos2(size, dtype, LENGTH)
    return paligemma(dtype) if model == "paligemma" else qwen2_5_vl(dtype)


def _times(policy: CallablePolicy, texts: list[str], sample: int, rounds: int) -> list[Timing]:
    """The ways that are run on a sample are scaled to all instructions."""
    few = texts[:sample]
    ways = {
        "plain": lambda: [_plain(policy, text) for text in few],
        "page": lambda: [_page(policy, text) for text in few],
        "together": lambda: attend(policy, frame_of(0), texts),
    }
    scale = {"plain": len(texts) / len(few), "page": len(texts) / len(few), "together": 1.0}
    timings = interleaved(ways, rounds, warm_up=0)
    plain = timings[0].median_s * scale["plain"]
    return [_scaled(each, scale[each.way], plain) for each in timings]


def _scaled(timing: Timing, scale: float, plain_s: float) -> Timing:
    median, low, high = (scale * s for s in (timing.median_s, timing.low_s, timing.high_s))
    return Timing(timing.way, median, low, high, median / plain_s, low / plain_s, high / plain_s)


def _plain(policy: CallablePolicy, text: str) -> torch.Tensor:
    return policy([of_frame(frame_of(0))], [text])


def _page(policy: CallablePolicy, text: str) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """One eager forward of the whole policy, with the attention of every layer kept."""
    decoder = _decoder(policy.module)
    kept: list[torch.Tensor] = []
    handles = [
        layer.get_submodule("self_attn").register_forward_hook(
            lambda _, __, output: kept.append(output[1])
        )
        for layer in decoder.get_submodule("layers").children()
    ]
    decoder.set_attn_implementation("eager")
    try:
        scores = policy([of_frame(frame_of(0))], [text])
    finally:
        decoder.set_attn_implementation("sdpa")
        for handle in handles:
            handle.remove()
    return scores, kept


def _decoder(module: nn.Module) -> PreTrainedModel:
    """The language model that holds the layers, whatever lies around it."""
    places = ("model.text_model.model", "model.language_model")
    names = {name for name, _ in module.named_modules()}
    found = module.get_submodule(next(place for place in places if place in names))
    assert isinstance(found, PreTrainedModel)
    return found


def _check(policy: CallablePolicy, texts: list[str], found: Attended, dtype: torch.dtype) -> None:
    """The first and last instruction alone, eagerly: scores and the last row's attention."""
    allowed = 1e-5 if dtype == torch.float32 else 5e-2
    for number in {0, len(texts) - 1}:
        scores, kept = _page(policy, texts[number])
        scale = max(1.0, float(scores.abs().max()))
        rows = torch.stack([weights[0, :, -1:] for weights in kept]).float().cpu()
        apart = float((scores[0] - found.scores[number]).abs().max()) / scale
        apart = max(apart, float((rows - found.weights[number]).abs().max()))
        if apart > allowed:
            raise SystemExit(f"'{texts[number]}' differs from its single run by {apart:.2e}.")


def _floors(
    size: str, dtype: torch.dtype, rows: list[tuple[int, list[Timing], Attended]]
) -> dict[int, float]:
    """Of ours: one tower, one whole sequence, and every instruction's own positions."""
    at, rates = SIZES[size], measured_rates(dtype)
    floors: dict[int, float] = {}
    for count, _, found in rows:
        lengths = [weights.shape[-1] for weights in found.weights]
        own = sum(length - found.shared_positions for length in lengths) if count > 1 else 0
        gflop = tower_gflop(at) + decoder_gflop(at, lengths[0], lengths[0])
        gflop += decoder_gflop(at, own, max(lengths))
        floors[count] = rates.seconds(gflop, decoder_gigabytes(at, dtype))
    return floors


def _print(
    name: str,
    dtype: str,
    rows: list[tuple[int, list[Timing], Attended]],
    floors: dict[int, float],
) -> None:
    table = Table(title=f"Many instructions on one frame, {name}, {dtype}", title_justify="left")
    columns = ("instructions", "common", "page s", "plain s", "together s", "floor s")
    for column in (*columns, "page / together", "plain / together"):
        table.add_column(column, justify="right")
    for count, timings, found in rows:
        by_way = {each.way: each.median_s for each in timings}
        page, plain, ours = (by_way[way] for way in ("page", "plain", "together"))
        cells = [f"{count}", f"{found.shared_positions}"]
        cells += [f"{value:.3g}" for value in (page, plain, ours)]
        cells.append(f"{floors[count]:.3g}" if count in floors else "")
        table.add_row(*cells, f"{page / ours:.1f}", f"{plain / ours:.1f}")
    table.caption = f"Page and plain measured on a sample and scaled. {machine()}"
    console.print(table)


if __name__ == "__main__":
    main()
