"""One attention computation, as it was seen from below: fused, or written out with a softmax.

Both kinds answer the same questions: what a query row attends to, which keys it may see,
and which values it reads. Weights are float32 and computed only on request.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Literal, final

import torch
from jaxtyping import Bool, Float, Shaped

from heedmap.errors import CaptureError
from heedmap.tracing.capture.rows import (
    MASKED_BELOW,
    Keys,
    Mask,
    Queries,
    RowWeights,
    resolve_rows,
    row_bias,
    row_visibility,
    row_weights,
)

Backend = Literal["sdpa", "softmax"]
Values = Float[torch.Tensor, "batch kv_head key value_dim"]
SeenKeys = Bool[torch.Tensor, "batch query key"]


@dataclass(frozen=True, kw_only=True)
class AttentionCall(ABC):
    """One attention computation inside the module `module_name`."""

    module_name: str

    backend: Backend = "sdpa"
    """Which kind it is: a fused kernel, or a softmax that is multiplied with values."""

    @property
    @abstractmethod
    def query_count(self) -> int:
        """How many query rows."""

    @property
    @abstractmethod
    def key_count(self) -> int:
        """How many keys."""

    @property
    @abstractmethod
    def head_count(self) -> int:
        """How many heads."""

    @property
    def attends_to_itself(self) -> bool:
        """Whether queries and keys are as many, and more than one (self-attention)."""
        return self.query_count == self.key_count > 1

    @abstractmethod
    def row_weights(self, rows: tuple[int, ...]) -> RowWeights:
        """Softmax weights of these query rows (negative: from the end), float32."""

    @abstractmethod
    def visibility(self) -> SeenKeys:
        """Which keys each query row may see; with one mask a head, in any head."""

    @abstractmethod
    def values(self) -> Values | None:
        """What the weights are multiplied with; None where it was not recognised."""


@final
@dataclass(frozen=True, kw_only=True)
class FusedCall(AttentionCall):
    """A `scaled_dot_product_attention` that ran as one kernel."""

    query: Queries
    key: Keys
    value: Values
    mask: Mask | None = None
    is_causal: bool = False
    scaling: float = 1.0

    @classmethod
    def of(
        cls,
        module_name: str,
        query: Queries,
        key: Keys,
        value: Values,
        mask: torch.Tensor | None,
        is_causal: bool,
        scale: float | None,
    ) -> FusedCall:
        """From the kernel's arguments: a mask of fewer axes, a scale that may be left out."""
        if mask is not None:
            mask = mask.detach()[(None,) * (4 - mask.ndim)]
        return cls(
            module_name=module_name,
            query=query.detach(),
            key=key.detach(),
            value=value.detach(),
            mask=mask,
            is_causal=is_causal,
            scaling=query.shape[-1] ** -0.5 if scale is None else scale,
        )

    @property
    def query_count(self) -> int:
        """How many query rows."""
        return self.query.shape[2]

    @property
    def key_count(self) -> int:
        """How many keys."""
        return self.key.shape[2]

    @property
    def head_count(self) -> int:
        """How many heads."""
        return self.query.shape[1]

    def row_weights(self, rows: tuple[int, ...]) -> RowWeights:
        """softmax(q k^T * scaling + mask), of these rows only."""
        chosen = resolve_rows(rows, self.query_count).to(self.query.device)
        bias = row_bias(self.mask, self.is_causal, chosen, self.key_count)
        return row_weights(self.query, self.key, chosen, bias, self.scaling)

    def visibility(self) -> SeenKeys:
        """From the causal flag and the mask of the call."""
        rows = torch.arange(self.query_count, device=self.query.device)
        bias = row_bias(self.mask, self.is_causal, rows, self.key_count)
        return row_visibility(bias, len(self.query), self.query_count, self.key_count)

    def values(self) -> Values:
        """As they entered the kernel."""
        return self.value


@final
@dataclass(frozen=True, kw_only=True)
class WrittenOutCall(AttentionCall):
    """A softmax over scores, whose result was multiplied with values."""

    scores: Shaped[torch.Tensor, "batch head query key"]
    weights: Shaped[torch.Tensor, "batch head query key"]
    value: Values | None = None

    @property
    def query_count(self) -> int:
        """How many query rows."""
        return self.scores.shape[2]

    @property
    def key_count(self) -> int:
        """How many keys."""
        return self.scores.shape[3]

    @property
    def head_count(self) -> int:
        """How many heads."""
        return self.scores.shape[1]

    def row_weights(self, rows: tuple[int, ...]) -> RowWeights:
        """The very weights that the model computed."""
        chosen = resolve_rows(rows, self.query_count).to(self.weights.device)
        return self.weights[:, :, chosen].float()

    def visibility(self) -> SeenKeys:
        """Scores far below any real one are a mask's."""
        return (self.scores > MASKED_BELOW).any(dim=1)

    def values(self) -> Values | None:
        """What the weights were multiplied with."""
        return self.value


@final
@dataclass(frozen=True, kw_only=True)
class BareCall(AttentionCall):
    """What is left of a call when its tensors are let go: its sizes, and what it could see."""

    queries: int
    keys: int
    heads: int
    seen: SeenKeys

    @classmethod
    def of(cls, call: AttentionCall, like: BareCall | None = None) -> BareCall:
        """Of a call; equal visibility is shared with `like`, the layer before."""
        seen = call.visibility()
        if like is not None and torch.equal(seen, like.seen):
            seen = like.seen
        return cls(
            module_name=call.module_name,
            backend=call.backend,
            queries=call.query_count,
            keys=call.key_count,
            heads=call.head_count,
            seen=seen,
        )

    @property
    def query_count(self) -> int:
        """How many query rows."""
        return self.queries

    @property
    def key_count(self) -> int:
        """How many keys."""
        return self.keys

    @property
    def head_count(self) -> int:
        """How many heads."""
        return self.heads

    def row_weights(self, rows: tuple[int, ...]) -> RowWeights:
        """Raises CaptureError: there is nothing to compute them from."""
        raise CaptureError(
            "The tensors of the attention in {name} were let go; run the policy again.",
            name=self.module_name,
        )

    def visibility(self) -> SeenKeys:
        """As it was."""
        return self.seen

    def values(self) -> None:
        """Let go."""
        return None
