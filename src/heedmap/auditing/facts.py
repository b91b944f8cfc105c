"""What can be said about one policy, from its cases: pure, no model runs here."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
from jaxtyping import Float

from heedmap.auditing.measures.distance import jensen_shannon_bits
from heedmap.ladder.measurements import Facts, InstructionPair
from heedmap.record.disagreements import disagreements
from heedmap.record.record import Case


def gather_facts(
    cases: Sequence[Case],
    attention: Mapping[tuple[str, str], str],
    instruction_measured: bool,
) -> Facts:
    """Facts over all cases of one policy.

    `attention` holds `attention_digest`s, keyed by (frame, instruction).
    """
    layouts = [case.layouts["measured"] for case in cases]
    visible, totals = zip(*(layout.image_counts for layout in layouts), strict=True)
    return Facts(
        instruction_positions=_union(cases, "instruction"),
        instruction_measured=instruction_measured,
        mixed_positions=_union(cases, "mixed"),
        seen_image_positions=tuple(sorted({p for case in cases for p in _seen_image(case)})),
        image_total=max(totals),
        image_visible_min=min(visible),
        image_visible_max=max(visible),
        pairs=_pairs(cases, attention),
        layouts_disagree=bool(disagreements(cases, instruction_measured)),
    )


def attention_digest(attention: Float[np.ndarray, "layer head row key"]) -> str:
    """Equal for arrays that are equal bit for bit, and of one shape."""
    content = np.ascontiguousarray(attention)
    return hashlib.sha256(repr(content.shape).encode() + content.tobytes()).hexdigest()


def _union(cases: Sequence[Case], region: str) -> tuple[int, ...]:
    regions = [case.layouts["measured"].regions.get(region, ()) for case in cases]
    return tuple(sorted({position for positions in regions for position in positions}))


def _seen_image(case: Case) -> set[int]:
    return set(case.layouts["measured"].image_positions) & set(case.visible_positions)


def _pairs(
    cases: Sequence[Case], attention: Mapping[tuple[str, str], str]
) -> tuple[InstructionPair, ...]:
    by_instruction: dict[str, list[Case]] = {}
    for case in cases:
        by_instruction.setdefault(case.instruction, []).append(case)
    found: list[InstructionPair] = []
    for first, second in combinations(by_instruction.values(), 2):
        if both := _on_same_frames(first, second):
            found.append(_compare(both, attention))
    return tuple(found)


def _on_same_frames(first: Sequence[Case], second: Sequence[Case]) -> list[tuple[Case, Case]]:
    """Frames that were put under both instructions; every frame may have its own."""
    by_frame = {case.frame: case for case in second}
    return [(case, by_frame[case.frame]) for case in first if case.frame in by_frame]


def _compare(
    both: Sequence[tuple[Case, Case]], attention: Mapping[tuple[str, str], str]
) -> InstructionPair:
    """Compare the cases of two instructions, frame by frame."""
    counts = [(a.token_count, b.token_count) for a, b in both]
    known = not any(None in pair for pair in counts)
    return InstructionPair(
        first=both[0][0].instruction,
        second=both[0][1].instruction,
        same_token_count=all(a == b for a, b in counts) if known else None,
        attention_identical=all(
            attention[a.frame, a.instruction] == attention[b.frame, b.instruction] for a, b in both
        ),
        action_identical=all(a.action.values == b.action.values for a, b in both),
        choice_identical=None
        if any(a.action.name is None for a, _ in both)
        else all(a.action.name == b.action.name for a, b in both),
        action_distance_bits=_mean_distance_bits(both),
    )


def _mean_distance_bits(both: Sequence[tuple[Case, Case]]) -> float | None:
    """None for continuous heads."""
    distances: list[float] = []
    for one, two in both:
        first, second = one.action.probabilities, two.action.probabilities
        if first is None or second is None:
            return None
        p, q = (np.array([given[name] for name in first]) for given in (first, second))
        distances.append(jensen_shannon_bits(p, q))
    return sum(distances) / len(distances)
