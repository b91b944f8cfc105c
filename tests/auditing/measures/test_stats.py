"""Intervals and tests over clusters, by hand and by what they must keep to."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heedmap.auditing.measures.stats import (
    benjamini_hochberg,
    mean_interval,
    paired_p_value,
    rank_correlation,
    wilson_interval,
)

numbers = st.floats(-1e6, 1e6)
clustered = st.lists(st.tuples(numbers, st.sampled_from("abcde")), min_size=1, max_size=30)


def test_mean_interval_by_hand() -> None:
    """Clusters of sums 0 and 4 and counts 1 and 1: a draw of two gives 0, 2 or 4.

    Their chances are 1/4, 1/2 and 1/4, so the 2.5 % and 97.5 % points are 0 and 4.
    """
    found = mean_interval(np.array([0.0, 4.0]), ["a", "b"], seed=0, left_out=3)
    assert (found.value, found.low, found.high) == (2.0, 0.0, 4.0)
    assert (found.n, found.clusters, found.left_out) == (2, 2, 3)


def test_a_draw_weighs_clusters_by_their_size() -> None:
    """Cluster a has mean 1 (three values), b has mean 5 (one): the mean is 8 / 4 = 2.

    A draw of both is 2, of a twice 1, of b twice 5; the mean of cluster means, 3, comes never.
    """
    found = mean_interval(np.array([1.0, 1.0, 1.0, 5.0]), list("aaab"), seed=0)
    assert (found.value, found.low, found.high) == (2.0, 1.0, 5.0)


def test_small_clusters_do_not_pull_the_interval() -> None:
    """Ten clusters of ten zeros and ten of a single one: the mean is 10 / 110, about 0.09.

    Half of the clusters are ones, so means of cluster means would lie around 0.5.
    """
    values = np.concatenate([np.zeros(100), np.ones(10)])
    clusters = [f"large{index // 10}" for index in range(100)] + [f"small{i}" for i in range(10)]
    found = mean_interval(values, clusters, seed=0)
    assert found.value == pytest.approx(10 / 110)
    assert found.high is not None
    assert found.high < 0.35


def test_clusters_are_drawn_and_not_their_observations() -> None:
    """Two clusters of 50 equal values each: 100 observations, but no more than two facts."""
    values = np.repeat([0.0, 1.0], 50)
    by_episode = mean_interval(values, ["a"] * 50 + ["b"] * 50, seed=0)
    by_frame = mean_interval(values, [str(frame) for frame in range(100)], seed=0)
    assert (by_episode.low, by_episode.high) == (0.0, 1.0)
    # Of independent ones the standard error is sqrt(0.25 / 100) = 0.05: about 0.4 to 0.6.
    assert by_frame.low == pytest.approx(0.4, abs=0.02)
    assert by_frame.high == pytest.approx(0.6, abs=0.02)


def test_one_cluster_has_no_interval() -> None:
    found = mean_interval(np.array([1.0, 2.0]), ["a", "a"], seed=0)
    assert (found.value, found.low, found.high, found.clusters) == (1.5, None, None, 1)
    assert mean_interval(np.array([1.0]), ["a"], seed=0).low is None


def test_equal_values_are_their_own_interval() -> None:
    """0.1 + 0.1 + 0.1 over 3 is not 0.1 in float64; the interval must not show that."""
    found = mean_interval(np.full(3, 0.1), list("abc"), seed=0)
    assert (found.value, found.low, found.high) == (0.1, 0.1, 0.1)


def test_the_interval_holds_its_mean_where_no_draw_does() -> None:
    """One draw of two clusters of different size seldom gives the mean itself: it is clipped.

    With 2 draws both are often below, or both above 2; over 30 seeds that happens surely.
    """
    values, clusters = np.array([1.0, 1.0, 1.0, 5.0]), list("aaab")
    for seed in range(30):
        found = mean_interval(values, clusters, seed=seed, resamples=2)
        assert found.low is not None
        assert found.high is not None
        assert found.low <= found.value <= found.high


@given(clustered)
def test_an_interval_is_ordered_seeded_and_blind_to_order(rows: list[tuple[float, str]]) -> None:
    values, clusters = np.array([value for value, _ in rows]), [name for _, name in rows]
    found = mean_interval(values, clusters, seed=1, resamples=50)
    assert found == mean_interval(values, clusters, seed=1, resamples=50)
    assert found.n == len(rows)
    assert values.min() <= found.value <= values.max()
    assert (found.low is None) == (found.high is None) == (len(set(clusters)) == 1)
    if found.low is not None and found.high is not None:
        assert found.low <= found.value <= found.high
        assert found.low >= values.min() - 1e-6
        assert found.high <= values.max() + 1e-6
        turned = mean_interval(values[::-1].copy(), clusters[::-1], seed=1, resamples=50)
        assert turned.low == pytest.approx(found.low, abs=1e-6)


def test_the_seed_decides_the_draws() -> None:
    values = np.random.default_rng(0).random(40)
    clusters = [str(index % 20) for index in range(40)]
    ends = {mean_interval(values, clusters, seed=seed).low for seed in (0, 0, 1)}
    assert len(ends) == 2


def test_the_interval_covers_as_often_as_it_says() -> None:
    """Of 400 samples of 40 clusters of 3, about 94 % of intervals hold the true mean, 0.

    The standard error is sqrt(0.94 * 0.06 / 400) = 0.012. Were observations drawn and not
    clusters, intervals would be too narrow by sqrt(3), and hold it in 74 %.
    """
    generator = np.random.default_rng(1)
    clusters = [str(index // 3) for index in range(120)]
    held = 0
    for seed in range(400):
        values = np.repeat(generator.normal(size=40), 3) + 0.1 * generator.normal(size=120)
        found = mean_interval(values, clusters, seed=seed, resamples=400)
        assert found.low is not None
        assert found.high is not None
        held += found.low <= 0 <= found.high
    assert held / 400 == pytest.approx(0.94, abs=0.036)


def test_float32_values_and_many_clusters() -> None:
    """More clusters than one batch of draws takes; the mean is taken in float64."""
    values = np.full(3_000, 0.5, dtype=np.float32)
    values[0] = 1.5
    found = mean_interval(values, [str(index) for index in range(3_000)], seed=0)
    assert found.value == pytest.approx(0.5 + 1 / 3_000, abs=1e-12)


@pytest.mark.parametrize("measure", [mean_interval, paired_p_value])
def test_what_has_no_mean_is_refused(measure: type) -> None:
    with pytest.raises(ValueError, match="no values"):
        measure(np.array([]), [], seed=0)
    with pytest.raises(ValueError, match="2 values and 1 names"):
        measure(np.array([1.0, 2.0]), ["a"], seed=0)
    for wrong in (np.nan, np.inf):
        with pytest.raises(ValueError, match="finite"):
            measure(np.array([1.0, wrong]), ["a", "b"], seed=0)


def test_sign_flips_by_hand() -> None:
    """Sums 1, 2, 3: of 8 flips only the observed one reaches 6, so p = 1/8.

    Sums 1, 2, -3 add to 0; of the 8 sums of +-1 +-2 +-3 (6, 4, 2, 0, 0, -2, -4, -6), five are
    at least 0, so p = 5/8.
    """
    names = list("abc")
    assert paired_p_value(np.array([1.0, 2.0, 3.0]), names, seed=0) == 1 / 8
    assert paired_p_value(np.array([1.0, 2.0, -3.0]), names, seed=0) == 5 / 8
    assert paired_p_value(np.array([-1.0, -2.0, -3.0]), names, seed=0) == 1.0


def test_rounding_makes_and_breaks_no_tie() -> None:
    """As the case before, in tenths: 0.1 + 0.2 - 0.3 is not 0 in float64."""
    for values in ([0.1, 0.2, -0.3], [-0.3, 0.2, 0.1], [1e-15, 2e-15, -3e-15], [1e9, 2e9, -3e9]):
        assert paired_p_value(np.array(values), list("abc"), seed=0) == 5 / 8


def test_whole_clusters_are_flipped() -> None:
    """Ten differences of 1 in two clusters: 4 flips, so p = 1/4 and not 1/1024."""
    clusters = ["a"] * 5 + ["b"] * 5
    assert paired_p_value(np.ones(10), clusters, seed=0) == 1 / 4
    assert paired_p_value(np.ones(10), list("abcdefghij"), seed=0) == 1 / 1024


def test_one_cluster_has_no_p_value() -> None:
    assert paired_p_value(np.ones(5), ["a"] * 5, seed=0) is None


def test_no_difference_is_no_evidence() -> None:
    assert paired_p_value(np.zeros(6), list("abcdef"), seed=0) == 1.0


def test_too_many_flips_are_drawn_by_seed_and_never_give_zero() -> None:
    """2**20 flips are more than 999, so p is (reached + 1) / 1000."""
    clusters = [str(index) for index in range(20)]
    assert paired_p_value(np.ones(20), clusters, seed=0, resamples=999) == 1 / 1000
    mixed = np.random.default_rng(1).normal(0.2, 1.0, 20)
    drawn = [paired_p_value(mixed, clusters, seed=seed, resamples=999) for seed in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2]


@given(st.lists(st.integers(-5, 5), min_size=2, max_size=8))
def test_p_of_a_direction_and_its_opposite(differences: list[int]) -> None:
    """Both count the observed flip, so they add up to at least 1 + 1 / 2**clusters."""
    values, names = np.array(differences, dtype=float), [str(i) for i in range(len(differences))]
    up = paired_p_value(values, names, seed=0)
    down = paired_p_value(-values, names, seed=0)
    assert up is not None
    assert down is not None
    assert up + down >= 1 + 0.5 ** len(names) - 1e-12
    assert 0.5 ** len(names) <= up <= 1


def test_benjamini_hochberg_by_hand() -> None:
    """0.01, 0.03, 0.04 of three: 0.01 * 3 / 1 = 0.03, 0.03 * 3 / 2 = 0.045, 0.04 * 3 / 3 = 0.04.

    A smaller p gets no larger value than the next one: 0.045 becomes 0.04.
    """
    assert benjamini_hochberg([0.01, None, 0.04, 0.03]) == pytest.approx(
        (0.03, None, 0.04, 0.04), abs=1e-12
    )


def test_nothing_measured_stays_nothing() -> None:
    assert benjamini_hochberg([]) == ()
    assert benjamini_hochberg([None, None]) == (None, None)
    assert benjamini_hochberg([None, 0.2]) == (None, 0.2)


def test_what_is_no_p_value_is_refused() -> None:
    for wrong in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match="p"):
            benjamini_hochberg([0.5, wrong])


@given(st.lists(st.one_of(st.none(), st.floats(0, 1)), max_size=20))
def test_adjusting_keeps_places_and_order_and_never_lowers(given_: list[float | None]) -> None:
    adjusted = benjamini_hochberg(given_)
    assert [p is None for p in adjusted] == [p is None for p in given_]
    pairs = [
        (raw, new)
        for raw, new in zip(given_, adjusted, strict=True)
        if raw is not None and new is not None
    ]
    assert all(raw - 1e-12 <= new <= 1 for raw, new in pairs)
    assert [new for _, new in sorted(pairs)] == sorted(new for _, new in pairs)


def test_rank_correlation_by_hand() -> None:
    """Ranks 1 2 3 4 against 1 2 4 3: 1 - 6 * (0 + 0 + 1 + 1) / (4 * 15) = 0.8."""
    first = np.array([1.0, 2.0, 3.0, 4.0])
    assert rank_correlation(first, np.array([0.1, 5.0, 99.0, 7.0])) == pytest.approx(0.8)
    assert rank_correlation(first, -first) == pytest.approx(-1.0)


def test_ties_share_their_mean_rank() -> None:
    """Ranks 1.5 1.5 3 against 1 2 3: (0.5 + 0 + 1) / sqrt(1.5 * 2) = sqrt(3) / 2."""
    found = rank_correlation(np.array([1.0, 1.0, 2.0]), np.array([1.0, 2.0, 3.0]))
    assert found == pytest.approx(3**0.5 / 2)


def test_no_ranks_no_correlation() -> None:
    moving, constant = np.array([1.0, 2.0, 3.0]), np.array([2.0, 2.0, 2.0])
    assert rank_correlation(moving, constant) is None
    assert rank_correlation(constant, moving) is None
    assert rank_correlation(moving[:2], moving[:2]) is None
    assert rank_correlation(moving[:0], moving[:0]) is None
    with pytest.raises(ValueError, match="finite"):
        rank_correlation(moving, np.array([1.0, np.nan, 2.0]))


@given(st.lists(st.tuples(numbers, numbers), max_size=12))
def test_rank_correlation_is_symmetric_and_bounded(pairs: list[tuple[float, float]]) -> None:
    first, second = np.array([a for a, _ in pairs]), np.array([b for _, b in pairs])
    found = rank_correlation(first, second)
    if found is not None:
        assert -1 <= found <= 1
        assert rank_correlation(second, first) == pytest.approx(found, abs=1e-12)


def test_wilson_by_hand() -> None:
    """With z = 1.96, 5 of 10 gives 0.5 +- z sqrt(0.025 + z**2 / 400) / (1 + z**2 / 10).

    z**2 = 3.8415; sqrt(0.025 + 0.0096036) = 0.186020; times 1.959964 over 1.38415 = 0.263405.
    Of 0 of 10 the upper end is z**2 / (10 + z**2) = 0.277533.
    """
    assert wilson_interval(5, 10) == pytest.approx((0.236595, 0.763405), abs=1e-5)
    assert wilson_interval(0, 10) == pytest.approx((0.0, 0.277533), abs=1e-5)
    assert wilson_interval(10, 10) == pytest.approx((0.722467, 1.0), abs=1e-5)


@given(st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_holds_its_share_and_mirrors(case: tuple[int, int]) -> None:
    successes, n = case
    low, high = wilson_interval(successes, n)
    assert 0 <= low <= successes / n <= high <= 1
    mirrored = wilson_interval(n - successes, n)
    assert (1 - mirrored[1], 1 - mirrored[0]) == pytest.approx((low, high), abs=1e-12)


@pytest.mark.parametrize(("successes", "n"), [(0, 0), (-1, 3), (4, 3)])
def test_no_trials_no_interval(successes: int, n: int) -> None:
    with pytest.raises(ValueError, match="at least one trial"):
        wilson_interval(successes, n)
