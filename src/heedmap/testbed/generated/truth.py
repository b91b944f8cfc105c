"""Whether a policy does what its truth says, seen by calling it directly."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from jaxtyping import Float

from heedmap.data.trials import Trial
from heedmap.errors import HeedmapError
from heedmap.testbed.generated.faults import Truth
from heedmap.testbed.generated.interfaces import Run, plain_action
from heedmap.testbed.generated.world import CLASSES, DIRECTIONS

TOLERANCE = 1e-5
"""Relative change of an action that is rounding."""
NOTICED = 0.05
"""Relative change of an action that is more than a trace of the instruction."""
SAME_PROBABILITY = 0.05

Actions = list[dict[str, Float[np.ndarray, " action"]]]
"""By trial, under every instruction."""


class UntrueError(HeedmapError):
    """A generated policy does not do what its truth says; it must not judge anything."""


def check_truth(name: str, run: Run, trials: Sequence[Trial], truth: Truth) -> None:
    """Raises UntrueError unless the actions on the trials are as `Truth` says."""
    actions = [
        {
            key: plain_action(run, trial.observation, text)
            for key, text in trial.instructions.items()
        }
        for trial in trials
    ]
    if not _is_true(truth, run, trials, actions):
        hits = hits_of(trials, actions)
        raise UntrueError(
            "The generated policy '{name}' is not '{truth}': expected actions on {share:.0%} of "
            "its trials, largest change with the instruction {largest:.1e}.",
            name=name,
            truth=truth,
            share=hits.mean(),
            largest=_largest_change(actions),
        )


def _is_true(truth: Truth, run: Run, trials: Sequence[Trial], actions: Actions) -> bool:
    hits = hits_of(trials, actions)
    change = _largest_change(actions)
    match truth:
        case "obeys" | "not_needed":
            needed = truth == "obeys"
            return bool(hits.all()) and all(trial.is_needed is needed for trial in trials)
        case "identical":
            return change <= TOLERANCE and not hits.all()
        case "length_only":
            texts = zip(trials[0].instructions, trials[0].paraphrases.values(), strict=True)
            reworded = max(
                _change(actions[0][key], plain_action(run, trials[0].observation, text))
                for key, (text, *_) in texts
            )
            return reworded <= TOLERANCE < change
        case "constant":
            rows = [row for by_name in actions for row in by_name.values()]
            return all(_change(rows[0], row) <= TOLERANCE for row in rows)
        case "same_choice":
            spread = max(_largest_spread(by_name) for by_name in actions)
            return _same_choices(actions) == 1 and spread <= SAME_PROBABILITY
        case "unfollowed":
            return float(hits.mean()) <= 0.5
        case "own_only":
            return bool(_own(trials, hits).all()) and _same_choices(actions) >= 0.95
        case "own_by_state":
            return _same_choices(actions) >= 0.95 and all(
                _direction(row) == int(np.argmax(trial.observation.state))
                for trial, by_name in zip(trials, actions, strict=True)
                for row in by_name.values()
                if trial.observation.state is not None
            )
        case "disobeys":
            return float(hits.mean()) <= 0.5 and _responds(actions)
        case "partial":
            by_name = hits.mean(axis=0)
            return bool((by_name == 1).any()) and bool((by_name == 0).any())
        case "incompetent":
            # One that ignores its instruction besides has two faults, of which either may be named.
            return float(_own(trials, hits).mean()) < 0.5 and change > NOTICED


def hits_of(trials: Sequence[Trial], actions: Actions) -> np.ndarray:
    """Whether each action is the expected one, of shape (trial, instruction)."""
    return np.array(
        [
            [is_expected(row, trial.expected[name]) for name, row in by_name.items()]
            for trial, by_name in zip(trials, actions, strict=True)
        ]
    )


def is_expected(action: Float[np.ndarray, " action"], expected: str) -> bool:
    """A class is the largest logit; a sign is one by a good margin."""
    if expected in CLASSES:
        return CLASSES[int(action.argmax())] == expected
    dimension, sign = expected.removeprefix("dim").split(":")
    return float(action[int(dimension)]) * (1 if sign == "+" else -1) > 0.3


def _own(trials: Sequence[Trial], hits: np.ndarray) -> np.ndarray:
    own = [list(trial.instructions).index(trial.recorded or "") for trial in trials]
    return hits[np.arange(len(trials)), own]


def _direction(logits: np.ndarray) -> int:
    return int(logits.argmax()) // (len(CLASSES) // len(DIRECTIONS))


def _responds(actions: Actions) -> bool:
    rows = next(iter(actions[0].values()))
    if len(rows) != len(CLASSES):
        return _largest_change(actions) > 0.1
    return _same_choices(actions) < 1


def _same_choices(actions: Actions) -> float:
    """Share of trials on which every instruction gives the same class."""
    return float(np.mean([len({int(r.argmax()) for r in a.values()}) == 1 for a in actions]))


def _largest_spread(by_name: dict[str, np.ndarray]) -> float:
    """Of probabilities, over instructions."""
    rows = np.stack(list(by_name.values())).astype(np.float64)
    amounts = np.exp(rows - rows.max(axis=1, keepdims=True))
    return float(np.ptp(amounts / amounts.sum(axis=1, keepdims=True), axis=0).max())


def _largest_change(actions: Actions) -> float:
    return max(_change(a, b) for by_name in actions for a, b in pairwise(by_name.values()))


def _change(one: np.ndarray, two: np.ndarray) -> float:
    """Relative to the larger one's largest number."""
    size = max(float(np.abs(one).max()), float(np.abs(two).max()), 1e-12)
    return float(np.abs(one - two).max()) / size
