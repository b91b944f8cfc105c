"""Does what is read from attention predict what cutting does?

Spearman's rank correlation over layers and heads between attention on the instruction
(share, lift, norm of what is read) or, over layers, rollout from there, and the effect of
cutting the action rows' edges to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from heedmap.auditing.measures.lift import lift
from heedmap.auditing.measures.norms import value_weighted_norms
from heedmap.auditing.measures.rollout import rollout
from heedmap.auditing.measures.stats import rank_correlation
from heedmap.auditing.upper.structure import Structure
from heedmap.data.trials import Trial
from heedmap.ladder.evidence import AttentionPredicts, HeadEffect, LayerEffect
from heedmap.policies.base import Policy
from heedmap.tracing.capture.projection import output_weight
from heedmap.tracing.observe import Pass, observe

DECIMALS = 6
"""Of effects, before they are ranked: cached knockouts are exact to no more, and what is left of
no effect at all is not to be given a rank."""

Place = tuple[int, int]
"""Layer and head."""


@dataclass(frozen=True)
class HeadReading:
    """What attention shows of one example, head by head."""

    share: dict[str, dict[Place, float]]
    """By region."""
    lift: dict[Place, float | None]
    value_norm: dict[Place, float] | None
    """None where some layer's values were not seen."""
    rollout: tuple[float, ...]
    """Share of the flow from the states that enter each layer to the instruction."""


def read_heads(policy: Policy, example: tuple[Trial, str, Structure]) -> HeadReading:
    """Attention of the action rows on one example."""
    trial, text, structure = example
    seen = observe(policy, structure.stack.pattern, trial.observation, text, like=structure.stack)
    attention = seen.attention(structure.rows)
    layers, heads = attention.shape[:2]
    places = [(layer, head) for layer in range(layers) for head in range(heads)]
    visible = seen.visible_anywhere(structure.rows)

    def shares(positions: Sequence[int]) -> dict[Place, float]:
        on = attention[..., list(positions)].sum(axis=-1).mean(axis=-1)
        return {place: float(on[place]) for place in places}

    return HeadReading(
        share={"instruction": shares(structure.instruction), "image": shares(structure.image)},
        lift={
            (layer, head): lift(
                attention[layer : layer + 1, head : head + 1], structure.instruction, visible
            )
            for layer, head in places
        },
        value_norm=_value_norms(policy, seen, structure),
        rollout=_rollouts(seen, structure),
    )


def predicts(
    readings: Sequence[HeadReading],
    by_head: Sequence[HeadEffect],
    by_layer: Sequence[LayerEffect],
) -> AttentionPredicts:
    """Correlations of means over the examples; None where there is nothing to rank."""
    effects = {(e.layer, e.head): e.distance for e in by_head if e.region == "instruction"}
    places = list(effects)
    moved = np.round([effects[place] for place in places], DECIMALS)

    def against(columns: Sequence[dict[Place, float] | dict[Place, float | None]]) -> float | None:
        rows = [[column[place] for place in places] for column in columns]
        if not places or any(value is None for row in rows for value in row):
            return None
        return rank_correlation(np.array(rows, dtype=float).mean(axis=0), moved)

    norms = [reading.value_norm for reading in readings]
    flows = np.array([reading.rollout for reading in readings]).mean(axis=0)
    layers_moved = np.round([effect.distance for effect in by_layer], DECIMALS)
    return AttentionPredicts(
        share=against([reading.share["instruction"] for reading in readings]),
        lift=against([reading.lift for reading in readings]),
        ivar=against([_ivar(reading) for reading in readings]),
        value_norm=against([norm for norm in norms if norm is not None])
        if all(norm is not None for norm in norms)
        else None,
        rollout=rank_correlation(flows, layers_moved),
        heads=len(places),
        layers=len(by_layer),
    )


def _ivar(reading: HeadReading) -> dict[Place, float | None]:
    """Instruction over instruction and image, head by head."""
    found: dict[Place, float | None] = {}
    for place, on_instruction in reading.share["instruction"].items():
        total = on_instruction + reading.share["image"][place]
        found[place] = on_instruction / total if total > 0 else None
    return found


def _value_norms(policy: Policy, seen: Pass, structure: Structure) -> dict[Place, float] | None:
    """Norm of what each head reads at the instruction."""
    found: dict[Place, float] = {}
    for layer, call in enumerate(seen.stack.calls):
        values = call.values()
        if values is None:
            return None
        weights = call.row_weights(structure.rows)[0]
        projection = output_weight(policy.module, call, weights.shape[0] * values.shape[-1])
        norms = value_weighted_norms(weights, values[0], projection)
        read = norms[..., list(structure.instruction)].sum(dim=-1).mean(dim=-1)
        found.update({(layer, head): float(value) for head, value in enumerate(read)})
    return found


def _rollouts(seen: Pass, structure: Structure) -> tuple[float, ...]:
    layers = [lambda rows, call=call: call.row_weights(rows)[0] for call in seen.stack.calls]
    return tuple(
        float(
            rollout(layers[first:], structure.rows, structure.stack.length)[
                list(structure.instruction)
            ].sum()
        )
        for first in range(len(layers))
    )
