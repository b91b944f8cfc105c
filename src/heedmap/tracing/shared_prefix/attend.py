"""The action rows' attention under many instructions on one frame, and the actions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from heedmap.data.observation import Observation, of_frame
from heedmap.data.pixels import Frame
from heedmap.errors import CaptureError, InstructionError
from heedmap.policies.base import ActionScores, Policy
from heedmap.tracing.batches import in_batches
from heedmap.tracing.capture.stacks import Stack
from heedmap.tracing.capture.towers import remembering
from heedmap.tracing.observe import observe
from heedmap.tracing.shared_prefix.instructions import (
    RowsByLayer,
    Sequences,
    run_together,
    sequences_of,
)
from heedmap.tracing.shared_prefix.layer_inputs import NotShareableError
from heedmap.tracing.shared_prefix.trunk import Trunk, find_trunk, record_trunk
from heedmap.tracing.shared_prefix.trunks import SharedTrunks, share_trunk

ROWS_AT_ONCE = 4_096
"""Positions of all instructions that run together."""


@dataclass(frozen=True)
class Attended:
    """What a policy does under every instruction, and where its rows attend."""

    instructions: tuple[str, ...]
    scores: ActionScores
    """One row an instruction."""
    weights: tuple[RowsByLayer, ...]
    """Of every instruction: (layer, head, row, key) over its own sequence, float32."""
    shared_positions: int
    """Positions that were run once for all; 0 where each instruction ran alone."""
    why_alone: str | None = None


def attend(
    policy: Policy,
    frame: Frame | Observation,
    instructions: Sequence[str],
    *,
    rows: Sequence[int] = (-1,),
    stack: Stack | None = None,
) -> Attended:
    """Run one frame under many instructions, sharing what they have in common.

    Where the sequence begins alike under all of them and is causal, as with the image before
    the words, that part runs once and the words of all instructions together. Otherwise every
    instruction runs alone; `why_alone` says why. Both give the same within rounding, which
    is checked on the first instruction.

    Args:
        policy: in evaluation mode; runs its own attention kernels.
        frame: uint8 (height, width, 3), or an `Observation`.
        instructions: at least one, of any lengths.
        rows: query positions to report, counted from the end: -1 is the last.
        stack: the transformer to watch, from an earlier pass; left out, one more pass finds
            the last one that attends to itself.

    Raises InstructionError without instructions, CaptureError where no attention is seen.
    """
    if not instructions:
        raise InstructionError("No instruction was given; give at least one.")
    if any(row >= 0 for row in rows):
        raise CaptureError(
            "Rows count from the end (-1 is the last); got {rows}.", rows=tuple(rows)
        )
    observation = frame if isinstance(frame, Observation) else of_frame(frame)
    if stack is not None:
        return Together(policy, stack).attend(observation, instructions, rows)
    found = find_trunk(policy, observation, instructions[0])
    together = Together(policy, found.stack, found.towers, found.why)
    return together.attend(observation, instructions, rows, found.trunk)


@dataclass
class Together:
    """Runs many instructions on a frame together as long as that gives what single runs give."""

    policy: Policy
    stack: Stack
    towers: tuple[str, ...] = ()
    """What runs once for a frame, before the stack."""
    why_alone: str | None = None
    copies: bool = False
    """Whether the head has to be given every instruction; learned on the first frame."""

    def attend(
        self,
        observation: Observation,
        instructions: Sequence[str],
        rows: Sequence[int],
        trunk: Trunk | None = None,
    ) -> Attended:
        """All instructions on one frame, together where that was seen to be exact.

        `trunk` is a pass under the first instruction, where there was one.
        """
        with remembering(self.policy.module, self.towers):
            if self.why_alone is None and len(instructions) > 1:
                try:
                    return self._shared(observation, instructions, rows, trunk)
                except NotShareableError as error:
                    self.why_alone = str(error)
            return self._alone(observation, instructions, rows)

    def trunks(self, trunk: Trunk, instructions: Sequence[str]) -> SharedTrunks | None:
        """Trunks of instructions as long as this one's, together; None where that is not exact."""
        if self.why_alone is not None:
            return None
        for copies in dict.fromkeys([self.copies, True]):
            try:
                found = share_trunk(self.policy, trunk, instructions, copies=copies)
            except NotShareableError as error:
                if copies:
                    self.why_alone = str(error)
                continue
            self.copies = copies
            return found
        return None

    def _shared(
        self,
        observation: Observation,
        instructions: Sequence[str],
        rows: Sequence[int],
        trunk: Trunk | None,
    ) -> Attended:
        if trunk is None:
            trunk = record_trunk(self.policy, self.stack, observation, instructions[0])
        sequences = sequences_of(self.policy, trunk, instructions)
        if sequences.prefix + max(-row for row in rows) > min(sequences.lengths):
            raise NotShareableError("a row that was asked for is common to all instructions")

        def together(chosen: Sequence[int]) -> list[tuple[torch.Tensor, RowsByLayer]]:
            numbers = [0, *chosen]  # the first comes along, to be checked against the trunk
            texts = [instructions[number] for number in numbers]
            pairs = zip(*self._run(trunk, texts, sequences.of(numbers), rows), strict=True)
            seen = list(pairs)
            first.append(seen[0])
            return seen[1:]

        first: list[tuple[torch.Tensor, RowsByLayer]] = []
        at_once = max(1, ROWS_AT_ONCE // sequences.width - 1)
        found = in_batches(range(1, len(instructions)), at_once, together)
        found = [first[0], *found]
        return Attended(
            tuple(instructions),
            torch.stack([scores for scores, _ in found]),
            tuple(weights for _, weights in found),
            sequences.prefix,
        )

    def _run(
        self, trunk: Trunk, texts: Sequence[str], sequences: Sequences, rows: Sequence[int]
    ) -> tuple[ActionScores, list[RowsByLayer]]:
        """With one instruction's head for all; where that gives other scores, on all of them."""
        try:
            return run_together(self.policy, trunk, texts, sequences, rows, copies=self.copies)
        except NotShareableError as first:
            if self.copies:
                raise
            try:
                found = run_together(self.policy, trunk, texts, sequences, rows, copies=True)
            except NotShareableError:
                raise first from None
            self.copies = True
            return found

    def _alone(
        self, observation: Observation, instructions: Sequence[str], rows: Sequence[int]
    ) -> Attended:
        scores, weights = [], []
        for text in instructions:
            seen = observe(self.policy, self.stack.pattern, observation, text)
            scores.append(seen.scores)
            weights.append(torch.from_numpy(seen.attention(tuple(rows))))
        return Attended(tuple(instructions), torch.cat(scores), tuple(weights), 0, self.why_alone)
