"""From what was examined to the measurements that the ladder judges."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from heedmap.capture.inputs import SequenceLengthError
from heedmap.capture.masks import blind_rows
from heedmap.errors import InstructionError
from heedmap.inputs.trials import Trial
from heedmap.interventions.bypass import find_bypass
from heedmap.lower.attended import attended_of
from heedmap.lower.discovery import Transformer
from heedmap.lower.examine import Examined
from heedmap.lower.patches import patch_map
from heedmap.lower.prompt import shifts_with_length
from heedmap.lower.tokens import measure_tokens
from heedmap.regions import is_image
from heedmap.upper.measure import UpperFacts, measure_upper
from heedmap.variants import longer, observation_variants, word_variants
from heedmap.verdict import Bypass, Measurements, PresenceFacts, VisibilityFacts

TRIED_PARTNERS = 12
"""Instructions tried as the second one of a bypass test, until one is of equal length."""


def measure(
    transformer: Transformer,
    examined: Sequence[Examined],
    instructions: Mapping[str, str],
    trials: Sequence[Trial],
    seed: int,
    on_stage: Callable[[], None] = lambda: None,
) -> Measurements:
    """All that the ladder is judged from: rungs 1-4 over the cases, 5 and 6 over the trials.

    Without trials the upper rungs are not measured.
    """
    first = examined[0]
    upper = UpperFacts(None, None, None)
    if trials:
        policy = first.subject.policy
        upper = measure_upper(policy, transformer, examined, trials, seed, on_stage)
    others = [text for text in instructions.values() if text != first.subject.instruction]
    return Measurements(
        stacks=transformer.stacks,
        tokens=measure_tokens(
            first.subject.policy, first.subject.observation, instructions, first.seen
        ),
        presence=presence_of(examined),
        visibility=visibility_of(examined),
        attended=attended_of(examined, seed),
        bypass=bypass_of(first, others, seed),
        used=upper.used,
        obeyed=upper.obeyed,
        causal_map=upper.causal_map,
        patches=tuple(
            patch_map(first.subject, camera, positions)
            for camera, positions in first.movement.by_camera.items()
            if positions
        ),
    )


def presence_of(examined: Sequence[Examined]) -> PresenceFacts:
    """Over all cases: which positions move, and where the words went if none does."""
    first = examined[0]
    text = first.subject.instruction
    moves = [set(one.movement.by_instruction) for one in examined]
    mixed = {
        position
        for one in examined
        for position in set(one.movement.by_instruction) & set(one.movement.by_frame)
    }
    any_moves = any(moves)
    return PresenceFacts(
        measured=any(one.movement.instruction_measured for one in examined),
        positions=tuple(sorted(set().union(*moves) - mixed)),
        mixed_positions=tuple(sorted(mixed)),
        overwritten_positions=tuple(sorted({p for one in examined for p in one.overwritten})),
        length_changes_attention=None if any_moves else _length_changes_attention(first),
        shifts_with_length=_shifts(first, longer(text)) if any_moves else None,
    )


def visibility_of(examined: Sequence[Examined]) -> VisibilityFacts:
    """Over all cases: counts are the smallest seen, so that one blind case shows."""
    seen = [_visibility(one) for one in examined]
    return min(seen, key=lambda facts: (facts.instruction_reachable, facts.image_reachable))


def bypass_of(examined: Examined, others: Sequence[str], seed: int) -> Bypass:
    """Look for a road around the sequence, with the first instruction of equal length."""
    subject = examined.subject
    candidates = [
        *others,
        *(text for _, texts in word_variants(subject.instruction, others) for text in texts),
    ]
    variants = next(iter(observation_variants(subject.observation, seed).values()))
    for other in candidates[:TRIED_PARTNERS]:
        if not subject.same_length(other):
            continue
        try:
            return find_bypass(
                subject.policy,
                subject.base,
                subject.observation,
                (subject.instruction, other),
                variants[0],
                examined.movement.by_frame,
            )
        except SequenceLengthError:
            continue
    return Bypass(status="not measured")


def _length_changes_attention(examined: Examined) -> bool | None:
    """Whether one more word changes what the action rows attend to."""
    subject = examined.subject
    try:
        other = subject.run(instruction=longer(subject.instruction))
    except InstructionError:
        return None
    except SequenceLengthError:
        return True  # even the sequence's length follows the instruction's
    return not np.array_equal(
        other.attention(examined.rows), examined.seen.attention(examined.rows)
    )


def _shifts(examined: Examined, text: str) -> bool | None:
    try:
        return shifts_with_length(examined.subject, examined.movement, text)
    except InstructionError:
        return None


def _visibility(examined: Examined) -> VisibilityFacts:
    instruction = examined.instruction_positions
    images = [p for r, ps in examined.layout.regions.items() if is_image(r) for p in ps]
    hops = examined.hops
    reached = [int(hops[p]) for p in instruction if hops[p] > 0]
    rows = set(examined.rows)
    return VisibilityFacts(
        instruction_total=len(instruction),
        instruction_direct=sum(hop == 1 for hop in reached),
        instruction_reachable=len(reached),
        instruction_hops=min(reached, default=None),
        instruction_after_action=bool(instruction) and min(instruction) > max(rows, default=0),
        image_total=len(images),
        image_direct=int(sum(hops[p] == 1 for p in images)),
        image_reachable=int(sum(hops[p] > 0 for p in images)),
        blind_rows=blind_rows(examined.seen.stack),
    )
