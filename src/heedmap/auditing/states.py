"""What exchanging the robot's state does to the action, and whether it decides it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from heedmap.auditing.upper.responses import Scores
from heedmap.auditing.upper.runner import Example, Runner
from heedmap.auditing.variants import state_variants
from heedmap.data.observation import Observation
from heedmap.data.trials import Trial
from heedmap.ladder.behaviour import BehaviourFacts

EXCHANGED_FRAMES = 3
"""Frames on which frame and state are exchanged."""
SWAPPED_STATES = 4
"""Pairs of frames between which states are exchanged."""
MOST_MIXED = 12
"""Pairs that are tried until so many tell whose action it is."""


def apart(one: Scores, two: Scores | None) -> float:
    """The largest difference of two rows of scores; 0 where there is no second of its size."""
    if two is None or one.shape != two.shape:
        return 0.0
    return float(np.abs(one.astype(np.float64) - two).max(initial=0.0))


def states_equal(a: Trial, b: Trial) -> bool:
    """Whether two frames have the same state, or none."""
    one, two = a.observation.state, b.observation.state
    return (one is None and two is None) or (
        one is not None and two is not None and np.array_equal(one, two)
    )


def changes_of(runner: Runner, before: Scores, examples: Sequence[Example]) -> list[float]:
    """How far each of the examples is from these scores; what the policy refuses counts as 0."""
    return [apart(before, after) for after in runner.controls(examples)]


def state_change(
    runner: Runner,
    asked: Sequence[dict[str, Scores]],
    trials: Sequence[Trial],
    seen: BehaviourFacts,
) -> float | None:
    """The largest change by another state; other states are tried until one is a response."""
    changes: list[float] = []
    for trial, scores in list(zip(trials, asked, strict=True))[:EXCHANGED_FRAMES]:
        name, text = next(iter(trial.instructions.items()))
        for variant in (*state_variants(trial.observation), *_other_states(trial, trials)):
            if seen.is_response(max(changes, default=None)):
                return max(changes)
            changes += changes_of(runner, scores[name], [(variant, text)])
    return max(changes, default=None)


def _other_states(trial: Trial, trials: Sequence[Trial]) -> Iterator[Observation]:
    """The frame with the states of other frames."""
    own = trial.observation.state
    for other in trials[: EXCHANGED_FRAMES + 1]:
        state = other.observation.state
        if own is not None and state is not None and state.shape == own.shape and other != trial:
            yield replace(trial.observation, state=state)


def state_decides(
    runner: Runner, asked: Sequence[dict[str, Scores]], trials: Sequence[Trial]
) -> bool:
    """Whether, with frame and state of two trials mixed, the action is that of the state's."""
    is_discrete = runner.policy.action_names is not None
    with_state: list[bool] = []
    mixed_pairs = 0
    for (a, one), (b, two) in combinations(list(zip(trials, asked, strict=True)), 2):
        state_a, state_b = a.observation.state, b.observation.state
        name, text = next(iter(a.instructions.items()))
        if state_a is None or state_b is None or state_a.shape != state_b.shape:
            return False
        if b.instructions.get(name) != text or states_equal(a, b):
            continue
        if _farther(one[name], two[name], two[name], is_discrete) is None:
            continue
        mixed = replace(a.observation, state=state_b)
        (scores,) = runner.controls([(mixed, text)])
        mixed_pairs += 1
        if scores is not None:
            is_states = _farther(one[name], two[name], scores, is_discrete)
            with_state += [] if is_states is None else [is_states]
        if len(with_state) == SWAPPED_STATES or mixed_pairs == MOST_MIXED:
            break
    return len(with_state) > 0 and sum(with_state) > len(with_state) / 2


def _farther(one: Scores, two: Scores, scores: Scores, is_discrete: bool) -> bool | None:
    """Whether scores are farther from the first than from the second; None where neither.

    Of discrete actions the choice decides: logits go with whatever else moves them.
    """
    if is_discrete:
        is_one, is_two = (int(each.argmax()) == int(scores.argmax()) for each in (one, two))
        return None if is_one == is_two else is_two
    to_one, to_two = apart(one, scores), apart(two, scores)
    return None if to_one == to_two else to_two < to_one
