"""A held-out room of `testbed.miniworld` as an environment: drive to one of three objects.

Its state cannot be copied, for most of it is OpenGL's; the same actions lead to the same frames, so
that it is replayed.
"""

from __future__ import annotations

from typing import NoReturn

import numpy as np

from heedmap.data.observation import of_frame
from heedmap.monitor.driving.environment import Scores, View
from heedmap.monitor.driving.scores import chosen
from heedmap.report.driving.result import Condition, Goal
from heedmap.testbed.miniworld.world import Room3d, Thing, said
from heedmap.testbed.specimens.world import ACTIONS, HELD_OUT_SEED_START, Style


class MiniWorldRoom:
    """Target and other are drawn by the seed. The style `path` names the side that it is on now."""

    max_steps = 30
    """Twice the expert's longest way."""
    judges_other = True

    def __init__(self, style: Style = "goal") -> None:
        self._style: Style = style
        self._room = Room3d()

    def begin(self, seed: int) -> bool:
        """The held-out room of that number; False where the expert does not reach both objects."""
        number = HELD_OUT_SEED_START + seed
        places = np.random.default_rng(seed).permutation(3)[:2].tolist()
        if not all(self._room.expert_steps(p, number, self.max_steps) for p in places):
            return False
        self._room.reset(number)
        target, other = (self._room.things[place] for place in places)
        self._things: dict[Goal, Thing] = {"target": target, "other": other}
        self._has_turned = False
        return True

    def look(self) -> View:
        """What the camera sees."""
        texts: dict[Condition, str] = {
            "right": self._said("target"),
            "wrong": self._said("other"),
            "paraphrase": self._said("target", 1),
            "blank": "",
        }
        phase = "after_turn" if self._has_turned else "before_turn"
        return View(of_frame(self._room.frame()), texts, phase)

    def act(self, scores: Scores) -> str:
        """Left, right or forward."""
        action = ACTIONS[chosen(scores, ACTIONS)]
        self._room.act(action)
        self._has_turned = self._has_turned or action != "forward"
        return action

    def reached(self, goal: Goal) -> bool:
        """Close by, and facing it."""
        return self._room.is_reached(self._things[goal])

    def is_over(self) -> bool:
        """Never."""
        return False

    def close(self) -> None:
        """Give back the window."""
        self._room.close()

    def _said(self, goal: Goal, verb: int = 0) -> str:
        thing = self._things[goal]
        return said(thing.name, self._room.expert_action(thing), self._style, verb)

    def __deepcopy__(self, memo: object) -> NoReturn:
        raise TypeError("OpenGL's state cannot be copied")
