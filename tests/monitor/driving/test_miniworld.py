"""The room in 3-D. What draws is run by `make test-world`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from heedmap.data.observation import of_frame
from heedmap.data.pixels import Frame
from heedmap.errors import FrameError, HeedmapError, InputError, MissingExtraError, PolicyError
from heedmap.monitor.driving.miniworld import MiniWorldRoom
from heedmap.policies.registry import load_policy
from heedmap.report.driving.rates import curve, rate_of
from heedmap.testbed.miniworld import world
from heedmap.testbed.miniworld.policy import REGIMES
from heedmap.testbed.miniworld.world import FRAME_PX, Room3d, said
from heedmap.testbed.specimens.world import ACTIONS
from tests.monitor.driving.worlds import driven, policy_of


@pytest.fixture(scope="module")
def room() -> Room3d:
    try:
        return Room3d()
    except (MissingExtraError, InputError) as error:
        pytest.fail(str(error), pytrace=False)


def test_the_specimens_take_the_rooms_frames_and_no_others() -> None:
    for regime in REGIMES:
        policy = load_policy(f"specimen:miniworld-{regime}")
        frame = np.random.default_rng(0).integers(0, 256, (FRAME_PX, FRAME_PX, 3), np.uint8)
        texts = ["go to the red ball", "", "zzz!"]
        assert policy([of_frame(frame)] * 3, texts).shape == (3, len(ACTIONS))
        with pytest.raises(FrameError, match="112x112 px, got 56x56"):
            policy([of_frame(frame[:56, :56])], ["go"])
    with pytest.raises(PolicyError, match="'miniworld-x' is no specimen"):
        load_policy("specimen:miniworld-x")


def test_an_instruction_names_the_object_or_also_its_side() -> None:
    assert said("the red ball", "left", "goal") == "go to the red ball"
    assert said("the red ball", "left", "path", 1) == "steer to the left toward the red ball"


def test_a_machine_that_cannot_draw_is_told_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken() -> None:
        raise ImportError('Library "EGL" not found.')

    monkeypatch.setattr(world, "_room_class", lambda: broken)
    with pytest.raises(HeedmapError, match='cannot draw here .*"EGL" not found.*xvfb-run'):
        Room3d()


@pytest.mark.world
def test_the_expert_gets_there_and_each_room_is_drawn_again_alike(room: Room3d) -> None:
    steps = [room.expert_steps(place, seed, 30) for seed in range(6) for place in range(3)]
    assert sum(step is not None for step in steps) >= 12, "on some ways another object stands"
    room.reset(3)
    frame = room.frame()
    assert frame.shape == (FRAME_PX, FRAME_PX, 3)
    sides = [room.expert_action(thing) for thing in room.things]
    assert sides == ["left", "forward", "right"]
    room.act("left")
    assert (room.frame() != frame).any()
    other = Room3d()
    other.reset(4)
    room.reset(3)
    other.reset(5)
    assert (room.frame() == frame).all(), "another room is drawn beside it"
    other.close()


SHADES = ("red", "green", "blue")


def by_colour(frame: Frame, text: str) -> int:
    """A plain policy that drives to the pixels of the named colour; looks for them to the left."""
    colour = next((name for name in SHADES if name in text), None)
    if colour is None:
        return 2
    strong = SHADES.index(colour)
    others = [k for k in range(3) if k != strong]
    picture = frame.astype(int)
    mask = picture[..., strong] > 60
    for k in others:
        mask &= picture[..., k] < 0.5 * picture[..., strong]
    columns = np.nonzero(mask)[1]
    if len(columns) < 8:
        return 0
    away = columns.mean() / FRAME_PX - 0.5
    return 2 if abs(away) < 0.12 else 0 if away < 0 else 1


class ColouredRoom(MiniWorldRoom):
    """Rooms in which red, green and blue tell target and other from everything else."""

    def begin(self, seed: int) -> bool:
        if not super().begin(seed):
            return False
        texts = self.look().texts
        meant = [shade for text in texts.values() for shade in SHADES if shade in text]
        colours = [thing.color for thing in self._room.things]
        return len(set(meant)) == 2 and len(set(colours)) == 3


@pytest.mark.world
def test_a_policy_that_sees_colours_is_steered_by_replay(room: Room3d, tmp_path: Path) -> None:
    found = driven(
        *(policy_of(by_colour), tmp_path / "out", ColouredRoom), episodes=3, every=5, max_steps=30
    )
    right, wrong = rate_of(found, "right"), rate_of(found, "wrong")
    assert right is not None
    assert wrong is not None
    assert right.value > wrong.value
    assert {each.how for each in found.steered} == {"replayed"}
    assert curve(found)[0].change.value > 0
