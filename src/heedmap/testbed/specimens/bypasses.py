"""Planted bypasses: paths from the instruction to the action beside the sequence."""

from __future__ import annotations

import torch
from torch import nn

from heedmap.testbed.specimens.faults import Planted
from heedmap.testbed.specimens.network import TinyKosmos2Policy, WordCrossAttention
from heedmap.types import Embeddings, RowStates, TokenMask, WordEmbeddings


class MeanPooledBypass(Planted):
    """The head adds a projection of the mean word embedding, as three of the published models."""

    def __init__(self, network: TinyKosmos2Policy) -> None:
        super().__init__(network)
        self.word_mean = _drawn_linear(network.config.dim, network.config.dim)

    def state(  # noqa: D102
        self, states: RowStates, words: WordEmbeddings, is_word: TokenMask
    ) -> torch.Tensor:
        count = is_word.sum(dim=1, keepdim=True)
        mean = (words * is_word[..., None]).sum(dim=1) / count
        return states[:, -1] + self.word_mean(mean)


class CrossAttentionBypass(Planted):
    """The head attends to the word embeddings."""

    def __init__(self, network: TinyKosmos2Policy) -> None:
        super().__init__(network)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.cross_attention = WordCrossAttention(network.config)
        nn.init.ones_(self.cross_attention.gate)

    def state(  # noqa: D102
        self, states: RowStates, words: WordEmbeddings, is_word: TokenMask
    ) -> torch.Tensor:
        return self.cross_attention(states[:, -1], words, is_word)


class Film(nn.Module):
    """Scales features by a projection of the mean word embedding (Perez et al. 2018)."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.scale = _drawn_linear(dim, dim)

    def forward(self, features: Embeddings, words: WordEmbeddings) -> Embeddings:
        """Features times one plus the words' scale."""
        return features * (1 + self.scale(words.mean(dim=1, keepdim=True)))


class FilmBypass(Planted):
    """The image tokens are scaled by the instruction before they enter the decoder."""

    def __init__(self, network: TinyKosmos2Policy) -> None:
        super().__init__(network)
        self.film = Film(network.config.dim)

    def image(  # noqa: D102
        self, image: Embeddings, words: WordEmbeddings, is_word: TokenMask
    ) -> Embeddings:
        return self.film(image, words)


def _drawn_linear(inputs: int, outputs: int) -> nn.Linear:
    """A projection with seeded weights large enough to be felt."""
    linear = nn.Linear(inputs, outputs, bias=False)
    generator = torch.Generator().manual_seed(0)
    linear.weight.data = torch.randn(outputs, inputs, generator=generator) * inputs**-0.5 * 4
    return linear.requires_grad_(False)
