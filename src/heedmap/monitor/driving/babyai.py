"""heedmap's own BabyAI room as an environment: two objects that the greedy expert reaches.

The turns of the agent are the phases: words that name an object can be followed before the agent
has turned towards one, and also after it.
"""

from __future__ import annotations

from typing import final

from heedmap.data.observation import of_frame
from heedmap.monitor.driving.environment import Scores, View
from heedmap.monitor.driving.scores import chosen
from heedmap.report.driving.result import Condition, Goal
from heedmap.testbed.specimens.drive import MAX_STEPS, MINIGRID_ACTIONS, cell_of
from heedmap.testbed.specimens.episodes import draw_episode
from heedmap.testbed.specimens.rooms import Room
from heedmap.testbed.specimens.world import ACTIONS, Style, Target


@final
class BabyAi:
    """A held-out room. Instructions of the style `path` name the side, which changes at a turn."""

    max_steps = MAX_STEPS
    judges_other = True

    def __init__(self, style: Style = "goal") -> None:
        self._style: Style = style
        self._room = Room()

    def begin(self, seed: int) -> bool:
        """The held-out room of that number; False without two objects on different sides."""
        episode = draw_episode(seed, self._room)
        if episode is None:
            return False
        self._objects: dict[Goal, Target] = {"target": episode.target, "other": episode.other}
        self._cells = {which: cell_of(each, self._room) for which, each in self._objects.items()}
        self._seen = dict(self._objects)
        self._has_turned = False
        return True

    def look(self) -> View:
        """The agent's view; a side is said again from where the object was last seen."""
        scene = self._room.scene()
        for which, each in self._objects.items():
            now = [t for t in scene.targets if (t.kind, t.color) == (each.kind, each.color)]
            self._seen[which] = now[0] if now else self._seen[which]
        target, other = self._seen["target"], self._seen["other"]
        texts: dict[Condition, str] = {
            "right": target.instruction(self._style),
            "wrong": other.instruction(self._style),
            "paraphrase": target.instruction(self._style, 1),
            "blank": "",
        }
        phase = "after_turn" if self._has_turned else "before_turn"
        return View(of_frame(scene.frame), texts, phase)

    def act(self, scores: Scores) -> str:
        """Left, right or forward."""
        action = ACTIONS[chosen(scores, ACTIONS)]
        self._room.step(MINIGRID_ACTIONS[action])
        self._has_turned = self._has_turned or action != "forward"
        return action

    def reached(self, goal: Goal) -> bool:
        """As in BabyAI's GoTo: next to the object and facing it."""
        x, y = self._room.front_pos
        return self._cells[goal] == (int(x), int(y))

    def is_over(self) -> bool:
        """Never: the room's own mission, on another object perhaps, is not asked."""
        return False

    def close(self) -> None:
        """Nothing is held."""
        self._room.close()
