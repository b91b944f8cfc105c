"""Closed loop in heedmap's own room, with plain policies that read its pictures."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, partial
from pathlib import Path

import pytest

from heedmap.data.pixels import Frame
from heedmap.monitor.driving.babyai import BabyAi
from heedmap.monitor.driving.load import load_environment
from heedmap.policies.callable import CallablePolicy
from heedmap.report.driving.rates import curve, phases, rate_of
from heedmap.testbed.specimens.drive import drive, expert_driver
from heedmap.testbed.specimens.rooms import Room, draw_scene
from heedmap.testbed.specimens.world import ACTIONS, TILE_PX, VIEW_TILES, Target, side_of
from tests.monitor.driving.worlds import as_logits, driven, policy_of

LEFT, RIGHT, FORWARD = range(3)


@cache
def looks() -> dict[bytes, tuple[str, str]]:
    """Kind and colour of an object by its picture, from training rooms."""
    room, found = Room(), {}
    for seed in range(40):
        scene = draw_scene(seed, room)
        for each in scene.targets:
            tile = tile_of(scene.frame, each.right_tiles, each.ahead_tiles)
            found[tile] = (each.kind, each.color)
    assert len(found) == 18
    return found


def tile_of(frame: Frame, right: int, ahead: int) -> bytes:
    row, column = VIEW_TILES - 1 - ahead, VIEW_TILES // 2 + right
    rows = slice(TILE_PX * row, TILE_PX * (row + 1))
    return frame[rows, TILE_PX * column : TILE_PX * (column + 1)].tobytes()


def seen(frame: Frame) -> list[Target]:
    reach = VIEW_TILES // 2
    places = [(right, ahead) for ahead in range(VIEW_TILES) for right in range(-reach, reach + 1)]
    found = [(looks().get(tile_of(frame, *place)), place) for place in places]
    return [Target(*look, *place) for look, place in found if look is not None]


def heeding(frame: Frame, text: str) -> int:
    """The greedy expert on what is named; turns to look for it."""
    named = [t for t in seen(frame) if t.color in text and t.kind in text]
    return ACTIONS.index(side_of(named[0].right_tiles, named[0].ahead_tiles)) if named else LEFT


def nearest(frame: Frame, text: str) -> int:
    """Confounded: to the nearest object, whatever is said."""
    close = sorted(seen(frame), key=lambda target: target.distance_tiles)
    return ACTIONS.index(close[0].expert_action) if close else LEFT


class Decided:
    """Keeps its first instruction."""

    text: str | None = None

    def reset(self) -> None:
        self.text = None

    def run(self, frames: Sequence[Frame], texts: Sequence[str]) -> object:
        self.text = texts[0] if self.text is None else self.text
        return as_logits([heeding(frame, self.text) for frame in frames])


def decided() -> CallablePolicy:
    from torch import nn

    return CallablePolicy("decided", Decided().run, nn.Identity(), action_names=ACTIONS)


def test_rates_are_those_of_the_specimens_own_drive(tmp_path: Path) -> None:
    found = driven(policy_of(heeding), tmp_path / "out", BabyAi, episodes=8, max_steps=20)
    own = drive(expert_driver, "expert", episodes=8)
    right, wrong = rate_of(found, "right"), rate_of(found, "wrong")
    assert right == own.right.reached_target
    assert wrong == own.wrong.reached_target
    assert rate_of(found, "wrong", "other") == own.wrong.reached_other


def test_each_policy_has_the_steerability_that_it_must(tmp_path: Path) -> None:
    drives = partial(driven, maker=BabyAi, episodes=4, every=2, max_steps=20)
    heeds = drives(policy_of(heeding), tmp_path / "heeds")
    ignores = drives(policy_of(nearest), tmp_path / "ignores")
    first = drives(decided(), tmp_path / "first", keeps_state=True)
    change = {each.at: each.change.value for each in phases(heeds)}
    assert change["before_turn"] >= 0.8
    assert change["after_turn"] >= 0.5, "on some ways back another object is in the way"
    assert {each.change.value for each in curve(ignores)} == {0}
    at_start, *later = curve(first)
    assert at_start.change.value >= 0.8
    assert {each.change.value for each in later} == {0}
    assert {each.how for drive in (heeds, ignores, first) for each in drive.steered} == {"copied"}


def test_sides_are_said_anew_from_where_the_agent_is() -> None:
    room = load_environment("babyai-path", {})()
    sides = ("left", "right", "straight")
    for seed in range(4):
        if not room.begin(seed):
            continue
        before = room.look().texts["right"]
        room.act(as_logits([RIGHT])[0])
        after = room.look().texts["right"]
        assert before.split()[-2:] == after.split()[-2:], "the same object"
        if "right" in before.split():
            assert "left" not in after.split()
        assert sum(side in after.split() for side in sides) == 1


@pytest.mark.parametrize("scores", [as_logits([0])[0][:2], as_logits([0]).repeat(2, 0).flatten()])
def test_scores_that_are_no_action_are_one_sentence(scores) -> None:
    from heedmap.errors import PolicyError

    room = BabyAi()
    assert room.begin(0)
    with pytest.raises(PolicyError, match=rf"3 actions .* but the policy gives {len(scores)}"):
        room.act(scores)
