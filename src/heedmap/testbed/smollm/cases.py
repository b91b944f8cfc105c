"""Held-out rooms as trials: the first frame, and an instruction for each of its three objects.

The first are shipped as pictures, so that auditing a specimen needs no miniworld.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np

from heedmap.data.images import decode_image, png_bytes
from heedmap.data.observation import of_frame
from heedmap.data.trials import Trial
from heedmap.errors import InputError
from heedmap.phrase import Phrase
from heedmap.record.files import write_whole
from heedmap.testbed.miniworld.world import FRAME_PX
from heedmap.testbed.smollm.scenes import THINGS, Scenes, collect
from heedmap.testbed.specimens.world import ACTIONS, GOAL_VERBS, HELD_OUT_SEED_START

SHIPPED = 24
FRAMES_FILE, THINGS_FILE = "frames.png", "things.json"


def room_trials(count: int) -> list[Trial]:
    """The first held-out rooms. Raises InputError for more than are shipped."""
    if count > SHIPPED:
        raise InputError(
            "{shipped} held-out rooms are shipped, got {count}; ask for fewer.",
            shipped=SHIPPED,
            count=count,
        )
    return trials_of_scenes(shipped_scenes())[:count]


def trials_of_scenes(scenes: Scenes) -> list[Trial]:
    """One trial a frame; its instructions are named by the expert's action under them.

    Only for first frames, in which one object is on each side. The recorded instruction names the
    nearest object.
    """
    return [_trial(scenes, frame) for frame in range(len(scenes))]


@cache
def shipped_scenes() -> Scenes:
    """As `write_shipped` left them."""
    folder = resources.files("heedmap.testbed.smollm") / "scenes"
    strip = decode_image((folder / FRAMES_FILE).read_bytes(), Phrase("The shipped frames"))
    things = json.loads((folder / THINGS_FILE).read_text())
    frames = strip.reshape(SHIPPED, FRAME_PX, FRAME_PX, 3)
    return Scenes(frames, **{name: np.array(rows) for name, rows in things.items()})


def write_shipped(folder: Path) -> None:
    """Draw the shipped rooms and write them. Raises MissingExtraError without miniworld."""
    scenes = collect(SHIPPED, walk_steps=0, first_seed=HELD_OUT_SEED_START)
    folder.mkdir(parents=True, exist_ok=True)
    strip = scenes.frames.reshape(-1, FRAME_PX, 3)
    write_whole(folder / FRAMES_FILE, png_bytes(strip), Phrase("frames"))
    rows = {
        name: np.round(getattr(scenes, name), 2).tolist()
        for name in ("kinds", "colors", "actions", "bearings_deg", "distances_m")
    }
    write_whole(folder / THINGS_FILE, json.dumps(rows).encode(), Phrase("objects"))


def _trial(scenes: Scenes, frame: int) -> Trial:
    sides = [ACTIONS[action] for action in scenes.actions[frame]]
    each = list(zip(sides, range(THINGS), strict=True))
    others = range(1, len(GOAL_VERBS))
    return Trial(
        name=f"room-{frame:02d}",
        observation=of_frame(scenes.frames[frame]),
        instructions={side: scenes.instruction(frame, thing) for side, thing in each},
        expected={side: side for side in sides},
        paraphrases={
            side: tuple(scenes.instruction(frame, thing, verb) for verb in others)
            for side, thing in each
        },
        recorded=sides[int(scenes.nearest[frame])],
    )
