"""One reading of a monitor: the ladder's numbers at one step of training, under fixed names.

A metric's name says what it is and in which unit. What was not measured has no entry: it is
never 0, and no logger draws a line where there is none.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from heedmap.frozen import Frozen
from heedmap.ladder.causes import CAUSES, NO_WORD_ARRIVES, Cause, RungName
from heedmap.ladder.evidence import Estimate, FollowingFacts, ObeyedFacts, UsedFacts
from heedmap.ladder.measurements import AttendedFacts
from heedmap.ladder.messages import say
from heedmap.ladder.verdict import Status, Verdict
from heedmap.ladder.wording import verdict_text
from heedmap.record.record import PolicyResult

PREFIX = "heedmap/"


class Reading(Frozen):
    """What one audit in the middle of training found."""

    step: int
    """Optimizer steps done before it."""
    metrics: dict[str, float]
    """By name, such as `heedmap/obeyed_flip_share`; what was not measured is left out."""
    rungs: dict[RungName, Status]
    bypass: Literal["found", "none", "not measured"]
    """Whether the instruction reaches the action by a path beside the sequence."""
    cause: Cause
    sentence: str
    fix: str
    seconds: float
    """How long the audit took."""
    notes: tuple[Cause, ...] = ()
    """What the structure shows, though the instruction arrives."""
    verdict: Verdict | None = Field(default=None, exclude=True, repr=False)
    """What the sentence was made of; not kept in a history."""

    def said(self) -> tuple[str, str]:
        """Sentence and fix in the language of this context; as they are where they were kept."""
        return (self.sentence, self.fix) if self.verdict is None else verdict_text(self.verdict)

    def lost(self, rungs: tuple[RungName, ...]) -> RungName | None:
        """The first of these rungs that fails; None where none does.

        Where a bypass is found the instruction does reach the action, and nothing is lost.
        """
        if self.bypass == "found":
            return None
        return next((name for name in rungs if self.rungs.get(name) == "fails"), None)

    def is_bypassed(self, rungs: tuple[RungName, ...]) -> bool:
        """Whether one of these rungs would fail, if a bypass did not carry the instruction."""
        would_fail = any(set(CAUSES[note].rungs) & set(rungs) for note in self.notes)
        fails = any(self.rungs.get(name) == "fails" for name in rungs)
        return self.bypass == "found" and (fails or would_fail)

    def stop_message(self) -> str:
        """Why training stopped here, and how it would not have."""
        about = "text" if self.cause in NO_WORD_ARRIVES else "fault"
        about = "image" if self.cause == "image_masked" else about
        sentence, fix = self.said()
        return say("training_stopped", step=self.step, sentence=sentence, fix=fix, about=about)


def read_off(found: PolicyResult, step: int, seconds: float) -> Reading:
    """The reading that an audited policy gives."""
    verdict = found.verdict
    return Reading(
        step=step,
        metrics={PREFIX + name: value for name, value in _metrics(found)},
        rungs={name: rung.status for name, rung in verdict.rungs.items()},
        bypass=verdict.bypass.status,
        cause=verdict.cause,
        sentence=verdict.sentence,
        fix=verdict.fix,
        seconds=seconds,
        notes=verdict.notes,
        verdict=verdict,
    )


def _metrics(found: PolicyResult) -> Iterator[tuple[str, float]]:
    measured = found.measurements
    for name, rung in found.verdict.rungs.items():
        if rung.status != "not measured":
            yield f"rung_{name}", float(rung.status == "holds")
    if found.verdict.bypass.status != "not measured":
        yield "bypass_found", float(found.verdict.bypass.status == "found")
    if measured.attended is not None:
        yield from _attended(measured.attended)
    if measured.used is not None:
        yield from _used(measured.used)
    if measured.obeyed is not None:
        yield from _obeyed(measured.obeyed)


def _attended(facts: AttendedFacts) -> Iterator[tuple[str, float]]:
    yield "attended_share", facts.share
    if facts.rollout_share is not None:
        yield "attended_rollout_share", facts.rollout_share
    if facts.lift is not None:
        yield "attended_lift", facts.lift


def _used(facts: UsedFacts) -> Iterator[tuple[str, float]]:
    unit = _unit(facts.unit)
    yield f"used_dependence_{unit}", facts.dependence.value
    yield from _with_interval("used_mediated", unit, facts.mediated)
    yield f"used_mediated_directly_{unit}", facts.mediated_directly.value


def _obeyed(facts: ObeyedFacts) -> Iterator[tuple[str, float]]:
    unit = _unit(facts.unit)
    if facts.swap_distance is not None:
        yield f"obeyed_swap_{unit}", facts.swap_distance.value
    if facts.beyond_paraphrase is not None:
        yield f"obeyed_beyond_paraphrase_{unit}", facts.beyond_paraphrase.value
    if facts.flip_share is not None:
        yield "obeyed_flip_share", facts.flip_share.value
    if facts.following is not None:
        yield from _following(facts.following)
    if facts.competent is not None:
        yield "competent_rate", facts.competent.rate.value


def _following(facts: FollowingFacts) -> Iterator[tuple[str, float]]:
    yield "obeyed_rate", facts.rate.value
    yield "obeyed_chance", facts.chance
    if facts.counterfactual_accuracy is not None:
        yield "obeyed_counterfactual_accuracy", facts.counterfactual_accuracy.value


def _with_interval(name: str, unit: str, found: Estimate) -> Iterator[tuple[str, float]]:
    yield f"{name}_{unit}", found.value
    if found.low is not None and found.high is not None:
        yield f"{name}_low_{unit}", found.low
        yield f"{name}_high_{unit}", found.high


def _unit(unit: str) -> str:
    """In names of metrics: `bits` or `scale_units`."""
    return unit.replace(" ", "_")
