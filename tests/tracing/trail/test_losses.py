"""Where a difference ends and how, on policies in which it was made to."""

from __future__ import annotations

from typing import get_args

import pytest
import torch

from heedmap.auditing.trail import measure_trail
from heedmap.auditing.trails import Trails
from heedmap.data.trials import Trial
from heedmap.ladder.behaviour import How, TrailFacts
from heedmap.policies.callable import CallablePolicy
from heedmap.tracing.capture.trace import one_attention_path
from heedmap.tracing.trail.losses import find_loss
from tests.ladder.facts import behaviour
from tests.tracing.trail.plain import LEFT, RIGHT, Encoders, between, observation, policy_of
from tests.tracing.trail.plants import PLANTS, Plant, sliced_write

IDS = [f"{plant.run.__name__}-{str(plant.dtype)[6:]}" for plant in PLANTS]


def trail_of(policy: CallablePolicy) -> TrailFacts | None:
    """Of one frame with two instructions."""
    trial = Trial("frame", observation(), {"left": LEFT, "right": RIGHT})
    with one_attention_path():
        return measure_trail(Trails(policy, trial.observation, 0), trial, behaviour())


def test_every_end_has_two_plants() -> None:
    """But for two: `leaves torch` has those of tests/auditing/test_outside_torch.py."""
    for how in set(get_args(How)) - {"not entered", "leaves torch"}:
        assert sum(plant.how == how for plant in PLANTS) >= 2, how


@pytest.mark.parametrize("plant", PLANTS, ids=IDS)
def test_a_plant_is_found_and_its_healthy_twin_has_no_loss(plant: Plant) -> None:
    planted = policy_of(plant.body(is_planted=True), plant.dtype)
    assert not between(planted).action.is_any, "the plant does not lose it"
    found = trail_of(planted)
    assert found is not None
    assert found.how == plant.how, f"at {found.operator} in {found.module!r}"
    assert found.operator is not None
    assert found.matched_share == 1
    assert found.is_whole
    mended = policy_of(plant.body(is_planted=False), plant.dtype)
    assert between(mended).action.is_any, "the twin is not healthy"
    assert trail_of(mended) is None


def test_the_positions_that_were_lost_are_named() -> None:
    words = between(policy_of(Plant("overwritten", sliced_write).body(is_planted=True)))
    loss = find_loss(words, None)
    assert loss.operator is not None
    assert loss.operator.name in ("aten::fill_", "aten::copy_")
    assert loss.positions == (0,)  # of the two rows that were written


def test_nothing_enters_where_the_words_are_the_same() -> None:
    policy = policy_of(lambda net, words, image: net.head(words[:, 0] + image[:, 0]))
    assert find_loss(between(policy, LEFT, LEFT), None).how == "not entered"
    unread = policy_of(lambda net, words, image: net.head(torch.zeros_like(words[:, 0])))
    assert find_loss(between(unread), None).how == "left out"


def _constant_values(net: Encoders, words: torch.Tensor, way: str) -> torch.Tensor:
    """What a query reads of values that are alike whatever the words; the weights are theirs."""
    net.mix.weight.zero_()
    words = torch.cat([words * scale for scale in (0.3, 0.7, 1.1, 1.9, 2.3)], dim=1)
    values = net.mix(words) + 0.37
    scores = words @ words.mT
    if way == "product":
        return scores.softmax(dim=-1) @ values
    return torch.einsum("bqk,bkd->bqd", scores.softmax(dim=-1), values)


@pytest.mark.parametrize("way", ["product", "einsum"])
def test_rounding_of_weights_beside_values_that_are_alike_is_not_where_it_was_lost(
    way: str,
) -> None:
    words = between(
        policy_of(lambda net, words, _: net.head(_constant_values(net, words, way).mean(dim=1)))
    )
    assert 0 < words.action.relative < 1e-5, "the weights round alike"
    loss = find_loss(words, None)
    assert loss.how == "values equal"
    assert loss.operator is not None
    assert loss.operator.module == "mix"
