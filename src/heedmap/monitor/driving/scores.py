"""From one row of what a policy gives to an action of the environment."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from heedmap.errors import PolicyError
from heedmap.monitor.driving.environment import Scores

MOST_NAMES = 8
"""Of the actions that an error names."""


def chosen(scores: Scores, names: Sequence[str]) -> int:
    """The index of the best of the named actions; of equal scores the first.

    Raises PolicyError when there is not one score an action.
    """
    if scores.shape != (len(names),):
        raise PolicyError(
            "The environment has {count} actions ({names}), but the policy gives {given} numbers; "
            "expected one score an action, in that order. For another order or number give "
            "--actions.",
            count=len(names),
            names=", ".join([*names[:MOST_NAMES], "..."] if len(names) > MOST_NAMES else names),
            given=scores.size,
        )
    return int(scores.argmax())


def clipped(scores: Scores, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """A continuous action in the environment's shape, within its bounds.

    Of a chunk of several steps the first is taken. Raises PolicyError when the numbers are no
    whole number of steps.
    """
    if scores.size == 0 or low.size == 0 or scores.size % low.size:
        raise PolicyError(
            "The environment takes {size} numbers a step (shape {shape}), but the policy gives "
            "{given}; expected as many, or a chunk of several steps.",
            size=low.size,
            shape=low.shape,
            given=scores.size,
        )
    return np.clip(scores[: low.size].reshape(low.shape), low, high).astype(low.dtype)
