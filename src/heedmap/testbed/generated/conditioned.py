"""Bodies in which words and image are not one sequence: cross-attention, FiLM, adaLN, an MLP."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import nn

from heedmap.testbed.generated.attention import Attention, AttentionKind, Keys, Queries, States
from heedmap.testbed.generated.language import Told
from heedmap.testbed.generated.sequence import HEADS, Block
from heedmap.testbed.generated.wiring import ACTION, PADDING, Columns, Regions, Rows, Wiring

State = Float[torch.Tensor, "batch dim"]


class Reading(nn.Module):
    """Queries read from a memory, then an MLP."""

    def __init__(self, kind: AttentionKind, dim: int, wiring: Wiring) -> None:
        super().__init__()
        self.norm, self.norm_memory, self.norm_mlp = (nn.LayerNorm(dim) for _ in range(3))
        self.attention = Attention(kind, dim, HEADS, wiring)
        self.mlp = nn.Sequential(nn.Linear(dim, 2 * dim), nn.GELU(), nn.Linear(2 * dim, dim))

    def forward(self, states: Queries, rows: Rows, memory: Keys, columns: Columns) -> Queries:
        """The states after reading; padding of the memory is not read."""
        allowed = (columns != PADDING)[:, None].expand(-1, states.shape[1], -1)
        keys = self.norm_memory(memory)
        states = states + self.attention(self.norm(states), keys, allowed, rows, columns)
        return states + self.mlp(self.norm_mlp(states))


class Perceiver(nn.Module):
    """A few latents read image and words, twice; their mean is decoded."""

    def __init__(self, kind: AttentionKind, dim: int, wiring: Wiring) -> None:
        super().__init__()
        self.latents = nn.Parameter(torch.randn(4, dim))
        self.readings = nn.ModuleList(Reading(kind, dim, wiring) for _ in range(2))
        self.mixing = nn.ModuleList(Block(kind, dim, Wiring()) for _ in range(2))
        self.norm = nn.LayerNorm(dim)

    def forward(self, image: States, kinds: Regions, told: Told) -> State:
        """The state that is decoded."""
        assert told.words is not None
        assert told.regions is not None
        memory = torch.cat([image, told.words], dim=1)
        columns = torch.cat([kinds, told.regions], dim=1)
        latents = self.latents.expand(len(image), -1, -1)
        rows = torch.full(latents.shape[:2], ACTION)
        every = torch.ones(len(image), 4, 4, dtype=torch.bool)
        for reading, mixing in zip(self.readings, self.mixing, strict=True):
            latents = mixing(reading(latents, rows, memory, columns), every, rows)
        return self.norm(latents).mean(dim=1)


class CrossDit(nn.Module):
    """Image tokens attend to each other and read the words; their mean is decoded."""

    def __init__(self, kind: AttentionKind, dim: int, wiring: Wiring) -> None:
        super().__init__()
        self.mixing = nn.ModuleList(Block(kind, dim, Wiring()) for _ in range(2))
        self.readings = nn.ModuleList(Reading(kind, dim, wiring) for _ in range(2))
        self.norm = nn.LayerNorm(dim)

    def forward(self, image: States, kinds: Regions, told: Told) -> State:
        """The state that is decoded."""
        assert told.words is not None
        assert told.regions is not None
        count = image.shape[1]
        every = torch.ones(len(image), count, count, dtype=torch.bool)
        for mixing, reading in zip(self.mixing, self.readings, strict=True):
            image = reading(mixing(image, every, kinds), kinds, told.words, told.regions)
        return self.norm(image).mean(dim=1)


class EncoderDecoder(nn.Module):
    """The words attend to each other; image tokens and an action token read them."""

    def __init__(self, kind: AttentionKind, dim: int, wiring: Wiring) -> None:
        super().__init__()
        self.encoder = Block(kind, dim, wiring)
        self.action = nn.Parameter(torch.randn(dim))
        self.mixing = nn.ModuleList(Block(kind, dim, Wiring()) for _ in range(2))
        self.readings = nn.ModuleList(Reading(kind, dim, wiring) for _ in range(2))
        self.norm = nn.LayerNorm(dim)

    def forward(self, image: States, kinds: Regions, told: Told) -> State:
        """The state that is decoded."""
        assert told.words is not None
        assert told.regions is not None
        length = told.words.shape[1]
        seen = (told.regions != PADDING)[:, None].expand(-1, length, -1)
        memory = self.encoder(told.words, seen | torch.eye(length, dtype=torch.bool), told.regions)
        states = torch.cat([image, self.action.expand(len(image), 1, -1)], dim=1)
        rows = F.pad(kinds, (0, 1), value=ACTION)
        every = torch.ones(states.shape[1], states.shape[1], dtype=torch.bool)
        every = every.tril().expand(len(image), -1, -1)
        for mixing, reading in zip(self.mixing, self.readings, strict=True):
            states = reading(mixing(states, every, rows), rows, memory, told.regions)
        return self.norm(states[:, -1])


class Film(nn.Module):
    """Convolutions over the image tokens' grid, scaled and shifted by the instruction."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList(nn.Conv2d(dim, dim, 3, padding=1) for _ in range(2))
        self.modulations = nn.ModuleList(nn.Linear(dim, 2 * dim) for _ in range(2))

    def forward(self, image: States, kinds: Regions, told: Told) -> State:
        """The state that is decoded; a state token is added to every cell of the grid."""
        assert told.vector is not None
        grid = (image[:, :16] + image[:, 16:].sum(dim=1, keepdim=True)).mT.unflatten(-1, (4, 4))
        for convolution, modulation in zip(self.convolutions, self.modulations, strict=True):
            scale, shift = modulation(told.vector)[..., None, None].chunk(2, dim=1)
            grid = grid + F.relu(convolution(grid) * (1 + scale) + shift)
        return grid.mean(dim=(2, 3))


class AdaDit(nn.Module):
    """Self-attention over image tokens; the instruction modulates every norm (adaLN)."""

    def __init__(self, kind: AttentionKind, dim: int, wiring: Wiring) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(dim, elementwise_affine=False)
        self.attentions = nn.ModuleList(Attention(kind, dim, HEADS, wiring) for _ in range(2))
        self.mlps = nn.ModuleList(
            nn.Sequential(nn.Linear(dim, 2 * dim), nn.GELU(), nn.Linear(2 * dim, dim))
            for _ in range(2)
        )
        self.modulations = nn.ModuleList(nn.Linear(dim, 4 * dim) for _ in range(2))

    def forward(self, image: States, kinds: Regions, told: Told) -> State:
        """The state that is decoded."""
        assert told.vector is not None
        count = image.shape[1]
        every = torch.ones(len(image), count, count, dtype=torch.bool)
        for attention, mlp, modulation in zip(
            self.attentions, self.mlps, self.modulations, strict=True
        ):
            scale, shift, gate, lift = modulation(F.silu(told.vector))[:, None].chunk(4, dim=-1)
            normed = self.norm(image) * (1 + scale) + shift
            image = image + (1 + gate) * attention(normed, normed, every, kinds, kinds)
            image = image + mlp(self.norm(image) * (1 + lift) + shift)
        return self.norm(image).mean(dim=1)


class Mlp(nn.Module):
    """The mean image token and the instruction's vector, through two layers."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(2 * dim, 2 * dim), nn.ReLU(), nn.Linear(2 * dim, dim), nn.ReLU()
        )

    def forward(self, image: States, kinds: Regions, told: Told) -> State:
        """The state that is decoded."""
        assert told.vector is not None
        return self.layers(torch.cat([image.mean(dim=1), told.vector], dim=-1))
