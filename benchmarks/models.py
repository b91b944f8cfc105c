"""Policies of random weights at real and reduced sizes, from transformers' own classes.

Weights are drawn once per 16 million entries and repeated: 1.6 billion independent normals
take longer to draw than the benchmarks to run, and no time depends on them.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn
from transformers import (
    Kosmos2Config,
    Kosmos2Model,
    PaliGemmaConfig,
    PaliGemmaForConditionalGeneration,
    PreTrainedModel,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
)

from heedmap import CallablePolicy
from heedmap.data.pixels import Frame

IMAGE_TOKENS = 64
INSTRUCTION_TOKENS = 12
"""Of the instruction by which a length is counted; others are longer or shorter."""
BLOCK = 2**24


@dataclass(frozen=True)
class Size:
    """Width, depth and heads of a Kosmos-2 and of its tower."""

    dim: int
    layers: int
    heads: int
    tower_dim: int
    tower_layers: int
    tower_heads: int

    @property
    def decoder_layer_parameters(self) -> int:
        """Four attention matrices and two of the feed-forward net."""
        return 12 * self.dim**2

    @property
    def tower_layer_parameters(self) -> int:
        """As above, of the tower."""
        return 12 * self.tower_dim**2


SIZES = {
    "real": Size(2048, 24, 32, 1024, 24, 16),
    "small": Size(256, 6, 4, 128, 4, 4),
    "wide": Size(1024, 2, 8, 128, 2, 4),
}
"""`wide` has over 50 million parameters, most in its embeddings: a large network to an audit."""


def kosmos2(size: str, dtype: torch.dtype, length: int, *, tower: bool = True) -> CallablePolicy:
    """BOS, 64 image tokens, a template, the instruction, the action token.

    `length` positions under an instruction of twelve words.
    """
    network = KosmosPolicy(SIZES[size], length, tower=tower)
    fill(network)
    network.set_buffers()
    network = network.to(dtype).eval().requires_grad_(False)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    network = network.to(device)
    return CallablePolicy(f"Kosmos-2 {size}", network, network, token_count=_words)


class KosmosPolicy(nn.Module):
    """Kosmos-2 with a learned action token and a linear head on its final state.

    Without its tower, random image embeddings scaled by the frame's brightness stand in.
    """

    def __init__(self, size: Size, length: int, *, tower: bool) -> None:
        super().__init__()
        with torch.device("meta"):
            self.model = Kosmos2Model(_kosmos2_config(size))
        if not tower:
            del self.model.vision_model, self.model.image_to_text_projection
        self.model.to_empty(device="cpu")
        self.has_tower = tower
        self.length = length
        self.image = nn.Parameter(torch.empty(IMAGE_TOKENS, size.dim))
        self.action = nn.Parameter(torch.empty(1, 1, size.dim))
        self.head = nn.Linear(size.dim, 3)

    def set_buffers(self) -> None:
        """What is computed, not learned, and was left empty on the meta device."""
        positions = self.model.text_model.model.embed_positions
        positions.make_weights(positions.weights.shape[0], positions.embedding_dim, 1)
        if self.has_tower:
            ids = self.model.vision_model.model.embeddings.position_ids
            ids.copy_(torch.arange(ids.shape[-1]))

    def forward(self, frames: Sequence[Frame], instructions: Sequence[str]) -> torch.Tensor:
        """Scores of three actions; the instructions of a batch have one length."""
        embeds, is_image = self.sequence(frames, instructions)
        states = self.decode(embeds, is_image).last_hidden_state
        return self.head(states[:, -1])

    def decode(self, embeds: torch.Tensor, is_image: torch.Tensor, **options: bool):
        """The text decoder on a sequence in which the image has its places."""
        return self.model.text_model(inputs_embeds=embeds, use_cache=False, **options)

    def sequence(
        self, frames: Sequence[Frame], instructions: Sequence[str]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Embeddings of every position, and where the image stands."""
        device = self.action.device
        words = [word_ids(text) for text in instructions]
        template = [5] * (self.length - 2 - IMAGE_TOKENS - INSTRUCTION_TOKENS)
        ids = torch.tensor([[0, *template, *own] for own in words], device=device)
        embed = self.model.text_model.model.embed_tokens
        text = embed(ids)
        parts = [text[:, :1], self.images(frames), text[:, 1:]]
        action = self.action.to(text.dtype).expand(len(frames), -1, -1)
        embeds = torch.cat([*parts, action], dim=1)
        is_image = torch.zeros(embeds.shape[:2], dtype=torch.bool, device=device)
        is_image[:, 1 : 1 + IMAGE_TOKENS] = True
        return embeds, is_image

    def images(self, frames: Sequence[Frame]) -> torch.Tensor:
        """64 image embeddings a frame."""
        dtype, device = self.action.dtype, self.action.device
        pixels = pixels_224(frames).to(device, dtype)
        if not self.has_tower:
            return self.image * (1 + pixels.mean(dim=(1, 2, 3)))[:, None, None]
        tower = self.model.vision_model
        features = tower.model.post_layernorm(tower(pixel_values=pixels).last_hidden_state)
        return self.model.image_to_text_projection(F.normalize(features, dim=-1))[0]


def paligemma(dtype: torch.dtype) -> CallablePolicy:
    """A PaliGemma type at reduced width: 8 layers of 512, 64 image tokens, causal."""
    sizes = {"hidden_size": 512, "intermediate_size": 2048, "num_hidden_layers": 8}
    heads = {"num_attention_heads": 8}
    config = PaliGemmaConfig(
        vision_config={
            **sizes,
            **heads,
            "image_size": 112,
            "patch_size": 14,
            "projection_dim": 512,
        },
        text_config={
            **sizes,
            **heads,
            "num_key_value_heads": 1,
            "head_dim": 64,
            "vocab_size": 1000,
            "model_type": "gemma",
        },
        image_token_index=5,
        projection_dim=512,
        vocab_size=1000,
        hidden_size=512,
    )

    def inputs(frames: Sequence[Frame], texts: Sequence[str]) -> dict[str, torch.Tensor]:
        ids = torch.tensor([[5] * 64 + [2] + word_ids(text) + [9] for text in texts])
        pixels = F.interpolate(pixels_224(frames), 112)
        # Type 1 is causal in transformers' PaliGemma; type 0 would be its bidirectional prefix.
        types = torch.ones_like(ids)
        return {"input_ids": ids, "pixel_values": pixels, "token_type_ids": types}

    torch.manual_seed(0)
    return _from_logits(PaliGemmaForConditionalGeneration(config), inputs, dtype)


def qwen2_5_vl(dtype: torch.dtype) -> CallablePolicy:
    """A Qwen2.5-VL type at reduced width: 8 layers of 512, 64 image tokens."""
    config = Qwen2_5_VLConfig(
        text_config={
            "hidden_size": 512,
            "intermediate_size": 2048,
            "num_hidden_layers": 8,
            "num_attention_heads": 8,
            "num_key_value_heads": 2,
            "vocab_size": 1000,
            "rope_parameters": {"rope_type": "default", "mrope_section": [8, 12, 12]},
        },
        vision_config={
            "depth": 4,
            "hidden_size": 256,
            "intermediate_size": 512,
            "num_heads": 4,
            "out_hidden_size": 512,
            "fullatt_block_indexes": [3],
        },
        image_token_id=5,
        video_token_id=6,
        vision_start_token_id=7,
        vision_end_token_id=8,
    )

    def inputs(frames: Sequence[Frame], texts: Sequence[str]) -> dict[str, torch.Tensor]:
        ids = torch.tensor([[7] + [5] * 64 + [8] + word_ids(text) + [9] for text in texts])
        patches = pixels_224(frames).unfold(2, 14, 14).unfold(3, 14, 14)  # b, 3, 16, 16, 14, 14
        flat = patches.permute(0, 2, 3, 1, 4, 5).unsqueeze(4).repeat(1, 1, 1, 1, 2, 1, 1)
        grid = torch.tensor([[1, 16, 16]] * len(frames))
        return {
            "input_ids": ids,
            "pixel_values": flat.flatten(0, 2).flatten(1),
            "image_grid_thw": grid,
            "mm_token_type_ids": (ids == 5).long(),
        }

    torch.manual_seed(0)
    return _from_logits(Qwen2_5_VLForConditionalGeneration(config), inputs, dtype)


def word_ids(text: str) -> list[int]:
    """Ten and more: below are special ids."""
    return [30 + zlib.crc32(word.encode()) % 900 for word in text.split()]


def _words(text: str) -> int:
    return len(word_ids(text))


def pixels_224(frames: Sequence[Frame]) -> torch.Tensor:
    """RGB in 0..1, 224 x 224."""
    pixels = torch.stack([torch.from_numpy(frame).permute(2, 0, 1) for frame in frames])
    return F.interpolate(pixels.float() / 255, (224, 224))


def fill(module: nn.Module) -> None:
    """Seeded normals of deviation 0.02 for matrices, one for norms' weights, zero for biases."""
    block = torch.randn(BLOCK, generator=torch.Generator().manual_seed(0)) * 0.02
    for name, parameter in module.named_parameters():
        if parameter.ndim == 1 and "class_embedding" not in name:
            parameter.data.fill_(float(name.endswith("weight")))
            continue
        flat = parameter.data.view(-1)
        for start in range(0, flat.numel(), BLOCK):
            part = flat[start : start + BLOCK]
            part.copy_(block[: len(part)])


def _from_logits(model: PreTrainedModel, inputs, dtype: torch.dtype) -> CallablePolicy:
    device = "cuda" if torch.cuda.is_available() else "cpu"
    nn.Module.to(model.eval().requires_grad_(False), device=device, dtype=dtype)

    def run(frames: Sequence[Frame], texts: Sequence[str]) -> torch.Tensor:
        given = {key: value.to(device) for key, value in inputs(frames, texts).items()}
        given["pixel_values"] = given["pixel_values"].to(dtype)
        return model(**given, use_cache=False).logits[:, -1, 20:23]

    special_ids = (2, 7, 8)
    return CallablePolicy(
        type(model).__name__, run, model, token_count=_words, special_ids=special_ids
    )


def _kosmos2_config(size: Size) -> Kosmos2Config:
    return Kosmos2Config(
        text_config={
            "embed_dim": size.dim,
            "layers": size.layers,
            "ffn_dim": 4 * size.dim,
            "attention_heads": size.heads,
            "max_position_embeddings": 4096,
            "dropout": 0.0,
            "attention_dropout": 0.0,
        },
        vision_config={
            "hidden_size": size.tower_dim,
            "intermediate_size": 4 * size.tower_dim,
            "num_hidden_layers": size.tower_layers,
            "num_attention_heads": size.tower_heads,
        },
        latent_query_num=IMAGE_TOKENS,
    )
