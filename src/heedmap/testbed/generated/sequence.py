"""Bodies over one sequence of image tokens, words and an action token.

Decoders and encoders differ in their mask and in what is read out; mixers other than attention
(linear attention, a gated scan, a GRU) take the attention's place in the same sequence.
"""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import nn

from heedmap.testbed.generated.attention import Allowed, Attention, AttentionKind, States
from heedmap.testbed.generated.language import Told
from heedmap.testbed.generated.wiring import ACTION, IMAGE, PADDING, WORD, Regions, Wiring

Readout = Literal["action", "mean", "cls"]
MixerKind = AttentionKind | Literal["linear", "scan", "gru"]
HEADS = 2
Image = Float[torch.Tensor, "batch image dim"]
Kinds = Int[torch.Tensor, "batch image"]
"""Image tokens (and a state's), and their regions."""


class LinearAttention(nn.Module):
    """Causal attention without a softmax (Katharopoulos et al. 2020)."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.query, self.key, self.value, self.out = (nn.Linear(dim, dim) for _ in range(4))

    def forward(self, states: States, kept: Float[torch.Tensor, "batch position"]) -> States:
        """Positions that are not kept add nothing."""
        q, k = (F.elu(m(states)) + 1 for m in (self.query, self.key))
        products = (q @ (k * kept[..., None]).mT).tril()
        norms = products.sum(dim=-1, keepdim=True).clamp(min=1e-6)
        return self.out(products @ self.value(states) / norms)


class GatedScan(nn.Module):
    """A selective scan as in Mamba: each position decides how much of the state it keeps."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.enter, self.forget, self.gate, self.out = (nn.Linear(dim, dim) for _ in range(4))

    def forward(self, states: States, kept: Float[torch.Tensor, "batch position"]) -> States:
        """Positions that are not kept leave the state as it is."""
        entering = self.enter(states)
        keep = torch.sigmoid(self.forget(states) + 2)
        hidden = torch.zeros_like(states[:, 0])
        seen: list[torch.Tensor] = []
        for n in range(states.shape[1]):
            new = keep[:, n] * hidden + (1 - keep[:, n]) * entering[:, n]
            hidden = torch.where(kept[:, n, None] > 0, new, hidden)
            seen.append(hidden)
        return self.out(torch.stack(seen, dim=1) * F.silu(self.gate(states)))


class Recurrent(nn.Module):
    """A GRU cell over the positions."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.cell = nn.GRUCell(dim, dim)

    def forward(self, states: States, kept: Float[torch.Tensor, "batch position"]) -> States:
        """Positions that are not kept leave the state as it is."""
        hidden = torch.zeros_like(states[:, 0])
        seen: list[torch.Tensor] = []
        for n in range(states.shape[1]):
            new = self.cell(states[:, n], hidden)
            hidden = torch.where(kept[:, n, None] > 0, new, hidden)
            seen.append(hidden)
        return torch.stack(seen, dim=1)


class Block(nn.Module):
    """A mixer and an MLP, each behind a norm and beside a residual."""

    def __init__(self, kind: MixerKind, dim: int, wiring: Wiring) -> None:
        super().__init__()
        self.kind = kind
        self.norm, self.norm_mlp = nn.LayerNorm(dim), nn.LayerNorm(dim)
        if kind == "linear":
            self.mixer = LinearAttention(dim)
        elif kind == "scan":
            self.mixer = GatedScan(dim)
        elif kind == "gru":
            self.mixer = Recurrent(dim)
        else:
            self.mixer = Attention(kind, dim, HEADS, wiring)
        self.mlp = nn.Sequential(nn.Linear(dim, 2 * dim), nn.GELU(), nn.Linear(2 * dim, dim))

    def forward(self, states: States, allowed: Allowed, regions: Regions) -> States:
        """The states after this block."""
        normed = self.norm(states)
        if self.kind in ("linear", "scan", "gru"):
            states = states + self.mixer(normed, (regions != PADDING).float())
        else:
            states = states + self.mixer(normed, normed, allowed, regions, regions)
        return states + self.mlp(self.norm_mlp(states))


class Sequence(nn.Module):
    """Image tokens, words (or one prefix token), action token, through blocks of one kind."""

    def __init__(
        self,
        mixer: MixerKind,
        dim: int,
        wiring: Wiring,
        *,
        readout: Readout = "action",
        words_first: bool = False,
        with_prefix: bool = False,
        blocks: int = 2,
    ) -> None:
        super().__init__()
        self.wiring = wiring
        self.readout: Readout = readout
        self.words_first = words_first
        self.with_prefix = with_prefix
        self.action = nn.Parameter(torch.randn(dim))
        self.blocks = nn.ModuleList(Block(mixer, dim, wiring) for _ in range(blocks))
        self.norm = nn.LayerNorm(dim)

    def forward(self, image: Image, kinds: Kinds, told: Told) -> Float[torch.Tensor, "batch dim"]:
        """The state that is decoded; `kinds` are the regions of `image`."""
        states, regions = self._assembled(image, kinds, told)
        allowed = _allowed(regions, causal=self.readout == "action")
        for block in self.blocks:
            states = block(states, allowed, regions)
        states = self.norm(states)
        if self.readout == "mean":
            return states[regions == IMAGE].unflatten(0, (len(states), -1)).mean(dim=1)
        default = int((regions[0] == ACTION).nonzero()[0])
        return states[:, self.wiring("row", default, regions)]

    def _assembled(self, image: Image, kinds: Kinds, told: Told) -> tuple[States, Regions]:
        batch = len(image)
        action = self.action.expand(batch, 1, -1)
        if told.vector is not None and not self.with_prefix:
            action = action + told.vector[:, None]
        parts = {"image": (image, kinds), "action": (action, _one(ACTION, batch))}
        if told.vector is not None and self.with_prefix:
            parts["words"] = (told.vector[:, None], _one(WORD, batch))
        if told.words is not None and told.regions is not None:
            parts["words"] = (told.words, told.regions)
        order = ["words", "image"] if self.words_first else ["image", "words"]
        order = ["action", *order] if self.readout == "cls" else [*order, "action"]
        order = [name for name in self.wiring("order", order) if name in parts]
        states = torch.cat([parts[name][0] for name in order], dim=1)
        return states, torch.cat([parts[name][1] for name in order], dim=1)


def _one(kind: int, batch: int) -> Regions:
    return torch.full((batch, 1), kind)


def _allowed(regions: Regions, *, causal: bool) -> Allowed:
    """Padding is seen by nobody but itself, so that no row is empty."""
    count = regions.shape[1]
    allowed = (regions != PADDING)[:, None, :].expand(-1, count, -1)
    if causal:
        allowed = allowed & torch.ones(count, count, dtype=torch.bool).tril()
    return allowed | torch.eye(count, dtype=torch.bool)
