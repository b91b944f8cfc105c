"""What published figures prove, and what they cannot: each finding with the rows that show it.

Pure functions over `Published`. Rounded figures are compared as printed: "equal" means equal
to the last printed digit, and sums allow half a digit for every figure in them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import combinations

from heedmap.ladder.messages import Language, words_in
from heedmap.ladder.thresholds import MEAN_HIDES_SHARE
from heedmap.report.forensics.finding import (
    Finding,
    Words,
    pairs_of_instructions,
    unaccounted,
    zero_values,
)
from heedmap.report.forensics.published import Case, LayerFigure, Published, SummaryFigure
from heedmap.report.forensics.summary_findings import find_in_summary

__all__ = ["Finding", "cannot_prove", "find_all"]


def find_all(published: Published, language: Language | None = None) -> list[Finding]:
    """Every finding, in the order in which a reader should meet them."""
    checks: tuple[Callable[[Published, Words], Iterable[Finding]], ...] = (
        _always_zero,
        _identical_instructions,
        _follows_length,
        _unaccounted,
        _more_than_all,
        _attended_below_text_len,
        _mean_hides_last,
        _summary_differs,
        find_in_summary,
    )
    words = words_in(language)
    return [finding for check in checks for finding in check(published, words)]


def cannot_prove(language: Language | None = None) -> tuple[str, ...]:
    """What no table of attention shares can prove."""
    words = words_in(language)
    return words("cannot_ignores"), words("cannot_regions"), words("cannot_bypass")


def _always_zero(published: Published, words: Words) -> Iterable[Finding]:
    """A region that is 0 everywhere: softmax gives no visible position a weight of exactly 0."""
    for region in _regions(published):
        rows = [row for row in published.layers if region in row.shares]
        values = [row.shares[region] for row in rows]
        values += [head for row in rows for head in row.per_head.get(region, ())]
        if rows and not any(values):
            sentence = words("finding_always_zero", **zero_values(published, region, rows))
            yield Finding("always_zero", sentence, _shown(rows, words), len(rows))


def _identical_instructions(published: Published, words: Words) -> Iterable[Finding]:
    """Pairs of instructions whose rows agree in every layer of every model."""
    cases = published.by_case()
    instructions = _instructions(published)
    for first, second, compared in pairs_of_instructions(published, cases, instructions):
        pairs = [(a, b) for rows in compared for a, b in zip(*rows, strict=False)]
        if not pairs or any(a.shares != b.shares for a, b in pairs):
            continue
        sentence = words(
            "finding_identical",
            first=first,
            second=second,
            layers=len(pairs) // len(compared),
            models=len(compared),
            total=len(published.models),
            others=_differing(published, (first, second), words),
        )
        shown = _shown([row for pair in pairs[:2] for row in pair], words)
        yield Finding("identical_instructions", sentence, shown, len(pairs))


def _differing(published: Published, pair: tuple[str, str], words: Words) -> str:
    """Which instructions differ from an identical pair, and for how many models."""
    cases = published.by_case()
    parts: list[str] = []
    for other in _instructions(published):
        differ = [
            model
            for model in published.models
            if other not in pair and _differ(cases.get((model, pair[0])), cases.get((model, other)))
        ]
        if differ:
            total = len(published.models)
            parts.append(words("finding_differs", name=other, models=len(differ), total=total))
    return words("finding_others", differing=", ".join(parts)) if parts else ""


def _follows_length(published: Published, words: Words) -> Iterable[Finding]:
    """All pairs of equal token count agree, all others differ."""
    cases = published.by_case()
    same: list[tuple[Case, Case]] = []
    other: list[tuple[Case, Case]] = []
    for first, second in combinations(cases, 2):
        counts = published.text_len.get(first), published.text_len.get(second)
        if first[0] != second[0] or None in counts:
            continue
        is_same = counts[0] == counts[1]
        if _differ(cases[first], cases[second]) == is_same:
            return
        (same if is_same else other).append((first, second))
    if same and other:
        shown = dict.fromkeys(case for pair in (same[0], other[0]) for case in pair)
        yield Finding(
            "follows_length",
            words("finding_follows_length", same=len(same), other=len(other)),
            _shown([cases[case][0] for case in shown], words),
            len(same) + len(other),
        )


def _unaccounted(published: Published, words: Words) -> Iterable[Finding]:
    """Attention that is in none of the named regions."""
    return unaccounted(
        *(published.layers, _missing, lambda rows: _shown(rows, words), words),
    )


def _more_than_all(published: Published, words: Words) -> Iterable[Finding]:
    """Shares below 0 or above 1, alone or together."""
    rows = [
        row
        for row in published.layers
        if sum(row.shares.values()) > 1 + published.half_step_share * len(row.shares) + 1e-6
        or any(not 0 <= share <= 1 + 1e-6 for share in row.shares.values())
    ]
    if rows:
        yield Finding(
            "impossible_share",
            words("finding_impossible", rows=len(rows)),
            _shown(rows, words),
            len(rows),
        )


def _attended_below_text_len(published: Published, words: Words) -> Iterable[Finding]:
    """The most attended positions all lie where the text's mask is open."""
    rows = [row for row in published.layers if row.top_positions]
    known = [row for row in rows if row.case in published.text_len]
    if not known or len(known) < len(rows):
        return
    attended = [(row, p) for row in known for p in _without_own(row, published)]
    if not attended or any(p >= published.text_len[row.case] for row, p in attended):
        return
    highest = max(position for _, position in attended)
    lengths = sorted({published.text_len[row.case] for row in known})
    with_image = [row for row in known if row.shares.get("image", 0) > 0]
    yield Finding(
        "attended_below_text_len",
        words(
            "finding_below_text",
            lengths=", ".join(map(str, lengths)),
            highest=highest,
        ),
        _shown(known, words),
        len(known),
    )
    if with_image:
        yield Finding(
            "image_larger_than_visible",
            words("finding_image_larger", highest=highest, tokens=lengths[-1]),
            _shown(with_image, words),
            len(with_image),
        )


def _mean_hides_last(published: Published, words: Words) -> Iterable[Finding]:
    """A mean over layers far from the last layer."""
    found = [
        (case, rows, region)
        for case, rows in published.by_case().items()
        for region in rows[-1].shares
        if abs(rows[-1].shares[region] - _mean(rows, region)) > MEAN_HIDES_SHARE
    ]
    if found:
        case, rows, region = max(
            found, key=lambda f: abs(f[1][-1].shares[f[2]] - _mean(f[1], f[2]))
        )
        lowest = min(rows, key=lambda row: row.shares[region])
        yield Finding(
            "mean_hides_last",
            words(
                "finding_mean_hides",
                cases=len(found),
                model=case[0],
                instruction=case[1],
                region=region,
                mean=f"{_mean(rows, region):.1%}",
                last=f"{rows[-1].shares[region]:.1%}",
                lowest=f"{lowest.shares[region]:.1%}",
                layer=lowest.layer,
            ),
            _shown([lowest, rows[-1]], words),
            len(found),
        )


def _summary_differs(published: Published, words: Words) -> Iterable[Finding]:
    """A summary that does not follow from its per-layer rows."""
    cases = published.by_case()
    slack = 2 * published.half_step_share + 1e-9
    wrong: list[SummaryFigure] = []
    for row in published.summary:
        rows = cases.get(row.case)
        if rows and not (
            all(abs(row.last[r] - rows[-1].shares[r]) <= slack for r in row.last)
            and all(abs(row.mean[r] - _mean(rows, r)) <= slack for r in row.mean)
        ):
            wrong.append(row)
    if wrong:
        yield Finding(
            "summary_differs",
            words("finding_summary", rows=len(wrong)),
            tuple(f"{row.model}, {row.instruction}" for row in wrong[:6]),
            len(wrong),
        )


def _regions(published: Published) -> list[str]:
    return list(dict.fromkeys(region for row in published.layers for region in row.shares))


def _instructions(published: Published) -> list[str]:
    return list(dict.fromkeys(row.instruction for row in published.layers))


def _differ(first: list[LayerFigure] | None, second: list[LayerFigure] | None) -> bool:
    if first is None or second is None:
        return False
    return [row.shares for row in first] != [row.shares for row in second]


def _mean(rows: list[LayerFigure], region: str) -> float:
    return sum(row.shares[region] for row in rows) / len(rows)


def _missing(row: LayerFigure) -> float:
    return 1 - sum(row.shares.values())


def _without_own(row: LayerFigure, published: Published) -> list[int]:
    """Attended positions but the action token's own, the last of the sequence."""
    own = published.seq_len.get(row.case, 0) - 1
    return [position for position in row.top_positions if position != own]


def _as_text(row: LayerFigure, words: Words) -> str:
    shares = ", ".join(f"{region} {share:.1%}" for region, share in row.shares.items())
    return words(
        "finding_row",
        model=row.model,
        instruction=row.instruction,
        layer=row.layer,
        shares=shares,
    )


def _shown(rows: Iterable[LayerFigure], words: Words, most: int = 4) -> tuple[str, ...]:
    return tuple(_as_text(row, words) for row in list(rows)[:most])
