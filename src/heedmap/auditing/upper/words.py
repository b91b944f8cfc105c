"""Which words of the instruction the action rests on: one position hidden at a time.

A position is hidden from all others in every layer, so that nothing reads it;
as many random edges cut are the control. One trial, all of its instructions.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from heedmap.auditing.measures.distance import ActionMetric
from heedmap.auditing.upper.structure import Structure, Structures
from heedmap.data.trials import Trial
from heedmap.ladder.evidence import WordEffect
from heedmap.tracing.interventions.cached import Knockouts
from heedmap.tracing.interventions.knockout import (
    Knockout,
    KnockoutRun,
    edges_from_outside,
    random_edges,
)
from heedmap.tracing.observe import observe

MOST_POSITIONS = 64
"""Of all instructions of a trial together; further ones are left out."""
DRAWS = 2
"""Sets of random edges that every position is matched with."""


def word_effects(
    knockouts: Knockouts,
    structures: Structures,
    trials: Sequence[Trial],
    metric: ActionMetric,
    seed: int,
) -> tuple[WordEffect, ...]:
    """Of the first trial whose instructions are all present; empty where there is none."""
    for trial in trials:
        found = {name: structures.of(trial, name) for name in trial.instructions}
        present = {name: s for name, s in found.items() if s is not None and s.instruction}
        if len(present) < len(found) or trial.is_needed is False:
            continue
        most = max(1, MOST_POSITIONS // len(present))
        effects = [
            effect
            for name, structure in present.items()
            for effect in _of_instruction(
                knockouts, trial, name, structure, structure.instruction[:most], metric, seed
            )
        ]
        return tuple(effects)
    return ()


def _of_instruction(
    knockouts: Knockouts,
    trial: Trial,
    name: str,
    at: Structure,
    positions: Sequence[int],
    metric: ActionMetric,
    seed: int,
) -> list[WordEffect]:
    text = trial.instructions[name]
    cuts: list[Knockout | None] = [None]
    for position in positions:
        edges = edges_from_outside(at.stack.length, (position,))
        cuts.append(Knockout(edges))
        for draw in range(DRAWS):
            rng = np.random.default_rng((seed, position, draw))
            cuts.append(Knockout(random_edges(edges, at.visible, at.instruction, rng)))
    runs = [KnockoutRun(trial.observation, text, cut) for cut in cuts]
    scores = knockouts.scores(at.stack, at.rows, at.visible, runs).double().numpy()
    moved = metric.distances(np.repeat(scores[:1], len(cuts) - 1, axis=0), scores[1:])
    by_position = moved.reshape(len(positions), 1 + DRAWS)
    seen = observe(knockouts.policy, at.stack.pattern, trial.observation, text, like=at.stack)
    shares = seen.attention(at.rows).mean(axis=(0, 1, 2), dtype=np.float64)
    return [
        WordEffect(
            trial=trial.name,
            instruction=name,
            position=position,
            share=float(shares[position]),
            distance=float(distances[0]),
            random_distance=float(distances[1:].mean()),
        )
        for position, distances in zip(positions, by_position, strict=True)
    ]
