"""Record the attention of chosen query rows while a transformers model runs its own SDPA.

The model keeps its configuration and its fast kernel. For the time of the recording the
entry `sdpa` of transformers' public `AttentionInterface` also computes the wanted rows'
weights; the entry is put back in `finally`. Calls from any other model pass through.
Not to be entered from two threads at once: the interface is one for the process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from jaxtyping import Bool
from torch import nn

from heedmap.errors import CaptureError
from heedmap.tracing.capture.calls import Values
from heedmap.tracing.capture.rows import (
    RowWeights,
    resolve_rows,
    row_bias,
    row_visibility,
    row_weights,
)

IMPLEMENTATION = "sdpa"


@dataclass(frozen=True)
class LayerAttention:
    """One attention call: the module's name, its rows' weights and what they may see."""

    module_name: str
    rows: tuple[int, ...]
    weights: RowWeights
    visible: Bool[torch.Tensor, "batch row key"]
    values: Values | None = None
    """What the weights are multiplied with; None where it was not requested."""


@dataclass
class AttentionCapture:
    """What one recording saw; filled while the model runs."""

    expected_layers: tuple[str, ...]
    implementation: str = IMPLEMENTATION
    calls: list[LayerAttention] = field(default_factory=list)

    @property
    def seen_layers(self) -> tuple[str, ...]:
        """Names of the attention modules seen, in the order they ran."""
        return tuple(call.module_name for call in self.calls)

    def layers(self) -> list[LayerAttention]:
        """One call for every expected layer, in the order they ran.

        Raises CaptureError naming the layers that were not seen, seen more than once, or
        whose weights are not numbers.
        """
        seen = self.seen_layers
        missing = [name for name in self.expected_layers if name not in seen]
        if missing:
            raise CaptureError(
                "{count} of {layers} attention layers were not seen: {missing}. They did not run, "
                "or not through transformers' '{implementation}' attention; load the model with "
                "attn_implementation='{implementation}'.",
                count=len(missing),
                layers=len(self.expected_layers),
                missing=", ".join(missing),
                implementation=IMPLEMENTATION,
            )
        repeated = sorted({name for name in seen if seen.count(name) > 1})
        if repeated:
            raise CaptureError(
                "The attention layers {repeated} ran more than once in one recording; record one "
                "forward pass at a time.",
                repeated=", ".join(repeated),
            )
        for call in self.calls:
            if call.weights.isnan().any():
                raise CaptureError(
                    "The attention of {name} is not a number: a recorded row may see no "
                    "key at all, or the weights or inputs hold NaN; check the checkpoint and mask.",
                    name=call.module_name,
                )
        return self.calls

    def weights(self) -> list[RowWeights]:
        """Weights of every expected layer, float32, one (batch, head, row, key) a layer."""
        return [call.weights for call in self.layers()]


@contextmanager
def capture_attention(
    model: nn.Module,
    rows: Sequence[int] = (-1,),
    expected: Sequence[str] | None = None,
    *,
    values: bool = False,
) -> Iterator[AttentionCapture]:
    """Record the attention of query `rows` in every layer of `model`.

    `rows` may be negative (from the end). `expected` names the attention modules that
    must be seen; left out, they are all of `attention_layer_names(model)`. With `values`
    each layer's values are kept too, for norms; they are larger than the weights.

    Raises CaptureError at once when the model is not set to run SDPA attention, and from
    `AttentionCapture.layers` when an expected layer was not seen.
    """
    from transformers import AttentionInterface  # takes a second, and not all policies need it

    check_implementation(model)
    name_of = {module: name for name, module in model.named_modules()}
    capture = AttentionCapture(tuple(expected or attention_layer_names(model)))
    original: Callable[..., Any] = AttentionInterface()[IMPLEMENTATION]

    def record_and_run(
        module: nn.Module, query: torch.Tensor, key: torch.Tensor, *args: Any, **kwargs: Any
    ) -> Any:
        if module in name_of:
            mask = args[1] if len(args) > 1 else kwargs.get("attention_mask")
            call = _record(module, query, key, mask, tuple(rows), kwargs)
            value = args[0] if args else kwargs["value"]
            kept = value.detach() if values else None
            capture.calls.append(LayerAttention(name_of[module], *call, kept))
        return original(module, query, key, *args, **kwargs)

    AttentionInterface.register(IMPLEMENTATION, record_and_run)
    try:
        yield capture
    finally:
        AttentionInterface.register(IMPLEMENTATION, original)


def attention_layer_names(model: nn.Module) -> list[str]:
    """Names of the modules that should compute attention, in definition order.

    By transformers' convention: classes named `...Attention` without another one inside.
    """
    named = {n: m for n, m in model.named_modules() if type(m).__name__.endswith("Attention")}
    return [n for n in named if not any(other.startswith(f"{n}.") for other in named)]


def check_implementation(model: nn.Module) -> None:
    """Raise CaptureError unless `model` is a transformers model set to SDPA attention."""
    config = getattr(model, "config", None)
    implementation = getattr(config, "_attn_implementation", None)
    if implementation is None:
        raise CaptureError(
            "{kind} is not a transformers model (it has no attention implementation in its "
            "config); give the transformers model inside the policy.",
            kind=type(model).__name__,
        )
    if implementation != IMPLEMENTATION:
        raise CaptureError(
            "{kind} runs '{implementation}' attention, but heedmap records '{expected}'; "
            "call model.set_attn_implementation('{expected}') first.",
            kind=type(model).__name__,
            implementation=implementation,
            expected=IMPLEMENTATION,
        )


@torch.no_grad()
def _record(
    module: nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    mask: torch.Tensor | None,
    rows: tuple[int, ...],
    options: dict[str, Any],
) -> tuple[tuple[int, ...], RowWeights, Bool[torch.Tensor, "batch row key"]]:
    """Weights and visibility of the rows in one call, as the kernel would compute them."""
    query_count, key_count = query.shape[2], key.shape[2]
    resolved = resolve_rows(rows, query_count).to(query.device)
    is_causal = options.get("is_causal")
    if is_causal is None:
        is_causal = getattr(module, "is_causal", True)
    # As in transformers' SDPA: the causal flag counts only without a mask and with several rows.
    causal = bool(is_causal) and mask is None and query_count > 1
    bias = row_bias(mask, causal, resolved, key_count)
    visible = row_visibility(bias, len(query), len(rows), key_count)
    if (extra := options.get("position_bias")) is not None:
        own = extra[:, :, resolved, :key_count].float()
        bias = own if bias is None else bias + own
    scaling = options.get("scaling")
    weights = row_weights(
        query, key, resolved, bias, query.shape[-1] ** -0.5 if scaling is None else scaling
    )
    return tuple(resolved.tolist()), weights, visible
