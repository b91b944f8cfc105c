"""Movement is found where it was built in, and nowhere else."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch

from heedmap.errors import PolicyError
from heedmap.perturb import frame_variants, measure_movement, word_variants
from heedmap.policies.callable import CallablePolicy
from heedmap.specimens.world import FrameCase
from heedmap.types import Frame
from tests.conftest import random_network, random_policy


def test_sound_wiring_image_and_every_word_are_found_one_by_one(case: FrameCase) -> None:
    """BOS at 0, image at 1..64, `action :` at 65 and 66, then one position a word."""
    left, right = case.instructions["left"], case.instructions["right"]
    movement = measure_movement(random_policy("sound"), case.frame, left, [right], seed=0)
    assert movement.by_frame == tuple(range(1, 65))
    words = left.split()
    assert [entry.word for entry in movement.by_word] == words
    assert [entry.positions for entry in movement.by_word] == [(67 + i,) for i in range(8)]
    assert movement.by_instruction == tuple(range(67, 67 + len(words)))
    assert movement.instruction_measured


def test_monavla_wiring_no_word_moves_anything(case: FrameCase) -> None:
    left, right = case.instructions["left"], case.instructions["right"]
    movement = measure_movement(random_policy("monavla"), case.frame, left, [right], seed=0)
    assert movement.by_frame == tuple(range(64))
    assert movement.by_instruction == ()
    assert [entry.positions for entry in movement.by_word] == [()] * 8
    assert movement.instruction_measured


def test_a_policy_that_changes_from_run_to_run_is_refused(case: FrameCase) -> None:
    network = random_network("sound").train()
    network.decoder.model.dropout = 0.5
    policy = CallablePolicy(
        "noisy", lambda f, i: network(torch.rand(1, 3, 56, 56), list(i)), network.decoder
    )
    with pytest.raises(PolicyError, match="not deterministic"):
        measure_movement(policy, case.frame, "go to the blue key", [], seed=0)


def test_no_variant_of_equal_length_means_not_measured(case: FrameCase) -> None:
    """A policy that counts characters has no variant of equal count here."""
    own = random_policy("sound")

    def run(frames: Sequence[Frame], instructions: Sequence[str]) -> torch.Tensor:
        return own(frames, instructions)

    policy = CallablePolicy("chars", run, own.decoder, token_count=len)
    movement = measure_movement(policy, case.frame, "go", ["the box"], seed=0)
    assert not movement.instruction_measured
    assert movement.by_word == ()


def test_frame_variants_differ_everywhere() -> None:
    frame = np.random.default_rng(0).integers(0, 256, (56, 56, 3), dtype=np.uint8)
    for variant in frame_variants(frame, seed=3):
        assert variant.shape == frame.shape
        assert variant.dtype == np.uint8
        assert (variant != frame).all()


def test_word_variants_replace_one_word_at_a_time() -> None:
    variants = dict(word_variants("go left", ["go right"]))
    assert variants == {
        "go": ["right left", "left left"],
        "left": ["go go", "go right"],
    }
