"""Tiny Kosmos-2 policies: transformers' own Kosmos-2 decoder, small, with an action token.

Two wirings of the same parts:

`sound`    BOS, 64 image tokens, the instruction, the action token; all of it visible.
`monavla`  the published one: the instruction's ids, right-padded to 256, are embedded, the
           action token is appended (S = 257), and Kosmos-2 writes its 64 image
           embeddings over positions 0..63. The attention mask is still the text's, so
           the instruction is gone before layer 0 and only as many image tokens are
           visible as the instruction had tokens.

The action head reads the final state of the action token. With `cross_attends_to_words`
it first adds a gated cross-attention from that state to the instruction's word
embeddings: a bypass for the instruction outside the decoder.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import nn

from heedmap.testbed.specimens.tokenizer import BOS_ID, EOS_ID, PAD_ID, TOKENS, WordTokenizer
from heedmap.testbed.specimens.world import ACTIONS, TILE_PX, VIEW_TILES
from heedmap.types import (
    Embeddings,
    ImageEmbeddings,
    Logits,
    PositionMask,
    TokenMask,
    WordEmbeddings,
)

if TYPE_CHECKING:
    from transformers.models.kosmos2.modeling_kosmos2 import Kosmos2TextModel

Wiring = Literal["sound", "monavla"]

IMAGE_TOKENS = VIEW_TILES**2 + 2 * VIEW_TILES + 1
"""64, as Kosmos-2 has."""


@dataclass(frozen=True)
class NetworkConfig:
    """Size and wiring of a specimen. Defaults are the shipped ones."""

    wiring: Wiring = "sound"
    cross_attends_to_words: bool = False
    dim: int = 96
    layers: int = 4
    heads: int = 3
    padded_text_tokens: int = 256
    embedding_std: float = 0.1

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for the recipe file next to the weights."""
        return asdict(self)


@dataclass
class DecoderInputs:
    """What the decoder is called with; `image_embeds` are written where `is_image` says."""

    inputs_embeds: Embeddings
    image_embeds: ImageEmbeddings
    is_image: PositionMask
    is_visible: PositionMask
    position_ids: torch.Tensor

    def without_unseen_positions(self) -> DecoderInputs:
        """Drop the positions that no example of the batch can see (their mask is 0).

        The action row's state does not depend on them: a masked key has weight 0 for
        every query. Only training uses this, where it saves most of the 257 positions.
        """
        seen = self.is_visible.any(dim=0)
        image_seen = seen[self.is_image[0]]
        return DecoderInputs(
            self.inputs_embeds[:, seen],
            self.image_embeds[:, image_seen],
            self.is_image[:, seen],
            self.is_visible[:, seen],
            self.position_ids[:, seen],
        )


class PatchTokens(nn.Module):
    """64 image tokens: the mean of all tiles, of each column, of each row, and the 49 tiles.

    A tile of 8x8 px is mapped linearly; each token is then layer-normalised and given a
    learned position, at the words' standard deviation. As with Kosmos-2's latents, the
    first tokens depend on the whole image.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.project = nn.Linear(3 * TILE_PX**2, config.dim)
        self.norm = nn.LayerNorm(config.dim)
        self.position = nn.Parameter(torch.randn(IMAGE_TOKENS, config.dim))
        self.std = config.embedding_std

    def forward(self, pixels: Float[torch.Tensor, "batch 3 height width"]) -> ImageEmbeddings:
        """RGB in 0..1 to one embedding a token."""
        patches = F.unfold(pixels - 0.5, TILE_PX, stride=TILE_PX).mT
        tiles = self.project(patches).unflatten(1, (VIEW_TILES, VIEW_TILES))
        means = tiles.mean(dim=(1, 2))[:, None], tiles.mean(dim=1), tiles.mean(dim=2)
        tokens = torch.cat([*means, tiles.flatten(1, 2)], dim=1)
        return (self.norm(tokens) + self.position) * self.std


class WordCrossAttention(nn.Module):
    """Gated cross-attention from the action state to word embeddings (gate starts at 0)."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.word_norm = nn.LayerNorm(config.dim)
        self.attention = nn.MultiheadAttention(config.dim, config.heads, batch_first=True)
        self.gate = nn.Parameter(torch.zeros(()))

    def forward(
        self, state: Float[torch.Tensor, "batch dim"], words: WordEmbeddings, is_word: TokenMask
    ) -> Float[torch.Tensor, "batch dim"]:
        """The state plus tanh(gate) times what it reads from the words."""
        keys = self.word_norm(words)
        read, _ = self.attention(
            state[:, None], keys, keys, key_padding_mask=~is_word, need_weights=False
        )
        return state + torch.tanh(self.gate) * read[:, 0]


class TinyKosmos2Policy(nn.Module):
    """Frames and instructions to action logits. Deterministic in evaluation mode."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.tokenizer = WordTokenizer(config.padded_text_tokens)
        self.decoder = _decoder(config)
        nn.init.normal_(self.decoder.model.embed_tokens.weight, std=config.embedding_std)
        self.image_tokens = PatchTokens(config)
        self.action_token = nn.Parameter(torch.randn(config.dim) * config.embedding_std)
        self.word_attention = WordCrossAttention(config) if config.cross_attends_to_words else None
        self.head = nn.Sequential(nn.LayerNorm(config.dim), nn.Linear(config.dim, len(ACTIONS)))

    def forward(
        self, pixels: Float[torch.Tensor, "batch 3 height width"], instructions: list[str]
    ) -> Float[torch.Tensor, "row action"]:
        """Action logits, one row an example; `pixels` are RGB in 0..1.

        Knockouts may run several rows of one example through the decoder: as many come out.
        """
        words, is_word = self.embed_words(instructions)
        states = self.decode(self.decoder_inputs(self.image_tokens(pixels), words, is_word))
        return self.act(states[:, -1], words, is_word)

    def training_logits(
        self, pixels: Float[torch.Tensor, "frame 3 height width"], instructions: list[str]
    ) -> Logits:
        """The logits of `forward`, several instructions a frame, without the idle work.

        Instructions come grouped by frame, equally many each. `monavla` leaves out the
        positions that nothing sees; `sound` runs BOS and image once a frame, as their keys
        and values do not depend on the instruction that follows (the decoder is causal).
        """
        words, is_word = self.embed_words(instructions)
        per_frame = len(instructions) // len(pixels)
        image = self.image_tokens(pixels).repeat_interleave(per_frame, dim=0)
        inputs = self.decoder_inputs(image, words, is_word)
        if self.config.wiring == "monavla":
            states = self.decode(inputs.without_unseen_positions())
        else:
            states = self._decode_sharing_prefix(inputs, per_frame)
        return self.act(states[:, -1], words, is_word)

    def embed_words(self, instructions: list[str]) -> tuple[WordEmbeddings, TokenMask]:
        """Embeddings of the tokenised instructions, and which tokens are real."""
        pad_to = self.config.padded_text_tokens if self.config.wiring == "monavla" else None
        text = self.tokenizer(instructions, pad_to)
        embed = self.decoder.model.embed_tokens
        device = self.action_token.device
        return embed(text.ids.to(device)), text.is_token.to(device)

    def decoder_inputs(
        self, image: ImageEmbeddings, words: WordEmbeddings, is_word: TokenMask
    ) -> DecoderInputs:
        """What the decoder is called with, in this network's wiring."""
        build = self._sound_inputs if self.config.wiring == "sound" else self._monavla_inputs
        return build(image, words, is_word)

    def decode(self, inputs: DecoderInputs) -> Embeddings:
        """Final states of every position."""
        return self.decoder(
            inputs_embeds=inputs.inputs_embeds,
            image_embeds=inputs.image_embeds,
            image_embeds_position_mask=inputs.is_image,
            attention_mask=inputs.is_visible.long(),
            position_ids=inputs.position_ids,
            use_cache=False,
        ).last_hidden_state

    def _decode_sharing_prefix(self, inputs: DecoderInputs, per_frame: int) -> Embeddings:
        """Final states behind the image; BOS and image are run once a frame."""
        prefix = 1 + IMAGE_TOKENS
        cache = self.decoder(
            inputs_embeds=inputs.inputs_embeds[::per_frame, :prefix],
            image_embeds=inputs.image_embeds[::per_frame].contiguous(),
            image_embeds_position_mask=inputs.is_image[::per_frame, :prefix],
            use_cache=True,
        ).past_key_values
        cache.batch_repeat_interleave(per_frame)
        return self.decoder(
            inputs_embeds=inputs.inputs_embeds[:, prefix:],
            attention_mask=inputs.is_visible.long(),
            position_ids=inputs.position_ids[:, prefix:].contiguous(),
            past_key_values=cache,
        ).last_hidden_state

    def act(
        self, state: Float[torch.Tensor, "row dim"], words: WordEmbeddings, is_word: TokenMask
    ) -> Float[torch.Tensor, "row action"]:
        """Action logits from the action token's final state (and the words, if they are read)."""
        if self.word_attention is not None:
            state = self.word_attention(state, words, is_word)
        return self.head(state)

    def _sound_inputs(
        self, image: ImageEmbeddings, words: WordEmbeddings, is_word: TokenMask
    ) -> DecoderInputs:
        """BOS, 64 places for the image, the rest of the instruction, the action token."""
        batch, _, dim = words.shape
        room = words.new_zeros(batch, IMAGE_TOKENS, dim)
        action = self.action_token.expand(batch, 1, dim)
        embeds = torch.cat([words[:, :1], room, words[:, 1:], action], dim=1)
        is_image = torch.zeros(embeds.shape[:2], dtype=torch.bool, device=words.device)
        is_image[:, 1 : 1 + IMAGE_TOKENS] = True
        seen = is_word.new_ones(batch, IMAGE_TOKENS)
        is_visible = torch.cat([is_word[:, :1], seen, is_word[:, 1:], seen[:, :1]], dim=1)
        position_ids = (is_visible.cumsum(dim=1) * is_visible) + PAD_ID
        return DecoderInputs(embeds, image, is_image, is_visible, position_ids)

    def _monavla_inputs(
        self, image: ImageEmbeddings, words: WordEmbeddings, is_word: TokenMask
    ) -> DecoderInputs:
        """The padded instruction and the action token; the image goes over positions 0..63."""
        batch, _, dim = words.shape
        embeds = torch.cat([words, self.action_token.expand(batch, 1, dim)], dim=1)
        is_image = torch.zeros(embeds.shape[:2], dtype=torch.bool, device=words.device)
        is_image[:, :IMAGE_TOKENS] = True
        is_visible = torch.cat([is_word, is_word.new_ones(batch, 1)], dim=1)
        positions = torch.arange(embeds.shape[1], device=words.device) + PAD_ID + 1
        position_ids = positions.repeat(batch, 1)
        return DecoderInputs(embeds, image, is_image, is_visible, position_ids)


def rewired(network: TinyKosmos2Policy, wiring: Wiring) -> TinyKosmos2Policy:
    """The same weights in another wiring."""
    other = TinyKosmos2Policy(replace(network.config, wiring=wiring))
    other.load_state_dict(network.state_dict())
    return other.eval().requires_grad_(False)


def _decoder(config: NetworkConfig) -> Kosmos2TextModel:
    """Kosmos-2's text decoder at the specimen's size; no dropout, weights untied from a head."""
    # Imported here: it takes seconds, and names, recipes and frames of specimens need none of it.
    from transformers import Kosmos2TextConfig
    from transformers.models.kosmos2.modeling_kosmos2 import Kosmos2TextModel

    decoder_config = Kosmos2TextConfig(
        vocab_size=len(TOKENS),
        max_position_embeddings=512,
        embed_dim=config.dim,
        layers=config.layers,
        ffn_dim=4 * config.dim,
        attention_heads=config.heads,
        dropout=0.0,
        attention_dropout=0.0,
        init_std=config.dim**-0.5,
        bos_token_id=BOS_ID,
        pad_token_id=PAD_ID,
        eos_token_id=EOS_ID,
    )
    decoder_config._attn_implementation = "sdpa"
    return Kosmos2TextModel(decoder_config)
