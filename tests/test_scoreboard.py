"""Planted faults on random networks: what was planted is found, and on the healthy nothing is.

Weights are random and small, for no rung below *used* depends on training; the shipped
specimens are scored by `heedmap specimens score`.
"""

from __future__ import annotations

from typing import cast

import pytest

from heedmap.scoreboard import Score, false_alarms, score_plants
from heedmap.specimens.network import TinyKosmos2Policy, Wiring
from heedmap.specimens.planted import PLANTS, Plant
from tests.conftest import random_network


def network_for(base: str) -> TinyKosmos2Policy:
    return random_network(cast("Wiring", base.split("@")[1]))


@pytest.fixture(scope="module")
def scores() -> dict[str, Score]:
    return {score.plant.name: score for score in score_plants(network_for=network_for)}


@pytest.mark.parametrize("plant", PLANTS, ids=[plant.name for plant in PLANTS])
def test_what_was_planted_is_named(plant: Plant, scores: dict[str, Score]) -> None:
    score = scores[plant.name]
    assert score.named == plant.cause
    assert score.verdict.bypass.module == plant.bypass_module


def test_no_false_alarm_on_the_healthy(scores: dict[str, Score]) -> None:
    alarms, healthy = false_alarms(list(scores.values()))
    assert alarms == 0
    assert healthy >= 5


def test_every_fault_is_silent_once_it_is_taken_away(scores: dict[str, Score]) -> None:
    """`healthy` is the very network that most faults are planted on, without any."""
    healthy = scores["healthy"].verdict
    assert healthy.first_failing is None
    assert healthy.bypass.status == "none"
    assert healthy.rungs["attended"].status == "holds"


SOUND = {"image": (1, 64), "template": (65, 66), "instruction": (67, 74), "special": (0, 75)}
"""BOS, 64 image tokens, `action :`, 8 words, EOS; the action token at 76."""

TRUTH: dict[str, tuple[dict[str, tuple[int, int]], int, int]] = {
    # First and last position of each region; the action row; image tokens that reach it.
    "wrong_prompt_key": ({"image": (1, 64), "template": (65, 66)}, 68, 64),
    # Nothing moves with the words of the first instruction: they are all template.
    "stale_instruction": ({"image": (1, 64), "template": (65, 74)}, 76, 64),
    # Five of eight words are kept.
    "truncated": ({"image": (1, 64), "instruction": (67, 71)}, 73, 64),
    "unknown_directions": (SOUND, 76, 64),
    "text_overwritten": ({"image": (0, 63), "special": (64, 255)}, 256, 64),
    "length_leak": ({"image": (0, 63), "padding": (64, 255)}, 256, 11),
    # 24 - 11 = 13 positions of padding before the prompt.
    "padded_on_the_left": ({"padding": (65, 77), "instruction": (80, 87)}, 89, 64),
    "text_masked": ({"image": (1, 64), "instruction": (67, 74), "padding": (65, 75)}, 76, 64),
    # The action token at 65: all that follows stands one place later and cannot reach it.
    "action_before_text": ({"image": (1, 64), "instruction": (68, 75)}, 65, 64),
    "image_masked": (SOUND, 76, 0),
    "zeroed_values": (SOUND, 76, 64),
    "two_hops": (SOUND, 76, 64),
    "mean_pooled_bypass": (SOUND, 76, 64),
    "cross_attention_bypass": (SOUND, 76, 64),
    # The image moves with the instruction too.
    "film_bypass": ({"mixed": (1, 64), "instruction": (67, 74)}, 76, 0),
    "healthy": (SOUND, 76, 64),
    "healthy_recorded": (SOUND, 76, 64),
    "healthy_resumed": (SOUND, 76, 64),
    "healthy_left_padding": ({"padding": (65, 77), "instruction": (80, 87)}, 89, 64),
    # The action token before EOS, as upstream RoboVLMs has it.
    "healthy_action_before_eos": (SOUND | {"special": (0, 0), "padding": (76, 76)}, 75, 64),
}


def test_the_truth_of_every_plant_is_written_down() -> None:
    assert set(TRUTH) == {plant.name for plant in PLANTS}


@pytest.mark.parametrize("name", TRUTH)
def test_stack_regions_rows_and_masks_are_found_as_planted(
    name: str, scores: dict[str, Score]
) -> None:
    regions, row, image_reaching = TRUTH[name]
    result = scores[name].result
    (taken,) = (stack for stack in result.measurements.stacks if stack.taken)
    assert taken.pattern == "network.decoder.model.layers.*.self_attn"
    left = result.cases[0]
    assert left.action_rows == (row,)
    found = left.layouts["measured"].regions
    for region, (first, last) in regions.items():
        assert (found[region][0], found[region][-1]) == (first, last), region
    assert result.measurements.visibility.image_reachable == image_reaching


def test_hops_are_found_as_planted(scores: dict[str, Score]) -> None:
    def hops(name: str) -> tuple[int, int | None]:
        seen = scores[name].result.measurements.visibility
        return seen.instruction_direct, seen.instruction_hops

    assert hops("two_hops") == (0, 2)
    assert hops("text_masked") == (0, None)
    assert hops("action_before_text") == (0, None)
    assert hops("healthy") == (7, 1)  # forward has the fewest words: seven
