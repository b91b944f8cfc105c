"""What is kept as JSON in the tables of a run: of a cell, and of a frame."""

from __future__ import annotations

from heedmap.frozen import Frozen
from heedmap.ladder.evidence import CausalMap, KnockoutPath
from heedmap.ladder.verdict import (
    AttendedFacts,
    Bypass,
    PatchMap,
    PresenceFacts,
    StackInfo,
    TokenFacts,
    VisibilityFacts,
)
from heedmap.record.record import HeldOutAccuracy, Loaded


class LowerFacts(Frozen):
    """Rungs 1-4 on one frame: the column `measurements` of the table `frames`."""

    tokens: TokenFacts
    presence: PresenceFacts
    visibility: VisibilityFacts
    attended: AttendedFacts | None


class CellDetails(Frozen):
    """What is measured once a cell, and what the policy is: the column `details` of `cells`."""

    family: str
    layers: int
    heads: int
    action_names: tuple[str, ...] | None
    action_scale: tuple[float, ...] | None
    attention_layers: tuple[str, ...]
    attention_implementation: str
    is_black_box: bool
    outputs_unchanged: bool
    stacks: tuple[StackInfo, ...]
    bypass: Bypass
    patches: tuple[PatchMap, ...]
    knockouts: KnockoutPath | None
    causal_map: CausalMap | None
    declared: str | None
    loaded: Loaded | None
    held_out_accuracy: tuple[HeldOutAccuracy, ...]
