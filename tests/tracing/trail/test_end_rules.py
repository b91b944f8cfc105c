"""Rules of where a difference ends: what goes in, what comes out, and at which positions."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from heedmap.tracing.trail.differences import Differences
from heedmap.tracing.trail.ends import (
    along,
    ends_at,
    entered,
    is_content,
    positions_of,
)
from heedmap.tracing.trail.recording import Operator
from tests.tracing.trail.plain import LEFT, Body, Encoders, between, policy_of

T = torch.Tensor


def runs_of(body: Body) -> Differences:
    """Of two instructions that differ in their third word."""
    return between(policy_of(body))


def operator_of(words: Differences, name: str) -> Operator:
    """The last of that name."""
    return [each for each in words.base.operators if each.short_name == name][-1]


# ---- where something differs


def test_an_operator_has_the_difference_where_it_takes_or_gives_it() -> None:
    def body(net: Encoders, words: T, image: T) -> T:
        return net.head(torch.relu(image[:, 0]) + torch.tanh(words[:, 2] * 0))

    words = runs_of(body)
    found = entered(words)
    assert operator_of(words, "mul").number in found, "it takes it, and gives none on"
    assert operator_of(words, "embedding").number in found
    assert operator_of(words, "relu").number not in found
    assert operator_of(words, "tanh").number not in found


def test_what_takes_a_difference_and_gives_none_ends_it() -> None:
    words = runs_of(lambda net, words, image: net.head(torch.tanh(words[:, 2] * 0)))
    ends = [number for number in entered(words) if ends_at(words, number)]
    assert ends == [operator_of(words, "mul").number]
    assert not ends_at(words, operator_of(words, "tanh").number), "it takes none"


def test_a_shape_takes_no_difference() -> None:
    def body(net: Encoders, words: T, image: T) -> T:
        return net.head(torch.zeros_like(words[:, 2]) + words[:, 2] * 0)

    words = runs_of(body)
    assert operator_of(words, "zeros_like").number in entered(words)
    assert not ends_at(words, operator_of(words, "zeros_like").number)


def _sorted(net: Encoders, words: T, image: T) -> tuple[T, T]:
    """Two numbers, always in one order: values differ, and their places do not."""
    told = words[:, 2].abs().sum(dim=1)
    values, places = torch.stack([told, told + 1000.0], dim=1).sort(dim=1)
    return values, places


def test_of_several_outputs_those_count_that_the_action_takes() -> None:
    places_only = runs_of(lambda net, w, i: net.head(net.mix.weight[_sorted(net, w, i)[1][:, 0]]))
    base = places_only.base
    number = operator_of(places_only, "sort").number
    values, places = base.operators[number].outputs
    assert ends_at(places_only, number, {id(places)}), "places are alike, and they alone are taken"
    assert not ends_at(places_only, number, {id(values)})
    assert not ends_at(places_only, number, {id(values), id(places)})
    assert not ends_at(places_only, number, {0}), "none is taken: all count"
    assert not ends_at(places_only, number)


# ---- content


def test_content_is_of_floating_point() -> None:
    def body(net: Encoders, words: T, image: T) -> T:
        ids = (words[:, 2].sum(dim=1) * 1e3).long()
        return net.head(image[:, 0] + (ids * 0)[:, None] + words[:, 2] * 0)

    words = runs_of(body)
    products = [each for each in words.base.operators if each.short_name == "mul"]
    ends = [each for each in products if ends_at(words, each.number)]
    assert [is_content(words, each.number) for each in ends] == [False, True]


def test_content_is_of_what_differs() -> None:
    """A choice by ids among floats that are alike is none."""

    def body(net: Encoders, words: T, image: T) -> T:
        ids = (words[:, 2].sum(dim=1) * 1e3).long()
        return net.head(torch.where(ids[:, None] > -(10**9), image[:, 0], image[:, 1]))

    words = runs_of(body)
    chosen = operator_of(words, "where")
    assert not any(each.is_any for each in words.of_inputs(chosen.number))
    assert not is_content(words, chosen.number)
    compared = operator_of(words, "gt")
    assert ends_at(words, compared.number)
    assert not is_content(words, compared.number)


# ---- positions


@pytest.mark.parametrize(
    ("take", "positions"),
    [
        (lambda words: words, (2,)),
        (lambda words: words[0], (2,)),
        (lambda words: words.unflatten(2, (2, 4)), (0, 1)),  # heads last: not of the sequence
        (lambda words: words.unflatten(2, (2, 4)).transpose(1, 2), (2,)),
        (lambda words: words[0, 2], ()),
        (lambda words: torch.cat([words, words], dim=1), (2, 6)),
    ],
)
def test_positions_lie_along_the_axis_before_the_last(
    take: Callable[[T], T], positions: tuple[int, ...]
) -> None:
    words = runs_of(lambda net, w, image: net.head(image[:, 0] + (take(w) * 0).sum()))
    assert positions_of(words, operator_of(words, "mul")) == positions


def test_positions_are_those_of_the_largest_input_that_differs() -> None:
    """Not of an equal one that is larger, nor of a smaller one."""

    def body(net: Encoders, words: T, image: T) -> T:
        long = torch.cat([image, words], dim=1)
        weights = words.sum(dim=-1, keepdim=True)[:, 2:3]
        return net.head(
            torch.addcmul(
                image[:, :1] * torch.ones(1, 9, 1), weights, long[:, :9] * 1, value=0
            ).sum(1)
        )

    words = runs_of(lambda net, w, i: body(net, torch.cat([w, w[:, :1]], dim=1), i))
    assert positions_of(words, operator_of(words, "addcmul")) == (6,)


def test_nothing_has_positions_where_nothing_differs() -> None:
    words = runs_of(lambda net, w, image: net.head(torch.tanh(image)[:, 0]))
    assert positions_of(words, operator_of(words, "tanh")) == ()


def test_places_along_an_axis() -> None:
    entries = torch.zeros(2, 3, 4, dtype=torch.bool)
    entries[1, 0, 2] = entries[1, 2, 2] = True
    assert along(entries, 0) == (1,)
    assert along(entries, 1) == (0, 2)
    assert along(entries, 2) == (2,)
    assert along(torch.tensor([True, False, True]), 0) == (0, 2)
    assert along(torch.zeros(3, dtype=torch.bool), 0) == ()


def test_an_operator_that_the_other_run_lacks_ends_nothing() -> None:
    def body(net: Encoders, words: T, image: T) -> T:
        state = words[:, 2]
        if torch.equal(words, net.words_of(LEFT)):
            state = torch.relu(state)
        return net.head(state)

    words = runs_of(body)
    number = operator_of(words, "relu").number
    assert number not in words.matched
    assert not ends_at(words, number)
    assert not is_content(words, number)
