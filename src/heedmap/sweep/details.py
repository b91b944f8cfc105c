"""What is kept as JSON in the tables of a run: of a cell, and of a frame."""

from __future__ import annotations

from heedmap.frozen import Frozen
from heedmap.ladder.behaviour import BehaviourFacts, TrailFacts
from heedmap.ladder.evidence import Bypass, CausalMap, KnockoutPath, PatchMap
from heedmap.ladder.measurements import (
    AttendedFacts,
    PresenceFacts,
    StackInfo,
    TokenFacts,
    VisibilityFacts,
)
from heedmap.record.record import PolicyDescription


class LowerFacts(Frozen):
    """Rungs 1-4 on one frame: the column `measurements` of the table `frames`."""

    tokens: TokenFacts
    presence: PresenceFacts
    visibility: VisibilityFacts
    attended: AttendedFacts | None


class CellDetails(PolicyDescription):
    """What the policy is, and what is measured once a cell: the column `details` of `cells`."""

    action_scale: tuple[float, ...] | None
    is_black_box: bool
    stacks: tuple[StackInfo, ...]
    bypass: Bypass
    patches: tuple[PatchMap, ...]
    knockouts: KnockoutPath | None
    causal_map: CausalMap | None
    behaviour: BehaviourFacts | None = None
    trail: TrailFacts | None = None
    unread: str | None = None
