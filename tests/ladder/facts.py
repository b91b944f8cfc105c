"""A healthy policy's measurements, to be changed one by one."""

from __future__ import annotations

from typing import Any

from heedmap.ladder.behaviour import BehaviourFacts, How, TrailFacts
from heedmap.ladder.evidence import (
    Bypass,
    Competence,
    Estimate,
    FollowingFacts,
    ObeyedFacts,
    UsedFacts,
)
from heedmap.ladder.measurements import (
    AttendedFacts,
    Measurements,
    PresenceFacts,
    TokenFacts,
    VisibilityFacts,
)

TOKENS = TokenFacts(
    module="embed",
    ids={"left": (0, 5, 6, 2, 1, 1), "right": (0, 5, 7, 2, 1, 1)},
    follows_instruction=True,
    words=2,
)
PRESENCE = PresenceFacts(
    measured=True,
    positions=(65, 66),
    mixed_positions=(),
    length_changes_attention=None,
    shifts_with_length=False,
)
VISIBILITY = VisibilityFacts(
    instruction_total=2,
    instruction_direct=2,
    instruction_reachable=2,
    instruction_hops=1,
    instruction_after_action=False,
    image_total=64,
    image_direct=64,
    image_reachable=64,
)
ATTENDED = AttendedFacts(
    share=0.1,
    last_layer_share=0.2,
    lift=0.8,
    sinks=(0,),
    value_share=0.1,
    rollout_share=0.05,
    values_are_zero=False,
    heads_alive_by_layer=(1, 2),
    ivar=0.3,
)
ABSENT = {"positions": (), "mixed_positions": ()}
NOWHERE = {
    "instruction_total": 0,
    "instruction_direct": 0,
    "instruction_reachable": 0,
    "instruction_hops": None,
}
UNREACHED = {"instruction_direct": 0, "instruction_reachable": 0, "instruction_hops": None}


def measured(
    used: UsedFacts | None = None, obeyed: ObeyedFacts | None = None, **changes: dict[str, Any]
) -> Measurements:
    """A healthy policy's measurements, with some values changed; upper rungs where given."""
    parts = {
        "tokens": TOKENS,
        "presence": PRESENCE,
        "visibility": VISIBILITY,
        "attended": ATTENDED,
        "bypass": Bypass(status="none"),
    }
    changed = {k: part.model_copy(update=changes.get(k, {})) for k, part in parts.items()}
    return Measurements(stacks=(), used=used, obeyed=obeyed, **changed)  # pyright: ignore[reportArgumentType]


def estimate(value: float, low: float | None = None, high: float | None = None) -> Estimate:
    """Over 24 frames, with an interval of a tenth to either side unless given."""
    return Estimate(
        value=value,
        low=value - 0.01 if low is None else low,
        high=value + 0.01 if high is None else high,
        n=24,
        clusters=24,
    )


def of_one_frame(value: float) -> Estimate:
    """Without an interval."""
    return Estimate(value=value, low=None, high=None, n=1, clusters=1)


def used(mediated: Estimate, dependence: float = 0.9, unit: str = "bits") -> UsedFacts:
    """Facts of rung 5 with this much mediated."""
    return UsedFacts(
        unit=unit,
        dependence=estimate(dependence),
        after_cut=estimate(0.1),
        after_direct_cut=estimate(0.1),
        after_random_cut=estimate(dependence),
        mediated=mediated,
        mediated_directly=mediated,
        p_value=0.001,
        cuts=(),
    )


def following(rate: float, **by_instruction: float) -> FollowingFacts:
    """Of three actions; each instruction's own rate, else the same."""
    each = by_instruction or {"left": rate, "right": rate}
    return FollowingFacts(
        rate=estimate(rate),
        chance=1 / 3,
        by_instruction={name: estimate(value) for name, value in each.items()},
        counterfactual_accuracy=None,
        paraphrase_drop=None,
        grounding_score=None,
        log_likelihood_ratio_bits=None,
        swapped=(),
    )


def obeyed(**changes: Any) -> ObeyedFacts:
    """Of a policy that obeys on 24 frames, with some values changed."""
    healthy = ObeyedFacts(
        unit="bits",
        trials=24,
        not_needed=0,
        without_expectation=0,
        not_competent=0,
        swap_distance=estimate(0.9),
        paraphrase_distance=estimate(0.01),
        beyond_paraphrase=estimate(0.89),
        p_value=0.001,
        flip_share=estimate(1.0),
        swap_cosine=None,
        nonsense_distance=None,
        blank_distance=None,
        contradictory_distance=None,
        following=following(0.98),
        competent=Competence(rate=estimate(0.98), chance=0.4),
        own_action_anyway=estimate(0.02),
    )
    return healthy.model_copy(update=changes)


def behaviour(**changes: Any) -> BehaviourFacts:
    """Of an action that instruction and frame move, in scores up to 1; with some values changed."""
    healthy = BehaviourFacts(
        largest_score=1.0,
        noise=0.0,
        instruction_change=0.5,
        same_length_change=0.5,
        frame_change=0.5,
    )
    return healthy.model_copy(update=changes)


UNMOVED = {"instruction_change": 0.0, "same_length_change": 0.0}
"""What `behaviour` has where the instruction does not move the action."""


def trail(how: How | None, **changes: Any) -> TrailFacts:
    """A trail that ends in this way, at an operator where it entered at all."""
    ended = TrailFacts(texts=("go left", "go right"), how=how)
    if how not in (None, "not entered"):
        ended = ended.model_copy(update={"operator": "aten::mul", "module": "decoder.gate"})
    return ended.model_copy(update=changes)
