"""Behaviour first, then the trail, then structure: what the rungs say together.

Each rung was judged from its own evidence. A structural finding is no loss where the action shows
that the instruction arrived: it becomes a note. Where the action does not follow what the
instruction says, the trail names the step, and structure only refines it.
"""

from __future__ import annotations

from collections.abc import Mapping

from heedmap.ladder.behaviour import TrailFacts
from heedmap.ladder.causes import Cause, RungName
from heedmap.ladder.lost import has_no_response, lost_at
from heedmap.ladder.measurements import Measurements
from heedmap.ladder.upper import is_decided, judge_needed
from heedmap.ladder.verdict import LOWER_RUNGS, Rung

Judged = tuple[Rung, Cause | None]

_ORDER: tuple[RungName, ...] = (*LOWER_RUNGS, "used", "obeyed")
_REFINED: frozenset[tuple[Cause, Cause]] = frozenset(
    {
        ("length_leak", "overwritten"),
        ("overwritten", "dropped"),
        ("unattended", "drowned"),
    }
)
"""What structure says more exactly than the trail, as (structure, trail)."""
_BESIDE_LENGTH: frozenset[Cause] = frozenset({"absent", "dropped", "unused", "not_identified"})
"""What becomes of the words where only their number moves the action: that says more."""
_OF_ANY_STACK: frozenset[Cause] = frozenset({"absent", "length_leak"})
"""What structure also says of a stack that the instruction need not be in, such as a vision encoder
that was taken for the transformer: no answer to where the trail ends."""


def reconcile(
    measured: Measurements, judged: Mapping[RungName, Judged]
) -> tuple[dict[RungName, Judged], tuple[Cause, ...]]:
    """The rungs as they are told, and the structural findings that are only notes."""
    found = dict(judged)
    if measured.behaviour is None:
        return found, ()
    if found["present"][1] == "shifted_by_padding" and found["obeyed"][0].status != "fails":
        rung, cause = found["present"]  # a risk, as long as nobody saw it disobey
        found["present"] = _noted(rung, cause), None
    if _holds(found, "obeyed"):
        return _arrived(found)
    if has_no_response(measured):
        return _without_response(measured, found)
    return _arrived(found)


def is_blind(measured: Measurements, judged: Mapping[RungName, Judged]) -> bool:
    """Whether a policy that follows its instruction does so without looking."""
    behaviour = measured.behaviour
    return behaviour is not None and behaviour.is_blind and _holds(judged, "obeyed")


def _holds(judged: Mapping[RungName, Judged], name: RungName) -> bool:
    return judged[name][0].status == "holds"


def _arrived(
    found: dict[RungName, Judged],
) -> tuple[dict[RungName, Judged], tuple[Cause, ...]]:
    """The action depends on the instruction: nothing before can have lost it.

    Words that do not all arrive, or of which only the keys are read, may still be why it is wrong.
    """
    notes: list[Cause] = []
    is_wrong = found["obeyed"][0].status == "fails" or found["obeyed"][1] == "not_competent"
    steps = (*LOWER_RUNGS, "used") if _holds(found, "obeyed") else LOWER_RUNGS
    for name in steps:
        rung, cause = found[name]
        if rung.status != "fails":
            continue
        if is_wrong and (name == "tokenised" or cause == "values_zero"):
            continue
        found[name] = _noted(rung, cause), None
        if cause is not None and name in LOWER_RUNGS:  # too small an effect is no oddity
            notes.append(cause)
    return found, tuple(notes)


def _noted(rung: Rung, cause: Cause | None) -> Rung:
    evidence = rung.evidence | {"by": "behaviour", "note": cause}
    return rung.model_copy(update={"status": "holds", "evidence": evidence})


def _without_response(
    measured: Measurements, found: dict[RungName, Judged]
) -> tuple[dict[RungName, Judged], tuple[Cause, ...]]:
    """What the instruction says does not move the action: where was it lost?"""
    where = None if judge_needed(measured).status == "fails" else _where(measured, found)
    if where is None:  # nothing was asked for, or nothing more is known
        return found, ()
    name, cause, by = where
    # An action that nothing moves does not show how far the instruction came.
    came_there = by == "trail" or cause not in ("constant_action", "saturated")
    notes: list[Cause] = []
    for other in LOWER_RUNGS:
        rung, structural = found[other]
        if other == name or rung.status != "fails":
            continue
        is_before = _ORDER.index(other) < _ORDER.index(name)
        if is_before and came_there:  # further than where structure has it end
            found[other] = _noted(rung, structural), None
            if structural is not None:
                notes.append(structural)
        else:
            evidence = rung.evidence | {"by": "trail", "why": "not reached"}
            status = {"status": "not measured", "value": None, "evidence": evidence}
            found[other] = rung.model_copy(update=status), None
    rung, _ = found[name]
    evidence = rung.evidence | {"by": by}
    found[name] = rung.model_copy(update={"status": "fails", "evidence": evidence}), cause
    return found, tuple(notes)


_Where = tuple[RungName, Cause, str]
"""The rung, the cause, and what it was named by."""


def _where(measured: Measurements, found: Mapping[RungName, Judged]) -> _Where | None:
    behaviour, lost = measured.behaviour, lost_at(measured)
    assert behaviour is not None
    if behaviour.is_tied:
        return "used", "saturated", "tied"
    if behaviour.is_constant and _ends_for_all(measured.trail):
        is_at_limit = lost is not None and lost[1] == "saturated"
        return "used", "saturated" if is_at_limit else "constant_action", "behaviour"
    is_vague = lost is None or lost[0] == "tokenised" or lost[1] in _BESIDE_LENGTH
    if behaviour.is_length_only and is_vague:
        return "present", "length_leak", "trail"
    if lost is None or lost[1] in ("unused", "not_identified"):
        causes = [found[name][1] for name in LOWER_RUNGS]
        if any(cause is not None and cause not in _OF_ANY_STACK for cause in causes) or not lost:
            return None
    decides = found["used"][1]
    if lost[1] == "unused" and decides in ("confounded", "state_decides"):
        return "used", decides, "behaviour"
    if lost[1] == "drowned" and not is_decided(measured):
        return None  # it does arrive, and nobody said that more should come of it
    ids = found["tokenised"][1]
    if lost[1] == "dropped" and ids in ("empty_instruction", "stale_instruction", "same_ids"):
        return "tokenised", ids, "structure"  # words are made, and other ids looked up
    structural = found[lost[0]][1]
    if structural == "length_leak" and not behaviour.is_length_only:
        structural = None  # the attention changes with the length, but the action does not
    if structural is not None and (structural, lost[1]) in _REFINED:
        return lost[0], structural, "structure"
    trail = measured.trail
    if trail is not None and trail.how == "not entered" and trail.words == "not read":
        return *lost, "configuration"
    is_both = structural == lost[1] and lost[0] not in ("tokenised", "used")
    by = "structure" if is_both else "trail"
    return *lost, by


def _ends_for_all(trail: TrailFacts | None) -> bool:
    """Whether what the frame changes ends where what the instruction changes does.

    Not where attention takes in neither: what hides them says more.
    """
    if trail is None or trail.how is None or trail.frame_is_lost_there:
        hidden = ("masked", "masked by order", "no weight")
        return trail is None or trail.how not in hidden
    return trail.how in ("not known", "leaves torch")
