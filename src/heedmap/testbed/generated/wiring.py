"""Named points of a network at which a fault may be wired in.

A healthy network runs as it is written; a fault is a function at one point, which gets what flows
there and gives what flows on. One `Wiring` is shared by all modules of a network.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from jaxtyping import Int

Point = Literal[
    "text",  # list of instructions
    "prompt",  # list of prompts: words with their regions
    "ids",  # (batch, words), regions
    "embedded",  # (batch, words, dim), regions
    "pooled",  # (batch, dim): the mean of the words
    "task",  # (batch, tasks): one-hot
    "vector",  # (batch, dim): conditioning, with (batch, image, dim)
    "kept",  # (batch, words, dim) and regions: what of the words goes on, as a pair
    "order",  # list of the parts of a sequence, by name
    "allowed",  # (batch, query, key) bool, regions of both
    "bias",  # (batch, query, key) float or None, regions of both, device
    "values",  # (batch, heads, key, dim) or (batch, key, dim), regions
    "keys",  # as values
    "row",  # index of the decoded row in the sequence, regions
    "state",  # (batch, dim): what is decoded
    "action",  # (batch, action)
    "guidance",  # (conditional, unconditional) scores, as a pair
    "pixels",  # (batch, 3, side, side)
]

IMAGE, TEMPLATE, WORD, ACTION, PADDING, STATE = range(6)
"""Kinds of positions."""
Regions = Int[torch.Tensor, "batch position"]
"""The kind of every position."""
Rows = Int[torch.Tensor, "batch query"]
Columns = Int[torch.Tensor, "batch key"]
"""The kinds of queries and of keys."""


@dataclass
class Wiring:
    """The faults of one network, by point."""

    at: dict[Point, Callable[..., Any]] = field(default_factory=dict)

    def __call__(self, point: Point, flows: Any, *about: Any) -> Any:
        """What flows on from `point`; as it came where there is no fault."""
        fault = self.at.get(point)
        return flows if fault is None else fault(flows, *about)
