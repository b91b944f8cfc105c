"""How far apart two actions are.

Discrete heads: the Jensen-Shannon divergence of their probabilities, in bits: 0 for equal
ones, 1 for ones that share no action (Lin 1991, "Divergence Measures Based on the Shannon
Entropy"). Symmetric, and defined where one of them gives an action no probability at all.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

Probabilities = Float[np.ndarray, " action"]


def jensen_shannon_bits(first: Probabilities, second: Probabilities) -> float:
    """Divergence of two distributions over the same actions, 0..1 bit.

    Both are normalised first. Raises ValueError for negative or all-zero entries.
    """
    for given in (first, second):
        if (given < 0).any() or given.sum() <= 0:
            raise ValueError("Probabilities are not negative and not all zero.")
    p, q = first / first.sum(), second / second.sum()
    middle = (p + q) / 2
    bits = (_kullback_leibler_bits(p, middle) + _kullback_leibler_bits(q, middle)) / 2
    return float(np.clip(bits, 0.0, 1.0))  # rounding may step over either end


def _kullback_leibler_bits(p: Probabilities, q: Probabilities) -> float:
    has = p > 0  # 0 log 0 = 0
    return float((p[has] * np.log2(p[has] / q[has])).sum())
