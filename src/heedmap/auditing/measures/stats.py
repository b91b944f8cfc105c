"""How sure a mean is, when observations come in clusters.

Frames of one episode resemble each other, so 100 of them say less than 100 frames of
100 episodes. Intervals and tests here therefore draw and flip whole clusters. All of it is
seeded: the same values give the same numbers.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from scipy import stats

from heedmap.ladder.evidence import Estimate
from heedmap.ladder.thresholds import CONFIDENCE

Observations = Float[np.ndarray, " observation"]
Clusters = Float[np.ndarray, " cluster"]
Resampled = np.ndarray | np.floating
"""A statistic of each resample, or of the values themselves."""

ENTRIES_AT_ONCE = 1_000_000
"""Resamples are drawn in batches of so many numbers, about 8 MB an array, whatever the size."""

TIE_DECIMALS = 12
"""Sums of flipped differences that agree to so many decimals, relative to the sum of their
magnitudes, are equal: adding up in another order changes the last digits."""


def mean_interval(
    values: Observations,
    clusters: Sequence[str],
    *,
    seed: int,
    left_out: int = 0,
    resamples: int = 2000,
) -> Estimate:
    """Mean over observations with its 95 % percentile bootstrap interval over clusters.

    `clusters` names the cluster of each value. Whole clusters are drawn with replacement, and
    the mean of a draw is its sum over its count, so large clusters weigh more, as in the mean
    itself (Field & Welsh 2007, "Bootstrapping clustered data"). `low` and `high` are None with
    one cluster, since it shows no variation between clusters. `left_out` is passed on as given.

    Few clusters give intervals that are too narrow: of normal values they hold the true mean
    in about 94 % of cases with 40 clusters, 90 % with 10, and 84 % with 5.

    Raises ValueError without values, for a value that is not finite, or when there are not as
    many names of clusters as values.
    """
    sums, counts = _by_cluster(values, clusters)
    value = _mean(values)
    low = high = None
    if len(sums) > 1 and (values == values[0]).all():
        low = high = value  # no draw can differ; adding up would only bring rounding in
    elif len(sums) > 1:
        drawn = stats.bootstrap(
            (sums, counts),
            _ratio_of_sums,
            n_resamples=resamples,
            batch=_batch(len(sums)),
            vectorized=True,
            paired=True,
            confidence_level=CONFIDENCE,
            method="percentile",
            rng=np.random.default_rng(seed),
        ).confidence_interval
        # A skewed few clusters, or rounding, may put the mean just outside of its interval.
        low, high = min(float(drawn.low), value), max(float(drawn.high), value)
    return Estimate(
        value=value, low=low, high=high, n=len(values), clusters=len(sums), left_out=left_out
    )


def paired_p_value(
    differences: Observations, clusters: Sequence[str], *, seed: int, resamples: int = 9999
) -> float | None:
    """One-sided p-value that paired differences are above 0 on average.

    A sign-flip permutation test: were there no effect, each cluster's differences could as
    well have had the other sign. All 2**clusters flips are tried where they are no more than
    `resamples`; otherwise so many are drawn, and the observed one counts among them (Phipson &
    Smyth 2010, "Permutation P-values Should Never Be Zero").

    None with one cluster. The smallest p that can come out is 1 / 2**clusters, so with fewer
    than 5 clusters nothing reaches 0.05.

    Raises ValueError as `mean_interval` does.
    """
    sums, _ = _by_cluster(differences, clusters)
    if len(sums) < 2:
        return None
    magnitude = np.abs(sums).sum()
    tested = stats.permutation_test(
        (sums / magnitude if magnitude > 0 else sums,),
        _rounded_sum,
        permutation_type="samples",
        alternative="greater",
        n_resamples=resamples,
        batch=_batch(len(sums)),
        vectorized=True,
        rng=np.random.default_rng(seed),
    )
    return float(tested.pvalue)


def benjamini_hochberg(p_values: Sequence[float | None]) -> tuple[float | None, ...]:
    """p-values adjusted for how many there are (Benjamini & Hochberg 1995).

    Calling all with an adjusted p of at most q significant keeps the expected share of false
    ones among them at q. What was not measured (None) stays None and does not count.

    Raises ValueError for a p outside of 0..1.
    """
    measured = [p for p in p_values if p is not None]
    if not measured:
        return tuple(None for _ in p_values)
    adjusted = iter(stats.false_discovery_control(measured, method="bh").tolist())
    return tuple(None if p is None else next(adjusted) for p in p_values)


def rank_correlation(
    first: Float[np.ndarray, " pair"], second: Float[np.ndarray, " pair"]
) -> float | None:
    """Spearman's rank correlation, -1..1; equal values share their mean rank.

    None with fewer than 3 pairs, or where one side is constant: it has no ranks to compare.

    Raises ValueError for a value that is not finite.
    """
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise ValueError("Ranks need finite values; leave out pairs that were not measured.")
    if len(first) < 3 or any((side == side[0]).all() for side in (first, second)):
        return None
    rho, _ = np.asarray(stats.spearmanr(first, second))  # its fields have no types
    return float(rho)


def wilson_interval(successes: int, n: int) -> tuple[float, float]:
    """95 % interval of a share of independent trials (Wilson 1927), within 0..1.

    Sound for small `n` and for shares of 0 and 1, unlike value +- 2 standard errors.

    Raises ValueError without trials, or for successes outside of 0..n.
    """
    if not 0 <= successes <= n or n == 0:
        raise ValueError(
            f"An interval needs at least one trial and 0 to n successes; got {successes} of {n}."
        )
    interval = stats.binomtest(successes, n).proportion_ci(CONFIDENCE, method="wilson")
    return float(interval.low), float(interval.high)


def mcnemar_p_value(only_first: int, only_second: int) -> float:
    """Two-sided exact p-value that two success rates of the same trials are equal (McNemar 1947).

    `only_first` trials succeeded under the first condition alone, `only_second` under the second
    alone; 1 where there are neither. Raises ValueError for negative counts.
    """
    if min(only_first, only_second) < 0:
        raise ValueError(f"Counts are 0 or more, got {only_first} and {only_second}.")
    apart = only_first + only_second
    return float(stats.binomtest(only_first, apart).pvalue) if apart else 1.0


def _by_cluster(values: Observations, clusters: Sequence[str]) -> tuple[Clusters, Clusters]:
    """Sum and count of the values of every cluster, clusters in order of their names."""
    if len(values) != len(clusters):
        raise ValueError(
            f"Every value needs the name of its cluster; got {len(values)} values and "
            f"{len(clusters)} names."
        )
    if len(values) == 0:
        raise ValueError("There is no mean of no values; report them as not measured instead.")
    if not np.isfinite(values).all():
        raise ValueError("A mean needs finite values; leave out what was not measured.")
    _, cluster_of = np.unique(np.asarray(clusters, dtype=str), return_inverse=True)
    sums = np.bincount(cluster_of, weights=values)  # in float64
    return sums, np.bincount(cluster_of).astype(np.float64)


def _mean(values: Observations) -> float:
    """The mean in float64; rounding never takes it outside of the values."""
    exact = values.astype(np.float64)
    return float(np.clip(exact.mean(), exact.min(), exact.max()))


def _batch(clusters: int) -> int:
    return max(1, ENTRIES_AT_ONCE // clusters)


def _ratio_of_sums(sums: np.ndarray, counts: np.ndarray, axis: int = -1) -> Resampled:
    return sums.sum(axis=axis) / counts.sum(axis=axis)


def _rounded_sum(sums: np.ndarray, axis: int = -1) -> Resampled:
    return np.round(sums.sum(axis=axis), TIE_DECIMALS)
