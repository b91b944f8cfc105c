"""Distances between actions by hand, and what they must keep to."""

from __future__ import annotations

from inspect import unwrap

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import softmax

from heedmap.auditing.measures.distance import (
    PROBABILITY_FLOOR,
    ActionMetric,
    cosine_similarity,
    flip_rate,
    jensen_shannon_bits,
    log_likelihood_ratio_bits,
    per_dimension_scale,
    scaled_l2,
    spread_over_frames,
)

positive = st.lists(st.floats(1e-6, 1.0), min_size=3, max_size=3)


def test_by_hand() -> None:
    """(1, 0) and (1/2, 1/2): middle (3/4, 1/4).

    KL of the first: log2(4/3) = 0.41504; of the second: 1/2 log2(2/3) + 1/2 log2(2) = 0.20752.
    """
    found = jensen_shannon_bits(np.array([1.0, 0.0]), np.array([0.5, 0.5]))
    assert found == pytest.approx((0.4150375 + 0.2075187) / 2, abs=1e-6)


def test_the_ends_of_the_scale() -> None:
    assert jensen_shannon_bits(np.array([1.0, 0.0]), np.array([0.0, 1.0])) == 1.0
    assert jensen_shannon_bits(np.array([0.2, 0.8]), np.array([0.2, 0.8])) == 0.0


@given(positive, positive)
def test_symmetric_bounded_and_blind_to_scale(first: list[float], second: list[float]) -> None:
    p, q = np.array(first), np.array(second)
    bits = jensen_shannon_bits(p, q)
    assert 0.0 <= bits <= 1.0
    assert jensen_shannon_bits(q, p) == pytest.approx(bits, abs=1e-12)
    assert jensen_shannon_bits(7 * p, q) == pytest.approx(bits, abs=1e-9)


def test_what_is_no_distribution_is_refused() -> None:
    for wrong in (np.array([-0.1, 1.1]), np.zeros(2)):
        with pytest.raises(ValueError, match="not negative"):
            jensen_shannon_bits(wrong, np.array([0.5, 0.5]))


def test_flip_rate_by_hand() -> None:
    """Best actions 0 1 0 2 against 0 2 0 0: two of four differ. Of equal scores the first wins."""
    first = np.array([[3.0, 1, 0], [0, 2, 1], [1, 1, 0], [0, 0, 5]])
    second = np.array([[1.0, 0, 0], [0, 1, 2], [9, 0, 0], [5, 5, 0]])
    assert flip_rate(first, second) == 0.5
    assert flip_rate(first, first) == 0.0


def test_flips_of_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="no examples"):
        flip_rate(np.zeros((0, 3)), np.zeros((0, 3)))
    with pytest.raises(ValueError, match="one shape"):
        unwrap(flip_rate)(np.zeros((1, 3)), np.zeros((1, 2)))  # as where shapes go unchecked
    with pytest.raises(ValueError, match="finite"):
        flip_rate(np.array([[0.0, np.nan]]), np.zeros((1, 2)))


def test_log_likelihood_ratio_by_hand() -> None:
    """Action 0 has 3/4 and 1/4, so 1/2 on average: log2(3/2) = 0.58496 under the first.

    Action 1 has 1/4 and 3/4: the same under the second. Action 0 under the second: log2(1/2).
    """
    probabilities = np.array([[0.75, 0.25], [0.25, 0.75]])
    found = log_likelihood_ratio_bits(probabilities, np.array([0, 1]))
    assert found == pytest.approx([0.5849625, 0.5849625], abs=1e-6)
    assert log_likelihood_ratio_bits(probabilities, np.array([0, 0]))[1] == pytest.approx(-1.0)


def test_a_policy_that_ignores_the_instruction_gains_nothing() -> None:
    same = np.tile(np.array([0.7, 0.2, 0.1]), (3, 1))
    assert log_likelihood_ratio_bits(same, np.array([0, 1, 2])) == pytest.approx([0, 0, 0])


def test_an_action_without_any_probability_is_at_the_floor() -> None:
    """p(a|v,l) = 2**-52 and p(a|v) = 1/2 (1 + 2**-52): log2 gives -52 + 1 = -51.

    Where no instruction gives it any, it is as likely under all: 0 bits.
    """
    probabilities = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
    found = log_likelihood_ratio_bits(probabilities, np.array([0, 2]))
    assert found == pytest.approx([-51.0, 0.0], abs=1e-9)
    assert PROBABILITY_FLOOR == 2**-52


@given(st.lists(positive, min_size=2, max_size=5), st.integers(0, 2))
def test_the_ratio_is_bounded_and_blind_to_scale(rows: list[list[float]], action: int) -> None:
    probabilities = np.array(rows)
    chosen = np.full(len(rows), action)
    found = log_likelihood_ratio_bits(probabilities, chosen)
    assert np.isfinite(found).all()
    assert (found <= np.log2(len(rows)) + 1e-9).all()
    # The ratios of one action average to 1 over the instructions: sum p / mean(p) = n.
    assert (2**found).mean() == pytest.approx(1.0)
    scaled = log_likelihood_ratio_bits(probabilities * 5, chosen)
    assert scaled == pytest.approx(found, abs=1e-9)


def test_rows_are_normalised_each_by_itself() -> None:
    probabilities = np.array([[0.75, 0.25], [0.25, 0.75]])
    chosen = np.array([0, 0])
    found = log_likelihood_ratio_bits(probabilities * np.array([[7.0], [0.1]]), chosen)
    assert found == pytest.approx(log_likelihood_ratio_bits(probabilities, chosen))


def test_ratios_that_mean_nothing_are_refused() -> None:
    two = np.array([[0.5, 0.5], [0.5, 0.5]])
    with pytest.raises(ValueError, match="at least two"):
        log_likelihood_ratio_bits(two[:1], np.array([0]))
    for wrong in (-1, 2):
        with pytest.raises(ValueError, match="0 to 1"):
            log_likelihood_ratio_bits(two, np.array([0, wrong]))
    for row in ([-0.5, 1.5], [0.0, 0.0], [np.nan, 1.0], [np.inf, 1.0]):
        with pytest.raises(ValueError, match="not negative"):
            log_likelihood_ratio_bits(np.array([[0.5, 0.5], row]), np.array([0, 1]))


def test_scale_by_hand() -> None:
    """0 and 4 deviate by 2 from their mean; a dimension that never moves has scale 1."""
    actions = np.array([[0.0, 0.1], [4.0, 0.1], [0.0, 0.1], [4.0, 0.1]])
    assert per_dimension_scale(actions).tolist() == [2.0, 1.0]
    assert per_dimension_scale(actions[:1]).tolist() == [1.0, 1.0]
    chunked = actions.reshape(2, 2, 2)
    assert per_dimension_scale(chunked).tolist() == [2.0, 1.0]


def test_a_dimension_at_rest_has_scale_one_whatever_rounding_says() -> None:
    """Three times 0.1 deviates by 1.4e-17 from its mean in float64."""
    assert np.full(3, 0.1).std() > 0
    assert per_dimension_scale(np.full((3, 1), 0.1)).tolist() == [1.0]


def test_a_movement_too_small_for_a_deviation_has_scale_one() -> None:
    """5e-324 is the smallest float64: its half, the deviation, is 0."""
    assert per_dimension_scale(np.array([[0.0], [5e-324]])).tolist() == [1.0]


def test_no_scale_of_nothing() -> None:
    for wrong in (np.zeros((0, 2)), np.zeros(2), np.zeros((2, 0))):
        with pytest.raises(ValueError, match="at least one example"):
            per_dimension_scale(wrong)
    with pytest.raises(ValueError, match="finite"):
        per_dimension_scale(np.array([[np.inf]]))


def test_scaled_l2_by_hand() -> None:
    """Off by (6, 4) with scales (2, 1): (3, 4), whose root mean square is sqrt(25 / 2)."""
    first, second = np.array([[6.0, 4.0], [1.0, 1.0]]), np.array([[0.0, 0.0], [1.0, 1.0]])
    found = scaled_l2(first, second, np.array([2.0, 1.0]))
    assert found == pytest.approx([np.sqrt(12.5), 0.0])


def test_one_scale_off_in_every_dimension_is_one_however_many() -> None:
    for dim in (1, 3, 7):
        scale = np.arange(1.0, dim + 1)
        assert scaled_l2(scale[None], np.zeros((1, dim)), scale) == pytest.approx([1.0])


def test_a_chunk_is_the_mean_over_steps_in_either_shape() -> None:
    """Step 0 is off by (3, 4), step 1 by nothing: sqrt(12.5) / 2, not 5 / 2 over all four."""
    chunk = np.array([[[3.0, 4.0], [0.0, 0.0]]])
    flat = chunk.reshape(1, 4)
    scale = np.ones(2)
    expected = [np.sqrt(12.5) / 2]
    assert scaled_l2(chunk, np.zeros_like(chunk), scale) == pytest.approx(expected)
    assert scaled_l2(flat, np.zeros_like(flat), scale) == pytest.approx(expected)


def test_a_batch_without_examples_has_no_distances() -> None:
    assert scaled_l2(np.zeros((0, 2)), np.zeros((0, 2)), np.ones(2)).shape == (0,)
    assert ActionMetric.discrete().distances(np.zeros((0, 2)), np.zeros((0, 2))).shape == (0,)


def test_actions_that_do_not_fit_are_refused() -> None:
    scale = np.ones(2)
    for shape in ((1, 3), (1, 2, 4), (1, 2, 3)):
        with pytest.raises(ValueError, match="scale has 2 dimensions"):
            scaled_l2(np.zeros(shape), np.zeros(shape), scale)
    with pytest.raises(ValueError, match="one shape"):
        unwrap(scaled_l2)(np.zeros((1, 2)), np.zeros((2, 2)), scale)
    with pytest.raises(ValueError, match="one shape"):
        scaled_l2(np.zeros((1, 0, 2)), np.zeros((1, 0, 2)), scale)
    with pytest.raises(ValueError, match="finite"):
        scaled_l2(np.zeros((1, 2)), np.array([[0.0, np.nan]]), scale)
    for wrong in ([0.0, 1.0], [-1.0, 1.0], [np.nan, 1.0], []):
        with pytest.raises(ValueError, match="above 0"):
            scaled_l2(np.zeros((1, 2)), np.zeros((1, 2)), np.array(wrong))
        with pytest.raises(ValueError, match="above 0"):
            ActionMetric.continuous(np.array(wrong))


def test_cosine_by_hand() -> None:
    """(1, 0) and (1, 1) are 45 degrees apart; a zero action has no direction."""
    first = np.array([[1.0, 0.0], [1.0, 0.0], [2.0, 1.0], [0.0, 0.0]])
    second = np.array([[1.0, 1.0], [-3.0, 0.0], [4.0, 2.0], [1.0, 0.0]])
    found = cosine_similarity(first, second)
    assert found[:3] == pytest.approx((np.sqrt(0.5), -1.0, 1.0))
    assert found[3] is None
    assert cosine_similarity(second, first)[3] is None


def test_cosine_of_very_small_very_large_and_chunked_actions() -> None:
    tiny, huge = np.array([[1e-300, 0.0]]), np.array([[1e300, 1e300]])
    assert cosine_similarity(tiny, huge) == pytest.approx((np.sqrt(0.5),))
    chunk = np.array([[[1.0, 0.0], [0.0, 1.0]]])
    assert cosine_similarity(chunk, chunk) == pytest.approx((1.0,))
    with pytest.raises(ValueError, match="finite"):
        cosine_similarity(tiny, np.array([[np.nan, 1.0]]))


vectors = st.lists(st.floats(-1e9, 1e9), min_size=3, max_size=3)


@given(vectors, vectors)
def test_cosine_is_bounded_and_never_nan(first: list[float], second: list[float]) -> None:
    (found,) = cosine_similarity(np.array([first]), np.array([second]))
    assert (found is None) == (not any(first) or not any(second))
    assert found is None or -1 <= found <= 1


logits = st.lists(st.floats(-50, 50), min_size=4, max_size=4)


@given(st.lists(st.tuples(logits, logits), min_size=1, max_size=4))
def test_discrete_distances_are_jensen_shannon_bits(
    pairs: list[tuple[list[float], list[float]]],
) -> None:
    first, second = np.array([a for a, _ in pairs]), np.array([b for _, b in pairs])
    found = ActionMetric.discrete().distances(first, second)
    for row, bits in enumerate(found):
        one_by_one = jensen_shannon_bits(softmax(first[row]), softmax(second[row]))
        assert bits == pytest.approx(one_by_one, abs=1e-12)


def test_discrete_ends_of_the_scale() -> None:
    """Logits 800 apart leave float64, and 744 apart its smallest number; both are 1 bit."""
    metric = ActionMetric.discrete()
    for apart in (800.0, 744.0):
        first, second = np.array([[apart, 0.0]]), np.array([[0.0, apart]])
        assert metric.distances(first, second) == pytest.approx([1.0])
        assert metric.distances(first, first + 5).tolist() == [0.0]


def test_rounding_steps_over_neither_end() -> None:
    """Nearly equal rows sum to about -1e-16, and rows that share nothing to 1 + 2e-16."""
    generator = np.random.default_rng(0)
    metric = ActionMetric.discrete()
    near = 1e-6 * generator.normal(size=(4000, 3))
    assert metric.distances(near, near + 1e-8 * generator.normal(size=near.shape)).min() >= 0
    far = 900 * generator.normal(size=(2, 4000, 5))
    assert metric.distances(far[0], far[1]).max() == 1


def test_the_smallest_probability_makes_no_infinity() -> None:
    """softmax(0, -744.5) is 5e-324, whose half is 0; softmax(0, -800) has a true 0."""
    first, second = np.array([[0.0, -744.5]]), np.array([[0.0, -800.0]])
    assert 0 < softmax(first[0])[1] < 1e-323
    assert ActionMetric.discrete().distances(first, second).tolist() == [0.0]


def test_float32_logits_are_taken_in_float64() -> None:
    first, second = np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])
    metric = ActionMetric.discrete()
    narrow = metric.distances(first.astype(np.float32), second.astype(np.float32))
    assert narrow.tolist() == metric.distances(first, second).tolist()


def test_continuous_distances_are_scaled_l2() -> None:
    scale = np.array([2.0, 1.0])
    metric = ActionMetric.continuous(scale)
    first, second = np.array([[6.0, 4.0, 0.0, 0.0]]), np.zeros((1, 4))
    assert metric.distances(first, second) == pytest.approx([np.sqrt(12.5) / 2])


def test_metrics_say_their_unit_and_compare() -> None:
    assert ActionMetric.discrete().unit == "bits"
    assert ActionMetric.continuous(np.ones(2)).unit == "scale units"
    assert ActionMetric.continuous(np.ones(2)) == ActionMetric.continuous(np.ones(2))


def test_scores_that_are_none_are_refused() -> None:
    metric = ActionMetric.discrete()
    with pytest.raises(ValueError, match="finite"):
        metric.distances(np.array([[0.0, -np.inf]]), np.zeros((1, 2)))
    with pytest.raises(ValueError, match="one shape"):
        unwrap(ActionMetric.distances)(metric, np.zeros((1, 2)), np.zeros((1, 3)))


def test_the_spread_is_over_frames_and_not_over_instructions() -> None:
    """Two instructions far apart, each with frames one unit to either side."""
    left = np.array([[-1.0, 10.0], [1.0, 10.0]])
    right = left + np.array([1000.0, 0.0])
    found = spread_over_frames([left, right], floor=1e-6)
    assert found is not None
    assert found.tolist() == [1.0, 1.0]  # the second dimension is still: the largest of the others


def test_the_spread_of_several_instructions_is_their_root_mean_square() -> None:
    one, two = np.array([[-1.0], [1.0]]), np.array([[-7.0], [7.0]])
    assert spread_over_frames([one, two], 0.0) == pytest.approx(np.array([5.0]))
    large = spread_over_frames([one.astype(np.float32) * 1e30], 0.0)
    assert large == pytest.approx(np.array([1e30]))


def test_there_is_no_spread_of_one_frame_or_of_rounding() -> None:
    moves = np.array([[0.0], [1e-7]])
    assert spread_over_frames([], 0.0) is None
    assert spread_over_frames([np.ones((1, 2))], 0.0) is None
    assert spread_over_frames([np.ones((3, 2))], 0.0) is None
    assert spread_over_frames([moves], 1e-6) is None
    assert spread_over_frames([moves, np.ones((1, 1))], 1e-9) == pytest.approx(np.array([5e-8]))


def test_distances_in_own_units_are_root_mean_squares() -> None:
    metric = ActionMetric.in_own_units(2)
    assert metric.unit == "raw units"
    assert metric.has_own_units
    found = metric.distances(np.array([[3.0, 4.0]]), np.array([[0.0, 0.0]]))
    assert found == pytest.approx(np.sqrt([12.5]))
    assert metric.distances(np.ones((1, 2)), np.ones((1, 2))) == 0
    assert ActionMetric.continuous(np.ones(2)).unit == "scale units"
    assert ActionMetric.discrete().unit == "bits"
