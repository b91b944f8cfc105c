"""Policies of several stacks, caches and loops in plain PyTorch, each with a known layout.

Words are at known rows of what each computation reads. `kept` holds, for every attention
computation in the order in which it ran, its name and the weights of an eager softmax: the oracle.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.attention.flex_attention import flex_attention

from heedmap.data.observation import Observation
from heedmap.data.trials import Trial
from heedmap.policies.callable import CallablePolicy

Fault = Literal["none", "masked", "stale", "gated", "late", "unread"]
Layout = Literal["fused", "softmax", "einsum", "sum", "flex"]
FAULTS: tuple[Fault, ...] = ("masked", "stale", "gated")
DIM, HEADS, PATCHES, ACTIONS, DIMS = 24, 3, 4, 4, 3
WORDS = (
    "<bos>",
    "<unk>",
    "go",
    "turn",
    "to",
    "the",
    "left",
    "right",
    "red",
    "blue",
    "door",
    "key",
    "now",
)
TEXTS = {"left": "go to the left door", "right": "go to the right door"}


def heads_of(x: torch.Tensor) -> torch.Tensor:
    return x.unflatten(-1, (HEADS, -1)).transpose(-3, -2)


class Attention(nn.Module):
    """Queries of one sequence, keys and values of another; fused, or in one of three layouts.

    `hide`, where it is set, takes (query, key) edges away in the calls numbered there: the oracle
    of a knockout.
    """

    def __init__(self, how: Layout = "fused") -> None:
        super().__init__()
        self.how = how
        self.to_q, self.to_k, self.to_v, self.out = (nn.Linear(DIM, DIM) for _ in range(4))
        self.kept: list[torch.Tensor] = []
        self.hide: dict[int, torch.Tensor] = {}

    def keys_and_values(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return heads_of(self.to_k(x)), heads_of(self.to_v(x))

    def forward(
        self,
        x: torch.Tensor,
        kv: tuple[torch.Tensor, torch.Tensor],
        seen: torch.Tensor | None = None,
    ) -> torch.Tensor:
        q, (k, v) = heads_of(self.to_q(x)), kv
        if (hidden := self.hide.get(len(self.kept))) is not None:
            seen = ~hidden if seen is None else seen & ~hidden
        scores = q @ k.mT / math.sqrt(q.shape[-1])
        if seen is not None:
            scores = scores.masked_fill(~seen, -torch.inf)
        self.kept.append(scores.softmax(dim=-1).nan_to_num().detach())
        return self.out(self._read(q, k, v, seen).transpose(-3, -2).flatten(-2))

    def _read(
        self, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, seen: torch.Tensor | None
    ) -> torch.Tensor:
        if self.how == "fused":
            return F.scaled_dot_product_attention(q, k, v, attn_mask=seen)
        if self.how == "flex":
            return flex(q, k, v, seen)
        if self.how == "einsum":  # batch, key, head: in another order
            scores = torch.einsum("bhqd,bhkd->bqkh", q, k) / math.sqrt(q.shape[-1])
            if seen is not None:
                scores = scores.masked_fill(~seen[..., None], -1e9)
            return torch.einsum("bqkh,bhkd->bhqd", scores.softmax(dim=2), v)
        scores = q @ k.mT / math.sqrt(q.shape[-1])
        if seen is not None:
            scores = scores + torch.zeros_like(scores).masked_fill(~seen, -1e9)
        weights = scores.softmax(dim=-1)
        if self.how == "sum":
            return (weights[..., None] * v[..., None, :, :]).sum(dim=-2)
        return weights @ v


def flex(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, seen: torch.Tensor | None
) -> torch.Tensor:
    """FlexAttention, with the mask as a function of scores."""
    queries, keys = q.shape[-2], k.shape[-2]
    if seen is None:
        given = flex_attention(q, k, v)
    else:
        edges = seen.expand(queries, keys)
        given = flex_attention(
            q, k, v, score_mod=lambda s, b, h, i, j: torch.where(edges[i, j], s, -torch.inf)
        )
    assert isinstance(given, torch.Tensor)
    return given


class Attentions(nn.ModuleList):
    """Two layers of it."""

    def __init__(self, how: Layout = "fused") -> None:
        super().__init__([Attention(how), Attention(how)])

    def __iter__(self) -> Iterator[Attention]:
        return (layer for layer in super().__iter__() if isinstance(layer, Attention))


class Base(nn.Module):
    """Patches of the image, words, and an action that the image moves whatever else is lost."""

    def __init__(self, fault: Fault) -> None:
        super().__init__()
        self.fault = fault
        self.patch = nn.Linear(3 * 16, DIM)
        self.places = nn.Parameter(torch.randn(PATCHES, DIM))
        self.word = nn.Embedding(len(WORDS), DIM)
        self.word_places = nn.Parameter(0.3 * torch.randn(12, DIM))
        self.pooled = nn.Linear(DIM, DIM)
        self.actions = nn.Parameter(torch.randn(ACTIONS, DIM))
        self.head = nn.Linear(DIM, DIMS)
        self.gate = nn.Parameter(torch.tensor(0.0 if fault == "gated" else 1.0))
        self._first_text: str | None = None

    def images(self, seen: Sequence[np.ndarray]) -> torch.Tensor:
        x = torch.from_numpy(np.stack(seen)).float() / 255
        patches = x.unflatten(1, (2, 4)).unflatten(3, (2, 4)).permute(0, 1, 3, 2, 4, 5)
        return self.patch(patches.flatten(3).flatten(1, 2)) + self.places

    def words(self, text: str) -> torch.Tensor:
        if self.fault == "stale":
            self._first_text = text = self._first_text or text
        ids = torch.tensor([[0, *(WORDS.index(w) if w in WORDS else 1 for w in text.split())]])
        return self.word(ids) + self.word_places[: ids.shape[1]]

    def queries(self, images: torch.Tensor) -> torch.Tensor:
        return self.actions + self.pooled(images.mean(dim=1, keepdim=True))

    def run(self, seen: Sequence[np.ndarray], texts: Sequence[str]) -> torch.Tensor:
        return torch.cat([self.one([s], t) for s, t in zip(seen, texts, strict=True)])

    def one(self, seen: Sequence[np.ndarray], text: str) -> torch.Tensor:
        return self(self.images(seen), self.words(text))

    def hidden(self, words: int, before: int = PATCHES) -> torch.Tensor | None:
        """A mask over keys that hides the words but for their start, where that is the fault."""
        if self.fault != "masked":
            return None
        seen = torch.ones(1, before + words, dtype=torch.bool)
        seen[:, before + 1 :] = False
        return seen

    @property
    def kept(self) -> dict[str, list[torch.Tensor]]:
        return {n: m.kept for n, m in self.named_modules() if isinstance(m, Attention)}


def apart(images: int, words: int, more: int = 0) -> torch.Tensor:
    """Images see images, words those before them (so that the start holds none); more see all."""
    at = torch.arange(images + words + more)
    is_word = at >= images
    seen = (is_word[:, None] == is_word[None]) & (~is_word[:, None] | (at[:, None] >= at[None]))
    seen[images + words :] = True
    return seen


class EncoderDecoder(Base):
    """An encoder of image and words, a decoder that reads its states by cross-attention."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.encoder = Attentions("softmax")
        self.own = Attentions()
        self.cross = Attentions()

    def forward(self, images: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
        states, count = torch.cat([images, words], dim=1), words.shape[1]
        for layer in self.encoder:
            states = states + layer(states, layer.keys_and_values(states), apart(PATCHES, count))
        x = self.queries(images)
        for own, cross in zip(self.own, self.cross, strict=True):
            x = x + own(x, own.keys_and_values(x))
            read = cross(x, cross.keys_and_values(states), self.hidden(count))
            x = x + self.gate * read
        return self.head(x).flatten(1)


class AlternatingDiT(Base):
    """Action rows that read image alone, words alone and themselves in turn, over flow steps."""

    steps = 3

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.of_image = Attentions("einsum")
        self.of_words = Attentions()
        self.own = Attentions("sum")
        self.back = nn.Linear(DIM, DIM)

    def forward(self, images: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
        flow = self.queries(images)
        for _ in range(self.steps):
            x = flow
            for image, word, own in zip(self.of_image, self.of_words, self.own, strict=True):
                x = x + image(x, image.keys_and_values(images))
                hidden = self.hidden(words.shape[1], 0)
                x = x + self.gate * word(x, word.keys_and_values(words), hidden)
                x = x + own(x, own.keys_and_values(x))
            flow = flow + self.back(x) / self.steps
        return self.head(flow).flatten(1)


class CachedExpert(Base):
    """A backbone whose keys and values of every layer an expert reads, in four flow steps."""

    steps = 4

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.backbone = Attentions()
        self.expert = Attentions("softmax")
        self.back = nn.Linear(DIM, DIM)

    @torch.inference_mode()
    def forward(self, images: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
        states, cache = torch.cat([images, words], dim=1), []
        for layer in self.backbone:
            cache.append(layer.keys_and_values(states))
            seen = None if self.fault == "unread" else apart(PATCHES, words.shape[1])
            states = states + layer(states, cache[-1], seen)
        flow = self.queries(images)
        seen = self.hidden(words.shape[1])
        if self.fault == "unread":  # the expert sees nothing but its own rows
            seen = torch.zeros(1, PATCHES + words.shape[1], dtype=torch.bool)
        if seen is not None:
            seen = torch.cat([seen, torch.ones(1, ACTIONS, dtype=torch.bool)], dim=1)
        for step in range(self.steps):
            if self.fault == "late" and step == 1:  # no fault, but words are read in step 0 only
                seen = torch.ones(1, cache[0][0].shape[2] + ACTIONS, dtype=torch.bool)
                seen[:, PATCHES : cache[0][0].shape[2]] = False
            x = flow
            for layer, (k, v) in zip(self.expert, cache, strict=True):
                mine = layer.keys_and_values(x)
                gate = torch.where(torch.arange(v.shape[2]) < PATCHES, 1.0, self.gate)[:, None]
                kv = torch.cat([k * gate, mine[0]], 2), torch.cat([v * gate, mine[1]], 2)
                x = x + layer(x, kv, seen)
            flow = flow + self.back(x) / self.steps
        return self.head(flow).flatten(1)


class Autoregressive(Base):
    """Action tokens one after another behind image and words, with a cache of keys and values."""

    tokens, bins = 3, 16
    centres: torch.Tensor

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.layers = Attentions()
        self.start = nn.Parameter(torch.randn(1, 1, DIM))
        self.token = nn.Embedding(self.bins, DIM)
        self.logits = nn.Linear(DIM, self.bins)
        with torch.no_grad():
            self.logits.weight *= 20  # or the argmax were the same whatever is read
        self.register_buffer("centres", torch.linspace(-1, 1, self.bins))

    @torch.no_grad()
    def forward(self, images: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
        start = self.start + self.pooled(images.mean(dim=1, keepdim=True))
        x = torch.cat([images, words, start], dim=1)
        caches: list[tuple[torch.Tensor, torch.Tensor] | None] = [None] * len(self.layers)
        bins = []
        for _ in range(self.tokens):
            for number, layer in enumerate(self.layers):
                kv = layer.keys_and_values(x)
                if x.shape[1] > 1:
                    gate = torch.ones(x.shape[1], 1)
                    gate[PATCHES:-1] = self.gate
                    kv = kv[0] * gate, kv[1] * gate
                if (before := caches[number]) is not None:
                    kv = torch.cat([before[0], kv[0]], 2), torch.cat([before[1], kv[1]], 2)
                caches[number] = kv
                x = x + layer(x, kv, self._seen(x.shape[1], kv[0].shape[2], words.shape[1]))
            bins.append(self.logits(x[:, -1]).argmax(dim=-1))
            x = self.token(bins[-1])[:, None]
        return self.centres[torch.stack(bins, dim=1)]

    def _seen(self, queries: int, keys: int, words: int) -> torch.Tensor:
        seen = torch.ones(queries, keys, dtype=torch.bool).tril(keys - queries)
        if self.fault == "masked":
            from_words = torch.arange(keys)[-queries:] - PATCHES
            is_action = (from_words < 0) | (from_words >= words)
            seen[is_action, PATCHES + 1 : PATCHES + words] = False
        return seen


class Perceiver(Base):
    """Latents that read image and words; the action reads the latents."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.latents = nn.Parameter(torch.randn(1, 5, DIM))
        self.read = Attention("einsum")
        self.layers = Attentions()
        self.decode = Attention("softmax")

    def forward(self, images: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
        count = words.shape[1]
        k, v = self.read.keys_and_values(torch.cat([images, words], dim=1))
        v = v * torch.where(torch.arange(PATCHES + count) < PATCHES, 1.0, self.gate)[:, None]
        k = k * torch.where(torch.arange(PATCHES + count) < PATCHES, 1.0, self.gate)[:, None]
        x = self.latents + self.read(self.latents, (k, v), self.hidden(count))
        for layer in self.layers:
            x = x + layer(x, layer.keys_and_values(x))
        asks = self.queries(images)
        return self.head(asks + self.decode(asks, self.decode.keys_and_values(x))).flatten(1)


class Refining(Base):
    """Shared weights that refine the action rows beside image and words, three times over."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.layer = Attention("sum")
        self.last = Attention()

    def forward(self, images: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
        count = words.shape[1]
        x = torch.cat([images, words, self.queries(images)], dim=1)
        seen = apart(PATCHES, count, ACTIONS)
        if (hidden := self.hidden(count)) is not None:
            seen[-ACTIONS:, : PATCHES + count] = hidden
        is_word = (seen.new_ones(PATCHES + count + ACTIONS).cumsum(0) - 1 - PATCHES) // count == 0
        for layer in (self.layer, self.layer, self.layer, self.last):
            k, v = layer.keys_and_values(x)
            gate = torch.where(is_word, self.gate, 1.0)[:, None]
            k, v = k * gate, v * gate
            x = x + layer(x, (k, v), seen)
        return self.head(x[:, -ACTIONS:]).flatten(1)


NETWORKS: dict[str, type[Base]] = {
    "encoder-decoder": EncoderDecoder,
    "alternating": AlternatingDiT,
    "cached expert": CachedExpert,
    "autoregressive": Autoregressive,
    "perceiver": Perceiver,
    "refining": Refining,
}


def network(name: str, fault: Fault = "none", seed: int | None = None) -> Base:
    """With random weights; of most of the autoregressive ones, no token changes with the words."""
    torch.manual_seed((2 if name == "autoregressive" else 0) if seed is None else seed)
    return NETWORKS[name](fault).eval()


def policy(net: Base) -> CallablePolicy:
    return CallablePolicy(type(net).__name__, net.run, net)


def trials(count: int = 3) -> list[Trial]:
    rng = np.random.default_rng(0)
    return [
        Trial(
            f"frame_{n}", Observation({"image": rng.integers(0, 256, (8, 8, 3), np.uint8)}), TEXTS
        )
        for n in range(count)
    ]
