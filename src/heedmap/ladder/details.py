"""What the ladder's sentences name, as text: positions, words, modules, figures."""

from __future__ import annotations

from heedmap.evidence import Estimate, ObeyedFacts
from heedmap.ladder.upper import LEAST_ACTION_CHANGE, change_that_may_be_rounding
from heedmap.sentence import ranges
from heedmap.verdict import Measurements


def details_of(measured: Measurements) -> dict[str, str]:
    """Only what was measured; a missing one shows as a dash in a sentence."""
    presence, seen, tokens = measured.presence, measured.visibility, measured.tokens
    at = presence.positions or presence.mixed_positions
    details = {
        "positions": ranges(at),
        "overwritten": ranges(presence.overwritten_positions),
        "hops": "" if seen.instruction_hops is None else str(seen.instruction_hops),
        "image_total": str(seen.image_total),
        "image_masked": str(seen.image_total - seen.image_reachable),
        "lost_words": ", ".join(f"'{word}'" for word in telling_lost_words(measured)),
        "pairs": ", ".join(f"{a} and {b}" for a, b in tokens.identical_pairs),
        "embedding": tokens.module or "",
        "module": measured.bypass.module or "",
        "share": "" if measured.attended is None else _percent(measured.attended.share),
        **_use(measured),
        **_rounding(measured),
        **({} if measured.obeyed is None else _obedience(measured.obeyed)),
    }
    return {name: text for name, text in details.items() if text}


def telling_lost_words(measured: Measurements) -> tuple[str, ...]:
    """Lost words that only some of the instructions lose or have: those that tell them apart."""
    lost = measured.tokens.lost_words
    names = list(measured.tokens.ids)
    everywhere = set.intersection(*(set(lost.get(name, ())) for name in names)) if names else set()
    if measured.tokens.identical_pairs or not measured.tokens.grows_with_instruction:
        everywhere = set()
    return tuple(sorted({w for words in lost.values() for w in words} - everywhere))


def _use(measured: Measurements) -> dict[str, str]:
    facts = measured.used
    if facts is None:
        return {}
    return {
        "dependence": f"{facts.dependence.value:.2f} {facts.unit}",
        "mediated": f"{facts.mediated.value:.2f} {facts.unit}",
        "directly": f"{facts.mediated_directly.value:.2f} {facts.unit}",
    }


def _rounding(measured: Measurements) -> dict[str, str]:
    change = change_that_may_be_rounding(measured)
    if change is None:
        return {}
    return {"change": f"{100 * change:.1g} %", "least_change": f"{100 * LEAST_ACTION_CHANGE:g} %"}


def _obedience(facts: ObeyedFacts) -> dict[str, str]:
    following, competent = facts.following, facts.competent
    details = {"frames": str(facts.trials)}
    if facts.swap_distance is not None:
        details["swap"] = f"{facts.swap_distance.value:.2f} {facts.unit}"
    if following is not None:
        details["rate"] = _rate(following.rate)
        details["chance"] = _percent(following.chance)
        details["swapped"] = ", ".join(f"{a} <-> {b}" for a, b in following.swapped)
    if competent is not None:
        details["competent"] = _rate(competent.rate)
        details["competent_chance"] = _percent(competent.chance)
    if facts.own_action_anyway is not None:
        details["anyway"] = _percent(facts.own_action_anyway.value)
    return details


def _rate(estimate: Estimate) -> str:
    """A share with its interval, where there is one."""
    if estimate.low is None or estimate.high is None:
        return _percent(estimate.value)
    return f"{_percent(estimate.value)} ({100 * estimate.low:.0f} to {100 * estimate.high:.0f})"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
