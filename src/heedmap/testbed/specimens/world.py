"""BabyAI rooms with an expert: where the specimens' frames and instructions come from.

A room is one 6x6 BabyAI room (package `minigrid`) with an agent and three to eight
objects, no two alike, at least one on each *side* of the agent: left, right, ahead.
The frame is the agent's egocentric view of 7x7 tiles at 8 pixels a tile. In the view
the agent is at the bottom centre and looks up; a target `ahead_tiles` up and
`right_tiles` to the right has the bearing atan2(right, ahead).

Expert action, from the bearing of the named target: `forward` up to and including 45
degrees to either side, else `left` or `right`. A turn is 90 degrees, so this greedy
rule drives the agent next to the target without ever turning back.

Rooms are drawn from a seed. Training seeds start at 0, held-out seeds at
`HELD_OUT_SEED_START`, so no training room is ever evaluated on.

Here are the world's words and rules; `rooms` draws rooms with minigrid, `cases` has the
held-out frame cases, of which the first are shipped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from heedmap.data.pixels import Frame

Action = Literal["left", "right", "forward"]
ACTIONS: tuple[Action, ...] = get_args(Action)
"""The discrete actions, in the order of the policies' logits."""

Style = Literal["goal", "path"]
"""`goal`: "go to the blue key"; `path`, as published: "navigate to the left toward ..."."""

VIEW_TILES = 7
TILE_PX = 8
FRAME_PX = VIEW_TILES * TILE_PX
HELD_OUT_SEED_START = 1_000_000_000

GOAL_VERBS = ("go", "walk", "head")
PATH_VERBS = ("navigate", "steer", "drive")
"""Verbs are synonyms of equal length; the first is the one that frame cases use."""

KINDS = ("key", "ball", "box")
COLORS = ("blue", "green", "grey", "purple", "red", "yellow")


@dataclass(frozen=True)
class Target:
    """One object in view and where it is, seen from the agent."""

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
    """One frame and every object in it."""

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
