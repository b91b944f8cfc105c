"""What is put in the place of pixels, states and words to see what moves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from heedmap.data.observation import Observation
from heedmap.data.pixels import Frame

MADE_UP_WORDS = ("zqxv", "wukfj")
"""No tokenizer knows these as a word; one of subwords gives them ids of their own."""


def observation_variants(observation: Observation, seed: int) -> dict[str, list[Observation]]:
    """For each camera, the observation with that camera's image exchanged."""
    return {
        camera: [observation.with_image(camera, variant) for variant in frame_variants(frame, seed)]
        for camera, frame in observation.images.items()
    }


def frame_variants(frame: Frame, seed: int) -> list[Frame]:
    """Two frames of the same shape that differ from `frame` everywhere: inverted, and noise."""
    noise = np.random.default_rng(seed).integers(1, 256, frame.shape, dtype=np.uint8)
    return [255 - frame, frame + noise]  # uint8 wraps around: noise of 1..255 changes every byte


def state_variants(observation: Observation) -> list[Observation]:
    """The observation with every number of its state moved up, and down; none without one."""
    state = observation.state
    if state is None:
        return []
    step = np.maximum(np.abs(state) / 2, 0.1).astype(state.dtype)
    return [replace(observation, state=state + step), replace(observation, state=state - step)]


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
            [with_word(words, index, other) for other in pool if other.lower() != word.lower()],
        )


def with_word(words: Sequence[str], index: int, word: str) -> str:
    """The text of these words with one word in the place of another."""
    return " ".join([*words[:index], word, *words[index + 1 :]])


def one_word_exchanged(one: str, two: str) -> Iterator[tuple[str, str]]:
    """The first text with one of its own words exchanged for one that only the second has."""
    mine, theirs = one.split(), two.split()
    new = [word for word in theirs if word not in mine]
    for index, word in enumerate(mine):
        if word not in theirs:
            for other in new:
                yield one, with_word(mine, index, other)


def longer(instruction: str) -> str:
    """The instruction with its last word said twice: one word more, and a known one."""
    return f"{instruction} {instruction.split()[-1]}"
