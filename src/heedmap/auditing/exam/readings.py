"""What the answers of one kind show: effect, shares with intervals, and the kind's verdict."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from heedmap.auditing.exam.answered import Answer, Answers
from heedmap.auditing.exam.kinds import KINDS, Kind, Missing, Purpose, purpose_of
from heedmap.auditing.exam.result import KindReading, KindVerdict
from heedmap.auditing.measures.stats import mean_interval
from heedmap.ladder.evidence import Estimate
from heedmap.ladder.thresholds import (
    FEWEST_FRAMES,
    FOLLOWED_SHARE,
    LEAST_FOLLOWED_SHARE,
    LIKE_AN_EXCHANGE_SHARE,
)


class Readings:
    """Readings of all kinds. Raises InstructionError for expectations that do not fit."""

    def __init__(self, answers: Answers, seed: int) -> None:
        self._answers = answers
        self._seed = seed

    @cached_property
    def kinds(self) -> tuple[KindReading, ...]:
        """One reading a kind, in order."""
        return tuple(self._read(kind) for kind in KINDS)

    @cached_property
    def own_right(self) -> Estimate | None:
        """How often the action is the expected one under the frame's own instruction."""
        known = {
            q.frame: float(expected.is_met(self._answers.own[q.frame]))
            for q in self._answers.sheet.own
            if q.frame in self._answers.own and (expected := self._answers.expectation(q))
        }
        return self._estimate(list(known.values()), list(known))

    def is_as_it_should(self, answer: Answer, apart: float) -> bool | None:
        """Whether one answer does what its kind should; None of controls."""
        purpose = None if answer.question.kind is None else purpose_of(answer.question.kind)
        if purpose == "keep":
            return self.is_kept(answer, apart)
        if purpose != "change":
            return None
        expected = self._answers.expectation(answer.question)
        return (
            self.is_changed(answer, apart) if expected is None else expected.is_met(answer.scores)
        )

    def is_changed(self, answer: Answer, apart: float) -> bool:
        """Beyond the floor; of kinds that should change the action, beyond what wording does."""
        frame, kind = answer.question.frame, answer.question.kind
        is_change = kind is not None and purpose_of(kind) == "change"
        wording = self._answers.wording.get(frame, 0.0) if is_change else 0.0
        return apart > max(self._answers.floor, wording)

    def is_kept(self, answer: Answer, apart: float) -> bool:
        """Within the floor, or clearly less than what exchanges do on the frame."""
        return apart <= self._same_up_to(answer.question.frame)

    def _same_up_to(self, frame: int) -> float:
        others = self._answers.others
        usual = others.get(frame, float(np.mean(list(others.values()))) if others else 0.0)
        return max(self._answers.floor, LIKE_AN_EXCHANGE_SHARE * usual)

    def _read(self, kind: Kind) -> KindReading:
        purpose = purpose_of(kind)
        found = self._answers.of(kind)
        asked = sum(q.kind == kind for q in self._answers.sheet.variants)
        if not found:
            missing: Missing = "refused" if asked else self._answers.sheet.missing[kind]
            return KindReading(
                kind=kind, purpose=purpose, verdict="not_measured", missing=missing, refused=asked
            )
        frames = [answer.question.frame for answer, _ in found]
        changed = self._share([self.is_changed(*each) for each in found], frames)
        effect = self._estimate([apart for _, apart in found], frames)
        right, chance = self._right(found) if purpose == "change" else (None, None)
        if purpose == "change":
            should = right or changed
        elif purpose == "keep":
            should = self._share([self.is_kept(*each) for each in found], frames)
        else:
            should = changed
        return KindReading(
            kind=kind,
            purpose=purpose,
            verdict=(
                "sensitive"
                if purpose == "keep" and self._is_like_an_exchange(effect)
                else self._audible(judge_kind(purpose, should, changed, chance), found, changed)
            ),
            variants=len(found),
            frames=len(set(frames)),
            is_outside=2 * sum(a.question.is_outside for a, _ in found) > len(found),
            refused=asked - len(found),
            effect=effect,
            as_it_should=should,
            changed=changed,
            right=right,
            chance=chance,
            stays=self._stays(found) if kind == "untrained" else None,
        )

    def _audible(
        self, verdict: KindVerdict, found: Sequence[tuple[Answer, float]], changed: Estimate
    ) -> KindVerdict:
        """Undecided where the effect is lost in noise, or is no larger than that of wording."""
        is_heard = changed.low is not None and changed.low > 1 - FOLLOWED_SHARE
        moved = [apart > self._answers.floor for _, apart in found]
        is_covered = verdict == "unread" and float(np.mean(moved)) > LEAST_FOLLOWED_SHARE
        is_lost = self._answers.is_drowned and not is_heard
        return "undecided" if verdict != "few" and (is_lost or is_covered) else verdict

    def _is_like_an_exchange(self, effect: Estimate | None) -> bool:
        """Whether wording certainly moves the action in earnest, beside what exchanges do."""
        spread, floor = self._answers.spread, self._answers.floor
        if effect is None or effect.low is None or spread is None:
            return False
        least = max(floor, LIKE_AN_EXCHANGE_SHARE * spread)
        return effect.clusters >= FEWEST_FRAMES and effect.low > least

    def _right(self, found: Sequence[tuple[Answer, float]]) -> tuple[Estimate | None, float | None]:
        """Over the variants with an expected action, where they come from enough frames."""
        known = [(a, e) for a, _ in found if (e := self._answers.expectation(a.question))]
        frames = [answer.question.frame for answer, _ in known]
        every = {answer.question.frame for answer, _ in found}
        if len(set(frames)) < min(FEWEST_FRAMES, len(every)):
            return None, None
        met = [expected.is_met(answer.scores) for answer, expected in known]
        return self._share(met, frames), float(np.mean([e.chance for _, e in known]))

    def _stays(self, found: Sequence[tuple[Answer, float]]) -> Estimate | None:
        """Whether the action is one that the frame was trained with."""
        trained: dict[int, list[Answer]] = {}
        for answer, _ in self._answers.of("trained"):
            trained.setdefault(answer.question.frame, []).append(answer)
        stays: list[bool] = []
        for answer, apart in found:
            frame = answer.question.frame
            near = [
                self._answers.apart(each.scores, answer.scores) for each in trained.get(frame, [])
            ]
            stays.append(min([apart, *near]) <= self._same_up_to(frame))
        return self._share(stays, [answer.question.frame for answer, _ in found])

    def _share(self, values: Sequence[bool], frames: Sequence[int]) -> Estimate:
        estimate = self._estimate([float(value) for value in values], frames)
        assert estimate is not None
        return estimate

    def _estimate(self, values: Sequence[float], frames: Sequence[int]) -> Estimate | None:
        if not values:
            return None
        clusters = [self._answers.sheet.trials[frame].cluster for frame in frames]
        return mean_interval(np.array(values), clusters, seed=self._seed)


def judge_kind(
    purpose: Purpose, should: Estimate, changed: Estimate, chance: float | None
) -> KindVerdict:
    """The verdict of one kind; `chance` is given where `should` counts expected actions."""
    low, high = should.low, should.high
    if should.clusters < FEWEST_FRAMES or low is None or high is None:
        return "few"
    if purpose == "change" and _is_unmoved(changed):
        return "unread"
    if chance is not None:
        if low > chance:
            return "read" if should.value >= FOLLOWED_SHARE else "partly"
        if high < FOLLOWED_SHARE:
            return "wrong" if changed.value >= LEAST_FOLLOWED_SHARE else "unread"
        return "undecided"
    most, some, least = _NAMES[purpose]
    if should.value >= FOLLOWED_SHARE and low > LEAST_FOLLOWED_SHARE:
        return most
    if high < LEAST_FOLLOWED_SHARE and should.value <= 1 - FOLLOWED_SHARE:
        return least
    return some if low > 1 - FOLLOWED_SHARE or high < LEAST_FOLLOWED_SHARE else "undecided"


def _is_unmoved(changed: Estimate) -> bool:
    """Whether few variants change the action; whether it is right may then be chance."""
    is_certain = changed.high is not None and changed.high < LEAST_FOLLOWED_SHARE
    return is_certain and changed.value <= 1 - FOLLOWED_SHARE


_NAMES: dict[Purpose, tuple[KindVerdict, KindVerdict, KindVerdict]] = {
    "change": ("changes", "partly", "unread"),
    "keep": ("kept", "partly_kept", "partly_kept"),
    "control": ("moves", "sometimes", "still"),
}
"""Where most variants do what is counted, some, or few."""
