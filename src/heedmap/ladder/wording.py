"""The verdict's sentence: what was found and what to do, in English or Korean."""

from __future__ import annotations

from heedmap.ladder.causes import NO_FAULT, Cause, RungName
from heedmap.ladder.details import detail_texts
from heedmap.ladder.messages import Language, has_message, say
from heedmap.ladder.upper import is_effect
from heedmap.ladder.verdict import LOWER_RUNGS, Details, Verdict


def rung_name(rung: RungName, language: Language | None = None) -> str:
    """The name of a rung."""
    return say(f"rung_{rung}", language)


def cause_name(cause: Cause, language: Language | None = None) -> str:
    """A cause in a few words: people read these, programs its code."""
    return say(f"cause_name_{cause}", language)


def verdict_text(verdict: Verdict, language: Language | None = None) -> tuple[str, str]:
    """The sentence and the fix of a verdict. What was not measured is a dash."""
    sentences, fix = verdict_sentences(verdict, language)
    return " ".join(sentences), fix


def verdict_sentences(verdict: Verdict, language: Language | None = None) -> tuple[list[str], str]:
    """As `verdict_text`, with what is said of the cause apart from what follows it."""
    texts = detail_texts(verdict.details, language)
    if verdict.cause == "not_measured" and is_too_small(verdict):
        return [say("and_too_small", language, **texts)], say("fix_too_small", language)
    texts["notes"] = "; ".join(say(f"note_{note}", language) for note in verdict.notes)
    key = _cause_key(verdict)
    sentences = [say(each, language, **texts) for each in (key, *_further(verdict))]
    return sentences, say(_fix_key(verdict, key, language), language, **texts)


_TRAILED = "_by_trail"
_WITHIN: dict[Cause, str] = {
    "truncated": "cause_truncated_on_ids",
    "stale_instruction": "cause_stale_instruction_of_a_cache",
}
"""Of causes before the network, where they were found within it."""


def _cause_key(verdict: Verdict) -> str:
    """The sentence says no more than was measured: by exchange, by the trail, or by structure."""
    cause, first = verdict.cause, verdict.first_failing
    by = None if first is None else verdict.rungs[first].evidence.get("by")
    if by == "configuration":
        return f"cause_{cause}_by_configuration"
    if cause == "saturated" and (by == "tied" or not _has_place(verdict)):
        return "cause_tied"
    if cause in ("unused", "state_decides") and is_too_small(verdict):
        return f"cause_{cause}_too_small"
    if cause == "partial" and is_by_frame(verdict) and not has_ignored(verdict):
        return "cause_partial_by_frame"
    if cause == "not_identified" and not _has_place(verdict):
        return "cause_not_identified_nowhere"
    if cause == "not_measured" and _has_place(verdict):
        return "cause_not_measured_undecided"
    if cause == "not_identified" and _leaves_torch(verdict):
        return "cause_not_identified_outside"
    if by == "trail" and cause in _AS_ENCODED and _has_encoded_text(verdict):
        return f"cause_{cause}_as_encoded"
    if by == "trail" and cause in _BY_TRAIL:
        is_within = cause in _WITHIN and _has_place(verdict)
        return _WITHIN[cause] if is_within else f"cause_{cause}{_TRAILED}"
    if cause in ("none", "image_unused", "image_masked", "bypass") and verdict.notes:
        return "cause_none_as_it_acts" if cause == "none" else f"cause_{cause}"
    is_unread = verdict.rungs["present"].status == "not measured"
    if (
        cause == "none"
        and verdict.rungs["used"].status == "holds"
        and not _is_seen_through(verdict)
    ):
        return "cause_none_as_it_acts"
    is_unread |= cause == "unused" and not _has_share(verdict)
    suffix = "_by_exchange" if is_unread and cause in ("none", "unused") else ""
    return f"cause_{cause}{suffix}"


_BY_TRAIL: frozenset[Cause] = frozenset(
    {
        "empty_instruction",
        "stale_instruction",
        "truncated",
        "unknown_words",
        "same_ids",
        "absent",
        "overwritten",
        "length_leak",
        "masked",
        "action_before_instruction",
        "values_zero",
        "unattended",
        "unused",
    }
)
"""Causes that structure finds too, of which it then says more."""
_AS_ENCODED: frozenset[Cause] = frozenset({"empty_instruction", "stale_instruction"})
"""Causes of which the text that is encoded instead can be quoted."""


def _is_seen_through(verdict: Verdict) -> bool:
    """Whether every step was measured, or none could be: then the sentence says just that."""
    statuses = {verdict.rungs[name].status for name in LOWER_RUNGS}
    return statuses == {"holds"} or (statuses == {"not measured"} and not verdict.is_unread)


def _has_place(verdict: Verdict) -> bool:
    """Whether the trail ended at an operator."""
    details = verdict.details
    return isinstance(details, Details) and details.operator_at is not None


def _leaves_torch(verdict: Verdict) -> bool:
    return isinstance(verdict.details, Details) and verdict.details.leaves_torch


def _has_encoded_text(verdict: Verdict) -> bool:
    return isinstance(verdict.details, Details) and verdict.details.encoded_text is not None


def _has_share(verdict: Verdict) -> bool:
    """Whether it is known how much attention the instruction gets."""
    details = verdict.details
    return "share" in details if isinstance(details, dict) else details.share is not None


def _fix_key(verdict: Verdict, key: str, language: Language | None) -> str:
    own = key.replace("cause_", "fix_", 1)
    return own if has_message(own, language) else f"fix_{verdict.cause}"


def _further(verdict: Verdict) -> list[str]:
    """Messages that follow the one on the cause."""
    obeyed = verdict.rungs["obeyed"].status
    if verdict.cause in NO_FAULT:
        further = _upper(verdict)
        if isinstance(verdict.details, Details) and verdict.details.unit == "raw units":
            further.insert(1, "and_much_unknown")
        if verdict.is_unread:
            further.append(_unread(verdict))
        if _is_read_in_some_calls(verdict):
            further.append("and_read_in_calls")
        elif isinstance(verdict.details, Details) and verdict.details.calls_used:
            further.append("and_used_in_calls")
        further += _of_stacks(verdict)
        return [*further, "and_notes"] if verdict.notes else further
    keys = [_unread(verdict)] if verdict.is_unread else []
    keys += ["and_read_elsewhere"] if _is_read_elsewhere(verdict) else []
    is_both = verdict.cause == "partial" and is_by_frame(verdict) and has_ignored(verdict)
    keys += ["and_unmoved"] if is_both else []
    keys += ["and_alike"] if verdict.cause == "partial" and has_alike(verdict) else []
    keys += ["and_swapped"] if verdict.cause == "disobeyed" and has_swapped(verdict) else []
    if verdict.bypass.status == "found":
        is_faint = verdict.rungs["used"].status == "fails"  # the effect does not count
        by = "and_bypassed_faintly" if is_faint else "and_bypassed"
        keys.append("and_follows_by_bypass" if obeyed == "holds" else by)
    keys += _of_stacks(verdict)
    return [*keys, "and_notes"] if verdict.notes else keys


def _of_stacks(verdict: Verdict) -> list[str]:
    """What is known of single stacks, whatever the cause."""
    details = verdict.details
    if not isinstance(details, Details):
        return []
    keys = ["and_carries_nothing"] if details.carries_nothing else []
    return [*keys, "and_image_only"] if details.image_only else keys


def _unread(verdict: Verdict) -> str:
    return "and_no_attention" if verdict.has_no_attention else "and_unread"


def _upper(verdict: Verdict) -> list[str]:
    """What is known of use and obedience where no rung fails but over a bypass."""
    used, obeyed = verdict.rungs["used"].status, verdict.rungs["obeyed"].status
    if used == "fails" and obeyed == "holds":
        return ["and_follows_by_bypass"]
    keys: list[str] = []
    if used == "holds":
        by_knockout = has_knockout(verdict) and "by" not in verdict.rungs["used"].evidence
        whole = "and_used_whole" if _is_more_than_all(verdict) else "and_used"
        keys.append(whole if by_knockout else "and_used_by_exchange")
    if is_over_others(verdict):
        keys.append("and_used_over_others")
    if obeyed == "holds":
        return [*keys, "and_obeyed"]
    if is_too_small(verdict):
        return ["and_too_small"]
    if not keys and isinstance(verdict.details, Details) and verdict.details.is_still:
        return ["and_same_action"]
    return [*keys, "and_right_way_unknown"] if keys else ["and_upper_not_measured"]


_LOST_BEFORE_READERS: frozenset[Cause] = frozenset(
    {"masked", "action_before_instruction", "gated", "values_zero", "dropped", "overwritten"}
)


def _is_read_elsewhere(verdict: Verdict) -> bool:
    """Whether a stack reads the instruction, and none that the action is decoded from does."""
    details = verdict.details
    is_lost = verdict.cause in _LOST_BEFORE_READERS
    return is_lost and isinstance(details, Details) and bool(details.read_in)


def _is_read_in_some_calls(verdict: Verdict) -> bool:
    """Whether the action's stacks run several times, and read the instruction in some of them."""
    return isinstance(verdict.details, Details) and bool(verdict.details.reading)


def _is_more_than_all(verdict: Verdict) -> bool:
    """Whether random edges add to the difference, so that more than all of it would be removed."""
    details = verdict.details
    if not isinstance(details, Details) or details.mediated is None or details.left is None:
        return False
    return details.dependence is not None and details.mediated.value > details.dependence.value


def has_alike(verdict: Verdict) -> bool:
    """Whether some instructions never lead to different actions."""
    return isinstance(verdict.details, Details) and bool(verdict.details.alike)


def is_by_frame(verdict: Verdict) -> bool:
    """Whether the action moves with the instruction on some frames only."""
    return isinstance(verdict.details, Details) and verdict.details.unmoved > 0


def has_ignored(verdict: Verdict) -> bool:
    """Whether some instructions are followed, and others are not."""
    details = verdict.details
    return isinstance(details, Details) and bool(details.followed and details.ignored)


def has_swapped(verdict: Verdict) -> bool:
    """Whether actions are output in each other's place."""
    details = verdict.details
    return bool(details.get("swapped") if isinstance(details, dict) else details.swapped)


def is_too_small(verdict: Verdict) -> bool:
    """Whether exchanging the instruction changes the action by what may be rounding."""
    details = verdict.details
    return not isinstance(details, dict) and details.action_change is not None


def has_knockout(verdict: Verdict) -> bool:
    """Whether the rung `used` was measured by knockout, and not by exchange alone."""
    details = verdict.details
    return "mediated" in details if isinstance(details, dict) else details.mediated is not None


def is_over_others(verdict: Verdict) -> bool:
    """Whether the instruction is used, but not over the action rows' own edges (two hops)."""
    details, used = verdict.details, verdict.rungs["used"]
    if used.status != "holds" or "by" in used.evidence or not isinstance(details, Details):
        return False
    if details.directly is None or details.unit is None:
        return False
    return not is_effect(details.directly, details.unit)
