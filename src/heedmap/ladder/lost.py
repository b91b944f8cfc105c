"""From where the trail ends to a rung and a cause: pure rules."""

from __future__ import annotations

from heedmap.ladder.behaviour import TrailFacts
from heedmap.ladder.causes import Cause, RungName
from heedmap.ladder.measurements import Measurements
from heedmap.ladder.thresholds import FOLLOWED_SHARE

_WORDS: dict[str, tuple[RungName, Cause]] = {
    "cut off": ("tokenised", "truncated"),
    "unknown": ("tokenised", "unknown_words"),
    "same": ("tokenised", "same_ids"),
    "stale": ("tokenised", "stale_instruction"),
    "kept": ("tokenised", "stale_instruction"),
    "empty": ("tokenised", "empty_instruction"),
    "no input": ("present", "absent"),
    "not read": ("present", "absent"),
}


def lost_at(measured: Measurements) -> tuple[RungName, Cause] | None:
    """The rung on which the instruction was lost, and the cause; None where the trail has none.

    The trail is that of two instructions under which the action is the same.
    """
    trail = measured.trail
    if trail is None or trail.how is None:
        return None
    if trail.how == "not entered":
        is_seen = trail.encoded_text is not None
        if trail.words == "stale" and not is_seen and not _acts_as_under_one(measured):
            return "tokenised", "empty_instruction"
        if trail.words == "kept" and not _acts_as_under_one(measured):
            return "present", "absent"
        return _WORDS.get(trail.words)
    if trail.on_ids:
        return _lost_on_ids(trail)
    match trail.how:
        case "left out" if trail.is_kept_instead:
            return "tokenised", "stale_instruction"
        case "left out":
            return "present", "dropped"
        case "overwritten":
            return "present", "overwritten"
        case "multiplied by zero":
            return ("attended" if trail.was_attended else "present"), "gated"
        case "masked":
            return "visible", "masked"
        case "masked by order":
            is_readers = trail.is_inside_reader
            return (
                ("visible", "action_before_instruction") if is_readers else ("present", "dropped")
            )
        case "no weight":
            return "attended", "unattended"
        case "values equal":
            return "attended", "values_zero"
        case "rounded away":
            return "attended", "drowned"
        case "saturated" if _is_at_limit(measured, trail):
            return "used", "saturated"
        case "saturated" | "no choice" | "rows equal":
            return "used", "unused"
        case _:
            return "used", "not_identified"


def _is_at_limit(measured: Measurements, trail: TrailFacts) -> bool:
    """Whether it is the action that is at its limit, and not another value in the network.

    In older records: where no other frame moves the action either.
    """
    if trail.at_limit is not None:
        return trail.at_limit
    return measured.behaviour is None or measured.behaviour.is_blind


def _acts_as_under_one(measured: Measurements) -> bool:
    """Whether the action is the one expected under the first instruction, whichever is given.

    So it is where the first one that the policy was given is kept; a prompt without any leaves the
    action to the frame, or to chance. True where expected actions are not known.
    """
    following = None if measured.obeyed is None else measured.obeyed.following
    if following is None or len(following.by_instruction) < 2:
        return True
    first = next(iter(following.by_instruction.values()))
    return first.value >= FOLLOWED_SHARE


def _lost_on_ids(trail: TrailFacts) -> tuple[RungName, Cause] | None:
    """Lost while it was still token ids, inside the network."""
    match trail.how:
        case "left out":
            return "tokenised", "truncated"
        case "overwritten" | "masked":
            return "tokenised", "same_ids" if trail.words == "same" else "empty_instruction"
        case "multiplied by zero":
            return "present", "gated"
        case "saturated" | "rows equal":
            return "tokenised", "same_ids"
        case "no choice":  # the result is looked up as ids are, or is a mask
            return ("tokenised", "same_ids") if trail.words == "same" else ("used", "unused")
        case _:
            return "used", "not_identified"


def has_no_response(measured: Measurements) -> bool:
    """Whether what the instruction says does not move the action by more than rounding."""
    return measured.behaviour is not None and not measured.behaviour.responds
