"""Lift and IVAR against cases counted by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heedmap.measures.lift import ivar, lift


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
