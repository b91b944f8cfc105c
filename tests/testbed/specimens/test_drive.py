"""Closed loop: the loop itself is proved with the greedy expert, the rates with known drivers."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from heedmap.testbed.specimens.drive import drive, expert_driver, network_driver
from heedmap.testbed.specimens.episodes import Episode, draw_episodes, greedy_steps
from heedmap.testbed.specimens.rooms import Room, draw_scene
from heedmap.testbed.specimens.world import (
    HELD_OUT_SEED_START,
    Action,
    Scene,
    Style,
    Target,
    side_of,
)
from heedmap.testbed.specimens.zoo import load_specimen
from tests.cli.conftest import Cli, cli

__all__ = ["cli"]

EPISODES = 12


@pytest.mark.parametrize("style", ["goal", "path"])
def test_the_expert_reaches_what_it_is_told_and_not_the_other(style: Style) -> None:
    found = drive(expert_driver, "expert", style=style, episodes=EPISODES)
    assert found.right.reached_target.value == 1
    assert found.wrong.reached_other.value == 1
    # Told of the other object, it comes by the target only where that lies on the way.
    assert found.wrong.reached_target.value <= 0.25
    assert found.right.reached_target.n == EPISODES
    assert found.right.mean_steps is not None
    assert found.right.mean_steps <= 10


def test_a_driver_that_ignores_the_instruction_has_equal_rates() -> None:
    """It goes to the nearest object, whatever it is told: twice the same run."""

    def nearest(scenes: Sequence[Scene], _: Sequence[str]) -> list[Action]:
        return [s.nearest().expert_action if s.targets else "left" for s in scenes]

    found = drive(nearest, "nearest", episodes=EPISODES)
    assert found.right.reached_target == found.wrong.reached_target
    assert found.right.reached_other == found.wrong.reached_other
    assert found.right.reached_target.successes > 0  # it does get somewhere


def test_a_driver_that_turns_on_the_spot_reaches_nothing_it_does_not_face() -> None:
    def turn(scenes: Sequence[Scene], _: Sequence[str]) -> list[Action]:
        return ["left" for _ in scenes]

    found = drive(turn, "turning", episodes=EPISODES, max_steps=8)
    beside = [
        sum(abs(part) for part in (e.target.right_tiles, e.target.ahead_tiles)) == 1
        for e in draw_episodes(EPISODES)
    ]
    assert found.right.reached_target.successes == sum(beside)


def test_the_trained_specimen_follows_in_closed_loop() -> None:
    network = load_specimen("exp42_counterfactual_pta@sound")
    found = drive(network_driver(network), "exp42", style="path", episodes=EPISODES)
    assert found.right.reached_target.value >= 0.9
    assert found.wrong.reached_target.value <= 0.2
    assert found.right.reached_target.low > found.wrong.reached_target.high


def test_episodes_are_drawn_from_held_out_rooms_and_can_be_drawn_again() -> None:
    first, again = draw_episodes(5, 3), draw_episodes(5, 3)
    assert first == again
    for episode in first:
        targets = draw_scene(HELD_OUT_SEED_START + episode.seed).targets
        assert episode.target in targets
        assert episode.other in targets
        sides = [side_of(t.right_tiles, t.ahead_tiles) for t in (episode.target, episode.other)]
        assert sides[0] != sides[1]


def test_greedy_steps_by_hand() -> None:
    """Two ahead: one step. Behind another object: no way. One to the left: one turn."""
    frame = draw_scene(0, Room()).frame
    ahead, behind = Target("key", "red", 0, 2), Target("ball", "blue", 0, 4)
    left, facing = Target("box", "grey", -1, 0), Target("box", "grey", 0, 1)
    assert greedy_steps(ahead, Scene(frame, (ahead,))) == 1
    assert greedy_steps(behind, Scene(frame, (ahead, behind))) is None
    assert greedy_steps(left, Scene(frame, (left,))) == 1
    assert greedy_steps(facing, Scene(frame, (facing,))) is None  # nothing is left to do


def test_an_episode_needs_a_seed_and_steps() -> None:
    assert isinstance(draw_episodes(1)[0], Episode)
    with pytest.raises(ValueError, match="0 or more"):
        draw_episodes(1, -1)
    with pytest.raises(ValueError, match="1 or more"):
        drive(expert_driver, "expert", episodes=0)


def test_the_command_prints_both_rates(cli: Cli) -> None:
    name = "exp42_counterfactual_pta@sound"
    ran = cli("specimens", "drive", name, "--episodes", "3", "--style", "path")
    assert ran.code == 0, ran.err
    assert "the other object" in ran.out
    ran = cli("specimens", "drive", name, "--episodes", "3", "--style", "path", "--json")
    found = json.loads(ran.out)
    assert found["right"]["reached_target"]["n"] == 3
    ran = cli("specimens", "drive", "exp99@sound")
    assert ran.code == 1
    assert "Unknown specimen" in ran.err
