"""Episodes under way, side by side: look, ask the policy for all, act, note what is reached."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from heedmap.errors import InputError
from heedmap.monitor.driving.driver import Asked, Driver
from heedmap.monitor.driving.environment import Each, Environment, View, one_by_one
from heedmap.report.driving.result import GOALS, Condition, Goal, Run


@dataclass(frozen=True, eq=False)
class Done:
    """What was seen, said and given at one step."""

    view: View
    asked: Asked
    scores: np.ndarray


@dataclass(eq=False)
class Live:
    """One episode under one instruction, begun in its environment."""

    environment: Environment
    said: Condition
    most_steps: int
    asked: Asked | None = None
    """The moment before, for policies that keep state."""
    on_step: Callable[[Live, Done], None] | None = None
    """Called before it acts."""
    on_acted: Callable[[Done, str], None] | None = None
    """Called with the action, in a word."""
    reached: dict[Goal, int] = field(default_factory=dict)
    steps: int = 0
    first_text: str = ""
    start_sha256: str | None = None
    _actions: list[bytes] = field(default_factory=list)

    @property
    def is_done(self) -> bool:
        """Nothing more can come of it."""
        goals = GOALS if self.environment.judges_other else GOALS[:1]
        return (
            self.steps >= self.most_steps
            or all(goal in self.reached for goal in goals)
            or self.environment.is_over()
        )

    def run(self) -> Run:
        """What came of it."""
        return Run(
            text=self.first_text,
            steps=self.steps,
            target_step=self.reached.get("target"),
            other_step=self.reached.get("other"),
            start_sha256=self.start_sha256,
            actions_sha256=hashlib.sha256(b"".join(self._actions)).hexdigest(),
        )

    def ask(self, view: View, *, links: bool) -> Asked:
        """The present moment under what is said; linked to those before where asked for."""
        return Asked(view.observation, said(view, self.said), self.asked if links else None)

    def step(self, done: Done) -> None:
        """Act, and note what is reached now."""
        if not self.steps:
            self.first_text = done.asked.text
            self.start_sha256 = done.asked.observation.sha256
        if self.on_step is not None:
            self.on_step(self, done)
        action = self.environment.act(done.scores)
        self.steps += 1
        self.asked = done.asked
        self._actions.append(action.encode() + b"\n")
        if self.on_acted is not None:
            self.on_acted(done, action)
        for goal in GOALS:
            if self.environment.reached(goal):
                self.reached.setdefault(goal, self.steps)


def said(view: View, condition: Condition) -> str:
    """The words of a condition. Raises InputError where the environment has none for it."""
    text = view.texts.get(condition)
    if text is None:
        raise InputError(
            "The environment gives no {condition} instruction; give one (--{condition} TEXT), or "
            "leave the condition out (--conditions).",
            condition=condition,
        )
    return text


def drive_side_by_side(driver: Driver, lives: Sequence[Live], each: Each = one_by_one) -> None:
    """Drive all to their ends. Raises PolicyError as the policy and the environments do."""
    while active := [live for live in lives if not live.is_done]:
        views = each(lambda live: live.environment.look(), active)
        asked = [
            live.ask(view, links=driver.keeps_state)
            for live, view in zip(active, views, strict=True)
        ]
        rows = driver.scores(asked)
        steps = zip(active, map(Done, views, asked, rows), strict=True)
        each(lambda step: step[0].step(step[1]), steps)
