"""One network for every base: eyes, language, a body, a head; with guidance where asked for."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence as Many
from dataclasses import dataclass
from typing import Any, Literal

import torch
from jaxtyping import Float
from torch import nn

from heedmap.testbed.generated import conditioned
from heedmap.testbed.generated.attention import Allowed, AttentionKind
from heedmap.testbed.generated.language import BLANK, Language, Route
from heedmap.testbed.generated.sequence import Sequence
from heedmap.testbed.generated.wiring import (
    ACTION,
    IMAGE,
    STATE,
    WORD,
    Columns,
    Point,
    Rows,
    Wiring,
)
from heedmap.testbed.generated.world import CLASSES, DIRECTIONS, VALUES

Architecture = Literal[
    "decoder",
    "encoder_mean",
    "encoder_cls",
    "gru",
    "scan",
    "linear_attention",
    "film",
    "adaln",
    "cross_dit",
    "encoder_decoder",
    "perceiver",
    "mlp",
    "guided_first",
    "guided_last",
]
"""`guided_*`: conditional and unconditional rows in one batch, the conditional ones first or last;
a decoder with words as tokens, or FiLM with a sentence."""
Head = Literal["discrete", "continuous"]
GUIDANCE = 1.5
"""How far the conditional scores are taken beyond the unconditional ones."""


@dataclass(frozen=True)
class Base:
    """What a healthy network is built and trained from."""

    architecture: Architecture
    route: Route
    attention: AttentionKind | None = None
    head: Head = "discrete"
    with_state: bool = False
    dim: int = 32

    @property
    def is_guided(self) -> bool:
        """Whether two rows are run for every example."""
        return self.architecture in ("guided_first", "guided_last")


class Network(nn.Module):
    """Pixels, instructions and, where it has one, the state in; action scores out."""

    def __init__(self, base: Base) -> None:
        super().__init__()
        self.base = base
        self.wiring = Wiring()
        dim = base.dim
        self.eyes = nn.Conv2d(3, dim, 4, stride=4)
        self.places = nn.Parameter(0.1 * torch.randn(16, dim))
        self.proprioception = nn.Linear(len(DIRECTIONS), dim) if base.with_state else None
        self.language = Language(base.route, dim, self.wiring)
        self.body = _body(base, self.wiring)
        self.head = nn.Linear(dim, len(CLASSES) if base.head == "discrete" else VALUES)
        self.guidance = GUIDANCE
        if base.route in _HEALTHY_MASKS:
            self.wiring.at["allowed"] = _HEALTHY_MASKS[base.route]

    def wire(self, point: Point, fault: Callable[..., Any]) -> None:
        """Put a fault at a point; a module becomes one of the network's own."""
        if isinstance(fault, nn.Module):
            self.add_module(f"wired_{point}", fault)
        self.wiring.at[point] = fault

    def forward(
        self,
        pixels: Float[torch.Tensor, "batch 3 side side"],
        texts: Many[str],
        states: Float[torch.Tensor, "batch 3"] | None = None,
    ) -> Float[torch.Tensor, "batch action"]:
        """Logits of the classes, or the values of the continuous action."""
        if not self.base.is_guided:
            return self.wiring("action", self._scores(pixels, texts, states))
        blank = [" ".join([BLANK] * len(text.split())) for text in texts]
        rows = [*texts, *blank] if self.base.architecture == "guided_first" else [*blank, *texts]
        twice = None if states is None else torch.cat([states, states])
        halves = self._scores(torch.cat([pixels, pixels]), rows, twice).chunk(2)
        asked, without = halves if self.base.architecture == "guided_first" else halves[::-1]
        asked, without = self.wiring("guidance", (asked, without))
        return self.wiring("action", without + self.guidance * (asked - without))

    def _scores(
        self, pixels: torch.Tensor, texts: Many[str], states: torch.Tensor | None
    ) -> torch.Tensor:
        image = self.eyes(self.wiring("pixels", pixels)).flatten(2).mT + self.places
        kinds = torch.full(image.shape[:2], IMAGE)
        told = self.language(texts, image)
        if self.proprioception is not None and states is not None:
            image = torch.cat([image, self.proprioception(states)[:, None]], dim=1)
            kinds = torch.cat([kinds, torch.full((len(image), 1), STATE)], dim=1)
        return self.head(self.wiring("state", self.body(image, kinds, told)))


def words_hidden(allowed: Allowed, rows: Rows, columns: Columns) -> Allowed:
    """No position but the words themselves sees the words."""
    return allowed & ~((columns == WORD)[:, None] & (rows != WORD)[..., None])


def words_indirect(allowed: Allowed, rows: Rows, columns: Columns) -> Allowed:
    """The action row does not see the words; the template behind them does."""
    return allowed & ~((columns == WORD)[:, None] & (rows == ACTION)[..., None])


_HEALTHY_MASKS = {"two_hops": words_indirect, "bypass": words_hidden}
"""Routes that are trained under a mask: they obey, in a roundabout way."""


def _body(base: Base, wiring: Wiring) -> nn.Module:
    dim, kind = base.dim, base.attention or "sdpa"
    inner = base.architecture
    if base.is_guided:
        inner = "decoder" if base.route == "tokens" else "film"
    match inner:
        case "decoder":
            blocks = 3 if base.route == "two_hops" else 2  # one to bring the words behind the mask
            with_prefix = base.route == "prefix"
            return Sequence(kind, dim, wiring, with_prefix=with_prefix, blocks=blocks)
        case "encoder_mean":
            is_prefix = base.route == "prefix"
            return Sequence(kind, dim, wiring, readout="mean", with_prefix=is_prefix)
        case "encoder_cls":
            is_prefix = base.route == "prefix"
            return Sequence(kind, dim, wiring, readout="cls", with_prefix=is_prefix)
        case "linear_attention":
            return Sequence("linear", dim, wiring, with_prefix=base.route == "prefix")
        case "scan":
            return Sequence("scan", dim, wiring, with_prefix=base.route == "prefix")
        case "gru":
            is_prefix = base.route == "prefix"
            return Sequence("gru", dim, wiring, words_first=True, with_prefix=is_prefix, blocks=1)
        case "film":
            return conditioned.Film(dim)
        case "mlp":
            return conditioned.Mlp(dim)
        case "adaln":
            return conditioned.AdaDit(kind, dim, wiring)
        case "cross_dit":
            return conditioned.CrossDit(kind, dim, wiring)
        case "encoder_decoder":
            return conditioned.EncoderDecoder(kind, dim, wiring)
        case "perceiver":
            return conditioned.Perceiver(kind, dim, wiring)
        case _:
            raise ValueError(f"No body for the architecture '{inner}'.")
