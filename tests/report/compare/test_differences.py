"""Differences against cases worked out by hand, and against planted ones."""

from __future__ import annotations

import numpy as np
import pytest

from heedmap.report.compare.comparison import compare
from tests.ladder.facts import estimate
from tests.report.compare.runs import (
    NOISE,
    TRIALS,
    attended,
    rename,
    run,
    told,
    with_record,
)


def test_a_planted_difference_is_found_by_pairing() -> None:
    """Trials differ by 0.2 (standard deviation), the policies by 0.1: unpaired that is nothing."""
    better = NOISE + 0.1 + np.random.default_rng(1).normal(0, 0.02, len(TRIALS))
    comparison = compare(
        [("run", run({"a": {"mediated": list(NOISE)}, "b": {"mediated": list(better)}}))]
    )
    found = told(comparison, "mediated", "b")
    assert found.difference == pytest.approx(float(np.mean(better - NOISE)))
    assert found.low is not None
    assert found.low > 0.05
    assert found.is_beyond_chance
    assert found.p_value is not None
    assert found.p_value < 0.001
    assert (found.pairs, found.clusters, found.why) == (20, 20, None)


def test_equal_policies_have_an_interval_around_0() -> None:
    other = NOISE + np.random.default_rng(2).normal(0, 0.05, len(TRIALS))
    values = {"a": {"mediated": list(NOISE)}, "b": {"mediated": list(other)}}
    found = told(compare([("run", run(values))]), "mediated", "b")
    assert found.low is not None
    assert found.high is not None
    assert found.low < 0 < found.high
    assert not found.is_beyond_chance
    assert found.p_value is not None
    assert found.p_value > 0.05


def test_the_same_policy_twice_does_not_differ_at_all() -> None:
    values = {"a": {"mediated": list(NOISE)}, "b": {"mediated": list(NOISE)}}
    found = told(compare([("run", run(values))]), "mediated", "b")
    assert (found.difference, found.low, found.high, found.p_value) == (0.0, 0.0, 0.0, 1.0)


def test_only_trials_that_both_have_are_paired() -> None:
    """A has 1, 2, 3 on t00..t02; b has 2, 4 on t00 and t01: (1 + 2) / 2 = 1.5, not 3 - 2."""
    values = {"a": {"mediated": [1.0, 2.0, 3.0]}, "b": {"mediated": [2.0, 4.0]}}
    found = told(compare([("run", run(values))]), "mediated", "b")
    assert (found.difference, found.pairs) == (1.5, 2)
    assert (found.baseline, found.value) == (2.0, 3.0)


def test_one_episode_gives_no_interval_and_says_so() -> None:
    values = {"a": {"mediated": [0.1, 0.2]}, "b": {"mediated": [0.3, 0.4]}}
    clusters = dict.fromkeys(TRIALS, "episode")
    found = told(compare([("run", run(values, clusters=clusters))]), "mediated", "b")
    assert found.difference == pytest.approx(0.2)
    assert (found.low, found.p_value, found.why) == (None, None, "why_one_cluster")


def test_p_is_two_sided_by_hand() -> None:
    """Five trials, b above a on each: of 2**5 flips one is as large, so 2 * 1/32 = 0.0625."""
    values = {"a": {"mediated": [0.0] * 5}, "b": {"mediated": [1.0] * 5}}
    comparison = compare([("run", run(values))])
    assert told(comparison, "mediated", "b").p_value == pytest.approx(2 / 32)
    turned = compare([("run", run(values))], baseline="b")
    assert told(turned, "mediated", "a").p_value == pytest.approx(2 / 32)
    assert told(turned, "mediated", "a").difference == -1.0


def test_p_values_are_adjusted_for_how_many_differences_are_told() -> None:
    """Raw 2/32 for `mediated`, 1 for `swap_distance`: of two tests, 2/32 * 2 / 1 = 4/32."""
    values = {
        "a": {"mediated": [0.0] * 5, "swap_distance": [0.5] * 5},
        "b": {"mediated": [1.0] * 5, "swap_distance": [0.5] * 5},
    }
    found = told(compare([("run", run(values))]), "mediated", "b")
    assert found.p_adjusted == pytest.approx(4 / 32)


def test_a_frame_counts_as_followed_only_where_all_of_its_instructions_are() -> None:
    """Following 1, 2/3, 1 against 1, 1, 0: whole frames 1, 0, 1 against 1, 1, 0: mean 0."""
    values = {"a": {"following": [1.0, 2 / 3, 1.0]}, "b": {"following": [1.0, 1.0, 0.0]}}
    comparison = compare([("run", run(values))])
    assert told(comparison, "counterfactual", "b").why == "why_not_measured"  # not in the record
    policies = []
    for policy in comparison.sources[0].result.record.policies:
        facts = policy.measurements.obeyed
        assert facts is not None
        assert facts.following is not None
        known = facts.following.model_copy(update={"counterfactual_accuracy": estimate(0.5)})
        whole = facts.model_copy(update={"following": known})
        policies.append(
            policy.model_copy(
                update={"measurements": policy.measurements.model_copy(update={"obeyed": whole})}
            )
        )
    result = with_record(run(values), policies=tuple(policies))
    found = told(compare([("run", result)]), "counterfactual", "b")
    assert found.difference == pytest.approx(0.0)
    # following itself: (0 + 1/3 - 1) / 3
    assert told(comparison, "following", "b").difference == pytest.approx((1 / 3 - 1) / 3)


def test_attention_is_paired_by_frame_whatever_its_name() -> None:
    base = attended(run({"a": {"mediated": [1.0]}}))
    (frame,) = base.record.frames
    renamed = frame.model_copy(update={"name": "other"})
    moved = attended(rename(run({"b": {"mediated": [1.0]}}), renamed))
    found = told(compare([("one", base), ("two", moved)]), "attended", "b")
    assert (found.pairs, found.why) == (1, "why_one_cluster")  # one frame: no interval
    assert found.difference == pytest.approx(0.0)
    changed = renamed.model_copy(update={"sha256": "ef" * 32})
    found = told(
        compare([("one", base), ("two", attended(rename(run({"b": {}}), changed)))]),
        "attended",
        "b",
    )
    assert (found.pairs, found.why) == (0, "why_no_common")


def test_lift_is_one_number_a_policy() -> None:
    result = attended(run({"a": {"mediated": [1.0]}, "b": {"mediated": [1.0]}}))
    found = told(compare([("run", result)]), "lift", "b")
    assert (found.difference, found.low, found.why) == (0.0, None, "why_one_number")
