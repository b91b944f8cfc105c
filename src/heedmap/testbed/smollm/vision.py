"""The camera's picture as 28 image tokens that say, in the words' own space, what is where.

A small convolutional network, trained beforehand (`train.train_vision`) so that a cell's token
points along the embeddings of the words that name what is in it: its colour, its kind, and the
side it is on. It is then fixed; SmolLM2 reads its tokens at the norm of its own embeddings.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from jaxtyping import Float
from torch import nn

from heedmap.types import ImageEmbeddings

ROWS, COLUMNS = 4, 7
IMAGE_TOKENS = ROWS * COLUMNS
CHANNELS = (3, 16, 32, 64, 128)
GROUPS = 8

Pixels = Float[torch.Tensor, "frame 3 112 112"]


class PatchTokens(nn.Module):
    """Frames to image tokens, rows from above, each from left to right."""

    centre: torch.Tensor
    norm: torch.Tensor

    def __init__(self, dim: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for inner, outer in pairwise(CHANNELS):
            layers += [nn.Conv2d(inner, outer, 3, stride=2, padding=1)]
            layers += [nn.GroupNorm(GROUPS, outer), nn.ReLU()]
        width = CHANNELS[-1]
        self.cells = nn.Sequential(
            *layers,
            nn.Conv2d(width, width, 3, stride=(2, 1), padding=1),
            nn.ReLU(),
            nn.Conv2d(width, dim, 1),
        )
        self.register_buffer("centre", torch.zeros(dim))
        self.register_buffer("norm", torch.ones(()))

    def fit_to(self, embeddings: Float[torch.Tensor, "word dim"]) -> None:
        """Take over the mean of a vocabulary's embeddings, and their mean distance from it."""
        self.centre.copy_(embeddings.mean(dim=0))
        self.norm.copy_((embeddings - self.centre).norm(dim=1).mean())

    def forward(self, pixels: Pixels) -> ImageEmbeddings:
        """RGB in 0..1 to embeddings, all at the same distance from the vocabulary's mean."""
        return self.centre + self.norm * self.directions(pixels)

    def directions(self, pixels: Pixels) -> ImageEmbeddings:
        """Where each token points from the vocabulary's mean: vectors of length 1."""
        cells = self.cells(pixels - 0.5).flatten(2).mT
        return cells / cells.norm(dim=-1, keepdim=True).clamp_min(1e-6)
