"""Planted faults on random networks: what was planted is found, and on the healthy nothing is.

Weights are random and small, for no rung below *used* depends on training; the shipped
specimens are scored by `heedmap specimens score`.
"""

from __future__ import annotations

from typing import cast

import pytest

from heedmap.pipeline import audit
from heedmap.record import PolicyResult
from heedmap.scoreboard import Score, bare_policy, false_alarms, score_plants
from heedmap.specimens.network import TinyKosmos2Policy, Wiring
from heedmap.specimens.planted import PLANTS, Plant
from heedmap.specimens.world import FrameCase
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


def examined(plant_name: str, case: FrameCase) -> PolicyResult:
    plant = next(plant for plant in PLANTS if plant.name == plant_name)
    policy = bare_policy(plant.name, plant.build(network_for(plant.base)))
    return audit(policy, case.frame, case.instructions).record.policies[0]


@pytest.mark.parametrize(
    ("name", "regions", "row"),
    [
        # BOS, 64 image tokens, `action :`, 8 words, EOS, action.
        ("healthy", {"image": (1, 64), "template": (65, 66), "instruction": (67, 74)}, 76),
        # The action token at 65, so that all that follows stands one place later.
        ("action_before_text", {"image": (1, 64), "instruction": (68, 75)}, 65),
        # The action token before EOS, the way upstream RoboVLMs has it.
        ("healthy_action_before_eos", {"image": (1, 64), "instruction": (67, 74)}, 75),
        # 24 - 11 = 13 positions of padding before the prompt.
        ("padded_on_the_left", {"padding": (65, 77), "instruction": (80, 87)}, 89),
        # Behind the action row nothing is masked, but nothing can reach it either.
        ("text_masked", {"image": (1, 64), "instruction": (67, 74), "padding": (65, 75)}, 76),
        ("length_leak", {"image": (0, 63), "padding": (64, 255)}, 256),
    ],
)
def test_stack_regions_and_rows_are_found_as_planted(
    name: str, regions: dict[str, tuple[int, int]], row: int, case: FrameCase
) -> None:
    result = examined(name, case)
    (taken,) = (stack for stack in result.measurements.stacks if stack.taken)
    assert taken.pattern == "network.decoder.model.layers.*.self_attn"
    left = result.cases[0]
    assert left.action_rows == (row,)
    found = left.layouts["measured"].regions
    for region, (first, last) in regions.items():
        assert (found[region][0], found[region][-1]) == (first, last), region


def test_masks_are_found_as_planted(case: FrameCase) -> None:
    two_hops = examined("two_hops", case).measurements.visibility
    assert (two_hops.instruction_direct, two_hops.instruction_hops) == (0, 2)
    masked = examined("image_masked", case).measurements.visibility
    assert (masked.image_total, masked.image_reachable) == (64, 0)
    leak = examined("length_leak", case).measurements.visibility
    assert leak.image_direct == 11  # of left, right (12) and forward (11) the fewest
