"""All instructions of a frame in one sequence, for training: the image is run once.

BOS, image, then for each object its instruction and an action token. A mask keeps the instructions
apart, and each begins at the same rotary position, so that every action token has the state that it
would have in a sequence of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import nn

from heedmap.testbed.smollm.network import PREFIX, SmolPolicy
from heedmap.types import Embeddings

Blocks = Float[torch.Tensor, "frame thing word_and_action dim"]


def packed_inputs(policy: SmolPolicy, pixels: torch.Tensor, texts: list[list[str]]) -> Embeddings:
    """One sequence a frame. Raises ValueError where instructions are not equally long."""
    words = policy.words([text for own in texts for text in own])
    if not words.is_word.all():
        raise ValueError("Instructions that are packed must have equally many tokens.")
    action = policy.action_token.expand(len(words.ids), 1, -1)
    blocks = torch.cat([policy.embed(words.ids), action], dim=1)
    beginning = policy.beginning(policy.patches(pixels))
    return torch.cat([beginning, blocks.unflatten(0, (len(texts), -1)).flatten(1, 2)], dim=1)


def block_of(length: int, things: int) -> Int[torch.Tensor, " position"]:
    """Which instruction a position belongs to; -1 for the beginning that all share."""
    size = (length - PREFIX) // things
    own = torch.arange(things).repeat_interleave(size)
    return torch.cat([torch.full((PREFIX,), -1), own])


def through(
    policy: SmolPolicy, layers: Iterable[nn.Module], states: Embeddings, things: int
) -> Embeddings:
    """States behind these layers of the decoder, each instruction seeing only itself and before."""
    block = block_of(states.shape[1], things)
    size = (states.shape[1] - PREFIX) // things
    positions = torch.arange(states.shape[1])
    positions = torch.where(block < 0, positions, positions - block * size)[None]
    rotary = policy.decoder.rotary_emb(states, positions)
    mask = torch.zeros(_allowed(block).shape).masked_fill(~_allowed(block), -torch.inf)
    layer: Any
    for layer in layers:
        states = layer(
            states,
            attention_mask=mask.to(states.dtype)[None, None],
            position_ids=positions,
            position_embeddings=rotary,
        )
    return states


def action_logits(policy: SmolPolicy, states: Embeddings, things: int) -> torch.Tensor:
    """From states behind the last layer: (frame, thing, action)."""
    block = states[:, PREFIX:].unflatten(1, (things, -1))
    return policy.head(policy.decoder.norm(block[:, :, -1]))


def _allowed(block: Int[torch.Tensor, " position"]) -> Bool[torch.Tensor, "query key"]:
    length = len(block)
    is_earlier = torch.ones(length, length, dtype=torch.bool).tril()
    return is_earlier & ((block[None] == block[:, None]) | (block < 0)[None])
