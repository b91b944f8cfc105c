"""BabyAI rooms with an expert: where the specimens' frames and instructions come from.

A room is one 6x6 BabyAI room (package `minigrid`) with an agent and three to eight
objects, no two alike, at least one on each *side* of the agent: left, right, ahead.
The frame is the agent's egocentric view of 7x7 tiles at 8 pixels a tile. In the view
the agent stands at the bottom centre and looks up; a target `ahead_tiles` up and
`right_tiles` to the right has the bearing atan2(right, ahead).

Expert action, from the bearing of the named target: `forward` up to and including 45
degrees to either side, else `left` or `right`. A turn is 90 degrees, so this greedy
rule drives the agent next to the target without ever turning back.

Rooms are drawn from a seed. Training seeds start at 0, held-out seeds at
`HELD_OUT_SEED_START`, so no training room is ever evaluated on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from heedmap.errors import MissingExtraError
from heedmap.types import Frame

try:
    from minigrid.core.constants import COLOR_NAMES
    from minigrid.core.world_object import Ball, Box, Key, WorldObj
    from minigrid.envs.babyai.core.roomgrid_level import RoomGridLevel
    from minigrid.envs.babyai.core.verifier import GoToInstr, ObjDesc
except ImportError as error:  # pragma: no cover - the tests install the extra
    raise MissingExtraError("specimens", "minigrid") from error

Action = Literal["left", "right", "forward"]
ACTIONS: tuple[Action, ...] = get_args(Action)
"""The discrete actions, in the order of the policies' logits."""

Style = Literal["goal", "path"]
"""`goal`: "go to the blue key"; `path`, as in the seed: "navigate to the left toward ..."."""

VIEW_TILES = 7
TILE_PX = 8
FRAME_PX = VIEW_TILES * TILE_PX
HELD_OUT_SEED_START = 1_000_000_000

GOAL_VERBS = ("go", "walk", "head")
PATH_VERBS = ("navigate", "steer", "drive")
"""Verbs are synonyms of equal length; the first is the one that frame cases use."""

_KINDS: dict[str, Callable[[str], WorldObj]] = {"key": Key, "ball": Ball, "box": Box}
KINDS = tuple(_KINDS)
COLORS = tuple(COLOR_NAMES)


@dataclass(frozen=True)
class Target:
    """One object in view and where it stands, seen from the agent."""

    kind: str
    color: str
    right_tiles: int
    ahead_tiles: int

    @property
    def expert_action(self) -> Action:
        """What the expert does when this object is named."""
        return side_of(self.right_tiles, self.ahead_tiles)

    @property
    def distance_tiles(self) -> int:
        """Tiles to walk (Manhattan)."""
        return abs(self.right_tiles) + abs(self.ahead_tiles)

    def instruction(self, style: Style, verb_index: int = 0) -> str:
        """The sentence that names this object as the goal.

        `verb_index` picks among verbs that mean the same (a paraphrase of equal length).
        """
        thing = f"the {self.color} {self.kind}"
        if style == "goal":
            return f"{GOAL_VERBS[verb_index]} to {thing}"
        way = {
            "left": "to the left",
            "right": "to the right",
            "forward": "straight forward",
        }[self.expert_action]
        joint = "to" if self.expert_action == "forward" else "toward"
        return f"{PATH_VERBS[verb_index]} {way} {joint} {thing}"


@dataclass(frozen=True)
class Scene:
    """One frame and every object that stands in it."""

    frame: Frame
    targets: tuple[Target, ...]

    def nearest(self) -> Target:
        """The object with the fewest tiles to walk; of equals the first in reading order."""
        return min(self.targets, key=lambda target: target.distance_tiles)


@dataclass(frozen=True)
class FrameCase:
    """One frame with three instructions whose expert actions are left, right and forward.

    `instructions` and `targets` are keyed by the expert action, which is also the name
    of the instruction.
    """

    seed: int
    frame: Frame
    targets: dict[Action, Target]
    instructions: dict[str, str]
    recorded: Action
    """The instruction that an operator's log would have: it names the nearest object."""

    def paraphrases(self, style: Style) -> dict[str, tuple[str, ...]]:
        """Each instruction with the other verbs that mean the same."""
        verbs = range(1, len(GOAL_VERBS))
        return {
            side: tuple(target.instruction(style, verb) for verb in verbs)
            for side, target in self.targets.items()
        }


def side_of(right_tiles: int, ahead_tiles: int) -> Action:
    """The expert's action for a bearing: forward within 45 degrees, else the target's side."""
    if abs(right_tiles) <= ahead_tiles:
        return "forward"
    return "left" if right_tiles < 0 else "right"


class Room(RoomGridLevel):
    """A BabyAI level of one room, with one to three objects in view on every side.

    A `sparse` room has objects on one side only, or on two. Its frames leave less to
    choose, and training starts to learn from them; evaluation never uses them.
    """

    def __init__(self, *, sparse: bool = False) -> None:
        self.sparse = sparse
        super().__init__(num_rows=1, num_cols=1, room_size=8)

    def gen_mission(self) -> None:
        """Place agent and objects; the mission is to go to the last object placed."""
        cells = self._place_agent_with_all_sides()
        looks = [(kind, color) for kind in KINDS for color in COLORS]
        self.np_random.shuffle(looks)
        goal = looks[-1]
        sides = list(self.np_random.permutation(ACTIONS))
        if self.sparse:
            sides = sides[: int(self.np_random.integers(1, 3))]
        most = 1 if self.sparse else 3
        for side in sides:
            count = min(int(self.np_random.integers(1, most + 1)), len(cells[side]))
            for index in self.np_random.permutation(len(cells[side]))[:count]:
                goal = looks.pop()
                self.put_obj(_KINDS[goal[0]](goal[1]), *cells[side][index])
        self.instrs = GoToInstr(ObjDesc(*goal))

    def _place_agent_with_all_sides(self) -> dict[Action, list[tuple[int, int]]]:
        """Place the agent and return the free room cells in view, by side."""
        while True:
            self.place_agent()
            cells: dict[Action, list[tuple[int, int]]] = {side: [] for side in ACTIONS}
            for ahead in range(VIEW_TILES):
                for right in range(-(VIEW_TILES // 2), VIEW_TILES // 2 + 1):
                    x, y = self.agent_pos + self.dir_vec * ahead + self.right_vec * right
                    inside = 0 < x < self.width - 1 and 0 < y < self.height - 1
                    if inside and (right, ahead) != (0, 0):
                        cells[side_of(right, ahead)].append((int(x), int(y)))
            if all(cells.values()):
                return cells

    def scene(self) -> Scene:
        """What the agent sees now: the rendered view and the objects in it."""
        grid, visible = self.gen_obs_grid()
        targets = tuple(
            Target(cell.type, cell.color, column - VIEW_TILES // 2, VIEW_TILES - 1 - row)
            for row in range(VIEW_TILES)
            for column in range(VIEW_TILES)
            if (cell := grid.get(column, row)) is not None
            and visible[column, row]
            and cell.type in _KINDS
        )
        return Scene(self.get_pov_render(TILE_PX), targets)


def draw_scene(seed: int, room: Room | None = None) -> Scene:
    """The room of a seed, as its agent first sees it. Pass a `Room` to reuse it (faster)."""
    room = room or Room()
    room.reset(seed=seed)
    return room.scene()


def frame_case(seed: int, style: Style = "path", room: Room | None = None) -> FrameCase:
    """The held-out frame case number `seed` (0, 1, 2, ...): an object drawn from each side.

    Raises ValueError for a negative seed.
    """
    if seed < 0:
        raise ValueError(f"A frame case's seed is 0 or more, got {seed}.")
    scene = draw_scene(HELD_OUT_SEED_START + seed, room)
    rng = np.random.default_rng(HELD_OUT_SEED_START + seed)
    targets: dict[Action, Target] = {}
    for side in ACTIONS:
        candidates = [t for t in scene.targets if t.expert_action == side]
        targets[side] = candidates[int(rng.integers(len(candidates)))]
    return FrameCase(
        seed=seed,
        frame=scene.frame,
        targets=targets,
        instructions={side: target.instruction(style) for side, target in targets.items()},
        recorded=scene.nearest().expert_action,
    )


VOCABULARY_WORDS: tuple[str, ...] = tuple(
    dict.fromkeys(
        [
            *("action", ":", *GOAL_VERBS, *PATH_VERBS),
            *("to", "the", "left", "right", "straight", "forward", "toward"),
            *(*COLORS, *KINDS),
        ]
    )
)
"""Every word that an instruction of this world, or the policies' prompt, is made of."""
