"""The names of regions, and their order."""

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
"""Columns are in this order; regions of other names follow, then `undeclared`."""

UNDECLARED = "undeclared"
"""The region of a declared layout of every position that was not declared."""

MEASURED_REGIONS = tuple(region for region in REGION_ORDER if region != "text")
"""What a measured layout may hold. `mixed` moves with more than one kind of input; `template`
are words of the prompt that no instruction changes; `special` moves with nothing and is no
word (BOS, EOS); `padding` cannot reach the action row."""


def in_order(regions: Iterable[str]) -> list[str]:
    """Each region once, in the order of the report's columns.

    `image:wrist` and other cameras are sorted as `image`.
    """
    found = dict.fromkeys(regions)
    known = [r for first in REGION_ORDER for r in found if r.split(":")[0] == first]
    others = [region for region in found if region not in {*known, UNDECLARED}]
    return [*known, *others, *([UNDECLARED] if UNDECLARED in found else [])]


def is_image(region: str) -> bool:
    """Whether a region holds the image, or one camera's."""
    return region.split(":")[0] == "image"
