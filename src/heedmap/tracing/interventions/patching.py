"""Activation patching: the instruction's states of one run put into another, layer by layer.

Vig et al. 2020 ("Investigating Gender Bias in Language Models Using Causal Mediation
Analysis") and Meng et al. 2022 ("Locating and Editing Factual Associations in GPT"): where
patching a layer brings the other run's action, the decisive state is still at the patched
positions there; where it no longer does, it has moved on.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from heedmap.data.observation import Observation
from heedmap.policies.base import ActionScores, Policy
from heedmap.tracing.batches import BatchSize, in_batches
from heedmap.tracing.capture.inputs import edit_entering_layers
from heedmap.tracing.capture.stacks import Stack
from heedmap.types import Embeddings


def patch_layers(
    policy: Policy,
    stack: Stack,
    observation: Observation,
    instruction: str,
    source: str,
    positions: Sequence[int],
    *,
    batch: int | BatchSize,
) -> ActionScores:
    """Scores under `instruction`, one row a layer patched, on the CPU.

    In row l the states at `positions` that enter layer l are those of the run under `source`,
    an instruction of equal length. Raises SequenceLengthError when it is not.
    """
    states: dict[int, Embeddings] = {}
    chosen = list(positions)

    def keep(layer: int, entering: Embeddings) -> None:
        states[layer] = entering[:, chosen].detach().clone()

    with edit_entering_layers(policy.module, stack, keep):
        policy([observation], [source])

    def patched(layers: Sequence[int]) -> ActionScores:
        row_of = {layer: row for row, layer in enumerate(layers)}

        def patch(layer: int, entering: Embeddings) -> Embeddings | None:
            if layer not in row_of:
                return None
            edited = entering.clone()
            edited[row_of[layer], chosen] = states[layer][0]
            return edited

        with edit_entering_layers(policy.module, stack, patch):
            scores = policy([observation] * len(layers), [instruction] * len(layers))
        return scores.float().cpu()

    return torch.stack(in_batches(range(len(stack.calls)), batch, patched))
