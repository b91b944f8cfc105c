"""Readings between two whole ones exchange instructions alone, as long as the action responds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from heedmap.auditing.exchange_only import ExchangeOnly
from heedmap.auditing.upper.measure import UpperOptions
from heedmap.data.pixels import Frame
from heedmap.errors import InstructionLostError, MonitorError
from heedmap.monitor.reading import Reading
from heedmap.monitor.watch import Monitor
from heedmap.policies.base import ActionScores, Policy
from heedmap.policies.callable import CallablePolicy
from heedmap.policies.registry import load_policy
from heedmap.testbed.specimens.cases import case_trials
from heedmap.testbed.specimens.world import ACTIONS
from tests.conftest import random_network, run_bare

HEALTHY = "specimen:exp42_counterfactual_pta@sound"
TRIALS = case_trials(2)


def monitor_of(policy: Policy, **options: Any) -> Monitor:
    return Monitor(policy, TRIALS, every_steps=1, until="cut", most_cost_share=None, **options)


def readings(monitor: Monitor, count: int) -> list[Reading]:
    found = [monitor.at(step) for step in range(count)]
    return [reading for reading in found if reading is not None]


def is_whole(reading: Reading) -> bool:
    return reading.rungs["present"] != "not measured"


def test_every_so_many_are_whole() -> None:
    found = readings(monitor_of(load_policy(HEALTHY), whole_every=3), 7)
    assert [is_whole(each) for each in found] == [True, False, False, True, False, False, True]


def test_left_out_all_are_whole() -> None:
    assert all(is_whole(each) for each in readings(monitor_of(load_policy(HEALTHY)), 3))


def test_what_is_measured_between_is_what_a_whole_reading_measures() -> None:
    whole, between = readings(monitor_of(load_policy(HEALTHY), whole_every=2), 2)
    assert set(between.metrics) <= set(whole.metrics)
    assert "heedmap/obeyed_rate" in between.metrics
    assert between.rungs["obeyed"] == whole.rungs["obeyed"] == "holds"
    for name, value in between.metrics.items():
        assert value == pytest.approx(whole.metrics[name], rel=1e-5, abs=1e-5)
    measured = {name for name, rung in between.rungs.items() if rung != "not measured"}
    assert measured == {"used", "obeyed"}
    assert between.cause == "none"


def test_it_takes_two_calls_of_the_policy() -> None:
    """Instructions are of one length or two, and each length is one batch."""
    policy = load_policy(HEALTHY)
    monitor = monitor_of(policy, whole_every=100)
    readings(monitor, 2)  # the second one compares its batches with single runs
    before = policy.act_calls
    monitor.at(2)
    lengths = {len(text.split()) for trial in TRIALS for text in trial.instructions.values()}
    assert policy.act_calls - before <= len(lengths)


class Switched:
    """A network that ignores its instruction from a moment on."""

    def __init__(self) -> None:
        self.network = random_network("sound")
        self.ignores = False

    def __call__(self, frames: Sequence[Frame], texts: Sequence[str]) -> ActionScores:
        given = ["go to the left"] * len(texts) if self.ignores else texts
        return run_bare(self.network, frames, given)

    def policy(self) -> Policy:
        return CallablePolicy("own", self, self.network, action_names=ACTIONS)


def test_an_action_that_does_not_respond_any_more_is_audited_at_once() -> None:
    switched = Switched()
    monitor = monitor_of(switched.policy(), whole_every=100, stop_when=("tokenised",))
    first, second = readings(monitor, 2)
    assert [is_whole(first), is_whole(second)] == [True, False]
    switched.ignores = True
    with pytest.raises(InstructionLostError):
        monitor.at(2)
    assert monitor.readings[-1].lost(("tokenised",)) == "tokenised"


def refuses(frames: Sequence[Frame], texts: Sequence[str], scores: ActionScores) -> ActionScores:
    if len(texts) > 1:
        raise ValueError("one at a time")
    return scores


def mixes(frames: Sequence[Frame], texts: Sequence[str], scores: ActionScores) -> ActionScores:
    return scores + scores.mean(dim=0) * (len(texts) - 1)


def gives_the_first(
    frames: Sequence[Frame], texts: Sequence[str], scores: ActionScores
) -> ActionScores:
    return scores[:1].expand(len(texts), -1)


@pytest.mark.parametrize("spoil", [refuses, mixes, gives_the_first])
def test_where_a_batch_is_not_what_single_runs_are_all_are_whole(spoil) -> None:
    network = random_network("sound")

    def run(frames: Sequence[Frame], texts: Sequence[str]) -> ActionScores:
        return spoil(frames, texts, run_bare(network, frames, texts))

    policy = CallablePolicy("own", run, network, action_names=ACTIONS)
    assert all(is_whole(each) for each in readings(monitor_of(policy, whole_every=100), 3))


def test_pinned_noise_is_not_read_in_a_batch() -> None:
    network = random_network("sound")
    policy = CallablePolicy(
        "own", lambda f, t: run_bare(network, f, t), network, action_names=ACTIONS, noise_seed=0
    )
    assert ExchangeOnly(policy).read(TRIALS, UpperOptions("exchange")) is None


def test_none_between_is_refused() -> None:
    with pytest.raises(MonitorError, match="1 or more: 0"):
        monitor_of(load_policy(HEALTHY), whole_every=0)


def test_training_flags_are_as_before() -> None:
    policy = load_policy(HEALTHY)
    only = ExchangeOnly(policy)
    policy.module.train()
    assert only.read(TRIALS, UpperOptions("exchange")) is not None
    assert policy.module.training
