"""SmolLM2's own weights and what was trained beside them: run by `make test-world`."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from heedmap.errors import PolicyError
from heedmap.testbed.miniworld.network import pixels_of
from heedmap.testbed.smollm.cases import shipped_scenes
from heedmap.testbed.smollm.network import SmolPolicy
from heedmap.testbed.smollm.policy import load_network
from heedmap.testbed.smollm.scenes import THINGS

ROOMS = 12


def actions(policy: SmolPolicy) -> np.ndarray:
    """Of each held-out room under the names of its three objects: (room, thing)."""
    scenes = shipped_scenes()
    texts = [scenes.instruction(room, thing) for room in range(ROOMS) for thing in range(THINGS)]
    pixels = pixels_of(list(scenes.frames[:ROOMS])).repeat_interleave(THINGS, dim=0)
    with torch.no_grad():
        return policy(pixels, texts).argmax(dim=1).numpy().reshape(ROOMS, THINGS)


@pytest.fixture(scope="module")
def counterfactual() -> SmolPolicy:
    try:
        return load_network("counterfactual")
    except PolicyError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.mark.world
def test_the_healthy_one_follows_and_wired_wrongly_it_does_not(counterfactual: SmolPolicy) -> None:
    followed = actions(counterfactual) == shipped_scenes().actions[:ROOMS]
    assert followed.mean() > 0.9
    counterfactual.wiring = "masked"
    masked = actions(counterfactual)
    assert (masked == masked[:, :1]).all()


@pytest.mark.world
def test_the_confounded_one_goes_to_the_nearest_object_whatever_is_named() -> None:
    """It knows which is nearest in three rooms of four: see docs/smollm.md."""
    scenes, found = shipped_scenes(), actions(load_network("confounded"))
    assert (found == found[:, :1]).all(axis=1).mean() > 0.6
    nearest = scenes.actions[np.arange(ROOMS), scenes.nearest[:ROOMS]]
    named = (found == scenes.actions[:ROOMS]).mean()
    assert (found == nearest[:, None]).mean() > max(0.55, named + 0.2)
