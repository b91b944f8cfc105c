"""Figures, regions and findings as words, in English and Korean; the words are in `texts`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from heedmap.ladder.messages import Language, say, words_in
from heedmap.ladder.messages.numbers import ABSENT, ranges
from heedmap.record.disagreements import Disagreement
from heedmap.record.record import PolicyResult
from heedmap.record.regions import REGION_ORDER, UNDECLARED, in_order

_NAMED = frozenset({*REGION_ORDER, UNDECLARED})
"""Regions that the catalogue has a name for."""


def region_name(region: str, language: Language | None = None, *, short: bool = False) -> str:
    """A region's name for people; a declared region of the user's own keeps its name."""
    if region not in _NAMED:
        return region
    return say(f"region_short_{region}" if short else f"region_{region}", language)


def percent(share: float | None) -> str:
    """A share of 0..1 as on the published page: 0.464 is "46.4%". None, no position, is a dash."""
    return ABSENT if share is None else f"{share:.1%}"


def count_text(count: int | None, language: Language | None = None) -> str:
    """A count; None is "not measured", never 0."""
    return say("not_measured", language) if count is None else str(count)


def claim_text(claim: Disagreement, language: Language | None = None) -> str:
    """One sentence on a declared region that is not what its name says, or is masked."""
    words = words_in(language)
    return words(
        "claim",
        region=_lower(claim.region, language),
        positions=ranges(claim.positions),
        instructions=", ".join(claim.instructions),
        composition=composition_text(claim.measured, language),
        visible=claim.visible,
        total=len(claim.positions),
    )


def composition_text(counts: Mapping[str, int], language: Language | None = None) -> str:
    """What is at some positions, such as "12 padding" or "all image"."""
    words = words_in(language)
    if len(counts) == 1:
        return words("all_part", region=_lower(next(iter(counts)), language))
    parts = [
        words("part", count=count, region=_lower(name, language)) for name, count in counts.items()
    ]
    return ", ".join(parts) or words("nothing")


def declared_text(policies: Iterable[PolicyResult], language: Language | None = None) -> str:
    """The declared regions of all cases, such as "image 0-63, text 64-75 / 64-74".

    A region that follows the instruction's length has several ranges. Empty where nothing
    was declared.
    """
    found: dict[str, dict[str, None]] = {}
    for policy in policies:
        for case in policy.cases:
            if (declared := case.layouts.get("declared")) is not None:
                for region, positions in declared.regions.items():
                    found.setdefault(region, {})[ranges(positions)] = None
    return ", ".join(
        f"{_lower(region, language)} {' / '.join(found[region])}"
        for region in in_order(found)
        if region != UNDECLARED
    )


def _lower(region: str, language: Language | None) -> str:
    """The region's name inside a sentence; a name of the user's own stays as written."""
    name = region_name(region, language)
    return name.lower() if region in _NAMED else name
