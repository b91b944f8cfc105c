"""A small policy that sees the room by camera: convolutions, and one place that the words ask for.

The instruction, a mean of word embeddings, is a query over the picture's cells (attention with one
head); what is there, and where it is, becomes the action. 0.1 million parameters.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import nn

from heedmap.data.pixels import Frame
from heedmap.testbed.specimens.world import ACTIONS, VOCABULARY_WORDS

WIDTH = 64
UNKNOWN = 0
_IDS = {word: number for number, word in enumerate(VOCABULARY_WORDS, 1)}


class RoomPolicy(nn.Module):
    """Frames of 112 x 112 px and instructions to logits of left, right and forward."""

    def __init__(self) -> None:
        super().__init__()
        channels = (3, 16, 32, WIDTH, WIDTH)
        layers: list[nn.Module] = []
        for inner, outer in pairwise(channels):
            layers += [nn.Conv2d(inner, outer, 3, stride=2, padding=1), nn.ReLU()]
        self.vision = nn.Sequential(*layers)
        self.words = nn.EmbeddingBag(len(_IDS) + 1, WIDTH, mode="mean")
        self.query = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.ReLU(), nn.Linear(WIDTH, WIDTH))
        self.key = nn.Conv2d(WIDTH, WIDTH, 1)
        self.place = nn.Parameter(torch.randn(49, WIDTH) * 0.02)
        self.head = nn.Sequential(
            nn.Linear(3 * WIDTH, 2 * WIDTH), nn.ReLU(), nn.Linear(2 * WIDTH, len(ACTIONS))
        )

    def forward(self, pixels: torch.Tensor, instructions: Sequence[str]) -> torch.Tensor:
        """Pixels (batch, 3, 112, 112) in 0..1 and one instruction each; logits (batch, 3)."""
        return self.decide(self.see(pixels), instructions)

    def see(self, pixels: torch.Tensor) -> torch.Tensor:
        """The picture's cells, (batch, 64, 49): what does not depend on the words."""
        return self.vision(pixels - 0.5).flatten(2)

    def decide(self, cells: torch.Tensor, instructions: Sequence[str]) -> torch.Tensor:
        """Logits of the cells under the instructions."""
        return self.decide_and_point(cells, instructions)[0]

    def decide_and_point(
        self, cells: torch.Tensor, instructions: Sequence[str]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits, and the attention over the cells, (batch, 49), which sums to 1."""
        words = self.words(*self._ids(instructions))
        keys = self.key(cells.unflatten(2, (7, 7))).flatten(2)
        scores = (self.query(words)[:, None] @ keys).squeeze(1) / WIDTH**0.5
        weights = scores.softmax(dim=1)
        seen = (cells * weights[:, None]).sum(dim=2)
        return self.head(torch.cat([seen, weights @ self.place, words], dim=1)), weights

    def _ids(self, instructions: Sequence[str]) -> tuple[torch.Tensor, torch.Tensor]:
        """Word ids of all instructions in a row, and where each begins."""
        split = [re.findall(r"\w+", text.lower()) or [""] for text in instructions]
        ids = [_IDS.get(word, UNKNOWN) for words in split for word in words]
        starts = np.cumsum([0, *(len(words) for words in split)])[:-1]
        device = self.place.device
        return torch.tensor(ids, device=device), torch.from_numpy(starts).to(device)


def pixels_of(frames: Sequence[Frame]) -> torch.Tensor:
    """Frames as (batch, 3, height, width) in 0..1."""
    stacked: Any = np.stack(frames).transpose(0, 3, 1, 2)
    return torch.from_numpy(np.ascontiguousarray(stacked)).float() / 255
