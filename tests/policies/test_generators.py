"""Generators go on as if nothing had been drawn, wherever a policy holds them."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from heedmap.policies.generators import generators_kept, generators_of

GLOBAL = np.random.default_rng(3)


def draws_globally() -> float:
    return float(GLOBAL.random())


def calls_another() -> float:
    return draws_globally()


def made(kind: str) -> tuple[Any, Callable[[], float]]:
    """A generator of a library, and what draws from it."""
    if kind == "python":
        python = random.Random(1)
        return python, python.random
    if kind == "numpy":
        numpy = np.random.default_rng(1)
        return numpy, lambda: float(numpy.random())
    if kind == "numpy bits":
        bits = np.random.PCG64(1)
        return bits, lambda: float(bits.random_raw())
    if kind == "numpy legacy":
        legacy = np.random.RandomState(1)
        return legacy, lambda: float(legacy.rand())
    torch_one = torch.Generator().manual_seed(1)
    return torch_one, lambda: float(torch.rand((), generator=torch_one))


KINDS = ("python", "numpy", "numpy bits", "numpy legacy", "torch")


class Holder:
    """A policy's own object."""

    def __init__(self, held: Any) -> None:
        self.held = held

    def run(self) -> None:
        """Something that is bound to it."""


class Called:
    """Acts by a function that names a global."""

    def __call__(self) -> float:
        return calls_another()


def in_module(held: Any) -> nn.Module:
    outer = nn.Sequential(nn.Linear(1, 1))
    outer[0].noise = held
    return outer


def in_closure(held: Any) -> Callable[[], Any]:
    return lambda: held


PLACES: dict[str, Callable[[Any], Any]] = {
    "attribute": Holder,
    "bound method": lambda held: Holder(held).run,
    "module": in_module,
    "closure": in_closure,
    "default": lambda held: eval("lambda noise=held: noise", {"held": held}),
    "partial": lambda held: functools.partial(print, held, end=held),
    "containers": lambda held: Holder({"a": [(1, {2: held})]}),
}


@given(
    kind=st.sampled_from(KINDS),
    places=st.lists(st.sampled_from(sorted(PLACES)), min_size=1, max_size=4),
    drawn=st.integers(1, 5),
    raises=st.booleans(),
)
def test_what_a_policy_holds_is_put_back(
    kind: str, places: Sequence[str], drawn: int, raises: bool
) -> None:
    expected = made(kind)[1]()
    owner, draw = made(kind)
    for place in places:
        owner = PLACES[place](owner)
    try:
        with generators_kept(owner):
            for _ in range(drawn):
                draw()
            if raises:
                raise KeyboardInterrupt
    except KeyboardInterrupt:
        assert raises
    assert draw() == expected


@pytest.mark.parametrize("owner", [draws_globally, calls_another, Called()])
def test_so_is_a_global_that_its_function_names(owner: Any) -> None:
    assert generators_of(owner) == [GLOBAL]


def test_what_holds_itself_ends_and_data_is_not_searched() -> None:
    owner = Holder(None)
    owner.held = [owner, [random.Random(0)] * 2_000, random.SystemRandom()]
    assert generators_of(owner) == []


def test_the_generators_of_the_process_go_on_and_start_from_a_seed() -> None:
    def drawn() -> tuple[float, float, float]:
        return random.random(), float(np.random.rand()), float(torch.rand(()))

    with generators_kept(seed=4):
        expected = drawn()
        with generators_kept():
            drawn()
        following = drawn()
    with generators_kept(seed=4):
        assert (drawn(), drawn()) == (expected, following)
