"""Kosmos-2 with a learned action token, wired as RoboVLMs or as MoNaVLA wire it.

`insert`     BOS, the image's tokens, the padded instruction; the action token is before the
             last slot. The attention mask has the image's places inserted too.
`overwrite`  The padded instruction, then the action token. Kosmos-2 writes the image's tokens
             over the first positions; the attention mask is still the text's.

A window of frames is a batch of sequences, one a frame; the head reads their action tokens.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import nn
from transformers import Kosmos2ForConditionalGeneration

from heedmap.policies.robovlms.config import RoboVlmsConfig, Wiring
from heedmap.policies.robovlms.heads import build_head

Pixels = Float[torch.Tensor, "batch window 3 height width"]
Ids = Int[torch.Tensor, "batch token"]
IsToken = Bool[torch.Tensor, "batch token"]
Images = Float[torch.Tensor, "sequence image_token dim"]
Text = Float[torch.Tensor, "sequence token dim"]
IsText = Bool[torch.Tensor, "sequence token"]
Actions = Float[torch.Tensor, "sequence latent dim"]


class RoboVlmsKosmos2(nn.Module):
    """`backbone`, `action_token` and `act_head`, named as in their checkpoints."""

    def __init__(
        self, backbone: Kosmos2ForConditionalGeneration, config: RoboVlmsConfig, wiring: Wiring
    ) -> None:
        super().__init__()
        embeddings: nn.Embedding = backbone.text_model.model.embed_tokens
        dim = embeddings.embedding_dim
        self.backbone = backbone
        self.wiring = wiring
        self.latent = config.act_head.latent
        self.sees_action = not config.act_head.fill_zero
        self.action_token = nn.Parameter(torch.zeros(dim))
        self.act_head = build_head(config.act_head, dim, config.fwd_pred_next_n)

    def forward(
        self, pixels: Pixels, ids: Ids, is_token: IsToken
    ) -> Float[torch.Tensor, "batch action"]:
        """Scores of the last frame of every window. Shapes: see the aliases above."""
        batch, window = pixels.shape[:2]
        words = self.backbone.text_model.model.embed_tokens(ids)
        # The last frame comes first in its batch: that is the one an audit looks at.
        images = self.image_tokens(pixels.flip(1).flatten(0, 1))
        text = words.repeat_interleave(window, dim=0)
        visible = is_token.repeat_interleave(window, dim=0)
        run = self.run_inserted if self.wiring == "insert" else self.run_overwritten
        states = run(images, text, visible)
        states = states.unflatten(0, (batch, window)).flip(1)
        return self.act_head(states.to(self._head_type()), words.to(self._head_type()))

    def image_tokens(self, pixels: Float[torch.Tensor, "sequence 3 height width"]) -> Images:
        """As `Kosmos2Model` makes them of the tower's normalised features."""
        tower = self.backbone.vision_model
        features = tower.model.post_layernorm(tower(pixel_values=pixels).last_hidden_state)
        return self.backbone.image_to_text_projection(F.normalize(features, dim=-1))[0]

    def run_inserted(self, images: Images, text: Text, visible: IsText) -> Actions:
        """The action tokens' final states."""
        action = self.action_token.to(text.dtype).expand(len(text), self.latent, -1)
        sequence = torch.cat([text[:, :1], images, text[:, 1:-1], action, text[:, -1:]], dim=1)
        seen = visible.new_ones(images.shape[:2])
        acts = visible.new_full((len(text), self.latent), self.sees_action)
        mask = torch.cat([visible[:, :1], seen, visible[:, 1:-1], acts, visible[:, -1:]], dim=1)
        states = self._decode(inputs_embeds=sequence, attention_mask=mask.long())
        return states[:, -1 - self.latent : -1]

    def run_overwritten(self, images: Images, text: Text, visible: IsText) -> Actions:
        """The action token's final state."""
        count = images.shape[1]
        text, visible = self._long_enough(text, visible, count)
        action = self.action_token.to(text.dtype).expand(len(text), 1, -1)
        sequence = torch.cat([text, action], dim=1)
        mask = torch.cat([visible, visible.new_ones((len(text), 1))], dim=1)
        is_image = torch.zeros_like(mask)
        is_image[:, :count] = True
        states = self._decode(
            inputs_embeds=sequence,
            attention_mask=mask.long(),
            image_embeds=images,
            image_embeds_position_mask=is_image,
        )
        return states[:, -1:]

    def _long_enough(
        self, text: torch.Tensor, visible: torch.Tensor, count: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Padded with id 0 to `count` positions, which the image then takes."""
        short = count - text.shape[1]
        if short <= 0:
            return text, visible
        ids = torch.zeros((len(text), short), dtype=torch.long, device=text.device)
        padding = self.backbone.text_model.model.embed_tokens(ids)
        hidden = visible.new_zeros((len(text), short))
        return torch.cat([text, padding], dim=1), torch.cat([visible, hidden], dim=1)

    def _decode(self, **inputs: torch.Tensor) -> torch.Tensor:
        decoder = self.backbone.text_model.model
        return decoder(**inputs, use_cache=False).last_hidden_state

    def _head_type(self) -> torch.dtype:
        return next(self.act_head.parameters()).dtype
