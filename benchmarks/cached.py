"""Time of capturing the action rows' attention in a policy's own cached path, over a plain pass.

    .venv/bin/python -m benchmarks.cached [--size real|small] [--layers 2] [--steps 10] [--rounds 5]
        [--json FILE]

transformers' π0 at its real widths (2,048 and 1,024), or small ones, with random weights and few
layers: images and words once, then ten flow steps of the expert on the cached keys and values.
Which computations there are is found once, by a recording, before the clock runs. What is captured
is compared with the model's own eager attention first, to 1e-5.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from transformers import PI0Config, PI0ForConditionalGeneration

from benchmarks.measure import interleaved, print_timings, write_json
from benchmarks.models import fill
from heedmap import CallablePolicy
from heedmap.data.observation import Observation
from heedmap.tracing.graph.capture import WantedRows, capture_rows
from heedmap.tracing.graph.dependence import direct_dependence
from heedmap.tracing.graph.nodes import nodes_of
from heedmap.tracing.trail.recorder import record

IMAGE, WORDS = 256, 48
"""Tokens of the prefix: one camera, and words."""
EXACT = 1e-5


class Widths(NamedTuple):
    """Of the language model, the action expert and the vision encoder, each with its inner one."""

    model: tuple[int, int]
    expert: tuple[int, int]
    vision: tuple[int, int]
    head: int


WIDTHS = {
    "real": Widths((2048, 16384), (1024, 4096), (1152, 4304), 256),
    "small": Widths((64, 128), (32, 64), (48, 96), 16),
}


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--size", choices=tuple(WIDTHS), default="real")
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, help="add the rows to this file of JSON lines")
    given = parser.parse_args()
    policy = cached_pi0(given.size, given.layers, given.steps)
    observation = Observation({"top": np.zeros((8, 8, 3), dtype=np.uint8)})
    wanted = _action_rows(policy, observation)

    def plain() -> None:
        policy([observation], ["go left"])

    def captured() -> list[torch.Tensor]:
        with capture_rows(policy.module, wanted) as capture:
            plain()
        return capture.weights()

    _check(policy.module, wanted, captured(), plain)
    ways = {"plain pass": plain, "rows captured": captured}
    timings = interleaved(ways, given.rounds)
    title = f"Capture in π0's own path, {given.size} widths, {given.layers} layers"
    print_timings(f"{title}, {given.steps} flow steps", timings, {})
    write_json(
        given.json, "cached", timings, size=given.size, layers=given.layers, steps=given.steps
    )


def cached_pi0(size: str, layers: int, steps: int) -> CallablePolicy:
    """π0 in its own `sample_actions`, on fixed inputs."""
    widths, depth = WIDTHS[size], {"num_hidden_layers": layers}
    heads = {"num_attention_heads": 8, "num_key_value_heads": 1, "head_dim": widths.head}
    text = {**heads, **depth, "vocab_size": 1000, "model_type": "gemma"}

    def of(width: tuple[int, int]) -> dict[str, int]:
        return {"hidden_size": width[0], "intermediate_size": width[1]}

    config = PI0Config(
        vlm_config={
            "model_type": "paligemma",
            "text_config": {**text, **of(widths.model)},
            "vision_config": {
                **depth,
                **of(widths.vision),
                "num_attention_heads": 16,
                "model_type": "siglip_vision_model",
                "image_size": 224,
                "patch_size": 14,
                "vision_use_head": False,
            },
            "projection_dim": widths.model[0],
            "hidden_size": widths.model[0],
            "vocab_size": 1000,
            "image_token_id": 5,
        },
        dit_config={**text, **of(widths.expert)},
        num_inference_steps=steps,
    )
    torch.manual_seed(0)
    model: Any = PI0ForConditionalGeneration(config).eval().requires_grad_(False)
    fill(model)
    generator = torch.Generator().manual_seed(0)
    inputs = {
        "input_ids": torch.tensor([[5] * IMAGE + list(range(10, 10 + WORDS))]),
        "attention_mask": torch.ones(1, IMAGE + WORDS, dtype=torch.long),
        "pixel_values": torch.randn(1, 1, 3, 224, 224, generator=generator),
        "pixel_attention_mask": torch.ones(1, 1, dtype=torch.bool),
        "state": torch.randn(1, config.max_state_dim, generator=generator),
        "noise": torch.randn(1, config.chunk_size, config.max_action_dim, generator=generator),
    }

    def run(_: Sequence[Observation], __: Sequence[str]) -> torch.Tensor:
        return model.sample_actions(**inputs).flatten(1)

    return CallablePolicy("pi0", run, model, takes_observations=True)


def _action_rows(policy: CallablePolicy, observation: Observation) -> list[WantedRows]:
    recording = record(policy, observation, "go left")
    nodes = nodes_of(recording)
    assert recording.action is not None
    dependence = direct_dependence(recording, [recording.action], {node.number for node in nodes})
    found: list[WantedRows] = []
    for node in nodes:
        if node.number in dependence and ".dit." in f".{node.module}":
            rows = torch.nonzero(node.output_rows(dependence[node.number] != 0)).flatten()
            found.append(WantedRows(node, tuple(rows.tolist())))
    return found


def _check(
    model: Any, wanted: Sequence[WantedRows], mine: Sequence[torch.Tensor], plain: Any
) -> None:
    """Against the model's own eager attention. Stops where they differ."""
    kept: list[torch.Tensor] = []

    def keep(_: object, __: object, output: Any) -> None:
        kept.append(output[1][0])

    names = sorted({each.node.module for each in wanted})
    handles = [model.get_submodule(name).register_forward_hook(keep) for name in names]
    model.set_attn_implementation("eager")
    try:
        plain()
    finally:
        model.set_attn_implementation("sdpa")
        for handle in handles:
            handle.remove()
    for each, weights, theirs in zip(wanted, mine, kept, strict=True):
        if not torch.allclose(weights, theirs[:, list(each.rows)], atol=EXACT):
            raise SystemExit(f"{each.node.module} shows other attention than eager does.")


if __name__ == "__main__":
    main()
