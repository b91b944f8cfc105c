"""Planted faults: what was planted is found, and on the healthy nothing is.

The rungs 1-4 and the bypass do not depend on training and are judged on random networks;
the upper rungs on a fixed part of the trained population. `heedmap specimens score --full`
judges all of it (docs/scoreboard.md).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import pytest

from heedmap.ladder.evidence import Intervention
from heedmap.testbed.scoreboard.run import Score, score_plants
from heedmap.testbed.scoreboard.summary import false_alarms, summarise
from heedmap.testbed.specimens.network import TinyKosmos2Policy, Wiring
from heedmap.testbed.specimens.planted import STRUCTURAL, UNTRAINED_ROADS, Plant, population_plants
from heedmap.testbed.specimens.population import DEVELOPMENT_SEEDS
from tests.conftest import random_network

PLANTS = (*STRUCTURAL, *UNTRAINED_ROADS)


def network_for(base: str) -> TinyKosmos2Policy:
    return random_network(cast("Wiring", base.split("@")[1]))


@pytest.fixture(scope="module")
def scores() -> dict[str, Score]:
    scored = score_plants(PLANTS, base_for=network_for, trials=0)
    return {score.plant.name: score for score in scored}


@pytest.mark.parametrize("plant", PLANTS, ids=[plant.name for plant in PLANTS])
def test_what_was_planted_is_named(plant: Plant, scores: dict[str, Score]) -> None:
    score = scores[plant.name]
    assert score.named == plant.cause
    assert score.verdict.bypass.module == plant.bypass_module


def test_no_false_alarm_on_the_healthy(scores: dict[str, Score]) -> None:
    alarms, healthy = false_alarms(list(scores.values()))
    assert alarms == 0
    assert healthy >= 3


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


# The upper rungs, on networks that were trained.

SUBSET = (
    *(f"{fault} on heeding-0" for fault in ("healthy", "text_masked", "text_overwritten")),
    *(f"{kind}-0" for kind in ("two_hops", "before_eos", "left_padding", "confounded", "unused")),
    *(f"{kind}-0" for kind in ("disobeys", "mean_pooled", "cross_attention", "film")),
)
MAPPED = ("healthy on heeding-0", "before_eos-0", "left_padding-0", "disobeys-0", "film-0")
"""Correlations over policies need a few of which it is known where the instruction is used."""
TRIALS = 4


@pytest.fixture(scope="module")
def trained() -> dict[str, Score]:
    """Of some the map too, on which no verdict rests."""
    plants = {plant.name: plant for plant in population_plants()}
    ways: tuple[tuple[Iterable[str], Intervention], ...] = (
        (MAPPED, "map"),
        (set(SUBSET) - set(MAPPED), "cut"),
    )
    found = [
        score
        for names, until in ways
        for score in score_plants([plants[name] for name in names], trials=TRIALS, until=until)
    ]
    return {score.plant.name: score for score in found}


@pytest.mark.parametrize("name", SUBSET)
def test_what_was_trained_is_named(name: str, trained: dict[str, Score]) -> None:
    score = trained[name]
    assert score.named == score.plant.cause, score.verdict.sentence
    assert score.bypass_is_right


def test_on_a_healthy_one_all_six_rungs_hold(trained: dict[str, Score]) -> None:
    for name in ("healthy on heeding-0", "before_eos-0", "left_padding-0"):
        verdict = trained[name].verdict
        assert {rung.status for rung in verdict.rungs.values()} == {"holds"}
        assert (verdict.needed.status, verdict.competent.status) == ("holds", "holds")


def test_trained_with_shuffled_instructions_attended_may_hold_used_and_obeyed_fail(
    trained: dict[str, Score],
) -> None:
    verdict = trained["unused-0"].verdict
    told = {name: rung.status for name, rung in verdict.rungs.items()}
    assert (told["attended"], told["used"], told["obeyed"]) == ("holds", "fails", "fails")
    assert "is attended" in verdict.sentence
    assert "does not depend on it" in verdict.sentence


def test_two_hops_are_found_by_cutting(trained: dict[str, Score]) -> None:
    """No direct edges to cut, so cutting those changes nothing; cutting all of them does."""
    used = trained["two_hops-0"].result.measurements.used
    assert used is not None
    assert used.mediated_directly.value == 0
    assert used.mediated.value > 0.3
    assert "through other positions" in trained["two_hops-0"].verdict.sentence
    direct = trained["healthy on heeding-0"].result.measurements.used
    assert direct is not None
    assert direct.mediated_directly.value > 0.3


def test_a_swap_is_told_with_its_actions(trained: dict[str, Score]) -> None:
    verdict = trained["disobeys-0"].verdict
    assert verdict.rungs["used"].status == "holds"
    assert "left <-> right" in verdict.sentence


def test_the_summary_counts_baselines_and_correlations(trained: dict[str, Score]) -> None:
    summary = summarise(list(trained.values()))
    assert (summary.right, summary.false_alarms, summary.healthy) == (len(SUBSET), 0, 3)
    ours, published_rule, *_ = summary.rated
    assert ours.right == len(SUBSET)
    # The published rule calls policies that attend without using it following.
    assert published_rule.missed >= 3
    share = summary.correlations[0]
    assert share.reading == "share"
    assert share.policies >= 5


def test_the_full_scoreboard_is_large_and_keeps_development_apart() -> None:
    plants = population_plants()
    names = [plant.name for plant in plants]
    assert len(set(names)) == len(names) >= 80
    assert len({plant.cause for plant in plants} - {"none"}) >= 12
    assert not any(f"-{seed}" in name for name in names for seed in DEVELOPMENT_SEEDS)
