"""The names of regions, and the order in which they are told."""

from __future__ import annotations

from collections.abc import Iterable

REGION_ORDER = (
    "image",
    "text",
    "instruction",
    "template",
    "state",
    "mixed",
    "special",
    "action",
    "padding",
)
"""Columns stand in this order; regions of other names follow, then `undeclared`."""

UNDECLARED = "undeclared"
"""The region of a declared layout that holds every position nobody declared."""

MEASURED_REGIONS = tuple(region for region in REGION_ORDER if region != "text")
"""What a measured layout may hold: `mixed` moves with frame and instruction; `special` is
visible and moves with neither (BOS, EOS and the words of a prompt template)."""


def in_order(regions: Iterable[str]) -> list[str]:
    """Each region once, in the order of the report's columns."""
    found = dict.fromkeys(regions)
    known = [region for region in REGION_ORDER if region in found]
    others = [region for region in found if region not in {*REGION_ORDER, UNDECLARED}]
    return [*known, *others, *([UNDECLARED] if UNDECLARED in found else [])]
