"""The world is what its documentation says, seed by seed."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from minigrid.core.constants import COLOR_NAMES

from heedmap.testbed.specimens.cases import SHIPPED_CASES, drawn_scene, frame_case, shipped_scenes
from heedmap.testbed.specimens.rooms import Room, draw_scene
from heedmap.testbed.specimens.tokenizer import WordTokenizer
from heedmap.testbed.specimens.world import (
    ACTIONS,
    COLORS,
    FRAME_PX,
    HELD_OUT_SEED_START,
    TILE_PX,
    VIEW_TILES,
    side_of,
)

ROOM = Room()
SPARSE = Room(sparse=True)


@pytest.mark.parametrize(
    ("right", "ahead", "action"),
    [
        *[(0, 3, "forward"), (2, 2, "forward"), (-2, 2, "forward")],  # 0 and 45 degrees
        *[(2, 1, "right"), (-1, 0, "left"), (3, 0, "right")],  # beyond 45 degrees
    ],
)
def test_expert_action_by_hand(right: int, ahead: int, action: str) -> None:
    assert side_of(right, ahead) == action


@given(st.integers(-3, 3), st.integers(0, 6))
def test_expert_action_is_the_bearing_rule(right: int, ahead: int) -> None:
    bearing_deg = math.degrees(math.atan2(right, ahead))
    expected = "forward" if abs(bearing_deg) <= 45 else ("left" if bearing_deg < 0 else "right")
    if (right, ahead) != (0, 0):
        assert side_of(right, ahead) == expected


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31))
def test_a_frame_case_has_one_target_a_side_all_distinct(seed: int) -> None:
    case = frame_case(seed)
    assert case.frame.shape == (FRAME_PX, FRAME_PX, 3)
    assert tuple(case.targets) == tuple(case.instructions) == ACTIONS
    for side, target in case.targets.items():
        assert target.expert_action == side
    scene = draw_scene(HELD_OUT_SEED_START + seed, ROOM)
    looks = [(target.kind, target.color) for target in scene.targets]
    assert len(set(looks)) == len(looks)
    assert {target.expert_action for target in scene.targets} == set(ACTIONS)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31))
def test_a_sparse_room_has_one_or_two_objects(seed: int) -> None:
    assert 1 <= len(draw_scene(seed, SPARSE).targets) <= 2


def test_objects_stand_where_the_frame_shows_them() -> None:
    """A tile with an object is not drawn like the bare floor; the agent's column is 3."""
    scene = draw_scene(7, ROOM)
    tiles = scene.frame.reshape(VIEW_TILES, TILE_PX, VIEW_TILES, TILE_PX, 3).swapaxes(1, 2)
    taken = {(VIEW_TILES - 1 - t.ahead_tiles, t.right_tiles + 3) for t in scene.targets}
    agent = (VIEW_TILES - 1, 3)
    plain = {
        tiles[row, column].tobytes()
        for row in range(VIEW_TILES)
        for column in range(VIEW_TILES)
        if (row, column) not in taken | {agent}
    }
    assert len(plain) <= 4  # floor and wall, each lit or dark
    for row, column in taken:
        assert tiles[row, column].tobytes() not in plain


@pytest.mark.parametrize("seed", [3, SHIPPED_CASES + 3])
def test_a_scene_is_the_same_in_a_new_room(seed: int) -> None:
    first = draw_scene(HELD_OUT_SEED_START + seed, Room())
    case, second = frame_case(seed), drawn_scene(seed)
    assert np.array_equal(first.frame, case.frame)
    assert np.array_equal(first.frame, second.frame)
    assert first.targets == second.targets


def test_the_shipped_scenes_are_those_that_are_drawn() -> None:
    for seed, scene in enumerate(shipped_scenes()):
        drawn = drawn_scene(seed)
        assert np.array_equal(scene.frame, drawn.frame)
        assert scene.targets == drawn.targets


def test_the_worlds_words_are_minigrids() -> None:
    assert tuple(COLOR_NAMES) == COLORS


def test_held_out_rooms_are_not_training_rooms() -> None:
    frames = {draw_scene(seed, ROOM).frame.tobytes() for seed in range(300)}
    assert not frames & {frame_case(seed).frame.tobytes() for seed in range(300)}
    with pytest.raises(ValueError, match="0 or more"):
        frame_case(-1)


def test_instructions_have_the_published_token_counts() -> None:
    case = frame_case(0)
    tokens = WordTokenizer(max_tokens=256)
    counts = {side: len(tokens.encode(text)) for side, text in case.instructions.items()}
    assert counts == {"left": 12, "right": 12, "forward": 11}
    for target in case.targets.values():
        for style in ("goal", "path"):
            lengths = {len(target.instruction(style, verb).split()) for verb in range(3)}
            assert len(lengths) == 1
            assert 3 not in [
                t for v in range(3) for t in tokens.encode(target.instruction(style, v))
            ]
