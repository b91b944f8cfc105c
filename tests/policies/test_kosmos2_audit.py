"""What an audit says of RoboVLMs checkpoints, in both wirings: as published, and the truth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from heedmap.auditing.api import audit
from heedmap.data.observation import Observation, of_frame
from heedmap.testbed.specimens.world import FrameCase
from heedmap.tracing.observe import observe
from tests.families_page import saw, saw_rungs
from tests.robovlms_files import INSTRUCTIONS, loaded, write_checkpoint


def shares(result: Any, layout: str, region: str) -> dict[str, list[float]]:
    """By instruction, the region's share in every layer, averaged over heads."""
    rows = result.attention.to_pylist()
    found: dict[str, dict[int, list[float]]] = {}
    for row in rows:
        if (row["layout"], row["region"]) == (layout, region):
            found.setdefault(row["instruction"], {}).setdefault(row["layer"], []).append(
                row["share"]
            )
    return {i: [float(np.mean(v)) for v in layers.values()] for i, layers in found.items()}


def test_the_published_page_comes_out_of_the_overwriting_wiring(
    written: dict[str, Path], case: FrameCase
) -> None:
    """Declared: text 0.0 in every layer, left and right alike; measured: no instruction at all."""
    result = audit(
        loaded(written["MobileVLAClassificationDecoder"]), case.frame, INSTRUCTIONS, until="cut"
    )
    policy = result.record.policies[0]
    assert [case.token_count for case in policy.cases] == [12, 12, 11]
    assert {case.sequence_length for case in policy.cases} == {257}
    assert policy.declared == "image=0:64,text=64:+len"
    text, image = (shares(result, "declared", region) for region in ("text", "image"))
    assert all(share == 0 for layers in text.values() for share in layers)
    assert image["left"] == image["right"] != image["forward"]
    assert min(image["left"]) > 0
    measured = policy.cases[0].layouts["measured"]
    assert "instruction" not in measured.regions
    assert measured.regions["image"] == tuple(range(64))
    assert measured.visible_counts["image"].visible == 12
    assert policy.cases[2].layouts["measured"].visible_counts["image"].visible == 11
    assert policy.verdict.rungs["present"].status == "fails"
    assert policy.verdict.cause == "length_leak"  # gone, but its length still shows
    assert policy.measurements.presence.overwritten_positions == (7, 10)  # drive, and left
    saw_rungs("kosmos2 (RoboVLMs, overwrite)", policy)
    saw("kosmos2 (RoboVLMs, overwrite)", "layout")


def test_the_inserting_wiring_holds_the_instruction(
    written: dict[str, Path], case: FrameCase
) -> None:
    query = "?wiring=insert&padding=max"
    result = audit(
        loaded(written["MobileVLAClassificationDecoder"], query),
        case.frame,
        INSTRUCTIONS,
        declared="image=0:64,text=64:+len",
        until="cut",
    )
    policy = result.record.policies[0]
    left = policy.cases[0].layouts["measured"]
    assert left.regions["image"] == tuple(range(1, 65))
    # <s> image <grounding> An image of a robot GO TO THE LEFT </s>, padding, action, last slot
    assert left.regions["instruction"] == (71, 72, 73, 74)
    assert left.regions["action"] == (319,)
    assert left.visible_counts["instruction"].visible == 4
    assert policy.verdict.rungs["visible"].status == "holds"
    assert min(shares(result, "measured", "instruction")["left"]) > 0
    saw_rungs("kosmos2 (RoboVLMs, insert)", policy)
    saw("kosmos2 (RoboVLMs, insert)", "layout")


def test_exp43s_instruction_takes_the_heads_road(written: dict[str, Path], case: FrameCase) -> None:
    policy = audit(loaded(written["exp43"]), case.frame, INSTRUCTIONS, until="cut").record.policies[
        0
    ]
    assert policy.verdict.bypass.status == "found"
    assert policy.verdict.bypass.module is not None
    assert policy.verdict.bypass.module.startswith("act_head")


def test_an_audit_of_a_window_cuts_in_every_frame(tmp_path: Path, case: FrameCase) -> None:
    policy = loaded(write_checkpoint(tmp_path / "w", "LSTMDecoder", window=3))
    frames = [np.roll(case.frame, 8 * step, axis=1) for step in range(3)]
    history = tuple(of_frame(frame) for frame in frames[:2])
    observation = Observation({"image": frames[2]}, history=history)
    result = audit(policy, {"window": observation}, INSTRUCTIONS, until="cut").record.policies[0]
    assert result.verdict.rungs["visible"].status == "holds"
    assert result.measurements.used is not None


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("wiring", ["insert", "overwrite"])
def test_captured_attention_is_eagers(
    wiring: str, dtype: str, written: dict[str, Path], case: FrameCase
) -> None:
    query = f"?wiring={wiring}&dtype={dtype}"
    policy, twin = (loaded(written["MobileVLAClassificationDecoder"], query) for _ in range(2))
    pattern = "backbone.text_model.model.layers.*.self_attn"
    seen = observe(policy, pattern, of_frame(case.frame), INSTRUCTIONS["left"])
    row = 256 if wiring == "overwrite" else seen.stack.length - 2
    found = seen.attention((row,))
    decoder = twin.module.get_submodule("backbone.text_model.model")
    kept: list[torch.Tensor] = []
    backbone: Any = twin.module.get_submodule("backbone")
    backbone.set_attn_implementation("eager")
    for layer in decoder.get_submodule("layers").children():
        layer.get_submodule("self_attn").register_forward_hook(
            lambda _, __, output: kept.append(output[1])
        )
    twin([of_frame(case.frame)], [INSTRUCTIONS["left"]])
    expected = torch.stack([weights[0, :, [row]] for weights in kept]).float().numpy()
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= {"float32": 1e-5, "bfloat16": 2e-2}[dtype]
    saw(f"kosmos2 (RoboVLMs, {wiring})", dtype)
