"""Differences between runs: which operators belong together, and when two values are equal."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from heedmap.tracing.trail.differences import OTHER_SHAPE, SAME, Differences
from heedmap.tracing.trail.losses import entered
from heedmap.tracing.trail.recording import Recording, Value
from tests.tracing.trail.plain import LEFT, RIGHT, Encoders, between, policy_of, recorded
from tests.tracing.trail.plants import PLANTS


def of_nothing() -> Differences:
    """Between values that are no run's; known ones are kept by identity, so anew each time."""
    return Differences(Recording(), Recording())


def difference(one: torch.Tensor, two: torch.Tensor) -> float:
    return of_nothing().between(Value(one), Value(two)).relative


@pytest.mark.parametrize("plant", PLANTS[::4], ids=lambda plant: plant.run.__name__)
@pytest.mark.parametrize("text", [LEFT, RIGHT])
def test_two_equal_runs_differ_nowhere(plant: object, text: str) -> None:
    policy = policy_of(plant.body(is_planted=False), plant.dtype)  # pyright: ignore
    recorded(policy, text)
    same = Differences(recorded(policy, text), recorded(policy, text))
    assert same.unmatched == 0
    assert entered(same) == []
    assert same.action == SAME
    assert all(
        not same.of_call(c, same.other_calls[c.module, c.call]).is_any for c in same.base.calls
    )


FLOATS = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True, width=64),
    st.sampled_from(
        [0.0, -0.0, math.nan, math.inf, -math.inf, 1.0, torch.finfo(torch.float64).min]
    ),
)


@settings(max_examples=200, deadline=None)
@given(st.data(), st.sampled_from([torch.float64, torch.float32, torch.bfloat16, torch.int64]))
def test_a_difference_is_zero_exactly_where_the_tensors_are_equal(
    data: st.DataObject, dtype: torch.dtype
) -> None:
    numbers = st.integers(-9, 9) if dtype == torch.int64 else FLOATS
    rows = st.lists(numbers, min_size=3, max_size=3)
    one = torch.tensor(data.draw(rows), dtype=torch.float64).to(dtype)
    two = torch.tensor(data.draw(rows | st.just(one.tolist())), dtype=torch.float64).to(dtype)
    known = [each.nan_to_num(nan=1.5, posinf=math.inf, neginf=-math.inf) for each in (one, two)]
    is_equal = torch.equal(*known) and torch.equal(one.isnan(), two.isnan())
    found = of_nothing().between(Value(one), Value(two))
    assert found.is_any != is_equal
    assert not math.isnan(found.relative)
    assert found.is_any == bool(of_nothing().entries(Value(one), Value(two)).any())


def test_amounts() -> None:
    one = torch.tensor([3.0, 4.0])
    assert difference(one, one) == 0
    assert difference(one, torch.tensor([3.0, 4.5])) == pytest.approx(0.1)
    assert difference(torch.zeros(2), one) == math.inf
    assert difference(one, torch.zeros(2)) == pytest.approx(1)
    assert difference(torch.tensor([True, False]), torch.tensor([True, True])) == pytest.approx(1)
    assert difference(torch.tensor([1 + 1j]), torch.tensor([1 + 1j])) == 0
    assert difference(torch.tensor([1 + 1j]), torch.tensor([1 + 2j])) > 0


def test_nan_where_nan_was_is_no_difference() -> None:
    nan = torch.tensor([math.nan, 1.0])
    assert difference(nan, nan.clone()) == 0
    assert difference(nan, torch.tensor([0.0, 1.0])) == 1
    assert difference(torch.tensor([math.inf]), torch.tensor([-math.inf])) == 1


def test_other_shapes_and_dtypes_are_differences() -> None:
    one, two = Value(torch.ones(2)), Value(torch.ones(3))
    assert of_nothing().between(one, two) == OTHER_SHAPE
    assert of_nothing().between(one, two).is_any
    assert of_nothing().entries(one, two).tolist() == [True, True]
    assert difference(torch.ones(2), torch.ones(2, dtype=torch.float64)) == 0
    assert difference(torch.ones(2), torch.full((2,), 2)) == pytest.approx(1)


def test_weights_are_equal_whatever_they_hold() -> None:
    one, two = (Value(torch.full((2,), n), is_weight=True) for n in (1.0, 2.0))
    assert of_nothing().between(one, two) == SAME
    assert of_nothing().between(one, Value(torch.full((2,), 2.0))).is_any


def _looped(net: Encoders, words: torch.Tensor, image: torch.Tensor) -> torch.Tensor:
    """A module that is run once a word, and one after."""
    state = image.mean(dim=1)
    for row in words.unbind(dim=1):
        state = net.mix(state + row)
    return net.head(state)


@pytest.mark.parametrize("is_longer_first", [True, False])
def test_a_loop_that_runs_longer_does_not_shift_what_comes_after(is_longer_first: bool) -> None:
    texts = ["go to left", "go to left now now"]
    words = between(policy_of(_looped), *(reversed(texts) if is_longer_first else texts))
    head = [op for op in words.base.operators if op.module == "head"]
    assert all(words.matched[op.number].module == "head" for op in head)
    mixed = [op for op in words.base.operators if op.module == "mix"]
    for op in mixed:
        other = words.matched.get(op.number)
        assert (other is None) == (op.call >= 3)
        assert other is None or (other.call, other.name) == (op.call, op.name)
    assert (words.unmatched > 0) == is_longer_first
    equal = [op for op in mixed if op.call < 3]
    assert not any(d.is_any for op in equal for d in words.of_outputs(op.number))
    assert words.action.is_any
    missing = next((op.number for op in mixed if op.call >= 3), None)
    if missing is not None:
        assert words.of_outputs(missing) == words.of_inputs(missing) == ()
        assert words.input_pairs(missing) == []
