"""Held-out frame cases: one frame, three instructions, an expert action for each.

The scenes of the first are shipped as data, so that the demo and the specimens' examples need no
minigrid; the others are drawn.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

import numpy as np

from heedmap.data.images import decode_image
from heedmap.data.observation import of_frame
from heedmap.data.trials import Trial
from heedmap.phrase import Phrase
from heedmap.testbed.specimens.world import (
    ACTIONS,
    FRAME_PX,
    HELD_OUT_SEED_START,
    Action,
    FrameCase,
    Scene,
    Style,
    Target,
)

if TYPE_CHECKING:
    from heedmap.testbed.specimens.rooms import Room

SHIPPED_CASES = 32
FRAMES_FILE, TARGETS_FILE = "frames.png", "targets.json"


def frame_case(seed: int, style: Style = "path") -> FrameCase:
    """The held-out frame case number `seed` (0, 1, 2, ...): an object drawn from each side.

    Raises ValueError for a negative seed, MissingExtraError where minigrid is needed for it.
    """
    if seed < 0:
        raise ValueError(f"A frame case's seed is 0 or more, got {seed}.")
    scene = shipped_scenes()[seed] if seed < SHIPPED_CASES else drawn_scene(seed)
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


def case_trials(count: int, style: Style = "path", first: int = 0) -> list[Trial]:
    """Held-out frame cases as trials: expert actions, paraphrases, and the recorded one."""
    return [
        Trial(
            name=f"case-{case.seed}",
            observation=of_frame(case.frame),
            instructions=case.instructions,
            expected={side: side for side in case.instructions},
            paraphrases=case.paraphrases(style),
            recorded=case.recorded,
        )
        for case in (frame_case(seed, style) for seed in range(first, first + count))
    ]


@cache
def shipped_scenes() -> tuple[Scene, ...]:
    """The held-out scenes of the first seeds, as `draw_scene` draws them."""
    folder = resources.files("heedmap.testbed.specimens") / "scenes"
    strip = decode_image((folder / FRAMES_FILE).read_bytes(), Phrase("The shipped frames"))
    frames = strip.reshape(SHIPPED_CASES, FRAME_PX, FRAME_PX, 3)
    targets = json.loads((folder / TARGETS_FILE).read_text())
    return tuple(
        Scene(frame, tuple(Target(**each) for each in own))
        for frame, own in zip(frames, targets, strict=True)
    )


def drawn_scene(seed: int) -> Scene:
    """The held-out scene of a seed, drawn. Raises MissingExtraError without minigrid."""
    from heedmap.testbed.specimens.rooms import draw_scene

    return draw_scene(HELD_OUT_SEED_START + seed, _room())


@cache
def _room() -> Room:
    """One for all scenes: making one takes longer than drawing with it."""
    from heedmap.testbed.specimens.rooms import Room

    return Room()
