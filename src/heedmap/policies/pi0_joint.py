"""π0's two stacks run as what they are together: one transformer over prefix and suffix.

transformers runs π0 (Black et al. 2024, arXiv:2410.24164) in two passes: the vision-language
model over images and words, whose keys and values are kept, then the action expert, which
attends to them and to itself. Here both run layer by layer, with their own modules, so that
one sequence goes from words to action: images, words, state, noisy actions. The result is
that of the model's own pass; `JointPi0.differs` says how far from it.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import nn
from transformers import PI0ForConditionalGeneration
from transformers.models.gemma.modeling_gemma import apply_rotary_pos_emb

States = Float[torch.Tensor, "batch position dim"]
Visible = Bool[torch.Tensor, "batch 1 query key"]
Rotary = tuple[torch.Tensor, torch.Tensor]
Inputs = dict[str, torch.Tensor]


class JointAttention(nn.Module):
    """Attention of both parts over both, with each part's own projections."""

    def __init__(self, prefix: Any, suffix: Any) -> None:
        super().__init__()
        self._parts: tuple[Any, Any] = (
            prefix,
            suffix,
        )  # not registered: the model has them already
        self.suffix_out = suffix.o_proj  # what the action rows' values go through

    def forward(
        self, prefix: States, suffix: torch.Tensor, visible: Visible, rotary: Rotary
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """What each part reads."""
        inputs = list(zip(self._parts, (prefix, suffix), strict=True))
        query, key, value = (
            torch.cat([_heads(getattr(part, name), x, part.head_dim) for part, x in inputs], dim=2)
            for name in ("q_proj", "k_proj", "v_proj")
        )
        query, key = apply_rotary_pos_emb(query, key, *rotary)
        read = F.scaled_dot_product_attention(
            query,
            key,
            value,
            attn_mask=visible,
            scale=self._parts[0].scaling,
            enable_gqa=query.shape[1] != key.shape[1],
        )
        read = read.transpose(1, 2).flatten(2)
        count = prefix.shape[1]
        return self._parts[0].o_proj(read[:, :count]), self._parts[1].o_proj(read[:, count:])


class JointLayer(nn.Module):
    """One layer of both stacks; the suffix is narrower, and padded with zeros to one width."""

    def __init__(self, prefix: Any, suffix: Any) -> None:
        super().__init__()
        self._parts: tuple[Any, Any] = (prefix, suffix)
        self.attention = JointAttention(prefix.self_attn, suffix.self_attn)

    def forward(self, states: States, count: int, visible: Visible, rotary: Rotary) -> States:
        """`count` positions are the prefix."""
        prefix, suffix = self._parts
        dim = suffix.hidden_size
        first, second = states[:, :count], states[:, count:, :dim]
        read = self.attention(
            prefix.input_layernorm(first), suffix.input_layernorm(second), visible, rotary
        )
        parts: list[torch.Tensor] = []
        for layer, before, more in zip(self._parts, (first, second), read, strict=True):
            after = before + more
            parts.append(after + layer.mlp(layer.post_attention_layernorm(after)))
        return joined(*parts)


class JointPi0(nn.Module):
    """The velocity of one flow step, from images, words, state and noisy actions."""

    def __init__(self, model: PI0ForConditionalGeneration) -> None:
        super().__init__()
        self.model = model
        prefix, suffix = model.model.vlm.language_model, model.model.dit
        pairs = zip(prefix.layers, suffix.layers, strict=True)
        self.joint_layers = nn.ModuleList(JointLayer(*pair) for pair in pairs)

    def forward(
        self, inputs: Inputs, state: torch.Tensor, noisy: torch.Tensor, time: torch.Tensor
    ) -> Float[torch.Tensor, "batch step action"]:
        """As `PI0ForConditionalGeneration.forward` gives it."""
        model: Any = self.model
        prefix = model.model.embed_prefix(
            inputs["input_ids"], inputs["pixel_values"], inputs["pixel_attention_mask"]
        )
        suffix = model.embed_action_time(state, noisy, time).to(prefix.dtype)
        is_token = inputs["attention_mask"].bool()
        visible = visibility(is_token, suffix.shape[1])
        seen = torch.cat([is_token, is_token.new_ones(suffix.shape[:2])], dim=1)
        rotary = model.model.dit.rotary_emb(suffix, position_ids=seen.long().cumsum(dim=1) - 1)
        states = joined(prefix, suffix)
        for layer in self.joint_layers:
            states = layer(states, prefix.shape[1], visible, rotary)
        final = model.model.dit.norm(states[:, prefix.shape[1] :, : suffix.shape[2]])
        return model.action_out_proj(final[:, -noisy.shape[1] :])

    def differs(
        self, inputs: Inputs, state: torch.Tensor, noisy: torch.Tensor, time: torch.Tensor
    ) -> float:
        """Largest difference from the model's own pass, over the largest velocity."""
        with torch.no_grad():
            own = self.model(state=state, noise=noisy, timestep=time, **inputs).logits.float()
            ours = self(inputs, state, noisy, time).float()
        return float((ours - own).abs().max() / own.abs().max().clamp(min=1e-6))


def visibility(is_token: Bool[torch.Tensor, "batch prefix"], suffix: int) -> Visible:
    """Images and words see each other; the state sees them and itself; actions see all."""
    count = is_token.shape[1]
    key_block = torch.tensor([0] * count + [1] + [2] * (suffix - 1), device=is_token.device)
    allowed = key_block[None, :] <= key_block[:, None]
    real = torch.cat([is_token, is_token.new_ones((len(is_token), suffix))], dim=1)
    return (allowed[None] & real[:, None, :])[:, None]


def joined(prefix: torch.Tensor, suffix: torch.Tensor) -> States:
    """One sequence; the suffix's vectors are padded with zeros."""
    return torch.cat([prefix, F.pad(suffix, (0, prefix.shape[2] - suffix.shape[2]))], dim=1)


def _heads(linear: nn.Module, states: torch.Tensor, head_dim: int) -> torch.Tensor:
    return linear(states).unflatten(-1, (-1, head_dim)).transpose(1, 2)
