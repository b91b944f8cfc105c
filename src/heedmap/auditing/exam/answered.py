"""What a policy answered in an exam, and how far each answer is from the own one; no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from heedmap.auditing.exam.kinds import CHANGE, KEEP, Kind
from heedmap.auditing.exam.sheet import Question, Sheet
from heedmap.auditing.measures.distance import ActionMetric
from heedmap.auditing.measures.following import Expectation, parse_expectation
from heedmap.auditing.upper.responses import Scores
from heedmap.ladder.thresholds import (
    FEWEST_FRAMES,
    LEAST_ACTION_CHANGE_SHARE,
    LEAST_EFFECT,
    LIKE_AN_EXCHANGE_SHARE,
    ROUNDING_SHARE,
)

SHOWN_VALUES = 8
"""Of a continuous action, in words."""


@dataclass(frozen=True)
class Answer:
    """The action's scores under one variant."""

    question: Question
    scores: Scores


@dataclass(frozen=True)
class Answers:
    """All answers of one policy."""

    sheet: Sheet
    own: Mapping[int, Scores]
    """Scores under each frame's own instruction."""
    found: tuple[Answer, ...]
    noise: tuple[tuple[Scores, Scores], ...]
    """Two runs of the same."""
    metric: ActionMetric
    action_names: tuple[str, ...] | None

    @cached_property
    def distances(self) -> tuple[float, ...]:
        """Of each answer from the frame's own one, in `metric.unit`."""
        if not self.found:
            return ()
        own = np.stack([self.own[answer.question.frame] for answer in self.found])
        given = np.stack([answer.scores for answer in self.found])
        return tuple(self.metric.distances(own, given).tolist())

    @cached_property
    def noise_distance(self) -> float:
        """The largest distance between two runs of the same."""
        return max(self.apart(one, two) for one, two in self.noise)

    @cached_property
    def floor(self) -> float:
        """Distance up to which an action counts as the same: noise, rounding, or too little."""
        return max(self.noise_distance, self._least)

    @cached_property
    def is_drowned(self) -> bool:
        """Whether noise is about as large as what exchanges do: then no effect can be ruled out."""
        seen = list(self.others.values())
        is_loud = not seen or self.noise_distance > LIKE_AN_EXCHANGE_SHARE * float(np.mean(seen))
        return self.noise_distance > self._least and is_loud

    @cached_property
    def _least(self) -> float:
        """Distance that is rounding, or too little to count, whatever the noise.

        Scores may be so flat, as similarities are, that another class is chosen at a distance which
        would count as nothing: there half the distance at which the choice usually changes counts.
        """
        unit = self.metric.unit
        if unit == "bits":
            chosen = self._distances_of_other_choices
            usual = float(np.median(chosen)) if len(chosen) >= FEWEST_FRAMES else np.inf
            return min(LEAST_EFFECT[unit], LIKE_AN_EXCHANGE_SHARE * usual)
        largest = max(float(np.abs(scores).max()) for scores in self.own.values())
        share = LEAST_ACTION_CHANGE_SHARE if unit == "raw units" else ROUNDING_SHARE
        scale = 1.0 if self.metric.scale is None else min(self.metric.scale)
        return max(LEAST_EFFECT[unit], share * largest / scale)

    @property
    def _distances_of_other_choices(self) -> list[float]:
        """Of answers in which another class is chosen."""
        return [
            apart
            for answer, apart in zip(self.found, self.distances, strict=True)
            if answer.scores.argmax() != self.own[answer.question.frame].argmax()
        ]

    @cached_property
    def spread(self) -> float | None:
        """Mean distance of all variants that should change the action; None without any."""
        found = [
            apart
            for answer, apart in zip(self.found, self.distances, strict=True)
            if answer.question.kind in CHANGE
        ]
        return float(np.mean(found)) if found else None

    @cached_property
    def others(self) -> dict[int, float]:
        """By frame, the mean distance of variants that should change the action, and do."""
        return self._means(CHANGE, moved_only=True)

    @cached_property
    def wording(self) -> dict[int, float]:
        """By frame, the mean distance of variants that should not change it."""
        return self._means(KEEP, moved_only=False)

    def apart(self, one: Scores, two: Scores) -> float:
        """Distance between two actions."""
        return float(self.metric.distances(one[None], two[None])[0])

    def expectation(self, question: Question) -> Expectation | None:
        """The expected action of a question; None where it is unknown.

        Raises InstructionError for one that does not fit the policy's actions.
        """
        if question.expected is None:
            return None
        return parse_expectation(question.expected, self.action_names)

    def action(self, scores: Scores) -> str:
        """The chosen class, or the first few values."""
        if self.action_names is not None:
            return self.action_names[int(scores.argmax())]
        more = ", …" if len(scores) > SHOWN_VALUES else ""
        return ", ".join(f"{value:.3g}" for value in scores[:SHOWN_VALUES]) + more

    def of(self, kind: Kind) -> list[tuple[Answer, float]]:
        """Answers of a kind with their distances."""
        return [
            (answer, apart)
            for answer, apart in zip(self.found, self.distances, strict=True)
            if answer.question.kind == kind
        ]

    def _means(self, kinds: tuple[Kind, ...], *, moved_only: bool) -> dict[int, float]:
        by_frame: dict[int, list[float]] = {}
        for answer, apart in zip(self.found, self.distances, strict=True):
            if answer.question.kind in kinds and (apart > self.floor or not moved_only):
                by_frame.setdefault(answer.question.frame, []).append(apart)
        return {frame: float(np.mean(values)) for frame, values in by_frame.items()}
