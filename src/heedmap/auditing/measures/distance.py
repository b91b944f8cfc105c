"""How far apart two actions are.

Discrete heads: the Jensen-Shannon divergence of their probabilities, in bits: 0 for equal
ones, 1 for ones that share no action (Lin 1991, "Divergence Measures Based on the Shannon
Entropy"). Symmetric, and defined where one of them gives an action no probability at all.

Continuous heads: the L2 distance after dividing each dimension by its scale, as a root mean
square over dimensions, in scale units: 1 where every dimension is off by its own standard
deviation, 0 for equal actions. It has no upper end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, final

import numpy as np
from jaxtyping import Float, Int
from scipy import special

Probabilities = Float[np.ndarray, " action"]
Scores = Float[np.ndarray, "example action"]
"""Logits of a discrete head, or the values of a continuous one."""
Actions = Float[np.ndarray, "example *chunk"]
"""Continuous actions: (example, dim), (example, step * dim) or (example, step, dim)."""
PerExample = Float[np.ndarray, " example"]

PROBABILITY_FLOOR = 2.0**-52
"""Probability clamp in log-likelihood ratios (float64 epsilon)."""


@final
@dataclass(frozen=True)
class ActionMetric:
    """The distance that fits a policy's head, so that callers need not know its kind.

    Make one with `ActionMetric.discrete()` or `ActionMetric.continuous(scale)`.
    """

    scale: tuple[float, ...] | None
    """Of each dimension of a continuous action; None for a discrete head."""
    has_own_units: bool = False
    """Whether no scale is known, so that distances are in the action's own units."""

    @classmethod
    def discrete(cls) -> ActionMetric:
        """For scores that are logits over named actions."""
        return cls(None)

    @classmethod
    def continuous(cls, scale: Float[np.ndarray, " dim"]) -> ActionMetric:
        """For scores that are values, with the scale of `per_dimension_scale`.

        Raises ValueError unless every scale is above 0 and finite.
        """
        _check_scale(scale)
        return cls(tuple(scale.tolist()))

    @classmethod
    def in_own_units(cls, dimensions: int) -> ActionMetric:
        """For values of which no scale is known."""
        return cls((1.0,) * dimensions, has_own_units=True)

    @property
    def unit(self) -> Literal["bits", "scale units", "raw units"]:
        """Of the distances."""
        if self.scale is None:
            return "bits"
        return "raw units" if self.has_own_units else "scale units"

    def distances(self, first: Scores, second: Scores) -> PerExample:
        """Distance of each example's two actions; 0 for equal ones.

        Bits between the softmaxes (taken in float64) of a discrete head's logits, 0..1;
        root-mean-square scale units of a continuous head, see `scaled_l2`.

        Raises ValueError for scores that are not finite or do not fit together.
        """
        if self.scale is not None:
            return scaled_l2(first, second, np.array(self.scale))
        _check_pair(first, second)
        p, q = (special.softmax(side.astype(np.float64), axis=1) for side in (first, second))
        return _jensen_shannon_rows_bits(p, q)


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


def _jensen_shannon_rows_bits(p: Scores, q: Scores) -> PerExample:
    """As `jensen_shannon_bits`, for rows that are normalised already.

    scipy's `jensenshannon` is not used: it takes the root of a sum that rounding can make
    negative, which is NaN. 2p against p + q, not p against their half, for the half of the
    smallest float64 is 0, which would make the divergence infinite.
    """
    total = p + q
    halves = special.rel_entr(2 * p, total) + special.rel_entr(2 * q, total)
    return np.clip(halves.sum(axis=1) / (4 * np.log(2)), 0.0, 1.0)


def flip_rate(first: Scores, second: Scores) -> float:
    """Share of examples whose best action differs, 0..1; of equal scores the first is best.

    Raises ValueError without examples, or for scores that are not finite or do not fit
    together.
    """
    _check_pair(first, second)
    if len(first) == 0:
        raise ValueError("There is no flip rate of no examples; report it as not measured.")
    return float((first.argmax(axis=1) != second.argmax(axis=1)).mean())


def log_likelihood_ratio_bits(
    probabilities: Float[np.ndarray, "instruction action"],
    chosen: Int[np.ndarray, " instruction"],
) -> Float[np.ndarray, " instruction"]:
    """How much more likely the instruction makes its action: log2 p(a|v,l) - log2 p(a|v).

    One frame v; a row of `probabilities` for each instruction l, and in `chosen` the action a
    chosen (or expected) under it. p(a|v) is the mean of p(a|v,l) over the instructions. 0 bits
    where the action is equally likely under every instruction, which is the chance level; at most
    log2(number of instructions).

    This is the pointwise mutual information of action and instruction given the frame, which
    LangForce (Lian et al. 2026, arXiv 2601.15197) trains for as a log-likelihood ratio. There
    p(a|v) comes from a branch of the network that sees no instruction; a policy as it is has
    none, so here it is averaged over the instructions at hand, and depends on which they are.

    Rows are normalised first. Probabilities below PROBABILITY_FLOOR count as the floor: an
    expected action that was given none is then at about -52 bits, not at minus infinity,
    which has no mean and no place in JSON.

    Raises ValueError for fewer than two instructions, entries that are negative, not finite
    or all zero in a row, or a chosen action that does not exist.
    """
    instructions, actions = probabilities.shape
    if instructions < 2:
        raise ValueError(f"The ratio compares at least two instructions; got {instructions}.")
    totals = probabilities.sum(axis=1, keepdims=True, dtype=np.float64)
    if not np.isfinite(totals).all() or (probabilities < 0).any() or (totals <= 0).any():
        raise ValueError("Probabilities are finite, not negative, and not all zero in a row.")
    if ((chosen < 0) | (chosen >= actions)).any():
        raise ValueError(f"Chosen actions are 0 to {actions - 1}; got {chosen.tolist()}.")
    floored = np.maximum(probabilities / totals, PROBABILITY_FLOOR)
    under_its_own = floored[np.arange(instructions), chosen]
    return np.log2(under_its_own) - np.log2(floored.mean(axis=0)[chosen])


def per_dimension_scale(actions: Actions) -> Float[np.ndarray, " dim"]:
    """Standard deviation of each dimension (the last axis) over examples and steps.

    In the action's own units. A dimension that never moves gets 1.0: dividing by its 0 would
    make the smallest change infinite, and leaving it out would hide one; so a change in it
    counts in its own units.

    Raises ValueError without actions, or for values that are not finite.
    """
    if actions.ndim < 2 or actions.size == 0:
        raise ValueError(
            f"A scale needs actions of shape (example, dim) and at least one example; got shape "
            f"{actions.shape}."
        )
    _check_finite(actions)
    rows = actions.reshape(-1, actions.shape[-1]).astype(np.float64)
    deviation = rows.std(axis=0)
    # Compared, for the deviation of equal numbers is not always exactly 0.
    moves = (rows != rows[0]).any(axis=0) & (deviation > 0)
    return np.where(moves, deviation, 1.0)


def spread_over_frames(
    actions: Sequence[Float[np.ndarray, "_frame dim"]], floor: float
) -> Float[np.ndarray, " dim"] | None:
    """Standard deviation of each dimension over frames, under one instruction at a time.

    In the action's own units; of several instructions the root mean square. So the scale is never
    made by the instructions whose distance it is for. A dimension that moves by no more than
    `floor` takes the largest spread of the others. None where no dimension moves by more.
    """
    several = [rows.astype(np.float64) for rows in actions if len(rows) > 1]
    if not several:
        return None
    spread = np.sqrt(np.mean([rows.var(axis=0) for rows in several], axis=0))
    moves = spread > floor
    if not moves.any():
        return None
    return np.where(moves, spread, spread.max())


def largest_change(first: Actions, second: Actions, actions: Float[np.ndarray, "any ..."]) -> float:
    """Largest difference of one value between the two actions of any example.

    As a share of the largest |value| in `actions`, of any dimension: a dimension that stays
    near zero is rounded as the others are, so its own size is no reference.
    An action with a large constant offset is rounded as coarsely as the offset, and is
    measured against it too. 0 for equal actions, also where all are zero.

    Raises ValueError for actions that are not finite or of different shapes.
    """
    _check_pair(first, second)
    _check_finite(actions)
    apart = np.abs(first.astype(np.float64) - second.astype(np.float64)).max(initial=0.0)
    return float(apart / np.abs(actions.astype(np.float64)).max()) if apart else 0.0


def scaled_l2(first: Actions, second: Actions, scale: Float[np.ndarray, " dim"]) -> PerExample:
    """Distance of each example's two continuous actions, in scale units.

    ||(first - second) / scale|| / sqrt(dim): a root mean square over dimensions, so that it
    does not grow with their number. Of a chunk of steps, the mean over steps, whether it comes
    as (example, step, dim) or flattened, step after step.

    Raises ValueError for actions that are not finite, of different shapes, or not a whole
    number of steps of the scale's dimensions; and for a scale not above 0.
    """
    _check_scale(scale)
    _check_pair(first, second)
    examples, width, dim = len(first), first.shape[-1], len(scale)
    if width % dim or (first.ndim > 2 and width != dim):
        raise ValueError(
            f"The scale has {dim} dimensions, but the actions are of shape {first.shape}; "
            f"expected (example, step, {dim}) or (example, a multiple of {dim})."
        )
    steps = first[0].size // dim if examples else 1
    apart = first.astype(np.float64) - second.astype(np.float64)
    off = apart.reshape(examples, steps, dim) / scale
    return np.sqrt((off**2).mean(axis=-1)).mean(axis=-1)


def cosine_similarity(first: Actions, second: Actions) -> tuple[float | None, ...]:
    """Cosine of the angle between each example's two actions, -1..1; chunks are flattened.

    None where either action is all zero: it has no direction.

    Raises ValueError for actions that are not finite or of different shapes.
    """
    _check_pair(first, second)
    return tuple(_cosine(a.ravel(), b.ravel()) for a, b in zip(first, second, strict=True))


def _cosine(a: Float[np.ndarray, " value"], b: Float[np.ndarray, " value"]) -> float | None:
    largest_a, largest_b = np.abs(a).max(initial=0.0), np.abs(b).max(initial=0.0)
    if largest_a == 0 or largest_b == 0:
        return None
    # By the largest entry first: squares of very small or large ones leave float64.
    a, b = a.astype(np.float64) / largest_a, b.astype(np.float64) / largest_b
    return float(np.clip(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)), -1.0, 1.0))


def _check_pair(first: np.ndarray, second: np.ndarray) -> None:
    if first.ndim < 2 or first.shape != second.shape or 0 in first.shape[1:]:
        raise ValueError(
            f"Two batches of actions are compared example by example, so they have one shape, "
            f"(example, action) or (example, step, dim); got {first.shape} and {second.shape}."
        )
    _check_finite(first)
    _check_finite(second)


def _check_finite(actions: np.ndarray) -> None:
    if not np.isfinite(actions).all():
        raise ValueError("Actions are finite; got NaN or infinity, so check the policy's output.")


def _check_scale(scale: Float[np.ndarray, " dim"]) -> None:
    if len(scale) == 0 or not (np.isfinite(scale) & (scale > 0)).all():
        raise ValueError(f"Every scale is above 0 and finite; got {scale.tolist()}.")
