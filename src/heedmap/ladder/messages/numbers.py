"""Figures as text: shares, distances with their unit, rates with their interval, positions."""

from __future__ import annotations

from collections.abc import Iterable

from heedmap.ladder.evidence import Estimate
from heedmap.ladder.messages import Language, say

ABSENT = "–"
"""Shown where nothing was measured: not 0."""
_UNIT_KEYS = {"bits": "unit_bits", "scale units": "unit_scale", "raw units": "unit_raw"}
_AMOUNT_KEYS = {"bits": "amount_bits", "scale units": "amount_scale", "raw units": "amount_raw"}


def ranges(positions: Iterable[int]) -> str:
    """Positions as text: (0, 1, 2, 5) is "0-2, 5"."""
    runs: list[list[int]] = []
    for position in sorted(positions):
        if runs and position == runs[-1][1] + 1:
            runs[-1][1] = position
        else:
            runs.append([position, position])
    return ", ".join(f"{a}" if a == b else f"{a}-{b}" for a, b in runs)


def percent(share: float | None) -> str:
    """A share of 0..1 in a sentence: 0.938 is "93.8 %"."""
    return ABSENT if share is None else f"{100 * share:.1f} %"


def unit_name(unit: str, language: Language = "en") -> str:
    """The unit of distances between actions; units of the user's own stay as they are."""
    key = _UNIT_KEYS.get(unit)
    return unit if key is None else say(key, language)


def amount(value: float, unit: str, language: Language = "en") -> str:
    """A distance between actions with its unit: "0.99 bits"."""
    figure = f"{value:.2g}" if unit == "raw units" else f"{value:.2f}"
    key = _AMOUNT_KEYS.get(unit)
    return f"{figure} {unit}".strip() if key is None else say(key, language, value=figure)


def interval(estimate: Estimate, language: Language = "en") -> str:
    """A figure with its 95 % interval, where there is one: "0.80 (0.79 to 0.81)"."""
    value = f"{estimate.value:.2f}"
    if estimate.low is None or estimate.high is None:
        return value
    low, high = f"{estimate.low:.2f}", f"{estimate.high:.2f}"
    return say("interval", language, value=value, low=low, high=high)


def rate(estimate: Estimate, language: Language = "en", *, each: int | None = 1) -> str:
    """How often, in words that follow "in": counted where the interval has no width.

    `each` is under how many instructions every frame was run; None where that is not known. "24 of
    24 frames" under one, "48 of 48 cases (24 frames, 2 instructions each)" under more; otherwise
    "93.8 % of cases (95 % CI 90 to 97)".
    """
    low, high = estimate.low, estimate.high
    if low is None or high is None or low == high:
        total = estimate.n * (each or 1)
        hits = round(estimate.value * total)
        if each is None or abs(hits - estimate.value * total) >= 1e-6:
            return say("rate_without_interval", language, rate=percent(estimate.value))
        if each == 1:
            return say("rate_of_frames", language, hits=hits, total=total)
        frames = {"frames": estimate.n, "each": each}
        return say("rate_counted", language, hits=hits, total=total, **frames)
    ends = {"low": f"{100 * low:.0f}", "high": f"{100 * high:.0f}"}
    return say("rate_with_interval", language, rate=percent(estimate.value), **ends)


def counted(estimate: Estimate, language: Language = "en", *, each: int | None = 1) -> str:
    """A rate with what was counted, `each` as in `rate`: "67 % (34 of 51)".

    Where the cases cannot be counted, the percentage alone.
    """
    share = f"{100 * estimate.value:.1f}".removesuffix(".0")
    total = estimate.n * (each or 0)
    hits = round(estimate.value * total)
    if not total or abs(hits - estimate.value * total) >= 1e-6:
        return f"{share} %"
    return say("share_counted", language, share=share, hits=hits, total=total)
