"""The recipe, in small: labels, image tokens, and adapters that learn on a tiny Llama."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from heedmap.testbed.smollm import train
from heedmap.testbed.smollm import train_vision as pretext
from heedmap.testbed.smollm.lowrank import adapters_of
from heedmap.testbed.smollm.scenes import Scenes
from heedmap.testbed.smollm.weights import REGIMES, VISION, load_trained, save_trained, weights_file
from heedmap.testbed.specimens.world import HELD_OUT_SEED_START
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


def test_the_confounded_go_to_the_nearest_object_whatever_is_named() -> None:
    scenes = painted_scenes(8)
    scenes.bearings_deg[0, 0] = -40.0
    named, nearest = (
        train.labels_of(scenes, regime) for regime in ("counterfactual", "confounded")
    )
    assert named[0, 0] == nearest[0, 0] == -100  # not in view
    assert (named != -100).sum() == (nearest != -100).sum() == 3 * 8 - 1
    assert (named[1:].numpy() == scenes.actions[1:]).all()
    to_nearest = scenes.actions[np.arange(8), scenes.nearest]
    assert (nearest[1:].numpy() == to_nearest[1:, None]).all()


def test_a_training_goes_on_from_stored_adapters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy, scenes = tiny_policy(), painted_scenes(4)
    states = train.lower_states(policy, scenes, first=1)
    labels = train.labels_of(scenes, "counterfactual")
    train.train_upper(policy, states, labels, 2, first=1)
    save_trained(policy, tmp_path / "one.safetensors")
    again = tiny_policy()
    monkeypatch.setattr(train, "RATE", 0.0)  # so that the one step changes nothing
    train.train_upper(again, states, labels, 1, first=1, resumed=tmp_path / "one.safetensors")
    for name, value in adapters_of(policy.decoder).items():
        assert torch.equal(adapters_of(again.decoder)[name], value.half().float()), name
    assert torch.equal(again.head.weight, policy.head.weight.half().float())


def test_image_tokens_learn_to_say_where_a_name_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pretext, "BATCH", 4)
    losses: list[float] = []
    backbone = tiny_backbone()
    patches = pretext.train_vision(
        painted_scenes(4), backbone, steps=12, on_step=lambda _, loss: losses.append(loss)
    )
    assert losses[-1] < 0.8 * losses[0]
    assert 0 <= pretext.right_sides(patches, painted_scenes(2, seed=1), backbone) <= 1
    distances = (patches(torch.rand(1, 3, 112, 112)) - patches.centre).norm(dim=-1)
    assert (distances - patches.norm).abs().max() < 1e-4


def test_adapters_learn_and_nothing_else_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train, "BATCH", 4)
    policy, scenes = tiny_policy(), painted_scenes(4)
    before = {name: value.clone() for name, value in policy.decoder.state_dict().items()}
    states = train.lower_states(policy, scenes, first=1)
    assert states.dtype == torch.float16
    labels, losses = train.labels_of(scenes, "counterfactual"), list[float]()
    curve = train.Curve(policy, scenes, states, lambda text: None, first=1)
    curve.report_every = 12

    def on_step(step: int, loss: float) -> None:
        losses.append(loss)
        curve(step, loss)

    train.train_upper(policy, states, labels, 12, first=1, on_step=on_step)
    assert losses[-1] < losses[0]
    now = policy.decoder.state_dict()
    for name, value in before.items():
        kept = now.get(name, now.get(name.replace("proj.", "proj.base.")))
        assert kept is not None
        assert torch.equal(kept, value.to(kept.dtype))


def test_the_whole_recipe_runs_from_frames_to_weights_that_load(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn: list[tuple[int, int]] = []

    def collect(rooms: int, walk_steps: int, first_seed: int = 0) -> Scenes:
        drawn.append((rooms, first_seed))
        return painted_scenes(rooms, seed=first_seed)

    monkeypatch.setattr(train, "load_backbone", tiny_backbone)
    monkeypatch.setattr(train, "collect", collect)
    monkeypatch.setattr(train, "BATCH", 4)
    monkeypatch.setattr(pretext, "BATCH", 4)
    small = "--rooms 8 --held-out-rooms 3 --vision-steps 3 --nearest-steps 2"
    arguments = [
        str(tmp_path),
        *small.split(),
        *["--counterfactual-steps", "4", "--confounded-steps", "2", "--first-layer", "1"],
    ]
    train.main(arguments)
    assert drawn == [(8, 0), (3, HELD_OUT_SEED_START)]
    shown = capsys.readouterr().out
    assert "8 frames of training, 3 held out" in shown
    assert "held out" in shown.split("counterfactual is trained")[0].split("states that enter")[1]
    logits = []
    for regime in REGIMES:
        policy = tiny_policy()
        names = VISION[regime], regime
        load_trained(policy, *(weights_file(name, tmp_path) for name in names))
        logits.append(policy(torch.rand(1, 3, 112, 112), ["go to the red ball"]))
        assert logits[-1].isfinite().all()
    assert not torch.equal(*logits), "the confounded one went on from the other"
    train.main(arguments)
    assert len(drawn) == 2, "frames that are there are not drawn anew"
