"""From the values of single trials to rung 5's facts: plain values, no torch.

An audit and a sweep both come here, so that what a sweep's tables hold gives the figures that
one audit over all of its frames would give.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

import numpy as np

from heedmap.auditing.measures.stats import mean_interval, paired_p_value
from heedmap.ladder.evidence import CutEffect, CutName, Estimate, KnockoutPath, UsedFacts

ByTrial = Mapping[str, Mapping[str, float]]
"""Values by measure, then by name of trial."""

DISTANCE, RANDOM, EDGES = "distance: ", "random distance: ", "edges: "
"""In front of a cut's name: measures of one set of edges."""


def use_facts(
    by_trial: ByTrial,
    clusters: Mapping[str, str],
    unit: str,
    seed: int,
    left_out: int = 0,
    knockouts: KnockoutPath | None = None,
) -> UsedFacts:
    """Estimates over trials; `clusters` names the cluster of each."""

    def estimate(measure: str) -> Estimate:
        values, names = _column(by_trial[measure], clusters)
        return mean_interval(values, names, seed=seed, left_out=left_out)

    mediated, names = _column(by_trial["mediated"], clusters)
    return UsedFacts(
        unit=unit,
        dependence=estimate("dependence"),
        after_cut=estimate("after_cut"),
        after_direct_cut=estimate("after_direct_cut"),
        after_random_cut=estimate("after_random_cut"),
        mediated=estimate("mediated"),
        mediated_directly=estimate("mediated_directly"),
        p_value=paired_p_value(mediated, names, seed=seed),
        cuts=tuple(
            _cut_effect(cut, by_trial, clusters, seed)
            for cut in get_args(CutName)
            if by_trial.get(DISTANCE + cut)
        ),
        knockouts=knockouts,
    )


def _cut_effect(
    cut: CutName, by_trial: ByTrial, clusters: Mapping[str, str], seed: int
) -> CutEffect:
    """How far the action moves under one cut, over trials."""
    values, names = _column(by_trial[DISTANCE + cut], clusters)
    random, _ = _column(by_trial[RANDOM + cut], clusters)
    return CutEffect(
        name=cut,
        edges=float(np.mean(list(by_trial[EDGES + cut].values()))),
        distance=mean_interval(values, names, seed=seed),
        random_distance=mean_interval(random, names, seed=seed),
        p_value=paired_p_value(values - random, names, seed=seed),
    )


def _column(
    by_name: Mapping[str, float], clusters: Mapping[str, str]
) -> tuple[np.ndarray, list[str]]:
    return np.array(list(by_name.values())), [clusters[name] for name in by_name]
