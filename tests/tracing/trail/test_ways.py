"""What the ways to the action tell of a loss: numbers of the action, or a value before it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from heedmap.ladder.behaviour import TrailFacts
from tests.tracing.trail.plain import LEFT, Body, Encoders, observation, policy_of
from tests.tracing.trail.test_losses import trail_of

T = torch.Tensor


def facts_of(body: Body) -> TrailFacts:
    found = trail_of(policy_of(body))
    assert found is not None
    return found


def _state(words: T, image: T) -> T:
    return image.mean(dim=1) + words.mean(dim=1)


def one_dimension(net: Encoders, words: T, image: T) -> T:
    """Only the first dimension has words in it, and it is at its limit; the frame moves others."""
    told = torch.tanh(net.head(words.mean(dim=1))[:, :1] + 40)
    return torch.cat([told, net.head(image.mean(dim=1))[:, 1:]], dim=1)


def all_dimensions(net: Encoders, words: T, image: T) -> T:
    return 0.5 * (net.head(_state(words, image)) + 500).clamp(-1, 1) + 0.1


@pytest.mark.parametrize("body", [one_dimension, all_dimensions])
def test_numbers_of_the_action_at_their_limit(body: Body) -> None:
    found = facts_of(body)
    assert (found.how, found.at_limit) == ("saturated", True)


def dead_units(net: Encoders, words: T, image: T) -> T:
    return net.head(torch.relu(_state(words, image) - 100))


def open_gate(net: Encoders, words: T, image: T) -> T:
    """A gate that the words never close."""
    return net.head(image.mean(dim=1) * torch.tanh(words.mean(dim=1) + 100))


def frame_moves_it(net: Encoders, words: T, image: T) -> T:
    """Rounded to whole numbers, of which the frame still moves the one that words do not."""
    return (net.head(1000 * image.mean(dim=1) + 1e-6 * words.mean(dim=1)) + 0.5).floor()


@pytest.mark.parametrize("body", [dead_units, open_gate, frame_moves_it])
def test_values_before_the_action(body: Body) -> None:
    assert facts_of(body).at_limit is False


def range_of_zero(net: Encoders, words: T, image: T) -> T:
    """The frame is lost earlier, and would have come through here alone."""
    steps = (1e-6 * net.head(image.mean(dim=1))).round() + net.head(words.mean(dim=1))
    return steps * torch.zeros(3) + 0.2


def first_guess(net: Encoders, words: T, image: T) -> T:
    """Words and frame are computed and dropped."""
    for each in (words, image):
        net.mix(each.mean(dim=1))
    return torch.full((1, 3), 0.05)


@pytest.mark.parametrize("body", [range_of_zero, first_guess])
def test_nothing_comes_past_the_loss(body: Body) -> None:
    assert facts_of(body).frame_is_lost_there


def gate_on_words(net: Encoders, words: T, image: T) -> T:
    """The frame, of which nothing is left either, had a way of its own."""
    return net.head(words.mean(dim=1) * torch.zeros(8) + (1e-6 * image.mean(dim=1)).round())


def gate_without_frame(net: Encoders, words: T, image: T) -> T:
    return net.head(words.mean(dim=1) * torch.zeros(8) + net.mix(image.mean(dim=1)))


@pytest.mark.parametrize("body", [gate_on_words, gate_without_frame])
def test_the_frame_has_another_way(body: Body) -> None:
    found = facts_of(body)
    assert found.how == "multiplied by zero"
    assert not found.frame_is_lost_there


def kept_vector() -> Body:
    """Computed every time, and given back from the first."""
    kept: list[T] = []

    def body(net: Encoders, words: T, image: T) -> T:
        kept.append(net.mix(words.mean(dim=1)).clone())
        return net.head(image.mean(dim=1) + kept[0])

    return body


def kept_by_shape() -> Body:
    """States of all words, kept under their shape, and joined with the image."""
    kept: dict[tuple[int, ...], T] = {}

    def body(net: Encoders, words: T, image: T) -> T:
        states = torch.tanh(words)
        return net.head(torch.cat([kept.setdefault(states.shape, states), image], dim=1).mean(1))

    return body


def kept_states_of_a_layer() -> Body:
    """Keys and values of the second layer are kept; what the encoder itself ends in is not used."""
    kept: list[tuple[T, T]] = []

    def body(net: Encoders, words: T, image: T) -> T:
        states = torch.tanh(net.mix(torch.cat([image, words], dim=1)))
        kept.append((net.mix(states).clone(), (states * 2).clone()))
        torch.nn.functional.layer_norm(net.mix(states), (8,))
        keys, values = kept[0]
        read = torch.nn.functional.scaled_dot_product_attention(net.action, keys, values)
        return net.head(read.mean(dim=1))

    return body


@pytest.mark.parametrize("body", [kept_vector, kept_by_shape, kept_states_of_a_layer])
def test_what_an_earlier_run_made_is_taken(body: Callable[[], Body]) -> None:
    policy = policy_of(body())
    policy([observation()], [LEFT])  # as measuring behaviour did before
    found = trail_of(policy)
    assert found is not None
    assert (found.how, found.is_kept_instead) == ("left out", True)


def prompt_of_its_own(net: Encoders, words: T, image: T) -> T:
    """A vector that lies beside the module, and was never made of a text."""
    net.mix(words.mean(dim=1))
    return net.head(image.mean(dim=1) + PROMPT)


def nothing_in_its_place(net: Encoders, words: T, image: T) -> T:
    net.mix(words.mean(dim=1))
    return net.head(image.mean(dim=1))


PROMPT = torch.linspace(-1, 1, 8)


@pytest.mark.parametrize("body", [prompt_of_its_own, nothing_in_its_place])
def test_nothing_was_kept(body: Body) -> None:
    found = facts_of(body)
    assert (found.how, found.is_kept_instead) == ("left out", False)
