"""Rungs 5 and 6 and their gates: pure rules from measured facts to rungs.

A significant effect of no size proves nothing, so every rule needs both: size
(`thresholds.py`) and certainty.
"""

from __future__ import annotations

from heedmap.ladder.causes import Cause
from heedmap.ladder.evidence import Estimate, FollowingFacts, ObeyedFacts
from heedmap.ladder.measurements import Measurements
from heedmap.ladder.thresholds import (
    COMPETENT_SHARE,
    FOLLOWED_SHARE,
    LANGUAGE_DECIDES_SHARE,
    LEAST_ACTION_CHANGE_SHARE,
    LEAST_EFFECT,
    LEAST_FOLLOWED_SHARE,
    SAME_ACTION_SHARE,
    UNMOVED_SHARE,
)
from heedmap.ladder.verdict import Rung

_NOT_MEASURED: tuple[Rung, Cause | None] = (Rung(status="not measured"), None)


def judge_needed(measured: Measurements) -> Rung:
    """Holds where instructions are known to ask for different actions on some frame."""
    facts = measured.obeyed
    if facts is None:
        return Rung(status="not measured")
    evidence = facts.model_dump(include={"trials", "not_needed", "without_expectation"})
    if decided := decided_frames(facts):
        return Rung(status="holds", value=decided / facts.trials, evidence=evidence)
    status = "fails" if facts.not_needed else "not measured"
    return Rung(status=status, value=0.0 if facts.not_needed else None, evidence=evidence)


def judge_competent(measured: Measurements) -> Rung:
    """Holds where the action is right on most frames under the frames' own instructions."""
    facts = measured.obeyed
    if facts is None or facts.competent is None:
        return Rung(status="not measured")
    return Rung(
        status="holds" if facts.competent.rate.value > COMPETENT_SHARE else "fails",
        value=facts.competent.rate.value,
        evidence=facts.competent.model_dump(mode="json"),
    )


def judge_used(measured: Measurements) -> tuple[Rung, Cause | None]:
    """Does the dependence on the instruction go when its edges are cut?"""
    if (change := change_that_may_be_rounding(measured)) is not None:
        return _too_small(change)
    facts = measured.used
    if facts is None:
        by_exchange = measured.by_exchange_only or measured.behaviour is not None
        return _used_by_exchange(measured) if by_exchange else _NOT_MEASURED
    evidence = facts.model_dump(mode="json")
    is_still = measured.behaviour is not None and not measured.behaviour.responds
    # Random edges may add a difference where there is none, which no knockout takes away.
    is_any = is_large(facts.dependence, facts.unit) and not is_still
    if is_any and is_effect(facts.mediated, facts.unit):
        return Rung(status="holds", value=facts.mediated.value, evidence=evidence), None
    if _moves(measured):
        evidence |= {"by": "exchange"}  # by another way than the sequence that was cut
        return Rung(status="holds", value=facts.mediated.value, evidence=evidence), None
    if measured.obeyed is None or not decided_frames(measured.obeyed):
        # no expected action says that it should be used
        return Rung(status="not measured", evidence=evidence), None
    rung = Rung(status="fails", value=facts.mediated.value, evidence=evidence)
    if measured.bypass.status == "found" and responds_to_words(measured):
        # It has a bypass, which the verdict names; older records have no more than the cut.
        status = "fails" if measured.behaviour is None else "holds"
        return rung.model_copy(update={"status": status}), None
    return rung, _cause_of_no_use(measured)


def _used_by_exchange(measured: Measurements) -> tuple[Rung, Cause | None]:
    """Of a black box: used by whatever path, if exchanging it moves the action."""
    facts = measured.obeyed
    if facts is None or facts.beyond_paraphrase is None:
        return _NOT_MEASURED
    evidence = {"by": "exchange", **facts.beyond_paraphrase.model_dump(mode="json")}
    value = facts.beyond_paraphrase.value
    if responds_to_words(measured) or _moves(measured):
        return Rung(status="holds", value=value, evidence=evidence), None
    if not decided_frames(facts):
        return Rung(status="not measured", evidence=evidence), None
    return Rung(status="fails", value=value, evidence=evidence), _cause_of_no_use(measured)


def _moves(measured: Measurements) -> bool:
    """Whether what the instruction says moves the action, by enough to count.

    More than a paraphrase does or not, on most frames or on some: these are questions of rung 6.
    False where only the number of words does, and in records without `behaviour`.
    """
    facts, behaviour = measured.obeyed, measured.behaviour
    if facts is None or facts.swap_distance is None or behaviour is None:
        return False
    return behaviour.responds and is_large(facts.swap_distance, facts.unit)


def leaves_some_frames(measured: Measurements) -> bool:
    """Whether the action moves with the instruction on some frames, and on others not at all."""
    facts, behaviour = measured.obeyed, measured.behaviour
    if facts is None or behaviour is None or not behaviour.unmoved:
        return False
    return UNMOVED_SHARE * decided_frames(facts) <= behaviour.unmoved < decided_frames(facts)


def judge_obeyed(measured: Measurements) -> tuple[Rung, Cause | None]:
    """Does exchanging the instruction change the action, the right way?"""
    if (change := change_that_may_be_rounding(measured)) is not None:
        return _too_small_to_follow(measured, change)
    facts = measured.obeyed
    if facts is None or facts.beyond_paraphrase is None:
        return Rung(status="not measured"), None
    evidence = facts.model_dump(mode="json")
    following = facts.following
    is_competent = judge_competent(measured).status != "fails"
    moves = measured.behaviour.responds if measured.behaviour else responds(facts)
    may_follow = is_competent and moves
    may_follow = may_follow and not (_some_are_alike(measured) or leaves_some_frames(measured))
    if following is not None and may_follow and _is_followed(following):
        return Rung(status="holds", value=following.rate.value, evidence=evidence), None
    if not responds_to_words(measured):
        if not decided_frames(facts):
            return Rung(status="not measured", evidence=evidence), None
        value = None if following is None else following.rate.value
        rung = Rung(status="fails", value=value, evidence=evidence)
        by_wording = _moves(measured)
        return rung, (_cause_of_disobedience if by_wording else _cause_of_no_use)(measured)
    is_swapped = following is not None and bool(following.swapped)
    if not is_competent and not is_swapped and not _language_decides(facts):
        return Rung(status="not measured", evidence=evidence), "not_competent"
    if following is None:
        cause: Cause | None = "not_competent" if facts.not_competent else None
        return Rung(status="not measured", evidence=evidence), cause
    rung = Rung(status="fails", value=following.rate.value, evidence=evidence)
    return rung, _cause_of_disobedience(measured)


def _language_decides(facts: ObeyedFacts) -> bool:
    """Whether the action goes with the instruction on any frame: wrong, but no lack of skill."""
    return facts.language_share is not None and facts.language_share >= LANGUAGE_DECIDES_SHARE


def _some_are_alike(measured: Measurements) -> bool:
    """Whether instructions that ask for different actions never lead to different ones."""
    return measured.behaviour is not None and bool(measured.behaviour.alike)


def _is_followed(following: FollowingFacts) -> bool:
    each = [_upper(rate) >= LEAST_FOLLOWED_SHARE for rate in following.by_instruction.values()]
    is_better = is_above(following.rate, following.chance)
    return is_better and all(each) and not following.swapped


def followed_and_not(following: FollowingFacts) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of the instructions that are followed on most frames, and of those that are not.

    Not followed is also what is right no more often than one fixed action would be.
    """
    followed, ignored = list[str](), list[str]()
    for name, rate in following.by_instruction.items():
        if rate.value >= FOLLOWED_SHARE:
            followed.append(name)
        elif _upper(rate) < LEAST_FOLLOWED_SHARE or rate.value <= following.chance:
            ignored.append(name)
    return tuple(followed), tuple(ignored)


def _cause_of_disobedience(measured: Measurements) -> Cause:
    """The action changes with the instruction, but is not what was asked."""
    facts = measured.obeyed
    if _frame_decides(measured):
        return _what_decides(measured)
    if leaves_some_frames(measured):
        return "partial"
    following = None if facts is None else facts.following
    if following is not None and not following.swapped:
        is_better = following.rate.value > following.chance  # else one action does as well
        is_split = _some_are_alike(measured) or (is_better and all(followed_and_not(following)))
        return "partial" if is_split else "disobeyed"
    return "disobeyed"


def may_be_rounding(change: float | None) -> bool:
    """Whether an action changes, but by so little that nothing can be said of it.

    No change at all is a finding: the instruction does nothing.
    """
    return change is not None and 0 < change < LEAST_ACTION_CHANGE_SHARE


def change_that_may_be_rounding(measured: Measurements) -> float | None:
    """Relative change of the action under exchange, where it is too small to be judged.

    None where it is large enough, exactly 0, or not known.
    """
    facts = measured.obeyed
    return facts.action_change if facts and may_be_rounding(facts.action_change) else None


def _too_small(change: float) -> tuple[Rung, Cause | None]:
    least = f"{100 * LEAST_ACTION_CHANGE_SHARE:g} %"
    evidence = {"action_change": change, "why": f"smaller than {least} of the action's magnitude"}
    return Rung(status="not measured", evidence=evidence), None


def _too_small_to_follow(measured: Measurements, change: float) -> tuple[Rung, Cause | None]:
    """Whether such a change is rounding is not known; that it follows nothing may be."""
    facts = measured.obeyed
    rung, _ = _too_small(change)
    if facts is None or facts.following is None or not decided_frames(facts):
        return rung, None
    is_competent = judge_competent(measured).status != "fails"
    if not is_competent or _is_followed(facts.following):
        return rung, None
    found = {"status": "fails", "value": facts.following.rate.value}
    return rung.model_copy(update=found), _cause_of_no_use(measured)


def responds_to_words(measured: Measurements) -> bool:
    """As `responds`, and not only to how many words there are."""
    behaviour = measured.behaviour
    is_length_only = behaviour is not None and behaviour.is_length_only
    return measured.obeyed is not None and not is_length_only and responds(measured.obeyed)


def responds(facts: ObeyedFacts) -> bool:
    """Whether exchanging the instruction moves the action, beyond what paraphrases do."""
    return facts.beyond_paraphrase is not None and is_effect(facts.beyond_paraphrase, facts.unit)


def is_effect(estimate: Estimate, unit: str) -> bool:
    """Large enough to count, and above 0 where there is an interval."""
    return is_large(estimate, unit) and (estimate.low is None or estimate.low > 0)


def is_large(estimate: Estimate, unit: str) -> bool:
    """Large enough to count."""
    return estimate.value > 0 and estimate.value >= LEAST_EFFECT[unit]


def is_above(estimate: Estimate, chance: float) -> bool:
    """Above chance, with the lower end of the interval where there is one."""
    return (estimate.value if estimate.low is None else estimate.low) > chance


def _cause_of_no_use(measured: Measurements) -> Cause:
    if _frame_decides(measured):
        return _what_decides(measured)
    state = measured.behaviour is not None and measured.behaviour.state_decides
    return "state_decides" if state or _only_state_moves(measured) else "unused"


def _what_decides(measured: Measurements) -> Cause:
    """Of frame and state, what the action goes with where the two are mixed."""
    behaviour = measured.behaviour
    is_state = behaviour is not None and behaviour.state_decides
    return "state_decides" if is_state or _only_state_moves(measured) else "confounded"


def _only_state_moves(measured: Measurements) -> bool:
    behaviour = measured.behaviour
    if behaviour is None:
        return False
    return behaviour.is_blind and behaviour.is_response(behaviour.state_change)


def _frame_decides(measured: Measurements) -> bool:
    """Right under the frames' own instructions, and mostly the same under any other.

    More often right than a fixed action would be, which does not follow the frame either.
    """
    facts = measured.obeyed
    if facts is None or facts.own_action_anyway is None or facts.competent is None:
        return False
    same_anyway = facts.own_action_anyway.value > SAME_ACTION_SHARE
    return same_anyway and is_above(facts.competent.rate, facts.competent.chance)


def is_decided(measured: Measurements) -> bool:
    """Whether the instructions are known to ask for different actions on some frame."""
    return measured.obeyed is not None and decided_frames(measured.obeyed) > 0


def decided_frames(facts: ObeyedFacts) -> int:
    """Frames on which the instructions are known to ask for different actions."""
    return facts.trials - facts.not_needed - facts.without_expectation


def _upper(estimate: Estimate) -> float:
    return estimate.value if estimate.high is None else estimate.high
