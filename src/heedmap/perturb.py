"""Which positions entering layer 0 move when the frame, or one word, is changed.

Every variant is a forward pass of its own with a batch of one, so that an unchanged
position is equal bit for bit and no tolerance has to be chosen. Instructions are only
compared at equal token count: a shift of positions is never taken for meaning.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from heedmap.capture.inputs import capture_first_layer_input
from heedmap.errors import PolicyError
from heedmap.policies.base import Policy
from heedmap.record import WordPositions
from heedmap.types import Embeddings, Frame

CANDIDATES_PER_WORD = 3
"""Replacements tried before a word is said to move nothing (two words may share an id)."""


@dataclass(frozen=True)
class Movement:
    """Positions that the frame moves, and those that each word of the instruction moves."""

    by_frame: tuple[int, ...]
    by_instruction: tuple[int, ...]
    by_word: tuple[WordPositions, ...]
    instruction_measured: bool
    """False where no variant of equal token count exists: nothing was learned."""


def measure_movement(
    policy: Policy, frame: Frame, instruction: str, others: Sequence[str], seed: int
) -> Movement:
    """Change the frame and the instruction in turn and see what enters layer 0 differently.

    `others` are further instructions; their words serve as replacements. Raises
    PolicyError when the policy is not deterministic, for then nothing could be told.
    """
    base = _sequence(policy, frame, instruction)
    if not torch.equal(base, _sequence(policy, frame, instruction)):
        raise PolicyError(
            f"The policy '{policy.name}' is not deterministic: the same frame and instruction "
            f"gave two different sequences. Put it in evaluation mode and pin its noise."
        )
    by_frame: set[int] = set()
    for variant in frame_variants(frame, seed):
        by_frame.update(_moved(base, _sequence(policy, variant, instruction)))
    by_word, by_instruction, measured = [], set[int](), False
    for word, variants in word_variants(instruction, others):
        moved, tried = _moved_by_word(policy, frame, instruction, variants, base)
        measured = measured or tried
        by_instruction.update(moved)
        if tried:
            by_word.append(WordPositions(word=word, positions=tuple(sorted(moved))))
    for other in others:
        if _same_length(policy, instruction, other):
            measured = True
            by_instruction.update(_moved(base, _sequence(policy, frame, other)))
    return Movement(
        tuple(sorted(by_frame)), tuple(sorted(by_instruction)), tuple(by_word), measured
    )


def frame_variants(frame: Frame, seed: int) -> list[Frame]:
    """Two frames of the same shape that differ from `frame` everywhere: inverted, and noise."""
    noise = np.random.default_rng(seed).integers(1, 256, frame.shape, dtype=np.uint8)
    return [255 - frame, frame + noise]  # uint8 wraps around: noise of 1..255 changes every byte


def word_variants(instruction: str, others: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Each word of an instruction, with the instruction after replacing that word.

    Replacements are words of the other instructions first (the policy likely knows them),
    then of this one.
    """
    words = instruction.split()
    pool = list(dict.fromkeys([w for text in (*others, instruction) for w in text.split()]))
    for index, word in enumerate(words):
        yield (
            word,
            [
                " ".join([*words[:index], other, *words[index + 1 :]])
                for other in pool
                if other.lower() != word.lower()
            ],
        )


def _moved_by_word(
    policy: Policy, frame: Frame, instruction: str, variants: list[str], base: Embeddings
) -> tuple[set[int], bool]:
    """What replacing one word moves, and whether any variant had an equal token count."""
    tried = 0
    for variant in variants:
        if not _same_length(policy, instruction, variant):
            continue
        sequence = _sequence(policy, frame, variant)
        if sequence.shape != base.shape:
            continue
        tried += 1
        if moved := _moved(base, sequence):
            return moved, True
        if tried == CANDIDATES_PER_WORD:
            break
    return set(), tried > 0


def _same_length(policy: Policy, first: str, second: str) -> bool:
    """Equal token counts; where a policy cannot tell them, equal numbers of words."""
    counts = policy.token_count(first), policy.token_count(second)
    if None in counts:
        return len(first.split()) == len(second.split())
    return counts[0] == counts[1]


def _sequence(policy: Policy, frame: Frame, instruction: str) -> Embeddings:
    with capture_first_layer_input(policy.decoder) as capture:
        policy([frame], [instruction])
    return capture.only()


def _moved(base: Embeddings, other: Embeddings) -> set[int]:
    if base.shape != other.shape:
        raise PolicyError(
            f"The sequence changed its length, from {base.shape[1]} to {other.shape[1]} "
            f"positions, though frame shape and token count stayed the same; heedmap cannot "
            f"compare these positions."
        )
    return set(torch.nonzero((base != other).any(dim=-1)[0]).flatten().tolist())
