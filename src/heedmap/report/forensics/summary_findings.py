"""What a summary table shows where its per-layer rows were not published.

The same findings as over layers, with what a reader then still has to ask for. Pure functions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from heedmap.report.forensics.finding import (
    Finding,
    Words,
    pairs_of_instructions,
    unaccounted,
    zero_values,
)
from heedmap.report.forensics.published import Published, SummaryFigure

MOST_SHOWN = 4


def find_in_summary(published: Published, words: Words) -> Iterator[Finding]:
    """Regions without attention, equal instructions, missing attention; none beside layers."""
    if published.layers or not published.summary:
        return
    yield from _always_zero(published, words)
    yield from _identical(published, words)
    yield from _unaccounted(published, words)


def _always_zero(published: Published, words: Words) -> Iterator[Finding]:
    for region in dict.fromkeys(r for row in published.summary for r in (*row.last, *row.mean)):
        rows = [row for row in published.summary if region in row.last or region in row.mean]
        if any(row.last.get(region) or row.mean.get(region) for row in rows):
            continue
        sentence = words("finding_summary_zero", **zero_values(published, region, rows))
        yield Finding("always_zero", sentence, _shown(rows, words), len(rows))


def _identical(published: Published, words: Words) -> Iterator[Finding]:
    """Pairs of instructions whose rows agree for every model that has both."""
    cases = {row.case: row for row in published.summary}
    instructions = list(dict.fromkeys(row.instruction for row in published.summary))
    for first, second, pairs in pairs_of_instructions(published, cases, instructions):
        if not pairs or any(a.last != b.last or a.mean != b.mean for a, b in pairs):
            continue
        sentence = words(
            "finding_summary_identical",
            first=first,
            second=second,
            models=len(pairs),
            total=len(published.models),
        )
        shown = _shown([row for pair in pairs for row in pair], words)
        yield Finding("identical_instructions", sentence, shown, 2 * len(pairs))


def _unaccounted(published: Published, words: Words) -> Iterator[Finding]:
    return unaccounted(
        *(published.summary, _missing, lambda rows: _shown(rows, words), words),
    )


def _missing(row: SummaryFigure) -> float:
    """Of the last layer or of the mean over layers, whichever lacks more."""
    return max(1 - sum(shares.values()) for shares in (row.last, row.mean))


def _shown(rows: Iterable[SummaryFigure], words: Words) -> tuple[str, ...]:
    return tuple(_as_text(row, words) for row in list(rows)[:MOST_SHOWN])


def _as_text(row: SummaryFigure, words: Words) -> str:
    last, mean = (
        ", ".join(f"{region} {share:.1%}" for region, share in shares.items())
        for shares in (row.last, row.mean)
    )
    return words(
        "finding_summary_row", model=row.model, instruction=row.instruction, last=last, mean=mean
    )
