"""Frames of the 3-D room in bulk, with every object's place in the picture and its expert action.

Frames of training come from rooms of seeds from 0 on, held-out ones from `HELD_OUT_SEED_START` on.
Frames may be taken on a walk through the room: of it, what is not in view has no label.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int, UInt8

from heedmap.testbed.miniworld.world import Room3d, said
from heedmap.testbed.specimens.world import ACTIONS, COLORS, KINDS

THINGS = 3
HALF_VIEW_DEG = 28.0
"""An object whose bearing is larger is taken as out of view; the camera sees 30 degrees."""
TURN_SHARE = 0.7
"""Of the steps of a walk."""


@dataclass(frozen=True)
class Scenes:
    """Frames and, for each, its three objects."""

    frames: UInt8[np.ndarray, "frame height width 3"]
    kinds: Int[np.ndarray, "frame thing"]
    """Of `KINDS`."""
    colors: Int[np.ndarray, "frame thing"]
    """Of `COLORS`."""
    actions: Int[np.ndarray, "frame thing"]
    """The expert's, of `ACTIONS`, when sent to that object."""
    bearings_deg: Float[np.ndarray, "frame thing"]
    distances_m: Float[np.ndarray, "frame thing"]

    def __len__(self) -> int:
        return len(self.frames)

    def instruction(self, frame: int, thing: int, verb: int = 0) -> str:
        """The sentence that names this object."""
        name = f"the {COLORS[self.colors[frame, thing]]} {KINDS[self.kinds[frame, thing]]}"
        return said(name, "forward", "goal", verb)

    @property
    def is_in_view(self) -> np.ndarray:
        """(frame, thing)."""
        return np.abs(self.bearings_deg) < HALF_VIEW_DEG

    @property
    def nearest(self) -> np.ndarray:
        """The object in view that is nearest to the robot, (frame)."""
        return np.where(self.is_in_view, self.distances_m, np.inf).argmin(axis=1)

    def every(self, step: int) -> Scenes:
        """One of so many frames."""
        return Scenes(*(getattr(self, each.name)[::step] for each in fields(self)))

    def save(self, path: Path) -> None:
        """As .npz."""
        np.savez_compressed(path, **{each.name: getattr(self, each.name) for each in fields(self)})

    @classmethod
    def load(cls, path: Path) -> Scenes:
        """What `save` wrote."""
        with np.load(path) as stored:
            return cls(**{each.name: stored[each.name] for each in fields(cls)})


def collect(rooms: int, walk_steps: int, first_seed: int = 0) -> Scenes:
    """The first frame of each room, and those of a random walk that show two objects or more."""
    room, rows = Room3d(), list[tuple[object, ...]]()
    try:
        for seed in range(first_seed, first_seed + rooms):
            room.reset(seed)
            rng = np.random.default_rng(seed)
            rows.append(_look(room))
            for _ in range(walk_steps):
                turns = ACTIONS[int(rng.integers(2))]
                room.act(turns if rng.random() < TURN_SHARE else "forward")
                if sum(abs(room.bearing_deg(each)) < HALF_VIEW_DEG for each in room.things) > 1:
                    rows.append(_look(room))
    finally:
        room.close()
    return Scenes(*(np.array(column) for column in zip(*rows, strict=True)))


def _look(room: Room3d) -> tuple[object, ...]:
    """One row of `Scenes`."""
    things = room.things
    return (
        room.frame(),
        [KINDS.index(each.kind) for each in things],
        [COLORS.index(each.color) for each in things],
        [ACTIONS.index(room.expert_action(each)) for each in things],
        [room.bearing_deg(each) for each in things],
        [room.distance_m(each) for each in things],
    )
