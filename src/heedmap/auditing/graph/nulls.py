"""What the share of words would be without training, and under words that mean nothing."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple

import torch

from heedmap.auditing.graph.facts import words_share
from heedmap.auditing.graph.pooled import PooledShares
from heedmap.auditing.graph.rows import Graph
from heedmap.auditing.lower.nulls import shuffled_weights
from heedmap.auditing.upper.runner import length_key
from heedmap.auditing.variants import made_up
from heedmap.data.observation import Observation
from heedmap.errors import CaptureError, InstructionError, NonFiniteError
from heedmap.phrase import Phrase
from heedmap.policies.base import Policy
from heedmap.policies.stages import stage
from heedmap.tracing.capture.stacks import block_of


class Nulls(NamedTuple):
    """Baselines of the share of words; None where a run could not be made, or took another way."""

    shuffled_weights: float | None
    nonsense: float | None


@stage(Phrase("measuring attention with shuffled weights, and under made-up words"))
def measure_nulls(
    policy: Policy, observation: Observation, text: str, graph: Graph, seed: int
) -> Nulls:
    """Of the run under `text` that `graph` is of."""
    blocks = [block_of(rows.node.module) for rows in graph.rows]
    shuffled = nonsense = None
    if "" not in blocks:  # else there is no telling what is a layer, and what enters them
        within = shuffled_weights(policy.module, blocks, seed)
        shuffled = _share(policy, observation, text, graph, within)
    words = made_up(text)
    if _is_as_long(policy, text, words):
        nonsense = _share(policy, observation, words, graph, nullcontext())
    return Nulls(shuffled, nonsense)


def _share(
    policy: Policy,
    observation: Observation,
    text: str,
    graph: Graph,
    within: AbstractContextManager[None],
) -> float | None:
    pooled = PooledShares(graph)
    try:
        with within, pooled.captured(policy.module):
            policy([observation], [text])
    except (NonFiniteError, CaptureError, InstructionError):
        return None
    share = words_share(graph, pooled.shares())
    return share if share is not None and torch.tensor(share).isfinite() else None


def _is_as_long(policy: Policy, text: str, other: str) -> bool:
    try:
        return length_key(policy, text) == length_key(policy, other)
    except InstructionError:
        return False
