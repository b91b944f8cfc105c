"""Rules of the ways to the action: is the frame lost where the words are, and is that a limit?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch

from heedmap.policies.callable import CallablePolicy
from heedmap.tracing.trail.differences import Differences
from heedmap.tracing.trail.losses import Loss, find_loss
from heedmap.tracing.trail.ways import is_at_limit, is_kept_instead, is_lost_there_too
from tests.tracing.trail.plain import RIGHT, Body, Encoders, policy_of, recorded

T = torch.Tensor


def told(policy: CallablePolicy) -> tuple[Differences, Differences, Loss]:
    """Under another instruction, on another frame, and where the first of these ends."""
    base = recorded(policy)
    words, frame = (
        Differences(base, other) for other in (recorded(policy, RIGHT), recorded(policy, seed=1))
    )
    return words, frame, find_loss(words, frame)


def lost_there_too(body: Body) -> bool:
    return is_lost_there_too(*told(policy_of(body)))


def unread(*, sees_frame: bool) -> CallablePolicy:
    """A policy that encodes one text, whatever it is given; the frame is multiplied by zero."""
    net = Encoders()

    def run(frames: Sequence[np.ndarray], texts: Sequence[str]) -> T:
        frame = frames[0] if sees_frame else np.zeros_like(frames[0])
        image = net.image_of(frame).mean(dim=1)
        return net.head(net.words_of("go now").mean(dim=1) + image * torch.zeros(8))

    return CallablePolicy("unread", run, net)


# ---- is the frame lost there, too?


def dropped(net: Encoders, words: T, image: T) -> T:
    net.mix(words.mean(dim=1))
    return net.head(image.mean(dim=1))


def both_dropped(net: Encoders, words: T, image: T) -> T:
    net.mix(words.mean(dim=1))
    net.mix(image.mean(dim=1))
    return net.head(torch.ones(1, 8))


def frame_zeroed_and_dropped(net: Encoders, words: T, image: T) -> T:
    net.mix(words.mean(dim=1))
    net.mix(image.mean(dim=1) * torch.zeros(8))
    return net.head(torch.ones(1, 8))


def frame_zeroed_on_its_way(net: Encoders, words: T, image: T) -> T:
    net.mix(words.mean(dim=1))
    return net.head(image.mean(dim=1) * torch.zeros(8) + 1)


def both_zeroed(net: Encoders, words: T, image: T) -> T:
    return net.head((words.mean(dim=1) + image.mean(dim=1)) * torch.zeros(8))


def frame_rounded_before_a_zero(net: Encoders, words: T, image: T) -> T:
    steps = (1e-6 * image.mean(dim=1)).round() + words.mean(dim=1)
    return net.head(steps * torch.zeros(8))


def frame_rounded_beside_a_zero(net: Encoders, words: T, image: T) -> T:
    return net.head(words.mean(dim=1) * torch.zeros(8) + (1e-6 * image.mean(dim=1)).round())


def frame_rounded_before_a_limit(net: Encoders, words: T, image: T) -> T:
    steps = (1e-6 * image.mean(dim=1)).round() + words.mean(dim=1)
    return net.head(torch.tanh(steps + 100))


def both_at_a_limit(net: Encoders, words: T, image: T) -> T:
    return net.head(torch.tanh(words.mean(dim=1) + image.mean(dim=1) + 100))


def frame_rounded_through_an_open_gate(net: Encoders, words: T, image: T) -> T:
    """Words are multiplied by zero; what is left of the frame goes through the same product."""
    state = torch.cat([words.mean(dim=1), (1e-6 * image.mean(dim=1)).round()], dim=1)
    gated = state * torch.cat([torch.zeros(8), torch.ones(8)])
    return net.head(gated[:, :8] + gated[:, 8:])


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (both_at_a_limit, True),
        (frame_rounded_through_an_open_gate, False),
        (dropped, False),
        (both_dropped, True),
        (frame_zeroed_and_dropped, True),
        (frame_zeroed_on_its_way, False),
        (both_zeroed, True),
        (frame_rounded_before_a_zero, True),
        (frame_rounded_beside_a_zero, False),
        (frame_rounded_before_a_limit, False),
    ],
)
def test_what_the_frame_changes_ends_there(body: Body, expected: bool) -> None:
    assert lost_there_too(body) is expected


def test_without_another_frame_nothing_is_said() -> None:
    words, _, loss = told(policy_of(both_dropped))
    assert is_lost_there_too(words, None, loss) is False


def test_of_words_that_do_not_enter_the_frame_must_not_enter_either() -> None:
    words, frame, loss = told(unread(sees_frame=True))
    assert loss.how == "not entered"
    assert not frame.action.is_any
    assert is_lost_there_too(words, frame, loss) is False
    words, frame, loss = told(unread(sees_frame=False))
    assert loss.how == "not entered"
    assert is_lost_there_too(words, frame, loss) is True


def test_a_frame_that_does_not_enter_is_not_lost_at_a_zero() -> None:
    net = Encoders()

    def run(frames: Sequence[np.ndarray], texts: Sequence[str]) -> T:
        return net.head(net.words_of(texts[0]).mean(dim=1) * torch.zeros(8))

    words, frame, loss = told(CallablePolicy("blind", run, net))
    assert loss.how == "multiplied by zero"
    assert is_lost_there_too(words, frame, loss) is False


def test_a_loss_without_a_place_is_nowhere() -> None:
    words, frame, loss = told(policy_of(both_zeroed))
    assert is_lost_there_too(words, frame, replace(loss, operator=None)) is False
    assert is_at_limit(words, None, replace(loss, operator=None)) is False
    assert is_kept_instead(words, replace(loss, operator=None)) is False


# ---- are these numbers of the action at their limit?


def clamped(net: Encoders, words: T, image: T) -> T:
    return 2 * torch.tanh(net.head(words.mean(dim=1) + image.mean(dim=1)) + 40) - 1


def clamped_and_joined(net: Encoders, words: T, image: T) -> T:
    """The frame moves the other numbers at the same operator."""
    mixed = torch.cat(
        [net.head(words.mean(dim=1))[:, :1] + 40, net.head(image.mean(dim=1))[:, 1:] / 100], dim=1
    )
    return torch.tanh(mixed)


def clamped_before_a_head(net: Encoders, words: T, image: T) -> T:
    return net.head(torch.tanh(words.mean(dim=1) + image.mean(dim=1) + 40))


def clamped_and_looked_at(net: Encoders, words: T, image: T) -> T:
    """What nothing takes lies between the limit and the head."""
    state = torch.tanh(words.mean(dim=1) + image.mean(dim=1) + 40)
    net.mix(state)
    return net.head(state)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (clamped, True),
        (clamped_and_joined, True),
        (clamped_before_a_head, False),
        (clamped_and_looked_at, False),
    ],
)
def test_a_limit_of_the_action(body: Body, expected: bool) -> None:
    words, frame, loss = told(policy_of(body))
    assert loss.how == "saturated"
    assert is_at_limit(words, frame, loss) is expected
    assert is_at_limit(words, None, loss) is expected


def test_numbers_that_the_frame_moves_are_at_no_limit() -> None:
    def body(net: Encoders, words: T, image: T) -> T:
        return (100 * net.head(image.mean(dim=1)) + 1e-3 * net.head(words.mean(dim=1))).floor()

    words, frame, loss = told(policy_of(body))
    assert is_at_limit(words, frame, loss) is False
    assert is_at_limit(words, None, loss) is True


def test_an_operator_that_does_not_run_on_the_other_frame_tells_nothing() -> None:
    first: list[float] = []

    def body(net: Encoders, words: T, image: T) -> T:
        brightness = float(image.sum())
        first.append(brightness)
        scores = net.head(words.mean(dim=1))
        return torch.tanh(scores + 40) if brightness == first[0] else scores.sigmoid()

    words, frame, loss = told(policy_of(body))
    assert loss.operator is not None
    assert frame.matched.get(loss.operator.number) is None
    assert is_at_limit(words, frame, loss) is False


def test_what_does_not_go_into_the_action_is_no_limit_of_it() -> None:
    words, _, loss = told(policy_of(dropped))
    assert is_at_limit(words, None, loss) is False


def test_a_choice_of_one_among_several_is_no_limit() -> None:
    """It has another shape than what it is made of."""

    def body(net: Encoders, words: T, image: T) -> T:
        scores = 1e-3 * net.head(words.mean(dim=1)) + torch.tensor([0.0, 5.0, 0.0])
        place = scores.argmax(dim=1, keepdim=True) + 0.5
        return torch.cat([place, place, place], dim=1)

    words, frame, loss = told(policy_of(body))
    assert loss.how == "no choice"
    assert is_at_limit(words, frame, loss) is False


def test_a_vector_of_the_same_shape_is_not_what_an_earlier_run_made() -> None:
    kept = torch.linspace(-1, 1, 8)[None]

    def body(net: Encoders, words: T, image: T) -> T:
        net.mix(words.mean(dim=1))
        return net.head(image.mean(dim=1) + kept)

    words, _, loss = told(policy_of(body))
    assert loss.how == "left out"
    assert is_kept_instead(words, loss) is False
