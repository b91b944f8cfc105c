"""Where a difference ends on ways that few policies go: outside of torch, in rounding, unread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from heedmap.policies.callable import CallablePolicy
from heedmap.tracing.trail.differences import Differences
from heedmap.tracing.trail.losses import find_loss
from tests.tracing.trail.plain import (
    DIM,
    LEFT,
    RIGHT,
    VOCABULARY,
    Encoders,
    between,
    ids_of,
    policy_of,
    recorded,
)
from tests.tracing.trail.plants import PLANTS


def of_run(run: object) -> Differences:
    """Two runs of a policy that makes its action itself, from the network and the texts."""
    net = Encoders()

    def act(frames: Sequence[np.ndarray], texts: Sequence[str]) -> object:
        return run(net, texts)  # pyright: ignore[reportCallIssue]

    return between(CallablePolicy("own", act, net))  # pyright: ignore[reportArgumentType]


def test_a_recording_that_memory_ended_tells_nothing() -> None:
    policy = policy_of(lambda net, words, image: net.head(words[:, 0] * 0 + image[:, 0]))
    one, two = recorded(policy, LEFT), recorded(policy, RIGHT)
    assert find_loss(Differences(one, two), None).how != "not known"
    assert find_loss(Differences(replace(one, has_gaps=True), two), None).how == "not known"


def test_an_action_that_is_made_of_a_choice_outside_of_torch() -> None:
    def bins(net: Encoders, texts: Sequence[str]) -> np.ndarray:
        for text in texts:
            _ = net.mix(net.words_of(text)[:, 2]) > 0
        return np.zeros((len(texts), 3), np.float32)

    loss = find_loss(of_run(bins), None)
    assert loss.how == "leaves torch"
    assert loss.operator is not None
    assert loss.operator.short_name == "gt"


def test_an_action_that_is_made_of_numbers_handed_out_of_torch() -> None:
    def numbers(net: Encoders, texts: Sequence[str]) -> np.ndarray:
        states = [net.mix(net.words_of(text)[:, 2]).detach().numpy() for text in texts]
        return 0 * np.concatenate(states)[:, :3]

    loss = find_loss(of_run(numbers), None)
    assert loss.how == "leaves torch"
    assert loss.operator is not None
    assert loss.operator.short_name == "detach"


def test_what_is_added_to_far_more_is_rounded_away_there() -> None:
    def drowned(net: Encoders, words: torch.Tensor, image: torch.Tensor) -> torch.Tensor:
        state = net.mix(words[:, 2]) * 1e-3
        return net.head(image[:, 0] * 1e4 + state) * 1.5

    words = between(policy_of(drowned))
    assert 0 < words.action.relative < 1e-5, "not all of it"
    loss = find_loss(words, None)
    assert loss.how == "rounded away"
    assert loss.operator is not None
    assert loss.operator.short_name == "add"


def test_states_that_nothing_takes_are_named_by_what_computed_them() -> None:
    """Not by the comparison of shapes or signs that came after them."""

    def left_out(net: Encoders, words: torch.Tensor, image: torch.Tensor) -> torch.Tensor:
        _ = net.mix(words) > 0
        return net.head(image[:, 0])

    loss = find_loss(between(policy_of(left_out)), None)
    assert loss.how == "left out"
    assert loss.operator is not None
    assert loss.operator.module == "mix"


def test_ids_that_only_make_a_mask_leave_their_embeddings_out() -> None:
    def masked(net: Encoders, texts: Sequence[str]) -> torch.Tensor:
        rows = []
        for text in texts:
            ids = torch.tensor([ids_of(text)])
            net.mix(net.embed(ids)).relu()
            rows.append(net.head(net.action[:, 0]) * (ids != 0).any())
        return torch.cat(rows)

    loss = find_loss(of_run(masked), None)
    assert loss.how == "left out"
    assert loss.operator is not None
    assert loss.operator.short_name == "relu", "the last that was computed of them"


def test_states_are_overwritten_and_scores_are_masked() -> None:
    def filled(value: float) -> Differences:
        def body(net: Encoders, words: torch.Tensor, image: torch.Tensor) -> torch.Tensor:
            state = net.mix(words[:, 2]).masked_fill(torch.ones(1, 8, dtype=torch.bool), value)
            return net.head(image[:, 0] + state.clamp(min=0))

        return between(policy_of(body))

    assert find_loss(filled(0.0), None).how == "overwritten"
    assert find_loss(filled(-1e9), None).how == "masked"


@pytest.mark.parametrize("operation", [torch.add, torch.sub])
def test_what_is_added_no_times_is_multiplied_by_zero(operation: Any) -> None:
    def body(net: Encoders, words: torch.Tensor, image: torch.Tensor) -> torch.Tensor:
        return net.head(operation(image[:, 0], net.mix(words[:, 2]), alpha=0))

    assert find_loss(between(policy_of(body)), None).how == "multiplied by zero"


@pytest.mark.parametrize(("row", "how"), [(0.0, "multiplied by zero"), (0.5, "rows equal")])
def test_a_table_of_zeros_is_told_from_one_of_equal_rows(row: float, how: str) -> None:
    def looked_up(net: Encoders, texts: Sequence[str]) -> torch.Tensor:
        table = torch.full((len(VOCABULARY) + 2, DIM), row)
        states = [F.embedding(torch.tensor([ids_of(text)]), table)[:, 2] for text in texts]
        return net.head(torch.cat(states) + net.action[:, 0])

    assert find_loss(of_run(looked_up), None).how == how


def test_positions_that_a_reader_cannot_see_are_named() -> None:
    hidden = [plant for plant in PLANTS if plant.how == "masked"]
    losses = [find_loss(between(policy_of(each.body(is_planted=True))), None) for each in hidden]
    readers = [loss for loss in losses if loss.is_inside_reader]
    assert readers
    assert all(loss.positions for loss in readers)


# ---- masks, choices, and what is left of a difference


def test_an_action_that_is_one_of_several_outputs_is_taken() -> None:
    """Places in an order that the words do not change; the values beside them, which they do."""
    net = Encoders()

    def act(frames: Sequence[np.ndarray], texts: Sequence[str]) -> torch.Tensor:
        size = net.words_of(texts[0])[:, 2].abs().sum(dim=1)
        return torch.stack([size, size + 1000.0, size + 2000.0], dim=1).sort(dim=1)[1]

    loss = find_loss(between(CallablePolicy("places", act, net)), None)
    assert loss.how == "no choice"
    assert loss.operator is not None
    assert loss.operator.short_name == "sort"


def test_scores_are_masked_by_where_as_well() -> None:
    def body(net: Encoders, words: torch.Tensor, image: torch.Tensor) -> torch.Tensor:
        scores = torch.where(torch.ones(1, 8, dtype=torch.bool), -1e9, net.mix(words[:, 2]))
        return net.head(image[:, 0] + scores.clamp(min=0))

    assert find_loss(between(policy_of(body)), None).how == "masked"


@pytest.mark.parametrize(("share", "how"), [(1e-9, "rounded away"), (1e-3, "no choice")])
def test_a_softmax_rounds_what_is_below_its_digits(share: float, how: str) -> None:
    """Far below the scores themselves, and one score so high that the others decide nothing."""

    def body(net: Encoders, words: torch.Tensor, image: torch.Tensor) -> torch.Tensor:
        scores = share * net.mix(words[:, 2])
        if share > 1e-6:
            scores = scores + 200 * torch.eye(8)[:1]
        return net.head(image[:, 0] + scores.softmax(dim=1))

    words = between(policy_of(body))
    assert not words.action.is_any
    loss = find_loss(words, None)
    assert loss.operator is not None
    assert (loss.how, loss.operator.short_name) == (how, "_softmax")


def sum_over_equals(net: Encoders, words: torch.Tensor, image: torch.Tensor) -> torch.Tensor:
    """Other weights over values that are all alike: rounding is all that comes out."""
    weights = net.mix(words[:, 2]).softmax(dim=1)
    return net.head(weights[:, None] @ (image[:, :1] / 3).expand(1, 8, 8))[:, 0]


def test_what_weighs_equals_leaves_rounding_and_no_choice() -> None:
    words = between(policy_of(sum_over_equals))
    assert 0 < words.action.relative < 1e-5
    loss = find_loss(words, None)
    assert loss.operator is not None
    assert (loss.how, loss.operator.short_name) == ("no choice", "bmm")
