"""Many frames as one: how facts of single frames or cases add up. Plain values, no torch.

An audit adds up its cases this way, and a sweep its frames, wherever they were measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from heedmap.ladder.behaviour import BehaviourFacts
from heedmap.ladder.evidence import Bypass
from heedmap.ladder.measurements import AttendedFacts, PresenceFacts, TokenFacts, VisibilityFacts


@dataclass(frozen=True)
class AttendedCase:
    """What one case contributes to the means of rung 4."""

    share: float
    last_layer_share: float
    lift: float | None
    value_share: float | None
    rollout_share: float
    values_are_zero: bool | None
    ivar: float | None


def mean_attended(first: AttendedFacts, cases: Sequence[AttendedCase]) -> AttendedFacts:
    """Means over the cases; what is measured on one case alone is that of `first`."""
    zero = [case.values_are_zero for case in cases]
    return first.model_copy(
        update={
            "share": mean_of_known([case.share for case in cases]) or 0.0,
            "last_layer_share": mean_of_known([case.last_layer_share for case in cases]) or 0.0,
            "lift": mean_of_known([case.lift for case in cases]),
            "value_share": mean_of_known([case.value_share for case in cases]),
            "rollout_share": mean_of_known([case.rollout_share for case in cases]) or 0.0,
            "values_are_zero": None if None in zero else all(zero),
            "ivar": mean_of_known([case.ivar for case in cases]),
        }
    )


def worst_visibility(seen: Sequence[VisibilityFacts]) -> VisibilityFacts:
    """Counts are the smallest seen, so that one blind case shows."""
    return min(seen, key=lambda facts: (facts.instruction_reachable, facts.image_reachable))


def worst_tokens(seen: Sequence[TokenFacts]) -> TokenFacts:
    """The first whose words do not all arrive; where all do, the first."""
    return min(
        seen,
        key=lambda facts: (
            facts.module is None,
            facts.follows_instruction,
            not facts.identical_pairs,
            not facts.lost_words,
        ),
    )


def all_presence(seen: Sequence[PresenceFacts]) -> PresenceFacts:
    """Which positions move on any frame; a position that both move on one frame is mixed."""
    mixed = frozenset(p for facts in seen for p in facts.mixed_positions)
    moved = mixed.union(p for facts in seen for p in facts.positions)
    length = next((f.length_changes_attention for f in seen), None)
    shifts = [f.shifts_with_length for f in seen if f.shifts_with_length is not None]
    return PresenceFacts(
        measured=any(facts.measured for facts in seen),
        positions=tuple(sorted(moved - mixed)),
        mixed_positions=tuple(sorted(mixed)),
        overwritten_positions=tuple(sorted({p for f in seen for p in f.overwritten_positions})),
        length_changes_attention=None if moved else length,
        shifts_with_length=next(iter(shifts), None) if moved else None,
    )


def any_bypass(seen: Sequence[Bypass]) -> Bypass:
    """The first that was found, or the first that was measured."""
    order = {"found": 0, "none": 1, "not measured": 2}
    return min(seen, key=lambda bypass: order[bypass.status])


def pooled_behaviour(seen: Sequence[BehaviourFacts]) -> BehaviourFacts | None:
    """The largest changes over all of them, each of a few frames; None without any."""
    if not seen:
        return None
    return BehaviourFacts(
        largest_score=max(each.largest_score for each in seen),
        noise=max(each.noise for each in seen),
        instruction_change=max(each.instruction_change for each in seen),
        same_length_change=_largest([each.same_length_change for each in seen]),
        frame_change=_largest([each.frame_change for each in seen]),
        state_change=_largest([each.state_change for each in seen]),
        alike=tuple(pair for pair in seen[0].alike if all(pair in each.alike for each in seen[1:])),
        is_tied=all(each.is_tied for each in seen),
        state_decides=sum(each.state_decides for each in seen) > len(seen) / 2,
    )


def _largest(values: Sequence[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)


def mean_of_known(values: Sequence[float | None]) -> float | None:
    """Of those that were measured."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
