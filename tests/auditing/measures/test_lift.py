"""Lift and IVAR against cases counted by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heedmap.auditing.measures.lift import ivar, lift


def one_row(*weights: float) -> np.ndarray:
    """One layer, one head, one action row."""
    return np.array(weights)[None, None, None]


ALL = np.ones(4, dtype=bool)


def test_by_hand() -> None:
    """0.4 on one of four visible positions: 0.4 / 0.25 = 1.6."""
    attention = one_row(0.4, 0.1, 0.2, 0.3)
    assert lift(attention, [0], ALL) == pytest.approx(1.6)
    # Position 3 hidden: 0.4 of the visible 0.7, on one of three.
    seen = np.array([True, True, True, False])
    assert lift(attention, [0], seen) == pytest.approx(0.4 / 0.7 / (1 / 3))
    # Position 3 a sink: the same figures.
    assert lift(attention, [0], ALL, sinks=[3]) == pytest.approx(0.4 / 0.7 / (1 / 3))


def test_nothing_visible_is_not_measured() -> None:
    attention = one_row(0.5, 0.5, 0.0, 0.0)
    assert lift(attention, [2], np.array([True, True, False, False])) is None
    assert lift(attention, [0], ALL, sinks=[0]) is None
    assert lift(one_row(1.0, 0.0), [1], np.array([True, True]), sinks=[0]) is None


@given(st.integers(1, 6), st.integers(0, 100))
def test_uniform_attention_has_lift_one_everywhere(length: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    visible = rng.random(length) < 0.7
    visible[0] = True
    attention = np.where(visible, 1 / visible.sum(), 0.0)[None, None, None]
    for position in np.flatnonzero(visible):
        assert lift(attention, [int(position)], visible) == pytest.approx(1.0)


def test_ivar_by_hand() -> None:
    """0.1 on the text and 0.3 on the image: 0.1 / 0.4."""
    assert ivar(one_row(0.6, 0.1, 0.3, 0.0), [1], [2, 3]) == pytest.approx(0.25)
    assert ivar(one_row(1.0, 0.0, 0.0), [1], [2]) is None


def test_layers_heads_and_rows_are_averaged_before_dividing() -> None:
    """Position 0 gets 0.8, 0.4, 0.2 and 0.2: 0.4 on average, of 4 positions: lift 1.6.

    The text (1) gets 0.1 on average and the image (2, 3) 0.5: ivar 0.1 / 0.6.
    """
    rows = np.array([[0.8, 0, 0.2, 0], [0.4, 0, 0, 0.6], [0.2, 0.2, 0.6, 0], [0.2, 0.2, 0, 0.6]])
    for shape in [(4, 1, 1, 4), (1, 4, 1, 4), (1, 1, 4, 4)]:
        attention = rows.reshape(shape)
        assert lift(attention, [0], ALL) == pytest.approx(1.6)
        assert ivar(attention, [1], [2, 3]) == pytest.approx(0.1 / 0.6)


def test_a_head_that_spends_all_on_a_sink_counts_for_nothing() -> None:
    """Without the sink 0 only the second head is left: all of it on 1, of 3: lift 3."""
    attention = np.array([[1.0, 0, 0, 0], [0, 1.0, 0, 0]]).reshape(1, 2, 1, 4)
    assert lift(attention, [1], ALL, sinks=[0]) == pytest.approx(3.0)
    assert lift(attention, [2, 3], ALL, sinks=[0]) == 0.0


def test_the_visible_positions_given_stay_as_they_were() -> None:
    visible = ALL.copy()
    lift(one_row(0.4, 0.1, 0.2, 0.3), [0], visible, sinks=[3])
    assert visible.all()


@given(st.integers(2, 8), st.integers(0, 200))
def test_lifts_weighted_by_their_positions_average_to_one(length: int, seed: int) -> None:
    """As shares sum to 1: no region gains but at another's cost."""
    rng = np.random.default_rng(seed)
    attention = rng.dirichlet(np.ones(length), size=(2, 3, 2))
    visible = np.ones(length, dtype=bool)
    cut = int(rng.integers(1, length))
    first = lift(attention, range(cut), visible)
    second = lift(attention, range(cut, length), visible)
    assert first is not None
    assert second is not None
    assert (cut * first + (length - cut) * second) / length == pytest.approx(1.0)
