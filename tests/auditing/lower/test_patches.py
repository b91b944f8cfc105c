"""The map from patches to positions, where it is known which is which."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from torch import nn

from heedmap.auditing.api import audit
from heedmap.auditing.lower.patches import inverted_cell, patch_map
from heedmap.data.observation import Observation, of_frame
from heedmap.data.pixels import Frame
from heedmap.policies.callable import CallablePolicy
from heedmap.testbed.specimens.world import FrameCase
from heedmap.testbed.specimens.zoo import pixels_of
from tests.auditing.lower.test_perturb import subject_of
from tests.conftest import random_policy
from tests.plain_policies import Block, PlainPolicy, word_ids


def test_a_specimens_tile_moves_its_own_token_and_its_means(case: FrameCase) -> None:
    """64 tokens: the mean of all (1), of each column (2-8) and row (9-15), the 49 tiles."""
    subject = subject_of(random_policy("sound"), of_frame(case.frame), "go to the red key")
    found = patch_map(subject, "image", range(1, 65), cells_a_side=7)
    for index, cell in enumerate(found.positions):
        row, column = divmod(index, 7)
        assert cell == (1, 2 + column, 9 + row, 16 + index)
    assert found.cells_share == 1.0
    assert found.positions_share == 1.0


def test_what_no_token_sees_is_told_by_the_coverage(case: FrameCase) -> None:
    """A policy that crops to the upper left quarter: 9 of 36 cells move anything."""
    network = PlainPolicy("sdpa")

    def run(frames: Sequence[Frame], texts: Sequence[str]) -> torch.Tensor:
        return network([np.repeat(np.repeat(f[:28, :28], 2, 0), 2, 1) for f in frames], texts)

    subject = subject_of(CallablePolicy("crop", run, network), of_frame(case.frame), "go left")
    found = patch_map(subject, "image", range(49), cells_a_side=6)
    moving = [index for index, cell in enumerate(found.positions) if cell]
    assert moving == [6 * row + column for row in range(3) for column in range(3)]
    assert found.cells_share == pytest.approx(9 / 36)
    assert found.positions_share == 1.0


def test_a_policy_that_takes_no_batch_is_run_cell_by_cell(case: FrameCase) -> None:
    network = PlainPolicy("sdpa")

    def run(frames: Sequence[Frame], texts: Sequence[str]) -> torch.Tensor:
        if len(frames) > 2:
            raise ValueError("two at most")
        return network(frames, texts)

    subject = subject_of(CallablePolicy("small", run, network), of_frame(case.frame), "go left")
    found = patch_map(subject, "image", range(49))
    assert found.positions == tuple((index,) for index in range(49))


def test_a_tower_that_mixes_its_patches_is_told_after_one_cell(case: FrameCase) -> None:
    """Every token gets the mean of all patches added: each cell moves all of them."""
    network = PlainPolicy("sdpa")
    network.patches.register_forward_hook(
        lambda _, __, out: out + out.mean(dim=(2, 3), keepdim=True)
    )
    runs: list[int] = []
    network.patches.register_forward_hook(lambda _, args, __: runs.append(len(args[0])))
    policy = CallablePolicy("mixes", network, network)
    subject = subject_of(policy, of_frame(case.frame), "go left")
    runs.clear()
    found = patch_map(subject, "image", range(49))
    assert found.mixes
    assert found.positions == ()
    assert found.cells_share is None
    assert runs == [1]


def test_an_inverted_cell_changes_every_byte_of_it_and_no_other() -> None:
    for value in (0, 127, 128, 255):
        frame = np.full((9, 9, 3), value, dtype=np.uint8)
        changed = inverted_cell(frame, 1, 2, 3)
        differs = (changed != frame).all(axis=2)
        assert differs[3:6, 6:9].all()
        assert differs.sum() == 9


class TwoCameras(nn.Module):
    """Patches of two cameras, one token for the state, words, the action."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = PlainPolicy("sdpa")
        self.to_state = nn.Linear(3, 24)
        self.blocks = nn.ModuleList([Block("sdpa"), Block("sdpa")])

    def forward(self, observations: Sequence[Observation], texts: Sequence[str]) -> torch.Tensor:
        inner, count = self.inner, len(texts)
        cameras = [
            inner.patches(torch.stack([pixels_of(o.images[name]) for o in observations]))
            for name in ("front", "wrist")
        ]
        states = torch.stack([torch.tensor(o.state, dtype=torch.float32) for o in observations])
        ids = word_ids(texts)
        sequence = torch.cat(
            [
                *(camera.flatten(2).mT for camera in cameras),
                self.to_state(states)[:, None],
                inner.words(ids),
                inner.action.expand(count, 1, 24),
            ],
            dim=1,
        )
        for block in self.blocks:
            sequence = block(sequence)
        return inner.head(sequence[:, -1])


def test_cameras_and_state_have_regions_of_their_own(case: FrameCase) -> None:
    torch.manual_seed(0)
    network = TwoCameras().eval().requires_grad_(False)
    policy = CallablePolicy("two cameras", network, network, takes_observations=True)
    observation = Observation(
        {"front": case.frame, "wrist": 255 - case.frame[:16, :16].repeat(2, 0).repeat(2, 1)},
        np.array([0.1, 0.2, 0.3]),
    )
    result = audit(
        policy, {"moment": observation}, {"left": "go left", "right": "go right"}, until="cut"
    )
    regions = result.record.policies[0].cases[0].layouts["measured"].regions
    assert regions["image:front"] == tuple(range(49))
    assert regions["image:wrist"] == tuple(range(49, 49 + 16))
    assert regions["state"] == (65,)
    assert regions["instruction"] == (66, 67)
    assert regions["action"] == (68,)
    patches = result.record.policies[0].measurements.patches
    assert [(p.camera, p.cells_a_side) for p in patches] == [("front", 7), ("wrist", 4)]
    info = result.record.frames[0]
    assert (info.cameras, info.state) == (("front", "wrist"), (0.1, 0.2, 0.3))
    assert (info.height_px, info.width_px) == (56, 56 + 32)
