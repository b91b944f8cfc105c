"""The verdict's sentence: what was found and what to do, in English or Korean."""

from __future__ import annotations

from heedmap.ladder.causes import NO_FAULT, RungName
from heedmap.ladder.details import detail_texts
from heedmap.ladder.messages import Language, say
from heedmap.ladder.upper import is_effect
from heedmap.ladder.verdict import Details, Verdict


def rung_name(rung: RungName, language: Language = "en") -> str:
    """The name of a rung."""
    return say(f"rung_{rung}", language)


def verdict_text(verdict: Verdict, language: Language = "en") -> tuple[str, str]:
    """The sentence and the fix of a verdict. What was not measured is a dash."""
    texts = detail_texts(verdict.details, language)
    if verdict.cause == "not_measured" and is_too_small(verdict):
        return say("and_too_small", language, **texts), say("fix_too_small", language)
    keys = [_cause_key(verdict), *_further(verdict)]
    sentence = " ".join(say(key, language, **texts) for key in keys)
    return sentence, say(f"fix_{verdict.cause}", language)


def _cause_key(verdict: Verdict) -> str:
    """The sentence on a black box leaves out the steps that could not be observed."""
    is_black_box = verdict.rungs["present"].status == "not measured"
    suffix = "_by_exchange" if is_black_box and verdict.cause in ("none", "unused") else ""
    return f"cause_{verdict.cause}{suffix}"


def _further(verdict: Verdict) -> list[str]:
    """Messages that follow the one on the cause."""
    obeyed = verdict.rungs["obeyed"].status
    if verdict.cause in NO_FAULT:
        return _upper(verdict)
    keys = ["and_swapped"] if verdict.cause == "disobeyed" and has_swapped(verdict) else []
    if verdict.bypass.status == "found":
        keys.append("and_follows_by_bypass" if obeyed == "holds" else "and_bypassed")
    return keys


def _upper(verdict: Verdict) -> list[str]:
    """What is known of use and obedience where no rung fails but over a bypass."""
    used, obeyed = verdict.rungs["used"].status, verdict.rungs["obeyed"].status
    if used == "fails" and obeyed == "holds":
        return ["and_follows_by_bypass"]
    keys: list[str] = []
    if used == "holds":
        keys.append("and_used" if has_knockout(verdict) else "and_used_by_exchange")
    if is_over_others(verdict):
        keys.append("and_used_over_others")
    if obeyed == "holds":
        return [*keys, "and_obeyed"]
    if is_too_small(verdict):
        return ["and_too_small"]
    return [*keys, "and_right_way_unknown"] if keys else ["and_upper_not_measured"]


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
    details = verdict.details
    if verdict.rungs["used"].status != "holds" or not isinstance(details, Details):
        return False
    if details.directly is None or details.unit is None:
        return False
    return not is_effect(details.directly, details.unit)
