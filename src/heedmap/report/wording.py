"""Figures, regions and findings as words, in English and Korean; the words are in `texts`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from heedmap.disagreements import Disagreement
from heedmap.record import PolicyResult
from heedmap.regions import UNDECLARED, in_order
from heedmap.report.texts import REGION_NAMES, SHORT_NAMES, TEXTS
from heedmap.sentence import Language, ranges

ABSENT = "–"
"""Stands where the sequence has no position of a region: not 0."""


def region_name(region: str, language: Language = "en", *, short: bool = False) -> str:
    """A region's name for people; a declared region of the user's own keeps its name."""
    name = REGION_NAMES[language].get(region, region)
    return SHORT_NAMES[language].get(region, name) if short else name


def percent(share: float | None) -> str:
    """A share of 0..1 as the seed prints it: 0.464 is "46.4%". None, no position, is a dash."""
    return ABSENT if share is None else f"{share:.1%}"


def count_text(count: int | None, language: Language = "en") -> str:
    """A count; None is "not measured", never 0."""
    return TEXTS[language]["not_measured"] if count is None else str(count)


def claim_text(claim: Disagreement, language: Language = "en") -> str:
    """One sentence on a declared region that is not what its name says, or is masked."""
    words = TEXTS[language]
    return words["claim"].format(
        region=_lower(claim.region, language),
        positions=ranges(claim.positions),
        instructions=", ".join(claim.instructions),
        composition=composition_text(claim.measured, language),
        visible=claim.visible,
        total=len(claim.positions),
    )


def composition_text(counts: Mapping[str, int], language: Language = "en") -> str:
    """What stands at some positions, such as "12 padding" or "all image"."""
    words = TEXTS[language]
    pattern = words["all_part"] if len(counts) == 1 else words["part"]
    parts = [
        pattern.format(count=count, region=_lower(name, language)) for name, count in counts.items()
    ]
    return ", ".join(parts) or words["nothing"]


def declared_text(policies: Iterable[PolicyResult], language: Language = "en") -> str:
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


def _lower(region: str, language: Language) -> str:
    """The region's name inside a sentence; a name of the user's own stays as written."""
    names = REGION_NAMES[language]
    return names[region].lower() if region in names else region
