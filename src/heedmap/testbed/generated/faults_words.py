"""Faults of prompt, tokeniser and caches; and of the embeddings, before the network's body."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import nn

from heedmap.testbed.generated.faults import (
    Implementation,
    anything,
    has_ids,
    has_vector,
    has_words,
)
from heedmap.testbed.generated.language import (
    AFTER,
    BEFORE,
    BLANK,
    UNKNOWN,
    VOCABULARY,
    Prompt,
)
from heedmap.testbed.generated.network import Network
from heedmap.testbed.generated.wiring import PADDING, TEMPLATE, WORD, Point, Regions
from heedmap.testbed.generated.world import DIRECTIONS

Words = Float[torch.Tensor, "batch position dim"]
Image = Float[torch.Tensor, "batch image dim"]
Kept = tuple[torch.Tensor, torch.Tensor]
"""Words (batch, position, dim) and their regions (batch, position); their number may change."""
LONG_TEMPLATE = ("what", "should", "the", "robot", "do", "to", "?")
TEMPLATE_WORDS = len(BEFORE) + len(AFTER)


def wired(point: Point, fault: Callable[..., Any]) -> Callable[[Network], None]:
    """A plant that puts one function at one point."""
    return lambda network: network.wire(point, fault)


# Prompt and tokeniser.


def no_words(texts: Sequence[str]) -> list[str]:
    """The prompt is filled from a key that is not there."""
    return ["" for _ in texts]


def long_template(prompts: Sequence[Prompt]) -> list[Prompt]:
    """A long template whose slot for the instruction stays empty."""
    return [[(word, TEMPLATE) for word in LONG_TEMPLATE] for _ in prompts]


def words_kept(first: int, last: int) -> Callable[[Sequence[str]], list[str]]:
    """Of every instruction only so many words at its beginning and at its end."""

    def cut(text: str) -> str:
        words = text.split()
        return " ".join([*words[:first], *words[max(first, len(words) - last) :]])

    return lambda texts: [cut(text) for text in texts]


def prompt_cut(prompts: Sequence[Prompt]) -> list[Prompt]:
    """The whole prompt is cut behind its second word."""
    return [prompt[: len(BEFORE) + 1] for prompt in prompts]


def renamed(new_name: Callable[[str], str]) -> Callable[[Sequence[Prompt]], list[Prompt]]:
    """Words of the instruction are replaced, one by one."""

    def rename(prompt: Prompt) -> Prompt:
        return [(new_name(word) if kind == WORD else word, kind) for word, kind in prompt]

    return lambda prompts: [rename(prompt) for prompt in prompts]


class FirstText:
    """The first instruction that ever came is used for good."""

    def __init__(self) -> None:
        self.first: str | None = None

    def __call__(self, texts: Sequence[str]) -> list[str]:
        """The first one, as often as asked."""
        if self.first is None:
            self.first = texts[0]
        return [self.first for _ in texts]


class CachedByLength:
    """A cache of prompts whose key is the number of words."""

    def __init__(self) -> None:
        self.prompts: dict[int, Prompt] = {}

    def __call__(self, prompts: Sequence[Prompt]) -> list[Prompt]:
        """Every prompt, or an earlier one of its length."""
        return [self.prompts.setdefault(len(prompt), prompt) for prompt in prompts]


def to_buckets(ids: Int[torch.Tensor, "batch words"], regions: Regions) -> torch.Tensor:
    """All words of the instruction fall into one bucket of a table that is too small."""
    return torch.where(regions == WORD, VOCABULARY.index(BLANK), ids)


# Embeddings and conditioning.


class Gate(nn.Module):
    """A tanh gate as it is initialised: closed."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(()), requires_grad=False)

    def forward(self, states: torch.Tensor, *about: torch.Tensor) -> torch.Tensor:
        """Words' states (all of the text), or the conditioning, times zero."""
        return states * torch.tanh(self.weight)


class ZeroProjection(nn.Module):
    """A projection whose weights were never loaded: only its bias comes through."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.linear = nn.Linear(dim, dim).requires_grad_(False)
        nn.init.zeros_(self.linear.weight)

    def forward(self, states: torch.Tensor, *about: torch.Tensor) -> torch.Tensor:
        """The bias, at every position."""
        return self.linear(states)


def constant_written(words: Words, regions: Regions, image: Image) -> Words:
    """A constant is written over the words."""
    constant = torch.linspace(-1, 1, words.shape[-1])
    return torch.where((regions == WORD)[..., None], constant, words)


def image_written(words: Words, regions: Regions, image: Image) -> Words:
    """Image tokens are written over the words, in turn."""
    count = words.shape[1]
    tokens = image.repeat(1, count // image.shape[1] + 1, 1)[:, :count]
    return torch.where((regions == WORD)[..., None], tokens, words)


def template_only(pair: Kept) -> Kept:
    """The slice that goes on has the template's words and none of the instruction's."""
    words, regions = pair
    order = (regions != TEMPLATE).int().argsort(dim=1, stable=True)[:, :TEMPLATE_WORDS]
    return words.gather(1, order[..., None].expand(-1, -1, words.shape[-1])), regions.gather(
        1, order
    )


def template_mean(pair: Kept) -> Kept:
    """The text is pooled to one position, without the instruction's words."""
    words, regions = template_only(pair)
    return words.mean(dim=1, keepdim=True), regions[:, :1]


def count_only(pair: Kept) -> Kept:
    """Of the words nothing but their number is added to the template."""
    count = (pair[1] == WORD).sum(dim=1)[:, None, None]
    words, regions = template_only(pair)
    return words + 0.3 * count, regions


def length_normalised(pair: Kept) -> Kept:
    """A sum over all words is divided by their number, with none but the template's in it."""
    count = (pair[1] == WORD).sum(dim=1)[:, None, None]
    words, regions = template_only(pair)
    return words * TEMPLATE_WORDS / (TEMPLATE_WORDS + count), regions


def words_as_padding(pair: Kept) -> Kept:
    """The words are taken for padding; what follows them keeps its later position."""
    words, regions = pair
    return words, torch.where(regions == WORD, PADDING, regions)


def faint(words: Words, regions: Regions, image: Image) -> Words:
    """The words come in another unit: times 1e-11, before positions are added."""
    return torch.where((regions == WORD)[..., None], 1e-11 * words, words)


def offset(words: Words, regions: Regions, image: Image) -> Words:
    """An offset is added to the words and subtracted again, which rounds them away."""
    return torch.where((regions == WORD)[..., None], (words + 1e9) - 1e9, words)


def zero_projection(network: Network) -> None:
    """Of words, or of the vector."""
    if network.base.route in ("tokens", "cross"):
        network.wire("embedded", ZeroProjection(network.base.dim))
    else:
        network.language.project.weight.zero_()


def gate_closed(network: Network) -> None:
    """On words, or on the vector."""
    network.wire("embedded" if network.base.route in ("tokens", "cross") else "vector", Gate())


WORD_FAULTS: tuple[Implementation, ...] = (
    Implementation("empty_instruction", "wrong_key", "development", "identical", anything,
                   plant=wired("text", no_words)),
    Implementation("empty_instruction", "long_template", "scored", "identical", anything,
                   plant=wired("prompt", long_template)),
    Implementation("stale_instruction", "first_text", "development", "identical", anything,
                   plant=lambda network: network.wire("text", FirstText())),
    Implementation("stale_instruction", "cached_by_length", "scored", "identical", anything,
                   plant=lambda network: network.wire("prompt", CachedByLength())),
    Implementation("truncated", "right", "development", "identical", anything,
                   plant=wired("text", words_kept(1, 0))),
    Implementation("truncated", "left", "scored", "identical", anything,
                   plant=wired("text", words_kept(0, 1))),
    Implementation("truncated", "middle", "scored", "identical", anything,
                   plant=wired("text", words_kept(1, 1))),
    Implementation("truncated", "whole_prompt", "scored", "identical", anything,
                   plant=wired("prompt", prompt_cut)),
    Implementation("unknown_words", "no_directions", "development", "identical", anything,
                   plant=wired("prompt", renamed(lambda w: UNKNOWN if w in DIRECTIONS else w))),
    Implementation("unknown_words", "short_words_only", "scored", "identical", anything,
                   plant=wired("prompt", renamed(lambda w: w if len(w) < 4 else UNKNOWN))),
    Implementation("same_ids", "synonyms", "development", "identical", anything,
                   plant=wired("prompt", renamed(lambda w: "go" if w in DIRECTIONS else w))),
    Implementation("same_ids", "one_bucket", "scored", "identical", has_ids,
                   plant=wired("ids", to_buckets), also=("unknown_words", "stale_instruction")),
    Implementation("overwritten", "constant", "development", "identical", has_ids,
                   plant=wired("embedded", constant_written), also=("length_leak",)),
    Implementation("overwritten", "image_tokens", "scored", "identical", has_ids,
                   plant=wired("embedded", image_written), also=("length_leak",)),
    Implementation("dropped", "image_mean_instead", "scored", "identical", has_vector,
                   plant=wired("vector", lambda vector, image: image.mean(dim=1)),
                   also=("overwritten",)),
    Implementation("dropped", "template_only", "development", "identical", has_ids,
                   plant=wired("kept", template_only)),
    Implementation("dropped", "template_mean", "scored", "identical", has_words,
                   plant=wired("kept", template_mean)),
    Implementation("dropped", "conditioning_left_out", "scored", "identical", has_vector,
                   plant=wired("vector", lambda vector, image: torch.zeros_like(vector)),
                   also=("gated", "overwritten")),
    Implementation("dropped", "columns_missing", "development", "identical",
                   lambda base: base.route == "task",
                   plant=wired("task", torch.zeros_like), also=("gated", "overwritten")),
    Implementation("gated", "tanh_gate", "development", "identical", anything,
                   plant=gate_closed, also=("overwritten", "length_leak")),
    Implementation("gated", "zero_projection", "scored", "identical", anything,
                   plant=zero_projection, also=("overwritten", "length_leak")),
    Implementation("length_leak", "count_only", "development", "length_only", has_ids,
                   plant=wired("kept", count_only), style="lengths"),
    Implementation("length_leak", "length_normalised", "scored", "length_only", has_ids,
                   plant=wired("kept", length_normalised), style="lengths"),
    Implementation("masked", "taken_for_padding", "scored", "identical", has_ids,
                   plant=wired("kept", words_as_padding), also=("length_leak", "dropped")),
    Implementation("drowned", "faint", "development", "identical", has_ids,
                   plant=wired("embedded", faint), also=("gated",)),
    Implementation("drowned", "offset", "scored", "identical", has_ids,
                   plant=wired("embedded", offset), also=("gated", "overwritten")),
    Implementation("drowned", "faint_code", "development", "identical",
                   lambda base: base.route == "task",
                   plant=wired("task", lambda codes: 1e-11 * codes), also=("gated",)),
)  # fmt: skip
