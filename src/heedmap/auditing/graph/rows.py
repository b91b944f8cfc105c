"""An attention graph: the computations of one run, what their rows hold, how it is shared out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float

from heedmap.record.regions import is_image
from heedmap.tracing.graph.nodes import Node, Weights
from heedmap.tracing.trail.recording import Recording, Value

WORDS, STATE, MIXED, ACTION, REST = "instruction", "state", "mixed", "action", "rest"

Flags = Bool[torch.Tensor, " row"]
Shares = Mapping[str, Float[torch.Tensor, " group"]]
"""By region, the share of each group's attention, mean over the rows that count."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Of one computation: what its rows hold."""

    node: Node
    action: Flags
    """Query rows that the action rests on directly."""
    word_queries: Flags
    """All query rows that hold words."""
    decodes_words: bool
    """Whether the action is decoded from rows that hold words."""
    regions: Mapping[str, Bool[torch.Tensor, "group key"]]
    """All regions of the keys by name; the rest is in none of them. No key is in two."""
    starts: Mapping[str, Bool[torch.Tensor, "group query"]] | None = None
    """As `regions`, of the query rows; None where they were not recognised."""
    moving: Bool[torch.Tensor, "group key"] | None = None
    """Keys that change with the words when nothing is held, whatever they were made of; None where
    that was not measured."""

    @property
    def asking(self) -> Flags:
        """Query rows that hold words, and that the action does not rest on directly."""
        return self.word_queries & ~self.action

    @property
    def words(self) -> Bool[torch.Tensor, "group key"]:
        """Keys that hold words and no frame."""
        none = torch.zeros(self.node.groups, self.node.key_count, dtype=torch.bool)
        return self.regions.get(WORDS, none)

    @property
    def reads(self) -> bool:
        """Whether the action is decoded from what this computation gave."""
        return bool(self.action.any())

    @property
    def images(self) -> Bool[torch.Tensor, "group key"]:
        """Keys that hold the frame, of any camera, and no words."""
        found = torch.zeros(self.node.groups, self.node.key_count, dtype=torch.bool)
        for name, held in self.regions.items():
            if is_image(name):
                found = found | held
        return found

    @cached_property
    def counted(self) -> tuple[int, ...]:
        """Query rows whose attention counts: the action's, else all that hold no words."""
        chosen = self.action if self.reads else ~self.asking
        chosen = chosen if bool(chosen.any()) else torch.ones_like(chosen)
        return tuple(torch.nonzero(chosen).flatten().tolist())

    @property
    def seen(self) -> Bool[torch.Tensor, "group key"]:
        """Keys that any of the rows that count may see."""
        return self.node.seen[:, list(self.counted)].any(dim=1)

    def own_shares(self) -> Shares:
        """In the graph's own run."""
        return self.shares(self.node.weights(self.counted))

    def shares(self, weights: Weights) -> Shares:
        """Of the weights of the rows that count; what no region has is the rest."""
        held = {name: keys[:, None].to(weights.device) for name, keys in self.regions.items()}
        return {
            name: (weights.double() * keys).sum(dim=-1).mean(dim=-1).cpu()
            for name, keys in held.items()
        }


class Beside(NamedTuple):
    """A way from the words to the action beside attention: adaLN, FiLM, a pooled encoding."""

    module: str
    """Where it meets what the frame changes."""
    change: float
    """Largest change of a score under other words with what attention gave held."""


@dataclass(frozen=True, eq=False)
class Graph:
    """All attention computations of one run, with what their rows hold."""

    base: Recording
    made_of: Sequence[Value]
    """What the action is, or is made from."""
    rows: tuple[Rows, ...]
    word_texts: tuple[str, ...]
    """Texts whose runs were compared; empty where none ran in the same shapes."""
    words_reach: bool
    """Whether what the action rows may see changes with the words, at first or second hand."""
    frame_reaches: bool
    """As `words_reach`, with the frame."""
    beside: Beside | None
    """The way beside attention that the words take to the action; None where there is none, or it
    is not known."""

    @property
    def readers(self) -> list[Rows]:
        """Computations that the action is decoded from."""
        return [rows for rows in self.rows if rows.reads]

    def shares(self) -> list[Shares]:
        """Of every computation, in this run."""
        return [rows.own_shares() for rows in self.rows]
