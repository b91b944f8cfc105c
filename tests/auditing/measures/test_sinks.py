"""Sinks where they were put, and none where there are none."""

from __future__ import annotations

import numpy as np

from heedmap.auditing.measures.sinks import attention_sinks, massive_activations


def test_a_position_that_draws_attention_without_content_is_a_sink() -> None:
    attention = np.array([0.5, 0.4, 0.1])[None, None, None]
    assert attention_sinks(attention, content={1}) == (0,)
    assert attention_sinks(attention, content=set()) == (0, 1)
    assert attention_sinks(attention, content=set(), threshold_share=0.6) == ()


def test_the_threshold_is_on_the_mean_over_layers_and_heads() -> None:
    """Half the heads give all to position 0: 0.5 on average."""
    attention = np.zeros((1, 2, 1, 2))
    attention[0, 0, 0] = [1, 0]
    attention[0, 1, 0] = [0, 1]
    assert attention_sinks(attention, content={1}) == (0,)
    assert attention_sinks(attention, content={1}, threshold_share=0.5) == ()


def test_massive_activations_need_both_size_and_ratio() -> None:
    """Median magnitude 0.1: the bound is max(100, 1,000 x 0.1) = 100."""
    states = np.full((4, 50), 0.1)
    states[2, 7] = -150
    assert massive_activations(states) == (2,)
    states[2, 7] = 90  # 900 times the median, but below 100
    assert massive_activations(states) == ()
    assert massive_activations(states * 10) == ()  # 900, but not 1,000 times the median of 1


def test_the_mean_is_over_layers_and_rows_too() -> None:
    """All on position 0 in one of two: 0.5 on average, whichever axis the two lie on."""
    pair = np.array([[1.0, 0.0], [0.0, 1.0]])
    for shape in [(2, 1, 1, 2), (1, 2, 1, 2), (1, 1, 2, 2)]:
        attention = pair.reshape(shape)
        assert attention_sinks(attention, content=set(), threshold_share=0.49) == (0, 1)
        assert attention_sinks(attention, content=set(), threshold_share=0.5) == ()


def test_a_magnitude_at_the_bound_is_not_massive() -> None:
    """Median 0.5: the bound is 1,000 x 0.5 = 500, exact in binary."""
    states = np.full((3, 9), 0.5)
    states[1, 0] = 500
    assert massive_activations(states) == ()
    states[1, 0] = 501
    assert massive_activations(states) == (1,)
