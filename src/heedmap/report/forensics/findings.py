"""What published figures prove, and what they cannot: each finding with the rows that show it.

Pure functions over `Published`. Rounded figures are compared as printed: "equal" means equal
to the last printed digit, and sums allow half a digit for every figure in them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import combinations

from heedmap.ladder.thresholds import MEAN_HIDES_SHARE, UNACCOUNTED_SHARE
from heedmap.report.forensics.published import Case, LayerFigure, Published, SummaryFigure

CANNOT_PROVE = (
    "that the policy ignores its instruction: a share says where attention goes, not what the "
    "action depends on; only changing or cutting the instruction shows that",
    "that the regions hold the image and the text: they are positions that a script assumed",
    "that the instruction has no bypass path to the action, such as a cross-attention or pooled "
    "word embeddings in the action head: attention inside the decoder does not show it",
)
"""Holds for every table of attention shares."""


@dataclass(frozen=True)
class Finding:
    """One thing that the figures show. `rows` are the figures, `count` how many there are."""

    code: str
    sentence: str
    rows: tuple[str, ...]
    count: int


def find_all(published: Published) -> list[Finding]:
    """Every finding, in the order in which a reader should meet them."""
    checks: tuple[Callable[[Published], Iterable[Finding]], ...] = (
        _always_zero,
        _identical_instructions,
        _follows_length,
        _unaccounted,
        _more_than_all,
        _attended_below_text_len,
        _mean_hides_last,
        _summary_differs,
    )
    return [finding for check in checks for finding in check(published)]


def _always_zero(published: Published) -> Iterable[Finding]:
    """A region that is 0 everywhere: softmax gives no visible position a weight of exactly 0."""
    for region in _regions(published):
        rows = [row for row in published.layers if region in row.shares]
        values = [row.shares[region] for row in rows]
        values += [head for row in rows for head in row.per_head.get(region, ())]
        if rows and not any(values):
            models = {row.model for row in rows}
            exactly = "exactly 0" if not published.half_step_share else "0.0 % as printed"
            yield Finding(
                "always_zero",
                f"The region '{region}' is {exactly} in {len(rows)} of {len(rows)} rows, for "
                f"{len(models)} of {len(published.models)} models: its positions are masked, or "
                f"there is nothing there to see. A visible region that is merely unattended "
                f"keeps a small share in some layer.",
                _shown(rows),
                len(rows),
            )


def _identical_instructions(published: Published) -> Iterable[Finding]:
    """Pairs of instructions whose rows agree in every layer of every model."""
    cases = published.by_case()
    for first, second in combinations(_instructions(published), 2):
        compared = [
            (cases[model, first], cases[model, second])
            for model in published.models
            if (model, first) in cases and (model, second) in cases
        ]
        pairs = [(a, b) for rows in compared for a, b in zip(*rows, strict=False)]
        if not pairs or any(a.shares != b.shares for a, b in pairs):
            continue
        layers = len(pairs) // len(compared)
        others = _differing(published, (first, second))
        yield Finding(
            "identical_instructions",
            f"'{first}' and '{second}' agree in {layers} of {layers} layers for "
            f"{len(compared)} of {len(published.models)} models, to the last digit given"
            f"{others}: what these instructions say does not reach the action token's attention.",
            _shown([row for pair in pairs[:2] for row in pair]),
            len(pairs),
        )


def _differing(published: Published, pair: tuple[str, str]) -> str:
    """Told of the instructions that do differ from an identical pair."""
    cases = published.by_case()
    told: list[str] = []
    for other in _instructions(published):
        if other in pair:
            continue
        differ = [
            model
            for model in published.models
            if _differ(cases.get((model, pair[0])), cases.get((model, other)))
        ]
        if differ:
            told.append(f"'{other}' differs for {len(differ)} of {len(published.models)}")
    return f", while {', '.join(told)}" if told else ""


def _follows_length(published: Published) -> Iterable[Finding]:
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
        rows = [cases[case][0] for pair in (same[0], other[0]) for case in pair]
        yield Finding(
            "follows_length",
            f"Instructions of equal token count agree in all {len(same)} pairs, those of another "
            f"token count differ in all {len(other)}: only the number of tokens reaches the "
            f"attention, as through a mask; not what they say.",
            _shown(list(dict.fromkeys(map(_told, rows)))),
            len(same) + len(other),
        )


def _unaccounted(published: Published) -> Iterable[Finding]:
    """Attention that is in none of the named regions."""
    rows = [row for row in published.layers if _missing(row) > UNACCOUNTED_SHARE]
    if rows:
        rows.sort(key=_missing, reverse=True)
        worst = rows[0]
        yield Finding(
            "unaccounted",
            f"The shares do not add up to 100 %: in {len(rows)} of {len(published.layers)} rows "
            f"more than {UNACCOUNTED_SHARE:.0%} of the attention is in no named region, up to "
            f"{_missing(worst):.1%} ({_told(worst)}). Where it goes, the table does not say.",
            _shown(rows),
            len(rows),
        )


def _more_than_all(published: Published) -> Iterable[Finding]:
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
            f"{len(rows)} rows hold shares that cannot be: below 0, or together above 100 %; the "
            f"regions overlap, or these are not attention weights.",
            _shown(rows),
            len(rows),
        )


def _attended_below_text_len(published: Published) -> Iterable[Finding]:
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
        f"Every attended position lies below the instruction's token count "
        f"({', '.join(map(str, lengths))}; highest: {highest}): the mask in force is the text's.",
        _shown(known),
        len(known),
    )
    if with_image:
        yield Finding(
            "image_larger_than_visible",
            f"The image region is attended only at positions 0-{highest}: a declared image of more "
            f"than {lengths[-1]} tokens is larger than what was visible.",
            _shown(with_image),
            len(with_image),
        )


def _mean_hides_last(published: Published) -> Iterable[Finding]:
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
            f"Mean over layers and last layer tell different stories in {len(found)} cases, most "
            f"for {case[0]}, {case[1]}: {region} {_mean(rows, region):.1%} on the mean, "
            f"{rows[-1].shares[region]:.1%} in the last layer, {lowest.shares[region]:.1%} in "
            f"layer {lowest.layer}.",
            _shown([lowest, rows[-1]]),
            len(found),
        )


def _summary_differs(published: Published) -> Iterable[Finding]:
    """A summary that does not follow from the per-layer rows beside it."""
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
            f"{len(wrong)} summary rows do not follow from the per-layer rows beside them.",
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


def _told(row: LayerFigure) -> str:
    shares = ", ".join(f"{region} {share:.1%}" for region, share in row.shares.items())
    return f"{row.model}, {row.instruction}, layer {row.layer}: {shares}"


def _shown(rows: Iterable[LayerFigure | str], most: int = 4) -> tuple[str, ...]:
    return tuple(row if isinstance(row, str) else _told(row) for row in list(rows)[:most])
