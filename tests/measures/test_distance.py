"""Jensen-Shannon divergence by hand, and what it must keep to."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heedmap.measures.distance import jensen_shannon_bits

positive = st.lists(st.floats(1e-6, 1.0), min_size=3, max_size=3)


def test_by_hand() -> None:
    """(1, 0) and (1/2, 1/2): middle (3/4, 1/4).

    KL of the first: log2(4/3) = 0.41504; of the second: 1/2 log2(2/3) + 1/2 log2(2) = 0.20752.
    """
    found = jensen_shannon_bits(np.array([1.0, 0.0]), np.array([0.5, 0.5]))
    assert found == pytest.approx((0.4150375 + 0.2075187) / 2, abs=1e-6)


def test_the_ends_of_the_scale() -> None:
    assert jensen_shannon_bits(np.array([1.0, 0.0]), np.array([0.0, 1.0])) == 1.0
    assert jensen_shannon_bits(np.array([0.2, 0.8]), np.array([0.2, 0.8])) == 0.0


@given(positive, positive)
def test_symmetric_bounded_and_blind_to_scale(first: list[float], second: list[float]) -> None:
    p, q = np.array(first), np.array(second)
    bits = jensen_shannon_bits(p, q)
    assert 0.0 <= bits <= 1.0
    assert jensen_shannon_bits(q, p) == pytest.approx(bits, abs=1e-12)
    assert jensen_shannon_bits(7 * p, q) == pytest.approx(bits, abs=1e-9)


def test_what_is_no_distribution_is_refused() -> None:
    for wrong in (np.array([-0.1, 1.1]), np.zeros(2)):
        with pytest.raises(ValueError, match="not negative"):
            jensen_shannon_bits(wrong, np.array([0.5, 0.5]))
