"""Tiny policies in plain PyTorch of which the way from words to action is known line by line."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import nn

from heedmap.data.observation import Observation, of_frame
from heedmap.policies.callable import CallablePolicy
from heedmap.tracing.capture.trace import one_attention_path
from heedmap.tracing.trail.differences import Differences
from heedmap.tracing.trail.recorder import record
from heedmap.tracing.trail.recording import Recording

DIM, IMAGES = 8, 4
"""Size of a state, and how many positions an image has."""
LEFT, RIGHT = "go to left now", "go to right now"
"""Of equally many words, of which one differs."""
WORDS = ("go", "to", "left", "right", "now", "the", "red", "blue", "cup", "and", "pick", "up")
VOCABULARY = {word: number for number, word in enumerate(WORDS, 2)}
PADDING, UNKNOWN = 0, 1


def observation(seed: int = 0) -> Observation:
    """A small frame of noise."""
    pixels = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    return of_frame(pixels)


def ids_of(text: str) -> list[int]:
    """One a word; words that are not known share one."""
    return [VOCABULARY.get(word, UNKNOWN) for word in text.split()]


class Encoders(nn.Module):
    """Word embeddings and image embeddings, and a head for a state."""

    def __init__(self, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.embed = nn.Embedding(len(VOCABULARY) + 2, DIM)
        self.image = nn.Linear(3 * 64 // IMAGES, DIM)
        self.action = nn.Parameter(torch.randn(1, 1, DIM))
        self.mix = nn.Linear(DIM, DIM)
        self.gate = nn.Parameter(torch.full((DIM,), 0.5))
        self.attention = nn.MultiheadAttention(DIM, 2, batch_first=True)
        self.layer = nn.TransformerEncoderLayer(DIM, 2, 2 * DIM, batch_first=True)
        self.recurrent = nn.GRU(DIM, DIM, batch_first=True)
        self.register_buffer("cache", torch.zeros(1, 2 * IMAGES, DIM))
        self.cache: torch.Tensor
        self.head = nn.Linear(DIM, 3)
        self.eval().requires_grad_(False).to(dtype)

    def words_of(self, text: str) -> torch.Tensor:
        """(1, word, DIM)."""
        return self.embed(torch.tensor([ids_of(text)]))

    def image_of(self, frame: np.ndarray) -> torch.Tensor:
        """(1, IMAGES, DIM)."""
        pixels = torch.from_numpy(frame).to(self.head.weight.dtype) / 255
        return self.image(pixels.reshape(1, IMAGES, -1))


Body = Callable[[Encoders, torch.Tensor, torch.Tensor], torch.Tensor]
"""Words and image to the action, (1, action)."""


def policy_of(body: Body, dtype: torch.dtype = torch.float32) -> CallablePolicy:
    """A policy that runs this body."""
    net = Encoders(dtype)

    def run(frames: Sequence[np.ndarray], texts: Sequence[str]) -> torch.Tensor:
        rows = [
            body(net, net.words_of(text), net.image_of(frame))
            for frame, text in zip(frames, texts, strict=True)
        ]
        return torch.cat(rows)

    return CallablePolicy("plain", run, net)


def recorded(policy: CallablePolicy, text: str = LEFT, seed: int = 0) -> Recording:
    """One run on one frame."""
    with one_attention_path():  # as an audit does
        return record(policy, observation(seed), text)


def between(policy: CallablePolicy, one: str = LEFT, two: str = RIGHT) -> Differences:
    """Two runs on one frame."""
    return Differences(recorded(policy, one), recorded(policy, two))
