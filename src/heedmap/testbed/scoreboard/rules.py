"""Rules that tell from attention whether a policy follows its instruction, beside the diagnosis.

The published page's rule, and the best thresholds of text share and of IVAR: these are chosen on
the very policies that they are rated on, which flatters them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

from heedmap.frozen import Frozen
from heedmap.ladder.thresholds import IGNORES_BELOW_SHARE

Rule = Literal["heedmap", "published", "share", "ivar"]
"""The ladder, the published page's rule, and the best threshold of text share and of IVAR."""


class Rated(Frozen):
    """How often one rule is right about whether a policy follows its instruction."""

    rule: Rule
    threshold: float | None = None
    """At least so much of the rule's own figure is called following; None: nothing is."""
    right: int
    called_heeding: int
    missed: int
    """Policies that do not follow it and are called following."""
    wronged: int
    """Policies that follow it and are called not following."""


class Read(NamedTuple):
    """One policy: whether it follows, what the diagnosis says, and its attention to the words."""

    follows: bool
    is_said_to: bool
    share: float
    """0 where the instruction has no position in the sequence, as in the published tables."""
    ivar: float


def rate_rules(policies: Sequence[Read]) -> tuple[Rated, ...]:
    """How often each rule is right about policies, of which there is at least one."""
    truth = np.array([each.follows for each in policies])
    shares = np.array([each.share for each in policies])
    ivars = np.array([each.ivar for each in policies])
    said = np.array([each.is_said_to for each in policies])

    def above(rule: Rule, values: np.ndarray, least: float) -> Rated:
        return _rate(rule, values >= least, truth, least if np.isfinite(least) else None)

    return (
        _rate("heedmap", said, truth),
        above("published", shares, IGNORES_BELOW_SHARE),
        above("share", shares, _best_threshold(truth, shares)),
        above("ivar", ivars, _best_threshold(truth, ivars)),
    )


def _rate(rule: Rule, said: np.ndarray, truth: np.ndarray, threshold: float | None = None) -> Rated:
    return Rated(
        rule=rule,
        threshold=threshold,
        right=int((said == truth).sum()),
        called_heeding=int(said.sum()),
        missed=int((said & ~truth).sum()),
        wronged=int((truth & ~said).sum()),
    )


def _best_threshold(truth: np.ndarray, values: np.ndarray) -> float:
    """The threshold at which calling a policy following is right most often."""
    candidates = [*sorted(set(values.tolist())), float("inf")]
    return max(candidates, key=lambda least: int(((values >= least) == truth).sum()))
