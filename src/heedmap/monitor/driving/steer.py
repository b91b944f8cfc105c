"""Steerability: at every k-th step the wrong instruction is exchanged for the right one.

The episode begins under the wrong instruction. From the state at a step two futures are compared:
the right words from now on, and the wrong words kept. Both have as many steps. Where the target is
reached in the first and not in the second, words could still change what happens.

The state is copied (`copy.deepcopy`), or where that is not possible the same seed and actions are
replayed in another environment. Either is trusted only where the frame is the same, and the same
action leads to the same next frame: what is compared must begin alike. Beside it stands what
forward passes alone tell: how far the action moves under the exchange on that frame (compare
ReSteer, arXiv 2603.17300).
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import get_args

import numpy as np

from heedmap.auditing.measures.distance import ActionMetric
from heedmap.monitor.driving.driver import Asked, Driver, Rows
from heedmap.monitor.driving.environment import Each, Environment, one_by_one
from heedmap.monitor.driving.live import Done, Live, drive_side_by_side, said
from heedmap.report.driving.result import Exchange, HowCopied, Steered

RELATIVE, ABSOLUTE = 1e-3, 1e-4
"""Scores that agree to so much are the same: a batch of another size rounds otherwise."""
MOST_DISTANCE = 1e150
HOW: tuple[HowCopied, ...] = get_args(HowCopied)


@dataclass(frozen=True, eq=False)
class Branch:
    """A state at which the instruction can be exchanged."""

    step: int
    done: Done
    copied: Environment | None
    """The state itself, before the step; None where it cannot be copied."""


@dataclass(eq=False)
class Base:
    """The run under the wrong instruction, and what is needed to go back to its steps."""

    seed: int
    every: int
    max_steps: int
    live: Live | None = None
    scores: list[np.ndarray] = field(default_factory=list)
    frames_sha256: list[str] = field(default_factory=list)
    branches: list[Branch] = field(default_factory=list)

    def note(self, live: Live, done: Done) -> None:
        """Called at each step, before it acts."""
        is_open = not live.reached and live.steps < self.max_steps
        if live.steps % self.every == 0 and is_open:
            self.branches.append(Branch(live.steps, done, _copy(live.environment)))
        self.scores.append(done.scores)
        self.frames_sha256.append(done.view.observation.sha256)

    def kept_reached(self, step: int) -> bool:
        """Whether the target is reached in the `max_steps` after a step, the words being kept."""
        reached = None if self.live is None else self.live.reached.get("target")
        return reached is not None and reached <= step + self.max_steps


def steer(
    driver: Driver,
    metric: ActionMetric,
    environments: Sequence[Environment],
    seeds: Sequence[int],
    *,
    every: int,
    max_steps: int,
    each: Each = one_by_one,
) -> list[Steered]:
    """Exchange in the episode of each seed; there are at least as many `environments`.

    Raises PolicyError as the policy and the environments do, InputError where there is no wrong
    instruction.
    """
    bases = [Base(seed, every, max_steps) for seed in seeds]
    begun = list(zip(bases, environments, strict=False))
    each(lambda one: one[1].begin(one[0].seed), begun)
    for base, environment in begun:
        base.live = Live(environment, "wrong", 2 * max_steps, on_step=base.note)
    lives = [base.live for base in bases if base.live is not None]
    drive_side_by_side(driver, lives, each)
    for live in lives:
        live.on_step = None  # or copied simulators would wait for the collector of cycles
    return [_steered(driver, metric, base, environments, each) for base in bases]


def distances_of(metric: ActionMetric, first: Rows, second: Rows) -> np.ndarray:
    """One an episode, as numbers that can be kept: squares of very large actions cannot."""
    with np.errstate(over="ignore"):
        return np.minimum(metric.distances(first, second), MOST_DISTANCE)


def _steered(
    driver: Driver,
    metric: ActionMetric,
    base: Base,
    environments: Sequence[Environment],
    each: Each,
) -> Steered:
    how: HowCopied | None = next((h for h in HOW if _leads_on(base, h, environments[0])), None)
    if how is None:
        return Steered(how=None, missing="not_repeatable")
    found: list[Exchange] = []
    for first in range(0, len(base.branches), len(environments)):
        some = base.branches[first : first + len(environments)]
        asked = [branch.done.asked for branch in some]
        again = driver.scores([Asked(a.observation, a.text, a.before) for a in asked])
        before = np.stack([branch.done.scores for branch in some])
        if not np.allclose(again, before, rtol=RELATIVE, atol=ABSOLUTE):
            return Steered(how=None, missing="policy_not_repeatable")
        right = driver.scores(
            [
                Asked(a.observation, said(b.done.view, "right"), a.before)
                for a, b in zip(asked, some, strict=True)
            ]
        )
        places = list(zip(some, environments, strict=False))
        states = each(lambda place: _restored(base, place[0], how, place[1]), places)
        lives = [
            Live(state, "right", base.max_steps, branch.done.asked.before)
            for branch, state in zip(some, states, strict=True)
            if state is not None
        ]
        if len(lives) < len(some):
            return Steered(how=None, missing="not_repeatable")
        drive_side_by_side(driver, lives, each)
        distances = distances_of(metric, again, right)
        found += [
            Exchange(
                step=branch.step,
                phase=branch.done.view.phase,
                reached="target" in live.reached,
                kept_reached=base.kept_reached(branch.step),
                distance=float(distance),
            )
            for branch, live, distance in zip(some, lives, distances, strict=True)
        ]
    return Steered(how=how, exchanges=tuple(found))


def _leads_on(base: Base, how: HowCopied, spare: Environment) -> bool:
    """Whether the last state can be restored, and the same action leads to the same frame."""
    if not base.branches:
        return True
    branch = base.branches[-1]
    state = _restored(base, branch, how, spare, is_trial=True)
    if state is None or branch.step + 1 >= len(base.frames_sha256):
        return state is not None
    state.act(branch.done.scores)
    return state.look().observation.sha256 == base.frames_sha256[branch.step + 1]


def _restored(
    base: Base, branch: Branch, how: HowCopied, spare: Environment, *, is_trial: bool = False
) -> Environment | None:
    """The state at a branch, its frame checked; a replay runs in `spare` and checks every frame.

    A trial leaves the copy for its exchange.
    """
    if how == "copied":
        state = _copy(branch.copied) if is_trial else branch.copied
    else:
        state = spare
        state.begin(base.seed)
        for scores, sha256 in zip(base.scores[: branch.step], base.frames_sha256, strict=False):
            if state.look().observation.sha256 != sha256:
                return None
            state.act(scores)
    if state is None or state.look().observation.sha256 != base.frames_sha256[branch.step]:
        return None
    return state


def _copy(environment: Environment | None) -> Environment | None:
    """None where it cannot be copied; simulators raise anything at all when they cannot."""
    if environment is None:
        return None
    try:
        return copy.deepcopy(environment)
    except Exception:
        return None
