"""Planted faults: trained specimens with one small, named change, whose cause is known.

The ladder is judged on them (`heedmap specimens score`): it must name the cause that was
planted, and stay silent on the healthy ones. Each is a wrapper around a specimen's own
parts that changes one step from words to action.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from typing import Any

import torch
from torch import nn
from torch.utils.hooks import RemovableHandle

from heedmap.testbed.specimens.network import IMAGE_TOKENS, DecoderInputs, TinyKosmos2Policy
from heedmap.testbed.specimens.tokenizer import PAD_ID, TEMPLATE_WORDS
from heedmap.types import Embeddings, Logits, RowStates, TokenMask, WordEmbeddings

IMAGE = slice(1, 1 + IMAGE_TOKENS)
"""Where the `sound` wiring has its image tokens."""
FIRST_TEXT = 1 + IMAGE_TOKENS
"""Where it goes on with the prompt."""
KEPT_WORDS = 5
"""Words that the truncated prompt keeps."""
PADDED_PROMPT_TOKENS = 24


class Planted(nn.Module):
    """A specimen's steps from words to action, each of which a fault may change."""

    def __init__(self, network: TinyKosmos2Policy) -> None:
        super().__init__()
        self.network = network

    def forward(self, pixels: torch.Tensor, instructions: list[str]) -> Logits:
        """Action logits, as the specimen computes them but for the planted change."""
        words, is_word = self.network.embed_words(self.texts(instructions))
        image = self.image(self.network.image_tokens(pixels), words, is_word)
        inputs = self.inputs(self.network.decoder_inputs(image, words, is_word))
        with self.during_decoding():
            states = self.network.decode(inputs)
        return self.network.act(self.state(states, words, is_word), words, is_word)

    def texts(self, instructions: list[str]) -> list[str]:
        """The instructions as they reach the tokenizer."""
        return instructions

    def image(self, image: Embeddings, words: WordEmbeddings, is_word: TokenMask) -> Embeddings:
        """The image tokens as they reach the decoder."""
        return image

    def inputs(self, inputs: DecoderInputs) -> DecoderInputs:
        """The decoder's inputs."""
        return inputs

    def during_decoding(self) -> AbstractContextManager[None]:
        """A context around the decoder's run."""
        return nullcontext()

    def state(self, states: RowStates, words: WordEmbeddings, is_word: TokenMask) -> torch.Tensor:
        """The state that the head decodes."""
        return states[:, -1]

    def _attentions(self) -> list[nn.Module]:
        """The decoder's attention modules."""
        layers = self.network.decoder.model.layers
        return [layer.get_submodule("self_attn") for layer in layers]


class FullyVisible(Planted):
    """All positions may be seen, so the instruction's length shapes nothing."""

    def inputs(self, inputs: DecoderInputs) -> DecoderInputs:  # noqa: D102
        return replace(inputs, is_visible=torch.ones_like(inputs.is_visible))


class TextMasked(Planted):
    """The prompt behind the image is masked."""

    def inputs(self, inputs: DecoderInputs) -> DecoderInputs:  # noqa: D102
        visible = inputs.is_visible.clone()
        visible[:, FIRST_TEXT:-1] = False
        return replace(inputs, is_visible=visible)


class ImageMasked(Planted):
    """Every image token is masked."""

    def inputs(self, inputs: DecoderInputs) -> DecoderInputs:  # noqa: D102
        visible = inputs.is_visible.clone()
        visible[:, IMAGE] = False
        return replace(inputs, is_visible=visible)


class Truncated(Planted):
    """Only the first words fit."""

    def texts(self, instructions: list[str]) -> list[str]:  # noqa: D102
        return [" ".join(text.split()[:KEPT_WORDS]) for text in instructions]


class UnknownDirections(Planted):
    """The tokenizer does not know left and right."""

    def texts(self, instructions: list[str]) -> list[str]:  # noqa: D102
        return [text.replace("left", "<?>").replace("right", "<?>") for text in instructions]


class WrongPromptKey(Planted):
    """The prompt is filled from a key that nobody set."""

    def texts(self, instructions: list[str]) -> list[str]:  # noqa: D102
        return ["" for _ in instructions]


class StaleInstruction(Planted):
    """The first instruction ever given is used for all."""

    first: str | None = None

    def texts(self, instructions: list[str]) -> list[str]:  # noqa: D102
        if self.first is None:
            self.first = instructions[0]
        return [self.first for _ in instructions]


class PaddedOnTheLeft(Planted):
    """Padding is before the prompt; positions count it, unless `positions_skip` it."""

    positions_skip = False

    def inputs(self, inputs: DecoderInputs) -> DecoderInputs:  # noqa: D102
        missing = PADDED_PROMPT_TOKENS - (inputs.is_visible.shape[1] - FIRST_TEXT - 1)
        batch, _, dim = inputs.inputs_embeds.shape
        embed = self.network.decoder.model.embed_tokens
        pad = embed(torch.full((batch, missing), PAD_ID, device=inputs.is_visible.device))
        no = torch.zeros(batch, missing, dtype=torch.bool, device=pad.device)
        embeds = _insert(inputs.inputs_embeds, pad.view(batch, missing, dim))
        visible = _insert(inputs.is_visible, no)
        counted = torch.arange(visible.shape[1], device=pad.device).repeat(batch, 1) + PAD_ID + 1
        skipping = (visible.cumsum(dim=1) * visible) + PAD_ID
        return replace(
            inputs,
            inputs_embeds=embeds,
            is_image=_insert(inputs.is_image, no),
            is_visible=visible,
            position_ids=skipping if self.positions_skip else counted,
        )


class PaddedOnTheLeftRightly(PaddedOnTheLeft):
    """Healthy: padding before the prompt, positions from the mask."""

    positions_skip = True


class ActionBeforeText(Planted):
    """The action token is between image and prompt."""

    def inputs(self, inputs: DecoderInputs) -> DecoderInputs:  # noqa: D102
        return _reordered(inputs, torch.full_like(_eos_places(inputs), FIRST_TEXT))

    def state(  # noqa: D102
        self, states: RowStates, words: WordEmbeddings, is_word: TokenMask
    ) -> torch.Tensor:
        return states[:, FIRST_TEXT]


class ActionBeforeEos(Planted):
    """Healthy: the action token is before the last EOS, as upstream RoboVLMs has it."""

    def inputs(self, inputs: DecoderInputs) -> DecoderInputs:  # noqa: D102
        return _reordered(inputs, _eos_places(inputs))

    def state(  # noqa: D102
        self, states: RowStates, words: WordEmbeddings, is_word: TokenMask
    ) -> torch.Tensor:
        places = FIRST_TEXT + is_word.sum(dim=1) - 2  # BOS is before the image
        return states[torch.arange(len(states), device=states.device), places]


class ZeroedValues(Planted):
    """In every layer the values of the prompt's positions are zero."""

    def during_decoding(self) -> AbstractContextManager[None]:  # noqa: D102
        def without_text(_: nn.Module, __: Any, values: torch.Tensor) -> torch.Tensor:
            changed = values.clone()
            changed[:, FIRST_TEXT:-1] = 0
            return changed

        return _removing(
            attention.get_submodule("v_proj").register_forward_hook(without_text)
            for attention in self._attentions()
        )


class TwoHops(Planted):
    """The action token may not see the instruction; EOS, which it sees, may."""

    def __init__(self, network: TinyKosmos2Policy) -> None:
        super().__init__(network)
        self._is_word: torch.Tensor | None = None

    def inputs(self, inputs: DecoderInputs) -> DecoderInputs:  # noqa: D102
        text = inputs.is_visible.clone()
        text[:, : FIRST_TEXT + len(TEMPLATE_WORDS)] = False
        text[:, -1] = False
        is_eos = text.cumsum(dim=1) == text.sum(dim=1, keepdim=True)
        self._is_word = text & ~is_eos
        return inputs

    def during_decoding(self) -> AbstractContextManager[None]:  # noqa: D102
        def without_direct_edges(_: nn.Module, args: Any, kwargs: dict[str, Any]) -> Any:
            mask = kwargs["attention_mask"].clone()
            hidden = self._is_word
            assert hidden is not None, "inputs() runs before the decoder"
            mask[:, :, -1] = mask[:, :, -1].masked_fill(
                hidden[:, None], torch.finfo(mask.dtype).min
            )
            return args, {**kwargs, "attention_mask": mask}

        return _removing(
            attention.register_forward_pre_hook(without_direct_edges, with_kwargs=True)
            for attention in self._attentions()
        )


@contextmanager
def _removing(handles: Iterable[RemovableHandle]) -> Iterator[None]:
    """Take the hooks off afterwards."""
    kept = list(handles)
    try:
        yield
    finally:
        for handle in kept:
            handle.remove()


def _insert(rows: torch.Tensor, new: torch.Tensor) -> torch.Tensor:
    """Put `new` between the image and the prompt."""
    return torch.cat([rows[:, :FIRST_TEXT], new, rows[:, FIRST_TEXT:]], dim=1)


def _eos_places(inputs: DecoderInputs) -> torch.Tensor:
    """Where each example's prompt ends, of shape (batch,)."""
    return FIRST_TEXT + inputs.is_visible[:, FIRST_TEXT:-1].sum(dim=1) - 1


def _reordered(inputs: DecoderInputs, places: torch.Tensor) -> DecoderInputs:
    """The last position moved to each example's place; positions count in the new order."""
    length = inputs.is_visible.shape[1]
    new = torch.arange(length, device=places.device)[None]
    place = places[:, None]
    order = torch.where(new < place, new, torch.where(new == place, length - 1, new - 1))
    return replace(
        inputs,
        inputs_embeds=inputs.inputs_embeds.gather(
            1, order[..., None].expand_as(inputs.inputs_embeds)
        ),
        is_image=inputs.is_image.gather(1, order),
        is_visible=inputs.is_visible.gather(1, order),
    )
