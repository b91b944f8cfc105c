"""The action rows' attention under many instructions on one frame, and the actions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from heedmap.branching.instructions import RowsByLayer, Sequences, run_together, sequences_of
from heedmap.branching.layer_inputs import NotShareableError
from heedmap.branching.trunk import Trunk, record_trunk
from heedmap.capture.stacks import Stack, stacks_of
from heedmap.errors import CaptureError, InstructionError
from heedmap.inputs.observation import Observation, of_frame
from heedmap.observe import observe, traced
from heedmap.policies.base import ActionScores, Policy
from heedmap.types import Frame

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
        raise CaptureError(f"Rows count from the end (-1 is the last); got {tuple(rows)}.")
    observation = frame if isinstance(frame, Observation) else of_frame(frame)
    together = Together(policy, stack or _last_stack(policy, observation, instructions[0]))
    return together.attend(observation, instructions, rows)


@dataclass
class Together:
    """Runs many instructions on a frame together as long as that gives what single runs give."""

    policy: Policy
    stack: Stack
    why_alone: str | None = None
    copies: bool = False
    """Whether the head has to be given every instruction; learned on the first frame."""

    def attend(
        self, observation: Observation, instructions: Sequence[str], rows: Sequence[int]
    ) -> Attended:
        """All instructions on one frame, together where that was seen to be exact."""
        if self.why_alone is None and len(instructions) > 1:
            try:
                return self._shared(observation, instructions, rows)
            except NotShareableError as error:
                self.why_alone = str(error)
        return self._alone(observation, instructions, rows)

    def _shared(
        self, observation: Observation, instructions: Sequence[str], rows: Sequence[int]
    ) -> Attended:
        trunk = record_trunk(self.policy, self.stack, observation, instructions[0])
        sequences = sequences_of(self.policy, trunk, instructions)
        if sequences.prefix + max(-row for row in rows) > min(sequences.lengths):
            raise NotShareableError("a row that was asked for is common to all instructions")
        scores: list[torch.Tensor] = []
        weights: list[RowsByLayer] = []
        step = max(2, ROWS_AT_ONCE // sequences.width)
        for start in range(1, len(instructions), step):
            chosen = [0, *range(start, min(start + step, len(instructions)))]
            texts = [instructions[index] for index in chosen]
            got, seen = self._run(trunk, texts, sequences.of(chosen), rows)
            first = 0 if start == 1 else 1
            scores.append(got[first:])
            weights += seen[first:]
        return Attended(tuple(instructions), torch.cat(scores), tuple(weights), sequences.prefix)

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


def _last_stack(policy: Policy, observation: Observation, instruction: str) -> Stack:
    stacks = stacks_of(traced(policy, observation, instruction), policy.transformer_name)
    found = [stack for stack in stacks if stack.attends_to_itself]
    if not found:
        raise CaptureError(
            f"No transformer that attends to itself was seen in '{policy.name}'; audit it to see "
            f"what was found of every attention, or name it: CallablePolicy(..., transformer=...)."
        )
    return found[-1]
