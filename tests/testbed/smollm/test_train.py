"""The recipe, in small: labels, image tokens, and adapters that learn on a tiny Llama."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from heedmap.testbed.smollm import train_vision as pretext
from heedmap.testbed.smollm.scenes import Scenes
from heedmap.testbed.smollm.train import followed, labels_of, lower_states, train_upper
from tests.testbed.smollm.tiny import painted_scenes, tiny_backbone, tiny_policy


def test_scenes_come_back_and_say_what_stands_nearest(tmp_path: Path) -> None:
    scenes = painted_scenes(3)
    scenes.save(tmp_path / "scenes.npz")
    again = Scenes.load(tmp_path / "scenes.npz")
    assert (again.frames == scenes.frames).all()
    assert (again.nearest == scenes.distances_m.argmin(axis=1)).all()
    again.bearings_deg[0, again.nearest[0]] = 50.0
    assert again.nearest[0] != scenes.nearest[0] or not again.is_in_view[0, scenes.nearest[0]]
    assert scenes.instruction(0, 0, 1).startswith("walk to the ")


def test_confounded_frames_have_one_instruction_others_one_for_each_object_in_view() -> None:
    scenes = painted_scenes(8)
    scenes.bearings_deg[0, 0] = -40.0
    every, one = (labels_of(scenes, regime) for regime in ("counterfactual", "confounded"))
    assert every[0, 0] == -100
    assert (every != -100).sum() == 3 * 8 - 1
    assert ((one != -100).sum(dim=1) == 1).all()
    rows = np.arange(8)
    assert (one[rows, scenes.nearest].numpy() == scenes.actions[rows, scenes.nearest]).all()


def test_image_tokens_learn_to_say_where_a_name_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pretext, "BATCH", 8)
    scenes, backbone = painted_scenes(48), tiny_backbone()
    losses: list[float] = []
    patches = pretext.train_vision(
        scenes, backbone, steps=100, on_progress=lambda _, loss: losses.append(loss)
    )
    untrained = pretext.PatchTokens(48)
    untrained.fit_to(backbone.decoder.embed_tokens.weight)
    fresh = painted_scenes(16, seed=1)
    assert pretext.right_sides(patches, fresh, backbone) > 0.8
    assert pretext.right_sides(untrained, fresh, backbone) < 0.6
    distances = (patches(torch.rand(1, 3, 112, 112)) - patches.centre).norm(dim=-1)
    assert (distances - patches.norm).abs().max() < 1e-4


def test_adapters_learn_and_nothing_below_them_moves() -> None:
    policy, scenes = tiny_policy(), painted_scenes(16)
    before = {name: value.clone() for name, value in policy.decoder.state_dict().items()}
    states = lower_states(policy, scenes, first=1)
    assert states.dtype == torch.float16
    losses: list[float] = []
    train_upper(
        policy,
        *(states, labels_of(scenes, "counterfactual"), 30),
        first=1,
        on_step=lambda _, loss: losses.append(loss),
    )
    assert np.mean(losses[-5:]) < losses[0]
    assert followed(policy, scenes, states, first=1).shape == (16, 3)
    for name, value in before.items():
        now = policy.decoder.state_dict()
        assert torch.equal(now.get(name, now.get(name.replace("proj.", "proj.base."))), value)
