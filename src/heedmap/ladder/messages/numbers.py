"""Figures as text: shares, distances with their unit, rates with their interval, positions."""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil, floor, log10

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
    """A share of 0..1 in a sentence: 0.938 is "94 %", 1 is "100 %".

    Below 10 % with a decimal, and where whole figures would say that it is all: "99.8 %".
    """
    if share is None:
        return ABSENT
    whole = f"{100 * share:.0f}"
    is_coarse = share < 0.1 or (whole == "100" and share != 1)
    return f"{f'{100 * share:.1f}'.removesuffix('.0') if is_coarse else whole} %"


def at_most(value: float, unit: str, language: Language | None = None) -> str:
    """A distance with its unit, rounded up: what is said to be at most so much is never more."""
    digits = 2 if unit != "raw units" or value <= 0 else 1 - floor(log10(value))
    above = ceil(round(value * 10**digits, 9)) / 10**digits
    return amount(above, unit, language)


def unit_name(unit: str, language: Language | None = None) -> str:
    """The unit of distances between actions; units of the user's own stay as they are."""
    key = _UNIT_KEYS.get(unit)
    return unit if key is None else say(key, language)


def amount(value: float, unit: str, language: Language | None = None) -> str:
    """A distance between actions with its unit: "0.99 bits"."""
    figure = f"{value:.2g}" if unit == "raw units" else f"{value:.2f}"
    key = _AMOUNT_KEYS.get(unit)
    return f"{figure} {unit}".strip() if key is None else say(key, language, value=figure)


def interval(estimate: Estimate, language: Language | None = None) -> str:
    """A figure with its 95 % interval, where there is one: "0.80 (0.79 to 0.81)"."""
    value = f"{estimate.value:.2f}"
    if estimate.low is None or estimate.high is None:
        return value
    low, high = f"{estimate.low:.2f}", f"{estimate.high:.2f}"
    return say("interval", language, value=value, low=low, high=high)


def rate(estimate: Estimate, language: Language | None = None, *, each: int | None = 1) -> str:
    """How often, in words that follow "in": counted where the interval has no width.

    `each` is under how many instructions every frame was run; None where that is not known. "24 of
    24 frames" under one, "48 of 48 cases (24 frames, 2 instructions each)" under more; otherwise
    "94 % of cases (45 of 48; 95 % CI 90 to 97)".
    """
    low, high, found = estimate.low, estimate.high, _counts(estimate, each)
    if low is None or high is None or low == high:
        if found is None:
            return say("rate_without_interval", language, rate=percent(estimate.value))
        if each == 1:
            return say("rate_of_frames", language, **found)
        return say("rate_counted", language, **found, frames=estimate.n, each=each or 0)
    ends = {"low": f"{100 * low:.0f}", "high": f"{100 * high:.0f}"}
    if found is None:
        return say("rate_with_interval", language, rate=percent(estimate.value), **ends)
    return say("rate_counted_interval", language, rate=percent(estimate.value), **found, **ends)


def counted(estimate: Estimate, language: Language | None = None, *, each: int | None = 1) -> str:
    """A rate with what was counted, `each` as in `rate`: "67 % (34 of 51)".

    Where the cases cannot be counted, the percentage alone.
    """
    found = _counts(estimate, each)
    if found is None:
        return percent(estimate.value)
    return say("share_counted", language, share=percent(estimate.value), **found)


def _counts(estimate: Estimate, each: int | None) -> dict[str, int] | None:
    """Hits, and of how many; None where the cases of a frame are not known to be equally many."""
    total = estimate.n * (each or 0)
    hits = round(estimate.value * total)
    if not total or abs(hits - estimate.value * total) >= 1e-6:
        return None
    return {"hits": hits, "total": total}
