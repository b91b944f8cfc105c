"""BabyAI rooms, drawn with minigrid (the extra `specimens`); see `world` for their rules."""

from __future__ import annotations

from collections.abc import Callable

from heedmap.errors import MissingExtraError
from heedmap.testbed.specimens.world import (
    ACTIONS,
    COLORS,
    KINDS,
    TILE_PX,
    VIEW_TILES,
    Action,
    Scene,
    Target,
    side_of,
)

try:
    from minigrid.core.actions import Actions
    from minigrid.core.world_object import Ball, Box, Key, WorldObj
    from minigrid.envs.babyai.core.roomgrid_level import RoomGridLevel
    from minigrid.envs.babyai.core.verifier import GoToInstr, ObjDesc
except ImportError as error:  # pragma: no cover - the tests install the extra
    raise MissingExtraError("specimens", "minigrid") from error

__all__ = ["Actions", "Room", "draw_scene"]

_KINDS: dict[str, Callable[[str], WorldObj]] = {"key": Key, "ball": Ball, "box": Box}


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
