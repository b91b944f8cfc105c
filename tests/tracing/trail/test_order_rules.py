"""Rules of rows that are computed one after the other: which of them could the words reach?"""

from __future__ import annotations

import pytest
import torch

from heedmap.tracing.trail.differences import Differences
from heedmap.tracing.trail.ends import Loss
from heedmap.tracing.trail.losses import find_loss
from tests.tracing.trail.plain import DIM, IMAGES, Body, Encoders, between, policy_of, recorded

T = torch.Tensor
TOLD = 2
"""The word in which the two instructions differ; the words come after the image."""


def lost(body: Body) -> Loss:
    return find_loss(between(policy_of(body)), None)


def states_of(net: Encoders, words: T, image: T, decay: float = 0.5) -> list[T]:
    """A state that takes in a row at a time, after each of them."""
    rows = net.mix(torch.cat([image, words], dim=1))
    state, states = torch.zeros(1, DIM), []
    for place in range(rows.shape[1]):
        state = decay * state + torch.tanh(rows[:, place])
        states.append(state)
    return states


@pytest.mark.parametrize("at", [0, 1, IMAGES - 1, IMAGES + TOLD - 1])
@pytest.mark.parametrize("together", [torch.stack, torch.cat])
def test_a_state_that_is_read_before_the_words_is_masked_by_order(
    at: int, together: object
) -> None:
    def body(net: Encoders, words: T, image: T) -> T:
        states = states_of(net, words, image)
        if together is torch.stack:
            return net.head(torch.stack(states, dim=1)[:, at])
        return net.head(torch.cat([state[:, None] for state in states], dim=1)[:, at])

    loss = lost(body)
    assert loss.how == "masked by order"
    assert loss.operator is not None
    assert loss.operator.short_name in ("stack", "cat")


def test_so_are_several_rows() -> None:
    def body(net: Encoders, words: T, image: T) -> T:
        return net.head(torch.stack(states_of(net, words, image), dim=1)[:, :IMAGES].mean(dim=1))

    assert lost(body).how == "masked by order"


@pytest.mark.parametrize("at", [0, 1, IMAGES])
def test_so_is_a_state_that_is_read_on_the_way(at: int) -> None:
    """Nothing is put together again; the words come into a state later."""
    loss = lost(lambda net, words, image: net.head(states_of(net, words, image)[at]))
    assert loss.how == "masked by order"
    assert loss.operator is not None
    assert loss.operator.short_name == "add"


def test_rows_that_know_none_of_those_before_them_are_left_out() -> None:
    def body(net: Encoders, words: T, image: T) -> T:
        rows = torch.cat([image, words], dim=1)
        steps = [torch.tanh(net.mix(rows[:, place])) for place in range(rows.shape[1])]
        return net.head(torch.stack(steps, dim=1)[:, 1])

    assert lost(body).how == "left out"


def test_rows_that_share_only_what_was_there_at_first_are_left_out() -> None:
    """A state of the beginning, in each row; no row takes in another."""

    def body(net: Encoders, words: T, image: T) -> T:
        first = torch.tanh(net.mix(image.mean(dim=1)))
        rows = torch.cat([image, words], dim=1)
        steps = [first + torch.tanh(rows[:, place]) for place in range(rows.shape[1])]
        return net.head(torch.stack(steps, dim=1)[:, 1])

    assert lost(body).how == "left out"


def test_a_row_after_the_words_is_not_before_them() -> None:
    """A state that forgets at once: the words are lost in the sum, not by order."""

    def body(net: Encoders, words: T, image: T) -> T:
        return net.head(torch.stack(states_of(net, words, image, decay=1e-12), dim=1)[:, -1])

    assert lost(body).how == "rounded away"


def test_one_row_that_is_picked_for_itself_is_no_loop() -> None:
    """Later rows make something else, of which the action takes nothing."""

    def body(net: Encoders, words: T, image: T) -> T:
        rows = torch.tanh(net.mix(torch.cat([image, words], dim=1)))
        told = rows[:, 1]
        _ = rows[:, IMAGES + TOLD] + rows[:, 0]
        return net.head(told)

    assert lost(body).how == "left out"


@pytest.mark.parametrize("takes_image", [True, False])
def test_a_loop_over_the_frame_too_is_the_readers(takes_image: bool) -> None:
    """The state is read before both."""

    def body(net: Encoders, words: T, image: T) -> T:
        later = image if takes_image else words
        states = states_of(net, later, torch.cat([net.action, net.action, words], dim=1))
        return net.head(torch.stack(states, dim=1)[:, 1] + image[:, 0])

    policy = policy_of(body)
    frame = Differences(recorded(policy), recorded(policy, seed=1))
    loss = find_loss(between(policy), frame)
    assert (loss.how, loss.is_inside_reader) == ("masked by order", takes_image)


def test_rows_may_be_picked_from_views_that_are_alike() -> None:
    def body(net: Encoders, words: T, image: T) -> T:
        rows = net.mix(torch.cat([image, words], dim=1))
        state, states = torch.zeros(1, DIM), []
        for place in range(rows.shape[1]):
            state = 0.5 * state + torch.tanh(rows.detach()[:, place])
            states.append(state)
        return net.head(states[2])

    assert lost(body).how == "masked by order"


def test_rows_of_another_tensor_are_no_steps_of_this_one() -> None:
    """Of as many numbers, and picked in the same way; the words come into the state later."""

    def body(net: Encoders, words: T, image: T) -> T:
        rows = torch.tanh(net.mix(torch.cat([image, words], dim=1)))
        others = 2 * rows
        state = others[:, 0] + rows[:, 1]
        _ = state + rows[:, IMAGES + TOLD]
        return net.head(state)

    assert lost(body).how == "left out"


def test_words_may_come_into_the_state_at_once() -> None:
    def body(net: Encoders, words: T, image: T) -> T:
        rows = torch.tanh(net.mix(torch.cat([image, words], dim=1)))
        told, first, second = rows[:, IMAGES + TOLD], rows[:, 0], rows[:, 1]
        _ = second + told
        return net.head(first + second)

    assert lost(body).how == "masked by order"
