"""From measurements to a verdict: pure rules, one function a rung.

Rungs are judged one by one, each from its own evidence; then `reconcile.py` puts behaviour and
trail above structure. A rung `fails` only on direct evidence. Low attention is none: information
travels over other positions, so rung 4 fails only where nothing at all can be read. Rungs 5 and 6
are judged in `upper.py`, from cuts and exchanges.
"""

from __future__ import annotations

from typing import get_args

from heedmap.ladder.causes import Cause, RungName
from heedmap.ladder.details import details_of, telling_lost_words
from heedmap.ladder.ids import lone_ids
from heedmap.ladder.measurements import Measurements
from heedmap.ladder.reconcile import Judged, is_blind, reconcile
from heedmap.ladder.thresholds import UNATTENDED_ROLLOUT_SHARE
from heedmap.ladder.upper import (
    change_that_may_be_rounding,
    judge_competent,
    judge_needed,
    judge_obeyed,
    judge_used,
    responds,
)
from heedmap.ladder.verdict import Rung, Status, Verdict
from heedmap.ladder.wording import verdict_text

RUNGS: tuple[RungName, ...] = get_args(RungName)


def judge(measured: Measurements) -> Verdict:
    """The verdict on one policy."""
    judged: dict[RungName, Judged] = {
        "tokenised": _tokenised(measured),
        "present": _present(measured),
        "visible": _visible(measured),
        "attended": _attended(measured),
        "used": judge_used(measured),
        "obeyed": judge_obeyed(measured),
    }
    judged, notes = reconcile(measured, judged)
    named: list[Cause] = [cause for name in RUNGS if (cause := judged[name][1]) is not None]
    cause = named[0] if named else _without_fault(measured)
    if cause in ("none", "indirect_only", "bypass") and is_blind(measured, judged):
        cause = _without_image(notes)
    verdict = Verdict(
        cause=cause,
        sentence="",
        fix="",
        rungs={name: rung for name, (rung, _) in judged.items()},
        bypass=measured.bypass,
        needed=judge_needed(measured),
        competent=judge_competent(measured),
        is_unread=measured.unread is not None,
        has_no_attention=measured.has_no_attention,
        notes=notes,
        details=details_of(measured),
    )
    sentence, fix = verdict_text(verdict, "en")
    return verdict.model_copy(update={"sentence": sentence, "fix": fix})


def _without_image(notes: tuple[Cause, ...]) -> Cause:
    """The cause of one that follows its instruction and looks at nothing."""
    return "image_masked" if "image_masked" in notes else "image_unused"


def _tokenised(measured: Measurements) -> tuple[Rung, Cause | None]:
    tokens = measured.tokens
    if tokens.module is None:
        return Rung(status="not measured"), None
    lost = telling_lost_words(measured)
    evidence = {
        "embedding": tokens.module,
        "identical_pairs": [list(pair) for pair in tokens.identical_pairs],
        "lost_words": {name: list(words) for name, words in tokens.lost_words.items()},
    }
    cause: Cause | None = None
    if not tokens.follows_instruction:
        held = max((len(lone_ids(ids)) for ids in tokens.ids.values()), default=0)
        cause = "stale_instruction" if held >= tokens.words else "empty_instruction"
    elif lost:
        cause = "unknown_words" if tokens.grows_with_instruction else "truncated"
    elif tokens.identical_pairs:
        cause = "same_ids"
    value = float(len(tokens.identical_pairs))
    return Rung(status="fails" if cause else "holds", value=value, evidence=evidence), cause


def _present(measured: Measurements) -> tuple[Rung, Cause | None]:
    presence = measured.presence
    if not presence.measured:
        return Rung(status="not measured"), None
    positions = (*presence.positions, *presence.mixed_positions)
    evidence = presence.model_dump(mode="json", exclude={"measured"})
    cause: Cause | None = None
    if not positions:
        if presence.length_changes_attention:
            cause = "length_leak"
        else:
            cause = "overwritten" if presence.overwritten_positions else "absent"
    elif presence.shifts_with_length:
        cause = "shifted_by_padding"
    status: Status = "fails" if cause else "holds"
    return Rung(status=status, value=float(len(positions)), evidence=evidence), cause


def _visible(measured: Measurements) -> tuple[Rung, Cause | None]:
    seen = measured.visibility
    evidence = seen.model_dump(mode="json")
    cause: Cause | None = None
    if seen.instruction_total and not seen.instruction_reachable:
        cause = "action_before_instruction" if seen.instruction_after_action else "masked"
    elif seen.image_total and not seen.image_reachable:
        cause = "image_masked"
    if not seen.instruction_total and cause is None:
        return Rung(status="not measured", evidence=evidence), None
    status: Status = "fails" if cause else "holds"
    return Rung(status=status, value=float(seen.instruction_reachable), evidence=evidence), cause


def _attended(measured: Measurements) -> tuple[Rung, Cause | None]:
    facts = measured.attended
    if facts is None or not measured.visibility.instruction_reachable:
        return Rung(status="not measured"), None
    cause: Cause | None = None
    if facts.values_are_zero:
        cause = "values_zero"
    else:
        shares = [s for s in (facts.largest_share, facts.rollout_share) if s is not None]
        # Rollout halves at every layer: not that alone.
        if shares and max(*shares, facts.share) < UNATTENDED_ROLLOUT_SHARE:
            cause = "unattended"
    status: Status = "fails" if cause else "holds"
    return Rung(status=status, value=facts.share, evidence=facts.model_dump(mode="json")), cause


def _without_fault(measured: Measurements) -> Cause:
    """What to say where no rung fails."""
    if judge_needed(measured).status == "fails":
        return "not_needed"
    if measured.bypass.status == "found" and not _is_conditioned(measured):
        return "bypass"
    if not measured.presence.measured and measured.tokens.module is None:
        known = measured.obeyed is not None and responds(measured.obeyed)
        is_small = change_that_may_be_rounding(measured) is not None
        known |= measured.behaviour is not None and measured.behaviour.responds and not is_small
        if not known:
            return "not_measured"
    hops = measured.visibility.instruction_hops
    return "indirect_only" if hops is not None and hops > 1 else "none"


def _is_conditioned(measured: Measurements) -> bool:
    """Whether the instruction conditions the network without tokens of its own in its sequence.

    Then it moves no position, or those of the frame, or all: that of the robot's state, too.
    """
    presence = measured.presence
    nowhere = not (presence.positions or presence.overwritten_positions)
    moved = len(presence.positions) + len(presence.mixed_positions)
    lengths = [stack.positions for stack in measured.stacks if stack.taken]
    everywhere = bool(presence.mixed_positions) and lengths == [moved]
    return measured.behaviour is not None and presence.measured and (nowhere or everywhere)
