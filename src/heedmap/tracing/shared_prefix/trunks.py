"""Trunks of several instructions on one frame, of which the common prefix ran once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from heedmap.policies.base import ActionScores, Policy
from heedmap.tracing.shared_prefix.instructions import (
    LayerRows,
    Sequences,
    keep_together,
    mask_of,
    sequences_of,
)
from heedmap.tracing.shared_prefix.layer_inputs import NotShareableError
from heedmap.tracing.shared_prefix.trunk import Trunk, TrunkLayer


@dataclass(frozen=True)
class SharedTrunks:
    """What each instruction has of its own, and the trunk of one of them for the rest."""

    trunk: Trunk
    instructions: tuple[str, ...]
    scores: ActionScores
    """One row an instruction."""
    sequences: Sequences
    layers: tuple[LayerRows, ...]
    """Of every layer the rows behind the prefix, one example an instruction."""

    def of(self, instruction: str) -> Trunk:
        """The trunk of this instruction, put together."""
        number = self.instructions.index(instruction)
        layers = [
            self._layer(number, kept, rows, at)
            for at, (kept, rows) in enumerate(zip(self.trunk.layers, self.layers, strict=True))
        ]
        return replace(
            self.trunk,
            instruction=instruction,
            layers=tuple(layers),
            scores=self.scores[number : number + 1],
        )

    def _layer(self, number: int, kept: TrunkLayer, rows: LayerRows, at: int) -> TrunkLayer:
        prefix, call = self.sequences.prefix, kept.call

        def joined(before: torch.Tensor, own: torch.Tensor, axis: int) -> torch.Tensor:
            own = own[number : number + 1]
            return torch.cat([before.narrow(axis, 0, prefix), own], dim=axis)

        return replace(
            kept,
            entering=joined(kept.entering, rows.entering, 1),
            call=replace(
                call,
                query=joined(call.query, rows.query, 2),
                key=joined(call.key, rows.key, 2),
                value=joined(call.value, rows.value, 2),
                mask=mask_of(self.sequences.inputs[number][at], kept),
            ),
        )


def share_trunk(
    policy: Policy, trunk: Trunk, instructions: Sequence[str], *, copies: bool = False
) -> SharedTrunks:
    """Trunks of instructions that are as long as the trunk's own, which comes first.

    `copies` as for `heedmap.tracing.shared_prefix.instructions.run_together`. Raises
    NotShareableError where they are not of one length, or the policy cannot be run this way.
    """
    texts = list(dict.fromkeys([trunk.instruction, *instructions]))
    sequences = sequences_of(policy, trunk, texts)
    if set(sequences.lengths) != {trunk.length}:
        raise NotShareableError("the instructions are not of one length")
    scores, layers = keep_together(policy, trunk, texts, sequences, copies=copies)
    return SharedTrunks(trunk, tuple(texts), scores, sequences, tuple(layers))
