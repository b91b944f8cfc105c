"""A policy from a Llama decoder: image tokens before the words, an action token behind them.

Three wirings of the same weights:

`sound`        BOS, 28 image tokens, the instruction, the action token; all of it visible
`masked`       the same sequence, with the instruction's positions taken out of the attention mask
`overwritten`  the founding page's fault: BOS and the instruction, padded to make room, are
               embedded; then the image tokens are written over them. The mask is still the text's.

The action is read from the final state of the action token, by a linear head.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

import torch
from jaxtyping import Bool, Float, Int
from torch import nn

from heedmap.testbed.smollm.vision import IMAGE_TOKENS, PatchTokens, Pixels
from heedmap.testbed.specimens.world import ACTIONS
from heedmap.types import Embeddings, ImageEmbeddings, Logits

if TYPE_CHECKING:
    from heedmap.testbed.smollm.backbone import Backbone

Wiring = Literal["sound", "masked", "overwritten"]
WIRINGS: tuple[Wiring, ...] = get_args(Wiring)
PREFIX = 1 + IMAGE_TOKENS
"""BOS and the image."""


class Words(NamedTuple):
    """Token ids without BOS, padded behind, and which of them are words."""

    ids: Int[torch.Tensor, "batch word"]
    is_word: Bool[torch.Tensor, "batch word"]


class SmolPolicy(nn.Module):
    """Frames and instructions to logits of left, right and forward. Deterministic."""

    action_token: torch.Tensor

    def __init__(self, backbone: Backbone, wiring: Wiring = "sound") -> None:
        super().__init__()
        self.decoder = backbone.decoder
        self.tokenize, self.bos_id, self.wiring = backbone.tokenize, backbone.bos_id, wiring
        dim = self.decoder.config.hidden_size
        self.patches = PatchTokens(dim)
        self.register_buffer("action_token", torch.zeros(dim))
        self.head = nn.Linear(dim, len(ACTIONS))

    def forward(self, pixels: Pixels, instructions: list[str]) -> Logits:
        """Action logits, one row an example; `pixels` are RGB in 0..1, (batch, 3, 112, 112)."""
        words = self.words(instructions)
        build = self._overwritten if self.wiring == "overwritten" else self._in_a_row
        embeds, is_visible = build(self.patches(pixels), words)
        is_there = torch.ones_like(is_visible)
        is_there[:, PREFIX:-1] = words.is_word
        states = self.decoder(
            inputs_embeds=embeds,
            attention_mask=is_visible.long(),
            position_ids=(is_there.cumsum(dim=1) - 1).clamp_min(0),
            use_cache=False,
        ).last_hidden_state
        return self.head(states[:, -1])

    def words(self, instructions: list[str]) -> Words:
        """The instructions as ids, padded to the longest."""
        rows = [self.tokenize(text) for text in instructions]
        longest = max(1, *(len(row) for row in rows))
        device = self.action_token.device
        padded = [row + [self.bos_id] * (longest - len(row)) for row in rows]
        lengths = torch.tensor([len(row) for row in rows], device=device)
        is_word = torch.arange(longest, device=device) < lengths[:, None]
        return Words(torch.tensor(padded, device=device), is_word)

    def embed(
        self, ids: Int[torch.Tensor, "*batch word"]
    ) -> Float[torch.Tensor, "*batch word dim"]:
        """SmolLM2's own embeddings of token ids."""
        return self.decoder.embed_tokens(ids)

    def beginning(self, image: ImageEmbeddings) -> Embeddings:
        """BOS and the image: what does not depend on the words."""
        bos = torch.full((len(image), 1), self.bos_id, device=image.device)
        return torch.cat([self.embed(bos), image], dim=1)

    def _in_a_row(
        self, image: ImageEmbeddings, words: Words
    ) -> tuple[Embeddings, Bool[torch.Tensor, "batch position"]]:
        """BOS, image, words, action token, and what of it the mask lets be seen."""
        batch = len(image)
        action = self.action_token.expand(batch, 1, -1)
        embeds = torch.cat([self.beginning(image), self.embed(words.ids), action], dim=1)
        seen = words.is_word.new_ones(batch, 1)
        is_word = words.is_word if self.wiring == "sound" else torch.zeros_like(words.is_word)
        return embeds, torch.cat([seen.expand(batch, PREFIX), is_word, seen], dim=1)

    def _overwritten(
        self, image: ImageEmbeddings, words: Words
    ) -> tuple[Embeddings, Bool[torch.Tensor, "batch position"]]:
        """BOS and words, padded to make room for the image, which is written over their front."""
        ids = nn.functional.pad(words.ids, (1, IMAGE_TOKENS), value=self.bos_id)
        behind = self.action_token.expand(len(image), 1, -1)
        embeds = torch.cat([self.embed(ids), behind], dim=1)
        embeds[:, 1:PREFIX] = image
        is_word = nn.functional.pad(words.is_word, (0, IMAGE_TOKENS))
        seen = is_word.new_ones(len(image), 1)
        return embeds, torch.cat([seen, is_word, seen], dim=1)
