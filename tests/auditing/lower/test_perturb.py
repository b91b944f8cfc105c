"""Movement is found where it was built in, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
import torch

from heedmap.auditing.lower.discovery import find_transformer
from heedmap.auditing.lower.perturb import Movement, Subject, measure_movement
from heedmap.auditing.lower.prompt import prompt_positions
from heedmap.auditing.variants import frame_variants, state_variants, word_variants
from heedmap.data.observation import Observation, of_frame
from heedmap.data.pixels import Frame
from heedmap.errors import CaptureError
from heedmap.policies.base import Policy
from heedmap.policies.callable import CallablePolicy
from heedmap.testbed.specimens.world import FrameCase
from heedmap.tracing.observe import observe
from tests.conftest import random_network, random_policy


def subject_of(policy: Policy, observation: Observation, text: str) -> Subject:
    pattern = find_transformer(policy, observation, text, seed=0).pattern
    return Subject(policy, observation, text, observe(policy, pattern, observation, text))


def movement_of(policy: Policy, frame: Frame, text: str, others: Sequence[str]) -> Movement:
    return measure_movement(subject_of(policy, of_frame(frame), text), others, seed=0)


def test_sound_wiring_image_and_every_word_are_found_one_by_one(case: FrameCase) -> None:
    """BOS at 0, image at 1..64, `action :` at 65 and 66, then one position a word."""
    left, right = case.instructions["left"], case.instructions["right"]
    movement = movement_of(random_policy("sound"), case.frame, left, [right])
    assert movement.by_camera == {"image": tuple(range(1, 65))}
    words = left.split()
    assert [entry.word for entry in movement.by_word] == words
    assert [entry.positions for entry in movement.by_word] == [(67 + i,) for i in range(8)]
    assert movement.by_instruction == tuple(range(67, 67 + len(words)))
    assert movement.instruction_measured


def test_monavla_wiring_no_word_moves_anything(case: FrameCase) -> None:
    left, right = case.instructions["left"], case.instructions["right"]
    movement = movement_of(random_policy("monavla"), case.frame, left, [right])
    assert movement.by_frame == tuple(range(64))
    assert movement.by_instruction == ()
    assert [entry.positions for entry in movement.by_word] == [()] * 8
    assert movement.instruction_measured


def test_template_words_are_told_from_special_tokens(case: FrameCase) -> None:
    """`action :` at 65 and 66 are words that no instruction changes; BOS and EOS are none."""
    text = case.instructions["left"]
    subject = subject_of(random_policy("sound"), of_frame(case.frame), text)
    measure_movement(subject, [case.instructions["right"]], seed=0)
    assert prompt_positions(subject, seed=0) == tuple(range(65, 75))


def test_a_policy_that_changes_from_run_to_run_is_refused(case: FrameCase) -> None:
    network = random_network("sound")
    noise = torch.Generator().manual_seed(0)

    def run(frames: Sequence[Frame], texts: Sequence[str]) -> torch.Tensor:
        return network(torch.rand(1, 3, 56, 56, generator=noise), list(texts))

    with pytest.raises(CaptureError, match="two different sequences"):
        movement_of(CallablePolicy("noisy", run, network), case.frame, "go to the blue key", [])


def test_no_variant_of_equal_length_means_not_measured(
    case: FrameCase, bare: Callable[..., CallablePolicy]
) -> None:
    """A policy that counts characters has no variant of equal count here."""
    policy = bare(random_network("sound"), token_count=len)
    movement = movement_of(policy, case.frame, "go", ["the box"])
    assert not movement.instruction_measured
    assert movement.by_word == ()


def test_frame_variants_differ_everywhere() -> None:
    frame = np.random.default_rng(0).integers(0, 256, (56, 56, 3), dtype=np.uint8)
    for variant in frame_variants(frame, seed=3):
        assert variant.shape == frame.shape
        assert variant.dtype == np.uint8
        assert (variant != frame).all()


def test_state_variants_move_every_number() -> None:
    state = np.array([0.0, 2.0, -4.0])
    observation = Observation({"image": np.zeros((8, 8, 3), np.uint8)}, state)
    up, down = state_variants(observation)
    assert up.state is not None
    assert down.state is not None
    assert up.state.tolist() == [0.1, 3.0, -2.0]
    assert down.state.tolist() == [-0.1, 1.0, -6.0]
    assert state_variants(of_frame(observation.frame)) == []


def test_word_variants_replace_one_word_at_a_time() -> None:
    variants = dict(word_variants("go left", ["go right"]))
    assert variants == {
        "go": ["right left", "left left"],
        "left": ["go go", "go right"],
    }
