"""The shape of the ladder's texts in one language; `texts_en.py` and `texts_ko.py` fill it.

`{...}` are the verdict's details. docs/ladder.md lists the causes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from heedmap.verdict import Cause, RungName


class CauseText(NamedTuple):
    """What was found, and what to do."""

    sentence: str
    fix: str


@dataclass(frozen=True)
class LadderTexts:
    """Everything that the ladder says in one language."""

    rung_names: Mapping[RungName, str]
    gate_names: Mapping[str, str]
    causes: Mapping[Cause, CauseText]
    used: str
    """Said where cutting takes the dependence away."""
    used_over_others: str
    """Said where cutting the action rows' own edges takes nothing of it: two hops."""
    obeyed: str
    """Said where the actions are as asked."""
    right_way_unknown: str
    """Said where nobody told what the instructions ask for."""
    upper_not_measured: str
    too_small: CauseText
    """Said where the instruction changes the action by so little that it may be rounding."""
    bypassed: str
    """Said where the instruction has another road besides a fault."""
    heeds_by_bypass: str
    """Said where it is obeyed over that road and not through the sequence."""
    swapped: str
    """Names the actions that are done in each other's place."""
