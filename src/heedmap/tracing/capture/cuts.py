"""Cut query -> key edges of attention before the softmax, whatever computes it.

The model runs as it is; only the query rows that lose edges are computed again, from the
very queries, keys, values and mask of the call, with the cut edges at minus infinity. A
softmax written out gets its scores changed instead. A row that has nothing left to see
reads zero.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Bool
from torch import nn

from heedmap.errors import CaptureError
from heedmap.tracing.capture.calls import FusedCall
from heedmap.tracing.capture.rows import MASKED_BELOW, row_bias
from heedmap.tracing.capture.running import OperatorMode, Running, watch_modules
from heedmap.tracing.capture.trace import SOFTMAX_OPERATORS, fused_call, is_fused_attention


@dataclass(frozen=True)
class EdgeCut:
    """Edges to cut in one attention computation, example by example.

    `cut_head` is all heads, or one axis entry for all of them.
    """

    rows: tuple[int, ...]
    """Query rows that lose edges, in some example."""
    hidden: Bool[torch.Tensor, "batch cut_head row key"]
    """True where the edge is cut."""


@contextmanager
def cut_edges(module: nn.Module, cuts: Mapping[str, EdgeCut]) -> Iterator[None]:
    """Cut edges while the body runs `module`; `cuts` are keyed by attention module.

    Raises CaptureError when a cut did not take place: never a silent "no effect".
    """
    with watch_modules(module) as running:
        cutter = _Cutter(running, cuts)
        with cutter:
            yield
    if missed := sorted(set(cuts) - cutter.done):
        raise CaptureError(
            "The edges in {missed} could not be cut: no attention over as many keys was seen "
            "there in this run. Give instructions of one length to one batch.",
            missed=", ".join(missed[:3]),
        )


class _Cutter(OperatorMode):
    """Passes every operator on; attention computations lose the edges that were named."""

    def __init__(self, running: Running, cuts: Mapping[str, EdgeCut]) -> None:
        super().__init__()
        self._running = running
        self._cuts = cuts
        self.done: set[str] = set()

    def operate(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        cut = self._cuts.get(self._running.innermost)
        operator = func._schema.name
        if cut is None:
            return func(*args, **kwargs)
        if operator in SOFTMAX_OPERATORS and _is_over_keys(args, cut):
            self.done.add(self._running.innermost)
            return _without_nan(func(_cut_scores(args[0], cut), *args[1:], **kwargs))
        result = func(*args, **kwargs)
        if is_fused_attention(operator):
            call = fused_call(self._running.innermost, func, args, kwargs)
            if call.key_count == cut.hidden.shape[-1]:
                self.done.add(self._running.innermost)
                return cut_fused(result, call, cut)
        return result


def _is_over_keys(args: tuple[Any, ...], cut: EdgeCut) -> bool:
    scores, axis = args[0], args[1]
    is_last = axis in (-1, scores.ndim - 1)
    return scores.ndim >= 3 and is_last and scores.shape[-1] == cut.hidden.shape[-1]


def _cut_scores(scores: torch.Tensor, cut: EdgeCut) -> torch.Tensor:
    """The scores of (batch, head) or of both in one axis, with the cut edges gone."""
    hidden = _for_batch(cut.hidden, len(scores)) if scores.ndim == 4 else cut.hidden
    by_head = scores.reshape(len(hidden), -1, *scores.shape[-2:]).clone()
    by_head[:, :, list(cut.rows)] = _hide(by_head[:, :, list(cut.rows)], hidden.to(scores.device))
    return by_head.view(scores.shape)


def cut_fused(result: Any, call: FusedCall, cut: EdgeCut) -> Any:
    """A fused kernel's result with the cut rows recomputed by a kernel."""
    output = result[0] if isinstance(result, tuple) else result
    rows = torch.tensor(cut.rows, device=output.device)
    bias = row_bias(call.mask, call.is_causal, rows, call.key_count)
    if bias is None:
        bias = torch.zeros(1, 1, len(rows), call.key_count, device=output.device)
    bias = _hide(bias, _for_batch(cut.hidden, len(call.query)).to(output.device))
    read = F.scaled_dot_product_attention(
        call.query[:, :, rows],
        call.key,
        call.value,
        attn_mask=bias.to(call.query.dtype),
        scale=call.scaling,
        enable_gqa=call.query.shape[1] != call.key.shape[1],
    )
    sees_nothing = (bias == -torch.inf).all(dim=-1, keepdim=True)
    edited = output.clone()
    edited[:, :, rows] = read.masked_fill(sees_nothing, 0.0)
    return (edited, *result[1:]) if isinstance(result, tuple) else edited


def _for_batch(hidden: torch.Tensor, batch: int) -> torch.Tensor:
    """One entry a sequence: an example may be several, as a window of frames is."""
    return hidden.repeat_interleave(batch // len(hidden), dim=0) if batch > len(hidden) else hidden


def _hide(scores: torch.Tensor, hidden: torch.Tensor) -> torch.Tensor:
    """Cut edges at minus infinity; in rows that lose any, masked keys too, however they were."""
    loses = hidden.any(dim=-1, keepdim=True)
    return scores.masked_fill(hidden | (loses & (scores < MASKED_BELOW)), -torch.inf)


def _without_nan(weights: torch.Tensor) -> torch.Tensor:
    """Zero where a row has nothing left to see."""
    return torch.nan_to_num(weights, nan=0.0)
