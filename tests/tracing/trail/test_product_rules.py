"""Rules of products: a gate, a mask, weights of zero, values that are nothing, rounding."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from heedmap.ladder.behaviour import How
from heedmap.tracing.trail.ends import Loss
from heedmap.tracing.trail.losses import find_loss
from heedmap.tracing.trail.products import is_sum_over_equals, loss_of_product
from heedmap.tracing.trail.recording import Operator
from tests.tracing.trail.plain import Body, Encoders, between, policy_of
from tests.tracing.trail.test_end_rules import operator_of, runs_of

T = torch.Tensor
TOLD = 2
"""The word in which the two instructions differ."""


def lost(body: Body) -> Loss:
    return find_loss(between(policy_of(body)), None)


def factor_on(
    factor: Callable[[Encoders], T | float],
) -> Callable[[Encoders, T, T], T]:
    """The words times something, which take no part in the action then."""

    def body(net: Encoders, words: T, image: T) -> T:
        return net.head(image[:, 0] + (words * factor(net)).sum(dim=1))

    return body


HIDDEN = torch.tensor([1.0, 1.0, 0.0, 1.0])[:, None]
"""The word that differs, and none else."""


@pytest.mark.parametrize(
    ("factor", "how"),
    [
        (lambda net: HIDDEN, "masked"),
        (lambda net: 0.5 * HIDDEN, "masked"),
        (lambda net: torch.zeros(4, 1), "multiplied by zero"),
        (lambda net: net.gate.zero_(), "multiplied by zero"),
        (lambda net: net.gate.fill_(0.5)[:1] * HIDDEN, "multiplied by zero"),  # a learned gate
        (lambda net: torch.tanh(net.gate.zero_()), "multiplied by zero"),
        (lambda net: 0, "multiplied by zero"),
        (lambda net: 0.0, "multiplied by zero"),
    ],
)
def test_what_the_words_are_multiplied_with_says_how_they_were_lost(
    factor: Callable[[Encoders], T | float], how: How
) -> None:
    loss = lost(factor_on(factor))
    assert (loss.how, loss.positions) == (how, (TOLD,))
    assert loss.operator is not None
    assert loss.operator.short_name == "mul"


@pytest.mark.parametrize("factor", [1e-30, torch.full((4, 1), 1e-30)])
def test_a_product_without_a_zero_is_rounded_away(factor: T | float) -> None:
    """Numbers that are too small for their kind."""

    def body(net: Encoders, words: T, image: T) -> T:
        return net.head(image[:, 0] + ((words * 1e-30) * factor).sum(dim=1))

    loss = lost(body)
    assert (loss.how, loss.positions) == ("rounded away", (TOLD,))


def test_one_mask_among_several_factors_is_enough() -> None:
    def body(net: Encoders, words: T, image: T) -> T:
        given = torch.addcmul(torch.zeros(4, 1), words, HIDDEN)
        return net.head(image[:, 0] + given.sum(dim=1))

    assert lost(body).how == "masked"


@pytest.mark.parametrize("product", [torch.bmm, lambda a, b: torch.baddbmm(torch.ones(1), a, b)])
def test_zeros_that_weigh_rows_are_no_weight(product: Callable[[T, T], T]) -> None:
    """Attention whose weights come of no softmax."""

    def body(net: Encoders, words: T, image: T) -> T:
        weights = torch.relu(image @ words.mT.detach() * 0 - 1)
        return net.head(product(weights, words).sum(dim=1) + image[:, 0])

    loss = lost(body)
    assert (loss.how, loss.positions) == ("no weight", (TOLD,))


def test_weights_of_the_network_that_are_zero_are_none_of_attention() -> None:
    def body(net: Encoders, words: T, image: T) -> T:
        return net.head(torch.bmm(words, net.cache).sum(dim=1) + image[:, 0])  # a buffer of zeros

    assert lost(body).how == "multiplied by zero"


def test_a_matrix_of_activations_that_is_no_batch_is_a_gate() -> None:
    def body(net: Encoders, words: T, image: T) -> T:
        gate = torch.relu(image[0, :, :4] - 10**6)  # (4, 4), all zeros
        return net.head((gate @ words[0]).sum(dim=0, keepdim=True) + image[:, 0])

    assert lost(body).how == "multiplied by zero"


def test_zeros_that_are_read_as_values_are_values_that_are_equal() -> None:
    def body(net: Encoders, words: T, image: T) -> T:
        net.mix.weight.zero_()
        read = torch.softmax(image @ words.mT, dim=-1) @ net.mix(words)
        return net.head(image[:, 0] + read[:, 0])

    loss = lost(body)
    assert (loss.how, loss.positions) == ("values equal", (TOLD,))
    assert loss.operator is not None
    assert loss.operator.module == "mix"


# ---- sums over rows that are alike


def product_of(body: Body) -> tuple[Loss, bool]:
    words = runs_of(body)
    operator: Operator = operator_of(words, "bmm")
    return loss_of_product(words, operator), is_sum_over_equals(words, operator)


def weighed(rows: Callable[[Encoders], T], *, from_the_left: bool = True) -> Body:
    """Rows weighed by numbers made of the words, from either side."""

    def body(net: Encoders, words: T, image: T) -> T:
        weights = torch.stack([words[:, TOLD, 0], 1 - words[:, TOLD, 0]], dim=1)[:, None]
        if from_the_left:
            return net.head(torch.bmm(weights, rows(net))[:, 0])
        return net.head(torch.bmm(rows(net).mT, weights.mT)[:, :, 0])

    return body


@pytest.mark.parametrize("from_the_left", [True, False])
@pytest.mark.parametrize(
    ("rows", "are_equal"),
    [
        (lambda net: torch.ones(1, 2, 8), True),
        (lambda net: torch.linspace(1, 2, 8).expand(1, 2, 8).contiguous(), True),
        (lambda net: torch.stack([torch.ones(8), torch.full((8,), 2.0)])[None], False),
        (lambda net: torch.cat([torch.ones(1, 2, 7), torch.tensor([[[1.0], [2.0]]])], 2), False),
    ],
)
def test_weights_over_rows_that_are_alike_make_no_choice(
    rows: Callable[[Encoders], T], are_equal: bool, from_the_left: bool
) -> None:
    loss, is_sum = product_of(weighed(rows, from_the_left=from_the_left))
    assert is_sum is are_equal
    assert loss.how == ("no choice" if are_equal else "rounded away")


def test_one_row_is_no_choice_among_several() -> None:
    def body(net: Encoders, words: T, image: T) -> T:
        return net.head(torch.bmm(words[:, TOLD : TOLD + 1, :1], torch.ones(1, 1, 8))[:, 0])

    assert product_of(body)[1] is False


def test_other_operators_choose_nothing() -> None:
    def body(net: Encoders, words: T, image: T) -> T:
        return net.head(words[:, TOLD] * torch.ones(8)) + torch.bmm(image, image.mT)[:, 0, :3]

    words = runs_of(body)
    assert not is_sum_over_equals(words, operator_of(words, "mul"))
    assert not is_sum_over_equals(words, operator_of(words, "bmm"))


@pytest.mark.parametrize(("second", "are_equal"), [(1.0, True), (2.0, False)])
def test_a_product_of_two_matrices_chooses_as_a_batch_of_them(
    second: float, are_equal: bool
) -> None:
    def body(net: Encoders, words: T, image: T) -> T:
        first = words[:, TOLD, :1]
        rows = torch.tensor([[1.0], [second]]).expand(2, 8)
        return net.head(torch.mm(torch.cat([first, 1 - first], dim=1), rows))

    words = runs_of(body)
    assert is_sum_over_equals(words, operator_of(words, "mm")) is are_equal
