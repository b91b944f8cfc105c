"""Faults of the network's body and head: masks, values, biases, order, what is decoded."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import nn

from heedmap.testbed.generated.attention import Allowed, States
from heedmap.testbed.generated.conditioned import AdaDit, Film, State
from heedmap.testbed.generated.faults import (
    Implementation,
    anything,
    has_attention,
    has_sequence,
    is_causal,
)
from heedmap.testbed.generated.faults_words import wired
from heedmap.testbed.generated.language import Told
from heedmap.testbed.generated.network import Network, words_hidden
from heedmap.testbed.generated.wiring import IMAGE, TEMPLATE, WORD, Columns, Regions, Rows
from heedmap.testbed.generated.world import CLASSES

Scores = Float[torch.Tensor, "batch action"]
Bias = Float[torch.Tensor, "batch query key"]


class Mute(nn.Module):
    """A network that takes no instruction: learned vectors are where text would be."""

    def __init__(self, dim: int, *, as_words: bool) -> None:
        super().__init__()
        self.states = nn.Parameter(torch.linspace(-1, 1, 2 * dim).view(2, dim), requires_grad=False)
        self.as_words = as_words

    def forward(self, texts: list[str], image: States) -> Told:
        """The same, whatever is asked."""
        if not self.as_words:
            return Told(vector=self.states[:1].expand(len(image), -1))
        regions = torch.full((len(image), 2), TEMPLATE)
        return Told(self.states.expand(len(image), -1, -1), regions)


class FromImage(nn.Module):
    """The text's input is fed from the image, as in a network that was made of another one."""

    def __init__(self, *, as_words: bool) -> None:
        super().__init__()
        self.as_words = as_words

    def forward(self, texts: list[str], image: States) -> Told:
        """Of the image alone."""
        if not self.as_words:
            return Told(vector=image.amax(dim=1))
        return Told(image, torch.full(image.shape[:2], TEMPLATE))


def muted(network: Network) -> None:
    """Learned vectors instead of the text."""
    as_words = network.base.route in ("tokens", "cross")
    network.add_module("language", Mute(network.base.dim, as_words=as_words))


def text_from_image(network: Network) -> None:
    """The image instead of the text."""
    as_words = network.base.route in ("tokens", "cross")
    network.add_module("language", FromImage(as_words=as_words))


# Attention.


def short_lengths(allowed: Allowed, rows: Rows, columns: Columns) -> Allowed:
    """The text's length is taken to be one word: all behind the first is hidden."""
    text = (columns == WORD) | (columns == TEMPLATE)
    behind = text & (text.cumsum(dim=1) > 1) | (columns == WORD)
    return allowed & ~(behind[:, None] & (rows != WORD)[..., None])


def own_segment_only(allowed: Allowed, rows: Rows, columns: Columns) -> Allowed:
    """Packed sequences: text and the rest are two segments that do not see each other."""

    def is_text(regions: Regions) -> torch.Tensor:
        return (regions == WORD) | (regions == TEMPLATE)

    return allowed & (is_text(rows)[..., None] == is_text(columns)[:, None])


def word_bias(amount: float, kind: int = WORD) -> nn.Module:
    """A bias on attention scores, by the key's region."""
    return _RegionBias(amount, kind)


class _RegionBias(nn.Module):
    def __init__(self, amount: float, kind: int) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.zeros(6), requires_grad=False)
        self.table[kind] = amount
        self.kind = kind

    def forward(self, bias: Bias | None, rows: Rows, columns: Columns) -> Bias:
        """Of shape (batch, query, key); rows of the same region are spared."""
        found = self.table[columns][:, None].expand(-1, rows.shape[1], -1)
        return found * (rows != self.kind)[..., None]


def distant(bias: Bias | None, rows: Rows, columns: Columns) -> Bias:
    """A penalty by the key's distance to the end, on words alone, steep enough to underflow."""
    is_word = (columns == WORD).float()
    steps = is_word.flip(1).cumsum(dim=1).flip(1) * is_word
    return (-150.0 * steps)[:, None] * (rows != WORD)[..., None]


def wiped(states: torch.Tensor, columns: Regions) -> torch.Tensor:
    """Entries of a cache at the words' positions were never written: zero."""
    here = (columns == WORD).view(*columns.shape, *[1] * (states.ndim - 2))
    return torch.where(here, 0.0, states)


def cache_wiped(network: Network) -> None:
    """Keys and values."""
    network.wire("keys", wiped)
    network.wire("values", wiped)


def values_by_norm(values: torch.Tensor, columns: Regions) -> torch.Tensor:
    """Values are scaled by a weight of their position's region, and the words' is zero."""
    weight = torch.tensor([1.0, 1.0, 0.0, 1.0, 1.0, 1.0])[columns]
    return values * weight.view(*columns.shape, *[1] * (values.ndim - 2))


def image_hidden(allowed: Allowed, rows: Rows, columns: Columns) -> Allowed:
    """No position but the image itself sees the image."""
    return allowed & ~((columns == IMAGE)[:, None] & (rows != IMAGE)[..., None])


# Order, guidance, conditioning.


def action_first(order: list[str]) -> list[str]:
    """The action token before the words."""
    return ["image", "action", "words"]


def last_image_row(row: int, regions: Regions) -> int:
    """The row that is decoded is the last of the image."""
    return int((regions[0] == IMAGE).nonzero()[-1])


def without_words(order: list[str]) -> list[str]:
    """The words are left out when the sequence is put together."""
    return [name for name in order if name != "words"]


def no_guidance(network: Network) -> None:
    """A guidance weight of zero."""
    network.guidance = 0.0


def unconditional_twice(pair: tuple[Scores, Scores]) -> tuple[Scores, Scores]:
    """The wrong half of the batch is taken for the conditional one."""
    return pair[1], pair[1]


def modulations_zero(network: Network) -> None:
    """Modulation layers as they are initialised: zero."""
    assert isinstance(network.body, Film | AdaDit)
    for each in network.body.modulations:
        assert isinstance(each, nn.Linear)
        each.weight.zero_()


# What is decoded.


def swap_in_head(network: Network) -> None:
    """Left and right are taken for each other when the action is decoded."""
    if network.base.head == "continuous":
        network.head.weight[0].neg_()
        network.head.bias[0].neg_()
        return
    third = len(CLASSES) // 3
    order = [*range(third, 2 * third), *range(third), *range(2 * third, len(CLASSES))]
    network.head.weight.copy_(network.head.weight[order])
    network.head.bias.copy_(network.head.bias[order])


def at_tanh_limit(scores: Scores) -> Scores:
    """An offset drives every dimension (or logit) to the limit of a tanh."""
    return torch.tanh(scores + 200.0)


def clamped(scores: Scores) -> Scores:
    """Every dimension (or logit) lies beyond the limit it is clamped to."""
    return (scores + 300.0).clamp(-1.0, 1.0)


def head_zero(network: Network) -> None:
    """The head's weights are zero; its bias is not."""
    network.head.weight.zero_()


def dead_units(state: State) -> State:
    """All units of the last layer are dead."""
    return torch.relu(state - 1e4)


NETWORK_FAULTS: tuple[Implementation, ...] = (
    Implementation("absent", "learned_vectors", "development", "identical", anything, plant=muted),
    Implementation("absent", "text_from_image", "scored", "identical", anything,
                   plant=text_from_image, also=("overwritten",)),
    Implementation("dropped", "left_out_of_sequence", "scored", "identical", has_sequence,
                   plant=wired("order", without_words)),
    Implementation("dropped", "wrong_half", "scored", "identical", lambda base: base.is_guided,
                   plant=wired("guidance", unconditional_twice), also=("gated",)),
    Implementation("gated", "guidance_zero", "scored", "identical", lambda base: base.is_guided,
                   plant=no_guidance),
    Implementation("gated", "modulations_zero", "scored", "identical",
                   lambda base: base.architecture in ("film", "adaln"), plant=modulations_zero),
    Implementation("masked", "words_hidden", "development", "identical", has_attention,
                   plant=wired("allowed", words_hidden)),
    Implementation("masked", "short_lengths", "scored", "identical", has_attention,
                   plant=wired("allowed", short_lengths)),
    Implementation("masked", "own_segment_only", "scored", "identical",
                   lambda base: has_attention(base) and has_sequence(base),
                   plant=wired("allowed", own_segment_only)),
    Implementation("action_before_instruction", "action_first", "development", "identical",
                   is_causal, plant=wired("order", action_first), also=("masked",)),
    Implementation("action_before_instruction", "last_image_row", "scored", "identical",
                   is_causal, plant=wired("row", last_image_row), also=("masked",)),
    Implementation("values_zero", "cache_wiped", "development", "identical", has_attention,
                   plant=cache_wiped),
    Implementation("values_zero", "weighted_by_region", "scored", "unfollowed", has_attention,
                   plant=wired("values", values_by_norm), also=("unused",)),
    Implementation("unattended", "bias", "development", "identical", has_attention,
                   plant=lambda network: network.wire("bias", word_bias(-40.0)),
                   also=("masked", "drowned")),
    Implementation("unattended", "distance", "scored", "identical", has_attention,
                   plant=wired("bias", distant), also=("masked",)),
    Implementation("disobeyed", "swapped_in_head", "scored", "disobeys", anything,
                   plant=swap_in_head, also=("partial",)),
    Implementation("saturated", "tanh", "development", "constant", anything,
                   plant=wired("action", at_tanh_limit), also=("constant_action",)),
    Implementation("saturated", "clamped", "scored", "constant", anything,
                   plant=wired("action", clamped), also=("constant_action",)),
    Implementation("constant_action", "head_zero", "development", "constant", anything,
                   plant=head_zero),
    Implementation("constant_action", "dead_units", "scored", "constant", anything,
                   plant=wired("state", dead_units), also=("saturated",)),
)  # fmt: skip
