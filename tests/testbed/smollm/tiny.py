"""A tiny Llama with random weights in SmolLM2's place: the same class, words of its own."""

from __future__ import annotations

import re

import numpy as np
import torch
from transformers import LlamaConfig, LlamaModel

from heedmap.testbed.smollm.backbone import Backbone
from heedmap.testbed.smollm.network import SmolPolicy, Wiring
from heedmap.testbed.smollm.scenes import Scenes
from heedmap.testbed.smollm.train import policy_of
from heedmap.testbed.smollm.vision import PatchTokens
from heedmap.testbed.specimens.world import ACTIONS, COLORS, VOCABULARY_WORDS

BOS, UNKNOWN = 0, 1
_IDS = {word: number for number, word in enumerate(VOCABULARY_WORDS, 2)}
PAINT = {"blue": (0, 0, 255), "green": (0, 255, 0), "red": (255, 0, 0), "yellow": (255, 255, 0)}
LEFT_EDGES = (8, 48, 88)
"""Pixels from the left of the three boxes in `painted_scenes`."""


def tokenize(text: str) -> list[int]:
    """A word an id."""
    return [_IDS.get(word, UNKNOWN) for word in re.findall(r"\w+", text.lower())]


def tiny_backbone(seed: int = 0) -> Backbone:
    """Three layers, three heads over one of keys and values, 48 dimensions."""
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(_IDS) + 2,
        hidden_size=48,
        intermediate_size=96,
        num_hidden_layers=3,
        num_attention_heads=3,
        num_key_value_heads=1,
        max_position_embeddings=128,
        initializer_range=0.3,
        bos_token_id=BOS,
    )
    config._attn_implementation = "sdpa"
    decoder = LlamaModel(config).eval().requires_grad_(False)
    return Backbone(decoder, tokenize, BOS)


def tiny_policy(wiring: Wiring = "sound", seed: int = 0) -> SmolPolicy:
    """Untrained, in a wiring."""
    backbone = tiny_backbone(seed)
    patches = PatchTokens(48)
    patches.fit_to(backbone.decoder.embed_tokens.weight)
    network = policy_of(backbone, patches)
    network.wiring = wiring
    return network


def painted_scenes(count: int, seed: int = 0) -> Scenes:
    """Grey pictures with a painted box to the left, ahead and to the right: no room is drawn."""
    rng = np.random.default_rng(seed)
    frames = np.full((count, 112, 112, 3), 90, np.uint8)
    colors = np.stack([rng.permutation(len(PAINT))[:3] for _ in range(count)])
    for frame, own in zip(frames, colors, strict=True):
        for color, left in zip(own, LEFT_EDGES, strict=True):
            frame[60:80, left : left + 18] = list(PAINT.values())[color]
    sides = [ACTIONS.index(side) for side in ("left", "forward", "right")]
    return Scenes(
        frames=frames,
        kinds=np.full((count, 3), 2),
        colors=np.array([COLORS.index(each) for each in PAINT])[colors],
        actions=np.tile(sides, (count, 1)),
        bearings_deg=np.tile([-20.0, 0.0, 20.0], (count, 1)),
        distances_m=rng.uniform(2.6, 4.8, (count, 3)),
    )
