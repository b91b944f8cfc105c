"""One finding of a published table, and what the findings over layers and in summaries share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal, TypeVar

from heedmap.ladder.messages import Value
from heedmap.ladder.thresholds import UNACCOUNTED_SHARE
from heedmap.report.forensics.published import Case, LayerFigure, Published, SummaryFigure

Words = Callable[..., str]
"""`say` in one language."""
Row = TypeVar("Row", LayerFigure, SummaryFigure)
Figures = TypeVar("Figures")


FindingCode = Literal[
    "always_zero",
    "attended_below_text_len",
    "follows_length",
    "identical_instructions",
    "image_larger_than_visible",
    "impossible_share",
    "mean_hides_last",
    "summary_differs",
    "unaccounted",
]
"""For programs; people read `finding_name_...` of the catalogue."""


@dataclass(frozen=True)
class Finding:
    """One thing that the figures show. `rows` are the figures, `count` how many there are."""

    code: FindingCode
    sentence: str
    rows: tuple[str, ...]
    count: int


def zero_values(published: Published, region: str, rows: Sequence[Row]) -> dict[str, Value]:
    """What is said of a region that is 0 in all of these rows."""
    return {
        "region": region,
        "figures": "rounded" if published.half_step_share else "exact",
        "rows": len(rows),
        "models": len({row.model for row in rows}),
        "total": len(published.models),
    }


def pairs_of_instructions(
    published: Published, cases: Mapping[Case, Figures], instructions: Sequence[str]
) -> Iterator[tuple[str, str, list[tuple[Figures, Figures]]]]:
    """Two instructions each time, and the figures of both for every model that has both."""
    for first, second in combinations(instructions, 2):
        yield (
            *(first, second),
            [
                (cases[model, first], cases[model, second])
                for model in published.models
                if (model, first) in cases and (model, second) in cases
            ],
        )


def unaccounted(
    every: Sequence[Row],
    missing: Callable[[Row], float],
    shown: Callable[[Sequence[Row]], tuple[str, ...]],
    words: Words,
) -> Iterator[Finding]:
    """Rows that leave much of the attention in no named region, the most `missing` first."""
    rows = sorted((r for r in every if missing(r) > UNACCOUNTED_SHARE), key=missing, reverse=True)
    if rows:
        sentence = words(
            "finding_unaccounted",
            rows=len(rows),
            total=len(every),
            least=f"{UNACCOUNTED_SHARE:.0%}",
            most=f"{missing(rows[0]):.1%}",
            worst=shown(rows[:1])[0],
        )
        yield Finding("unaccounted", sentence, shown(rows), len(rows))
