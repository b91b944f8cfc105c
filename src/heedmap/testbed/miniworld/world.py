"""A room of Farama's `miniworld`: the robot's camera, and three objects, no two alike.

One object is to the left of the robot, one ahead and one to the right, all in view at first. A turn
is 15 degrees, a step forward 0.5 m. The expert turns towards the named object while its bearing
is more than half a turn off, and goes forward otherwise. Training rooms have seeds from 0,
held-out rooms from `HELD_OUT_SEED_START`.

Chevalier-Boisvert et al. 2023, "Minigrid & Miniworld: Modular & Customizable Reinforcement
Learning Environments for Goal-Oriented Tasks".
"""

from __future__ import annotations

import importlib
import importlib.util
import io
import math
import os
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from heedmap.data.pixels import Frame
from heedmap.errors import InputError, MissingExtraError, first_line_of
from heedmap.phrase import Phrase
from heedmap.testbed.specimens.world import COLORS, GOAL_VERBS, KINDS, PATH_VERBS, Action, Style

FRAME_PX = 112
TURN_DEG, STEP_M = 15.0, 0.5
SIZE_M = 8.0
NEAR_M = 0.6
"""Between the robot and the object, each taken as round; it must also face it."""
FACING_DEG = 15.0
BEARINGS_DEG = ((-26.0, -14.0), (-6.0, 6.0), (14.0, 26.0))
"""Of the left, the middle and the right object at first; the camera sees 30 degrees to a side."""
DISTANCES_M = (2.6, 4.8)
WALLS = ("concrete", "brick_wall", "drywall", "wood")
FLOORS = ("floor_tiles_bw", "asphalt", "wood_planks", "concrete_tiles")
_WAYS: dict[Action, str] = {
    "left": "to the left toward",
    "right": "to the right toward",
    "forward": "straight forward to",
}
ADVICE = Phrase(
    "it needs EGL (Debian: apt-get install libegl1 libgl1-mesa-dri libglu1-mesa), or an X "
    "server, such as xvfb-run before the command"
)


@dataclass(frozen=True, eq=False)
class Thing:
    """One object, and miniworld's own of it."""

    kind: str
    color: str
    entity: Any

    @property
    def name(self) -> str:
        """Such as "the red ball"."""
        return f"the {self.color} {self.kind}"


def said(name: str, action: Action, style: Style, verb: int = 0) -> str:
    """The sentence that names an object, by goal or by the side that it is on now."""
    if style == "goal":
        return f"{GOAL_VERBS[verb]} to {name}"
    return f"{PATH_VERBS[verb]} {_WAYS[action]} {name}"


class Room3d:
    """One room at a time. Raises InputError where nothing can be drawn here."""

    def __init__(self) -> None:
        kind = _room_class()
        try:
            with redirect_stdout(io.StringIO()):  # miniworld prints about multisampling
                self._env = kind()
        except Exception as error:
            raise InputError(
                "miniworld cannot draw here ({error_kind}: {why}); {advice}.",
                error_kind=type(error).__name__,
                why=first_line_of(error),
                advice=ADVICE,
            ) from error

    @property
    def things(self) -> tuple[Thing, ...]:
        """The left, the middle and the right object, as they are at first."""
        return tuple(self._env.things)

    def reset(self, seed: int) -> None:
        """Draw the room of a seed."""
        self._env.reset(seed=seed)

    def frame(self) -> Frame:
        """What the camera sees.

        miniworld keeps each room's walls as display list 1, which all of a process's rooms share:
        without compiling it again a room would have the walls of the one that was drawn last.
        """
        self._env._render_static()
        return np.ascontiguousarray(self._env.render_obs())

    def act(self, action: Action) -> None:
        """Turn, or go forward where nothing is in the way."""
        if action == "forward":
            self._env.move_agent(STEP_M, 0.0)
        else:
            self._env.turn_agent(TURN_DEG if action == "left" else -TURN_DEG)

    def bearing_deg(self, thing: Thing) -> float:
        """Of an object from the robot, -180 to 180; above 0 to the right."""
        away, robot = thing.entity.pos - self._env.agent.pos, self._env.agent
        return math.degrees(math.atan2(away @ robot.right_vec, away @ robot.dir_vec))

    def distance_m(self, thing: Thing) -> float:
        """From the robot's middle to the object's."""
        away = thing.entity.pos - self._env.agent.pos
        return float(np.hypot(away[0], away[2]))

    def expert_action(self, thing: Thing) -> Action:
        """Of the expert who is sent to this object."""
        bearing = self.bearing_deg(thing)
        if abs(bearing) <= TURN_DEG / 2:
            return "forward"
        return "right" if bearing > 0 else "left"

    def is_reached(self, thing: Thing) -> bool:
        """Close by, and facing it."""
        between = self.distance_m(thing) - thing.entity.radius - self._env.agent.radius
        return between <= NEAR_M and abs(self.bearing_deg(thing)) <= FACING_DEG

    def expert_steps(self, place: int, seed: int, most: int) -> int | None:
        """Steps of the expert to the object at that place of the room; None where it fails.

        The room of that seed is drawn for it, and the robot is left where it came to.
        """
        self.reset(seed)
        thing = self.things[place]
        for step in range(most + 1):
            if self.is_reached(thing):
                return step
            self.act(self.expert_action(thing))
        return None

    def close(self) -> None:
        """Give back the window."""
        self._env.close()
        self._env.shadow_window.close()


@cache
def _room_class() -> Any:
    """A class of miniworld's; without a display it draws by EGL."""
    if importlib.util.find_spec("miniworld") is None:
        raise MissingExtraError("miniworld", "miniworld")
    try:
        pyglet = importlib.import_module("pyglet")
        if "DISPLAY" not in os.environ:
            pyglet.options["headless"] = True
        base = importlib.import_module("miniworld.miniworld").MiniWorldEnv
        entities = importlib.import_module("miniworld.entity")
    except Exception as error:
        raise InputError(
            "miniworld cannot be used here ({error_kind}: {why}); {advice}.",
            error_kind=type(error).__name__,
            why=first_line_of(error),
            advice=ADVICE,
        ) from error

    class DrawnRoom(base):
        """The room with its three objects."""

        def __init__(self) -> None:
            super().__init__(obs_width=FRAME_PX, obs_height=FRAME_PX)

        def _gen_world(self) -> None:
            rng = self.np_random
            looks = {"wall_tex": WALLS, "floor_tex": FLOORS}
            chosen = {name: texs[int(rng.integers(len(texs)))] for name, texs in looks.items()}
            self.add_rect_room(min_x=0, max_x=SIZE_M, min_z=0, max_z=SIZE_M, **chosen)
            start = np.array([rng.uniform(0.8, 1.4), 0.0, SIZE_M / 2 + rng.uniform(-0.5, 0.5)])
            self.place_entity(self.agent, pos=start, dir=math.radians(rng.uniform(-5, 5)))
            names = [(kind, color) for kind in KINDS for color in COLORS]
            self.things = []
            for place, bearings in zip(rng.permutation(len(names)), BEARINGS_DEG, strict=False):
                kind, color = names[int(place)]
                angle = self.agent.dir - math.radians(rng.uniform(*bearings))
                away = np.array([math.cos(angle), 0.0, -math.sin(angle)])
                entity = _entity(entities, kind, color)
                self.place_entity(entity, pos=start + rng.uniform(*DISTANCES_M) * away)
                self.things.append(Thing(kind, color, entity))

    return DrawnRoom


def _entity(entities: Any, kind: str, color: str) -> Any:
    if kind == "box":
        return entities.Box(color, size=0.6)
    if kind == "ball":
        return entities.Ball(color, size=0.7)
    return entities.MeshEnt(f"key_{color}", height=0.35, static=False)
