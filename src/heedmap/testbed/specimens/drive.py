"""Closed loop: a specimen drives the agent, instructed to go to the right object or to another.

Every episode is a held-out room driven twice from the same start. Both runs are judged
against the same *target*; one is instructed to go there, the other to go to the *other*
object, which the agent sees on another side. A policy that ignores its instruction
makes the same run twice, so its two rates are equal; one that obeys reaches the target far
less often when it was instructed to go to the other object, and reaches that one instead.

Reached means what it means in BabyAI's GoTo: the agent is next to the object and faces
it. The room has a mission of its own, on another object perhaps, and says `terminated` when
that is fulfilled and `truncated` at its own limit; both are mere flags of `step` and are not
read here. A run is judged by the cells of its two objects, which nothing can move: there is
no action that picks up. It goes on until both were reached or the steps are used up, also
after the first of them: a run cut short at the other object would count against the target
although the policy might yet have come by, and "equal under both" would no longer hold for
a policy that ignores it.

Chevalier-Boisvert et al. 2019, "BabyAI: A Platform to Study the Sample Efficiency of Grounded
Language Learning" (the world and what GoTo means).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import torch

from heedmap.auditing.measures.rate import Rate
from heedmap.frozen import Frozen
from heedmap.ladder.messages import say
from heedmap.testbed.specimens.episodes import Episode, draw_episodes
from heedmap.testbed.specimens.network import TinyKosmos2Policy
from heedmap.testbed.specimens.rooms import Actions, Room
from heedmap.testbed.specimens.world import (
    ACTIONS,
    HELD_OUT_SEED_START,
    Action,
    Scene,
    Style,
    Target,
)
from heedmap.testbed.specimens.zoo import pixels_of

EPISODES = 100

MAX_STEPS = 20
"""Twice the longest way of the greedy expert (10 steps): room for detours, not for a search
that would come by every object of a room of 36 cells by and by."""

Driver = Callable[[Sequence[Scene], Sequence[str]], Sequence[Action]]
"""What drives: scenes and instructions of all episodes that still run to one action each."""

Progress = Callable[[str, int, int], None]
"""Called with what is done, how far, and of how many."""

MINIGRID_ACTIONS: dict[Action, Actions] = {
    "left": Actions.left,
    "right": Actions.right,
    "forward": Actions.forward,
}


class Outcome(Frozen):
    """What came of all episodes under one kind of instruction."""

    reached_target: Rate
    """The success rate: the object that the episode is judged by."""
    reached_other: Rate
    """The object that the wrong instruction names."""
    mean_steps: float | None
    """Steps to the target over the runs that reached it; None where none did."""


class Drives(Frozen):
    """Both kinds of runs of one policy on the same episodes."""

    name: str
    style: Style
    episodes: int
    first_seed: int
    rooms_passed_over: int
    """Held-out rooms without two objects on different sides that the greedy expert reaches."""
    max_steps: int
    right: Outcome
    """Instructed to go to the target."""
    wrong: Outcome
    """Instructed to go to the other object, but judged by the target."""


def drive(
    driver: Driver,
    name: str,
    *,
    style: Style = "goal",
    episodes: int = EPISODES,
    first_seed: int = 0,
    max_steps: int = MAX_STEPS,
    on_progress: Progress | None = None,
) -> Drives:
    """Drive every episode under its right and its wrong instruction; all runs side by side.

    Raises ValueError for fewer than one episode or step, or a negative seed.
    """
    if min(episodes, max_steps) < 1:
        raise ValueError(f"Needs 1 or more episodes and steps, got {episodes} and {max_steps}.")
    drawn = draw_episodes(episodes, first_seed)
    right = [_Run(episode, style, "target") for episode in drawn]
    wrong = [_Run(episode, style, "other") for episode in drawn]
    for step in range(1, max_steps + 1):
        active = [run for run in (*right, *wrong) if not run.is_done]
        if not active:
            break
        seen = [run.look() for run in active]
        actions = driver([scene for scene, _ in seen], [text for _, text in seen])
        for run, action in zip(active, actions, strict=True):
            run.step(action, step)
        if on_progress is not None:
            on_progress(say("drive_progress", name=name, style=style), step, max_steps)
    return Drives(
        name=name,
        style=style,
        episodes=episodes,
        first_seed=first_seed,
        rooms_passed_over=drawn[-1].seed + 1 - first_seed - episodes,
        max_steps=max_steps,
        right=_outcome(right),
        wrong=_outcome(wrong),
    )


def network_driver(policy: TinyKosmos2Policy) -> Driver:
    """The specimen's argmax action; all episodes in one forward pass."""

    def choose(scenes: Sequence[Scene], instructions: Sequence[str]) -> list[Action]:
        pixels = torch.stack([pixels_of(scene.frame) for scene in scenes])
        with torch.inference_mode():
            logits = policy(pixels.to(policy.action_token.device), list(instructions))
        return [ACTIONS[index] for index in logits.argmax(dim=1).tolist()]

    return choose


def expert_driver(scenes: Sequence[Scene], instructions: Sequence[str]) -> list[Action]:
    """The greedy expert of `world.side_of`, which reads the object's name off the instruction.

    Left where the object is not in view. The baseline that a specimen is held against.
    """
    chosen: list[Action] = []
    for scene, text in zip(scenes, instructions, strict=True):
        color, kind = text.split()[-2:]
        named = next((t for t in scene.targets if (t.kind, t.color) == (kind, color)), None)
        chosen.append(named.expert_action if named else "left")
    return chosen


@dataclass
class _Run:
    """One run: the room as it is now, what was named, and what was reached after which step."""

    episode: Episode
    style: Style
    named: Literal["target", "other"]
    reached: dict[str, int] = field(default_factory=dict)
    """`target` and `other`: the step after which each was first reached."""

    def __post_init__(self) -> None:
        self._room = Room()
        self._room.reset(seed=HELD_OUT_SEED_START + self.episode.seed)
        objects = {"target": self.episode.target, "other": self.episode.other}
        self._cells = {which: cell_of(each, self._room) for which, each in objects.items()}
        self._named = objects[self.named]
        self._instruction = self._named.instruction(self.style)

    @property
    def is_done(self) -> bool:
        """Nothing more can come of it."""
        return len(self.reached) == len(self._cells)

    def look(self) -> tuple[Scene, str]:
        """What the agent sees now, and the instruction.

        A path instruction names the side, which changes at every turn: it is given again from
        where the object is now, and stays as it was while the object is out of view.
        """
        scene = self._room.scene()
        if self.style == "path":
            look = self._named.kind, self._named.color  # no two objects are alike
            now = next((t for t in scene.targets if (t.kind, t.color) == look), None)
            self._instruction = now.instruction("path") if now else self._instruction
        return scene, self._instruction

    def step(self, action: Action, number: int) -> None:
        """Act, and note what the agent faces now; the room's own mission is not asked."""
        self._room.step(MINIGRID_ACTIONS[action])
        x, y = self._room.front_pos
        for which, cell in self._cells.items():
            if cell == (int(x), int(y)):
                self.reached.setdefault(which, number)


def cell_of(target: Target, room: Room) -> tuple[int, int]:
    """Column and row in the room of an object seen from where the agent is now."""
    ahead, right = room.dir_vec * target.ahead_tiles, room.right_vec * target.right_tiles
    x, y = room.agent_pos + ahead + right
    return int(x), int(y)


def _outcome(runs: Sequence[_Run]) -> Outcome:
    steps = [run.reached["target"] for run in runs if "target" in run.reached]
    return Outcome(
        reached_target=Rate.of(len(steps), len(runs)),
        reached_other=Rate.of(sum("other" in run.reached for run in runs), len(runs)),
        mean_steps=float(np.mean(steps)) if steps else None,
    )
