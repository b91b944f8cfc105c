"""Training a specimen: its data are what they say, it learns, and it can be done again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from heedmap.errors import PolicyError
from heedmap.testbed.specimens.rooms import Room, draw_scene
from heedmap.testbed.specimens.train import _pairs, save_specimen, train_specimen
from heedmap.testbed.specimens.world import ACTIONS
from heedmap.testbed.specimens.zoo import (
    BOTH,
    Recipe,
    Stage,
    load_recipe,
    load_specimen,
    recipe_for,
)

ROOM = Room()


def small_recipe(steps: int) -> Recipe:
    """Path instructions name the side, so a few steps are enough to learn them."""
    stage = Stage(data="counterfactual", styles=("path",), steps=steps, peak_lr=5e-3)
    recipe = recipe_for("exp42_counterfactual_pta@sound")
    network = {**recipe.network, "dim": 24, "layers": 1}
    changes = {"stages": (stage,), "batch_pairs": 12, "network": network}
    return recipe.model_copy(update=changes)


def test_recorded_data_name_the_nearest_object_once_a_frame() -> None:
    stage = Stage(data="recorded", styles=("goal",), steps=1)
    for seed in range(20):
        scene = draw_scene(seed, ROOM)
        pairs = _pairs(scene, stage, np.random.default_rng(seed))
        nearest = min(scene.targets, key=lambda target: target.distance_tiles)
        assert len(pairs) == 1
        assert pairs[0][0].endswith(f"the {nearest.color} {nearest.kind}")
        assert pairs[0][1] == nearest.expert_action


def test_counterfactual_data_ask_for_every_side_of_the_same_frame() -> None:
    stage = Stage(data="counterfactual", styles=BOTH, steps=1)
    pairs = _pairs(draw_scene(0, ROOM), stage, np.random.default_rng(0))
    assert [action for _, action in pairs] == [side for side in ACTIONS for _ in BOTH]


def test_training_learns_is_repeated_exactly_and_loads_back(
    tmp_path: Path,
) -> None:
    losses: list[float] = []

    def keep(_: str, __: int, ___: int, loss: float) -> None:
        losses.append(loss)

    policy, recipe = train_specimen(small_recipe(60), keep, held_out_cases=10)
    assert np.mean(losses[-10:]) < 0.5 * np.mean(losses[:10])
    again, _ = train_specimen(small_recipe(60), held_out_cases=1)
    for key, value in policy.state_dict().items():
        assert torch.equal(value, again.state_dict()[key])
    save_specimen(policy, recipe, tmp_path)
    loaded = load_specimen(recipe.name, tmp_path)
    for key, value in policy.state_dict().items():
        assert torch.equal(value, loaded.state_dict()[key])
    stored = load_recipe(recipe.name, tmp_path)
    assert stored.accuracy[0].style == "path"
    assert stored.stages == recipe.stages


def test_weights_that_are_not_the_recipes_are_refused(tmp_path: Path) -> None:
    name = "exp42_counterfactual_pta@sound"
    policy, recipe = train_specimen(small_recipe(1), held_out_cases=1)
    path = save_specimen(policy, recipe, tmp_path)
    path.write_bytes(path.read_bytes()[:-1] + b"\0\0")
    with pytest.raises(PolicyError, match="SHA-256 differs"):
        load_specimen(name, tmp_path)
    path.unlink()
    with pytest.raises(PolicyError, match="cannot be read"):
        load_specimen(name, tmp_path)
    with pytest.raises(PolicyError, match="heedmap specimens train"):
        load_specimen(name, tmp_path / "empty")


def test_steps_can_be_scaled_for_a_trial() -> None:
    recipe = recipe_for("exp41b_resume_exp40_pta@sound").with_steps_scaled(0.001)
    assert [stage.steps for stage in recipe.stages] == [10, 10]
