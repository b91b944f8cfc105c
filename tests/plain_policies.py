"""Policies in plain PyTorch, not a class of transformers in them, with a known layout.

Patches at 0..48, words from 49 on, the action token last; everything sees everything, but in
the kind `causal`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import torch
import torch.nn.functional as F
from torch import nn

from heedmap.data.pixels import Frame
from heedmap.testbed.specimens.world import ACTIONS, VOCABULARY_WORDS
from heedmap.testbed.specimens.zoo import pixels_of

Kind = Literal["sdpa", "softmax", "multihead", "encoder", "causal"]
KINDS: tuple[Kind, ...] = ("sdpa", "softmax", "multihead", "encoder")
DIM, HEADS, PATCHES = 24, 3, 49


class Attention(nn.Module):
    """Self-attention of one's own: the fused function, or a softmax written out."""

    def __init__(self, *, fused: bool, causal: bool = False) -> None:
        super().__init__()
        self.fused = fused
        self.causal = causal
        self.to_qkv = nn.Linear(DIM, 3 * DIM)
        self.out = nn.Linear(DIM, DIM)

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        q, k, v = (
            part.unflatten(-1, (HEADS, -1)).transpose(1, 2)
            for part in self.to_qkv(states).chunk(3, dim=-1)
        )
        if self.fused:
            read = F.scaled_dot_product_attention(q, k, v, is_causal=self.causal)
        else:
            read = (q @ k.mT / math.sqrt(q.shape[-1])).softmax(dim=-1) @ v
        return self.out(read.transpose(1, 2).flatten(2))


class Block(nn.Module):
    """Attention and nothing else, with a residual."""

    def __init__(self, kind: Kind) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(DIM)
        self.is_multihead = kind == "multihead"
        self.attention = (
            nn.MultiheadAttention(DIM, HEADS)
            if self.is_multihead
            else Attention(fused=kind != "softmax", causal=kind == "causal")
        )

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        normed = self.norm(states)
        if self.is_multihead:
            return states + self.attention(normed, normed, normed, need_weights=False)[0]
        return states + self.attention(normed)


class PlainPolicy(nn.Module):
    """Patches, words and an action token through blocks of one kind."""

    def __init__(self, kind: Kind, blocks: int = 2) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.position_first = kind == "multihead"
        self.patches = nn.Conv2d(3, DIM, 8, stride=8)
        self.words = nn.Embedding(len(VOCABULARY_WORDS) + 1, DIM)
        self.action = nn.Parameter(torch.randn(DIM))
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(DIM, HEADS, 2 * DIM, batch_first=True)
            if kind == "encoder"
            else Block(kind)
            for _ in range(blocks)
        )
        self.head = nn.Linear(DIM, len(ACTIONS))
        self.eval().requires_grad_(False)

    def forward(self, frames: Sequence[Frame], instructions: Sequence[str]) -> torch.Tensor:
        pixels = torch.stack([pixels_of(frame) for frame in frames])
        action = self.action.expand(len(frames), 1, DIM)
        states = torch.cat(
            [self.patches(pixels).flatten(2).mT, self.words(word_ids(instructions)), action], dim=1
        )
        if self.position_first:
            states = states.transpose(0, 1)
        for block in self.blocks:
            states = block(states)
        last = states[-1] if self.position_first else states[:, -1]
        return self.head(last)


def word_ids(instructions: Sequence[str]) -> torch.Tensor:
    """Of instructions of equally many words, also of none."""
    words = [[word_id(word) for word in text.split()] for text in instructions]
    return torch.tensor(words, dtype=torch.long)


def word_id(word: str) -> int:
    """Known words by number, all others as one."""
    known = word in VOCABULARY_WORDS
    return VOCABULARY_WORDS.index(word) if known else len(VOCABULARY_WORDS)


def with_equal_scores() -> PlainPolicy:
    """All queries and keys are zero, so that attention is uniform."""
    network = PlainPolicy("sdpa")
    for block in network.blocks:
        attention = block.get_submodule("attention")
        assert isinstance(attention, Attention)
        attention.to_qkv.weight[:48] = 0  # queries and keys
        attention.to_qkv.bias[:48] = 0
    return network
