"""Which patch of the image moves which positions: one grid cell disturbed at a time."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch

from heedmap.auditing.lower.perturb import Subject
from heedmap.data.observation import Observation
from heedmap.data.pixels import Frame
from heedmap.ladder.evidence import PatchMap
from heedmap.phrase import Phrase
from heedmap.policies.stages import stage
from heedmap.tracing.batches import BatchSize, in_batches
from heedmap.tracing.capture.inputs import capture_entering, stopping_before
from heedmap.types import Embeddings

CELLS_AT_ONCE = 16
MAX_CELLS_A_SIDE = 16
MOVED_BEYOND = 1e-4
"""Of the sequence's spread: within one batch, equal inputs may round differently by row."""


@stage(Phrase("measuring which patch of the image moves which positions"))
def patch_map(
    subject: Subject, camera: str, positions: Sequence[int], cells_a_side: int | None = None
) -> PatchMap:
    """The map of one camera whose image moves `positions`.

    A cell's pixels are inverted, in batches of up to 16 cells and the frame itself. The grid
    has as many cells as the camera has tokens, at most 16 a side, unless it is given. Where
    the cell in a corner moves all positions, the tower mixes its patches and the other cells
    are not tried.
    """
    tokens = max(1, math.isqrt(len(positions)))
    side = cells_a_side or min(tokens, MAX_CELLS_A_SIDE)
    frame = subject.observation.images[camera]

    def variant(row: int, column: int) -> Observation:
        return subject.observation.with_image(camera, inverted_cell(frame, row, column, side))

    if side > 1 and set(positions) <= moved_by(subject, variant(0, 0)):
        return PatchMap(camera=camera, cells_a_side=side, mixes=True)
    variants = [variant(row, column) for row in range(side) for column in range(side)]
    moved = in_batches(variants, BatchSize(CELLS_AT_ONCE), lambda some: _moved(subject, some))
    explained = {position for cell in moved for position in cell}
    return PatchMap(
        camera=camera,
        cells_a_side=side,
        positions=tuple(moved),
        cells_share=sum(bool(cell) for cell in moved) / len(moved),
        positions_share=len(explained & set(positions)) / len(positions) if positions else None,
    )


def moved_by(subject: Subject, observation: Observation) -> set[int]:
    """Positions that another image moves, beyond rounding; it runs on its own."""
    sequences = torch.cat([subject.base.sequence, subject.enter(observation).sequence])
    return set(_differing(sequences)[0])


def inverted_cell(frame: Frame, row: int, column: int, side: int) -> Frame:
    """The frame with one of side x side cells inverted (255 minus each value)."""
    height, width = frame.shape[:2]
    rows = slice(row * height // side, (row + 1) * height // side)
    columns = slice(column * width // side, (column + 1) * width // side)
    changed = frame.copy()
    changed[rows, columns] = 255 - changed[rows, columns]
    # A value of 127 or 128 hardly moves; such a cell is moved by half the range instead.
    still = np.abs(changed[rows, columns].astype(int) - frame[rows, columns]) < 32
    changed[rows, columns] += (still * 96).astype(np.uint8)
    return changed


def _moved(subject: Subject, variants: Sequence[Observation]) -> list[tuple[int, ...]]:
    """Positions that each variant moves."""
    if len(variants) > 1:
        sequences = _sequences(subject, variants)
        if len(sequences) == 1 + len(variants):
            return [tuple(row) for row in _differing(sequences)]
    # One alone; or a policy that takes its examples in turn, and was stopped in the first.
    return [tuple(sorted(moved_by(subject, one))) for one in variants]


def _sequences(subject: Subject, variants: Sequence[Observation]) -> Embeddings:
    """What enters the transformer for the frame itself and every variant, in one batch."""
    observations = [subject.observation, *variants]
    module, stack = subject.policy.module, subject.base.stack
    with (
        capture_entering(module, stack) as entering,
        stopping_before(module, stack.first_block),
    ):
        subject.policy(observations, [subject.instruction] * len(observations))
    return entering.only()


def _differing(sequences: Embeddings) -> list[list[int]]:
    """Per example after the first, the positions that differ from the first's."""
    spread = sequences[0].float().std()
    distance = (sequences[1:] - sequences[:1]).float().abs().amax(dim=-1)
    return [torch.nonzero(row).flatten().tolist() for row in distance > MOVED_BEYOND * spread]
