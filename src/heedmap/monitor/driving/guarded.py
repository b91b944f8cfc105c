"""An environment whose faults are sentences: what it raises, and what it gives that cannot be kept.

Simulators and factories are other people's code. Every environment is driven through this.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np

from heedmap.data.observation import Observation
from heedmap.errors import HeedmapError, InputError, ends_program, without_stop
from heedmap.monitor.driving.environment import Environment, Scores, View
from heedmap.phrase import Phrase, in_a_row
from heedmap.policies.factories import described
from heedmap.report.driving.result import CONDITIONS, Condition, Goal
from heedmap.visible import whole_characters

MOST_LETTERS = 2_000
"""Of an instruction."""
MOST_NAME = 500
"""Letters of a phase."""
MOST_STEPS = 1_000_000
Given = TypeVar("Given")


class Guarded:
    """Raises InputError for whatever the environment raises, and for what is no view or action."""

    def __init__(self, inner: Environment) -> None:
        self._inner, self._seed, self._step = inner, 0, 0
        self.max_steps = _steps_of(inner)
        self.judges_other = bool(getattr(inner, "judges_other", False))

    def begin(self, seed: int) -> bool:
        """As the environment does."""
        self._seed, self._step = seed, 0
        return bool(self._called(lambda: self._inner.begin(seed)))

    def look(self) -> View:
        """The present moment, checked."""
        return _checked(self._called(self._inner.look))

    def act(self, scores: Scores) -> str:
        """One step; the action as text that can be kept."""
        action = self._called(lambda: self._inner.act(scores))
        self._step += 1
        return whole_characters(str(action))

    def reached(self, goal: Goal) -> bool:
        """As the environment says."""
        return bool(self._called(lambda: self._inner.reached(goal)))

    def is_over(self) -> bool:
        """As the environment says."""
        return bool(self._called(self._inner.is_over))

    def close(self) -> None:
        """Give it back; one that cannot be closed is left as it is."""
        close: Any = getattr(self._inner, "close", None)
        try:
            if callable(close):
                close()
        except (Exception, SystemExit):
            return

    def _called(self, call: Callable[[], Given]) -> Given:
        try:
            return call()
        except HeedmapError:
            raise
        except BaseException as error:
            if ends_program(error):
                raise
            raise InputError(
                "The environment raised {why}, at step {step} of the episode with seed {seed}; "
                "mend it, and run the same command again: finished episodes are kept.",
                why=without_stop(described(error)),
                step=self._step,
                seed=self._seed,
            ) from error


def _steps_of(inner: Environment) -> int:
    most: Any = getattr(inner, "max_steps", None)
    if not isinstance(most, int | np.integer) or not 1 <= most <= MOST_STEPS:
        raise InputError(
            "The environment's max_steps is {most}, expected a whole number from 1 to {limit}.",
            most=repr(most),
            limit=MOST_STEPS,
        )
    return int(most)


def _checked(view: Any) -> View:
    """With texts that can be kept. Raises InputError for what a policy cannot be shown."""
    if not isinstance(view, View) or not isinstance(view.observation, Observation):
        raise InputError(
            "The environment's look() gave a {kind}, expected a View with an Observation.",
            kind=type(view).__name__,
        )
    images, state = view.observation.images, view.observation.state
    if not images or not all(map(_is_picture, images.values())):
        raise InputError(
            "The environment gives a picture that is none ({given}), expected uint8, height x "
            "width x 3, for each camera.",
            given=in_a_row(map(_described, images.values())) if images else Phrase("no camera"),
        )
    if state is not None and not _is_state(state):
        raise InputError(
            "The environment gives a state that is none ({given}), expected a row of finite "
            "numbers.",
            given=_described(state),
        )
    phase = None if view.phase is None else whole_characters(str(view.phase))[:MOST_NAME]
    kept = Observation(
        {name: image.copy() for name, image in images.items()},  # simulators write theirs anew
        None if state is None else state.copy(),
        view.observation.history,
    )
    if not isinstance(view.texts, Mapping):
        raise InputError(
            "The environment's texts are a {kind}, expected a mapping from right, wrong, "
            "paraphrase and blank to instructions.",
            kind=type(view.texts).__name__,
        )
    return View(kept, _texts(view.texts), phase)


def _texts(texts: Mapping[Condition, Any]) -> dict[Condition, str]:
    found: dict[Condition, str] = {}
    for condition, text in texts.items():
        if condition not in CONDITIONS or text is None:
            continue
        if not isinstance(text, str) or len(text) > MOST_LETTERS:
            raise InputError(
                "The environment's {condition} instruction is {given}, expected a text of at most "
                "{most} letters.",
                condition=condition,
                given=Phrase("one of {count} letters", count=len(text))
                if isinstance(text, str)
                else Phrase("a {kind}", kind=type(text).__name__),
                most=MOST_LETTERS,
            )
        found[condition] = whole_characters(text)
    return found


def _is_picture(value: Any) -> bool:
    is_array = isinstance(value, np.ndarray) and value.dtype == np.uint8 and value.ndim == 3
    return is_array and value.shape[2] == 3 and value.size > 0


def _is_state(value: Any) -> bool:
    is_row = isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype.kind in "biuf"
    return is_row and bool(np.isfinite(value).all())


def _described(value: Any) -> Phrase:
    if not isinstance(value, np.ndarray):
        return Phrase("a {kind}", kind=type(value).__name__)
    if value.dtype.kind == "f" and not np.isfinite(value).all():
        return Phrase("an array {shape} with NaN or infinity", shape=value.shape)
    return Phrase("an array {shape} of {dtype}", shape=value.shape, dtype=value.dtype)
