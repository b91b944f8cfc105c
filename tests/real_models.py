"""Small random configurations of real models of transformers, given as bare callables.

The action is read from the logits of three tokens at the last position, as policies that
decode actions as tokens do. Nothing is told of towers, projectors or image tokens.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence

import torch
from transformers import (
    Kosmos2Config,
    Kosmos2ForConditionalGeneration,
    LlamaConfig,
    LlamaForCausalLM,
    PaliGemmaConfig,
    PaliGemmaForConditionalGeneration,
    PreTrainedModel,
)

from heedmap.data.pixels import Frame
from heedmap.policies.callable import CallablePolicy
from heedmap.testbed.specimens.zoo import pixels_of

ACTION_TOKENS = slice(20, 23)
Inputs = Callable[[Sequence[Frame], Sequence[str]], dict[str, torch.Tensor]]
Build = Callable[[], tuple[PreTrainedModel, Inputs]]


def word_ids(text: str) -> list[int]:
    """Ten and more: below are special ids."""
    return [30 + zlib.crc32(word.encode()) % 90 for word in text.split()]


def paligemma() -> tuple[PreTrainedModel, Inputs]:
    """16 image tokens, a separator, the words, and a last token from which the action is read."""
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2}
    config = PaliGemmaConfig(
        vision_config={
            **sizes,
            "num_attention_heads": 2,
            "image_size": 56,
            "patch_size": 14,
            "projection_dim": 32,
        },
        text_config={
            **sizes,
            "num_attention_heads": 2,
            "num_key_value_heads": 1,
            "head_dim": 16,
            "vocab_size": 128,
            "model_type": "gemma",
        },
        image_token_index=5,
        projection_dim=32,
        vocab_size=128,
        hidden_size=32,
    )

    def inputs(frames: Sequence[Frame], texts: Sequence[str]) -> dict[str, torch.Tensor]:
        ids = torch.tensor([[5] * 16 + [2] + word_ids(text) + [9] for text in texts])
        return {
            "input_ids": ids,
            "pixel_values": torch.stack([pixels_of(frame) for frame in frames]),
            "attention_mask": torch.ones_like(ids),
            "token_type_ids": torch.zeros_like(ids),
        }

    return PaliGemmaForConditionalGeneration(config).eval(), inputs


def kosmos2() -> tuple[PreTrainedModel, Inputs]:
    """BOS, a bracket, 8 latents of the resampler, a bracket, the words, a last token."""
    torch.manual_seed(0)
    config = Kosmos2Config(
        text_config={
            "vocab_size": 128,
            "embed_dim": 32,
            "layers": 2,
            "ffn_dim": 64,
            "attention_heads": 2,
            "max_position_embeddings": 128,
        },
        vision_config={
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "image_size": 56,
            "patch_size": 14,
        },
        latent_query_num=8,
    )

    def inputs(frames: Sequence[Frame], texts: Sequence[str]) -> dict[str, torch.Tensor]:
        ids = torch.tensor([[0, 3] + [4] * 8 + [6] + word_ids(text) + [9] for text in texts])
        is_image = torch.zeros_like(ids)
        is_image[:, 2:10] = 1
        return {
            "input_ids": ids,
            "pixel_values": torch.stack([pixels_of(frame) for frame in frames]),
            "attention_mask": torch.ones_like(ids),
            "image_embeds_position_mask": is_image,
        }

    return Kosmos2ForConditionalGeneration(config).eval(), inputs


def llama() -> tuple[PreTrainedModel, Inputs]:
    """A decoder with grouped queries alone: 16 ids that tell of the pixels, words, a last token."""
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=128,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
    )

    def inputs(frames: Sequence[Frame], texts: Sequence[str]) -> dict[str, torch.Tensor]:
        pixels = torch.stack([pixels_of(frame) for frame in frames])
        brightness = torch.nn.functional.avg_pool2d(pixels.mean(dim=1), 14).flatten(1)
        image = (brightness * 20).long().clamp(max=19)
        words = torch.tensor([[*word_ids(text), 9] for text in texts])
        return {"input_ids": torch.cat([image, words], dim=1)}

    return LlamaForCausalLM(config).eval(), inputs


def bare(model: PreTrainedModel, inputs: Inputs) -> CallablePolicy:
    def run(frames: Sequence[Frame], texts: Sequence[str]) -> torch.Tensor:
        return model(**inputs(frames, texts)).logits[:, -1, ACTION_TOKENS]

    return CallablePolicy(type(model).__name__, run, model, special_ids=(3, 6))
