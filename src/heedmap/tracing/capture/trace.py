"""Watch any torch module run: every attention computation, every embedding, in order.

A `TorchDispatchMode` sees the operators below all Python wrappers: fused attention of
every backend, a softmax written out by hand, those inside `nn.MultiheadAttention`. The
model runs its own kernels on its own tensors; nothing is patched. Operators are counted
to the innermost module that is running.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from heedmap.tracing.capture.calls import AttentionCall, FusedCall, WrittenOutCall
from heedmap.tracing.capture.running import OperatorMode, Running, watch_inside
from heedmap.tracing.capture.towers import is_remembered
from heedmap.types import TokenIds

SOFTMAX_OPERATORS = ("aten::_softmax", "aten::_safe_softmax")
MATRIX_PRODUCTS = ("aten::bmm", "aten::mm", "aten::baddbmm")
_COPIES = ("aten::_to_copy", "aten::clone", "aten::mul", "aten::native_dropout")

EditEmbedding = Callable[["EmbeddingCall", torch.Tensor], torch.Tensor]
"""Gets an embedding call and its result, gives the result that the model goes on with."""


@dataclass(frozen=True)
class EmbeddingCall:
    """A look-up of rows by integer ids, of shape (batch, token) or (token,)."""

    module_name: str
    ids: TokenIds


@dataclass
class Trace:
    """What one forward pass showed, in the order in which it ran."""

    attention: list[AttentionCall] = field(default_factory=list)
    embeddings: list[EmbeddingCall] = field(default_factory=list)
    modules_run: list[str] = field(default_factory=list)
    """Names of the modules that ran, in the order in which they began."""
    took_apart: bool = False
    """Whether the pass may round otherwise than unwatched, as in inference mode."""


@contextmanager
def trace(
    module: nn.Module,
    *,
    batch: int = 1,
    edit_embedding: EditEmbedding | None = None,
    within: Set[str] | None = None,
) -> Iterator[Trace]:
    """Watch `module` while the body runs it on `batch` examples; leaves no hook behind.

    `edit_embedding` may change what an embedding gives (an intervention). Only the operators of the
    modules named in `within` are looked at, where it is given.
    """
    seen = Trace()

    def watch(running: Running) -> _Watch:
        seen.modules_run = running.begun
        return _Watch(module, seen, running, batch, edit_embedding)

    with watch_inside(module, within, watch) as mode:
        yield seen
    seen.took_apart = mode.took_apart


@contextmanager
def one_attention_path() -> Iterator[None]:
    """Keep torch's `nn.MultiheadAttention` on one path, watched or not.

    In evaluation mode it may take a fused path that shows nothing and rounds differently;
    inside, that path is switched off for the process, as it was afterwards.
    """
    was_enabled = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(was_enabled)


class _Watch(OperatorMode):
    """Passes every operator on and notes those that matter."""

    def __init__(
        self,
        module: nn.Module,
        seen: Trace,
        running: Running,
        batch: int,
        edit_embedding: EditEmbedding | None,
    ) -> None:
        super().__init__()
        self._module = module
        self._seen = seen
        self._running = running
        self._batch = batch
        self._edit_embedding = edit_embedding
        self._softmaxes: dict[int, tuple[str, torch.Tensor, torch.Tensor]] = {}
        """By the address of the weights' storage: module, scores, weights."""

    def operate(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        result = func(*args, **kwargs)
        operator = func._schema.name
        if operator == "aten::embedding":
            return self._note_embedding(args[1], result)
        if operator in SOFTMAX_OPERATORS:
            self._note_softmax(args[0], args[1], result)
        elif operator in MATRIX_PRODUCTS:
            self._note_product(args[-2:])
        elif operator in _COPIES:
            self._follow_copy(args, result)
        elif is_fused_attention(operator):
            self._seen.attention.append(fused_call(self._running.innermost, func, args, kwargs))
        return result

    def _note_embedding(self, ids: torch.Tensor, result: torch.Tensor) -> torch.Tensor:
        if not ids.numel() or self._is_inside_tower():
            return result  # a tower's would be missing where its output is remembered
        rows = ids.detach().reshape(-1, ids.shape[-1] if ids.ndim else 1)
        call = EmbeddingCall(self._running.innermost, rows)
        self._seen.embeddings.append(call)
        return self._edit_embedding(call, result) if self._edit_embedding else result

    def _is_inside_tower(self) -> bool:
        return any(is_remembered(self._module.get_submodule(n)) for n in self._running.stack)

    def _note_softmax(self, scores: torch.Tensor, axis: int, weights: torch.Tensor) -> None:
        if scores.ndim >= 2 and axis in (-1, scores.ndim - 1):
            noted = (self._running.innermost, scores.detach(), weights.detach())
            self._softmaxes[_address(weights)] = noted

    def _follow_copy(self, args: tuple[Any, ...], result: Any) -> None:
        copy = result[0] if isinstance(result, tuple) else result
        noted = self._softmaxes.get(_address(args[0])) if torch.is_tensor(args[0]) else None
        if noted is not None and copy.shape == args[0].shape:
            self._softmaxes[_address(copy)] = noted

    def _note_product(self, factors: Sequence[torch.Tensor]) -> None:
        for factor, other in (tuple(factors), tuple(reversed(factors))):
            noted = self._softmaxes.pop(_address(factor), None)
            if noted is not None:
                self._seen.attention.append(self._written_out(*noted, other))
                return

    def _written_out(
        self, name: str, scores: torch.Tensor, weights: torch.Tensor, other: torch.Tensor
    ) -> WrittenOutCall:
        shape = (self._batch, -1, *scores.shape[-2:])
        is_value = other.ndim >= 2 and other.shape[-2] == scores.shape[-1]
        value = other.detach().reshape(self._batch, -1, *other.shape[-2:]) if is_value else None
        return WrittenOutCall(
            module_name=name,
            backend="softmax",
            scores=scores.reshape(shape),
            weights=weights.reshape(shape),
            value=value,
        )


def is_fused_attention(operator: str) -> bool:
    """Whether an operator of this name computes attention in one kernel."""
    return "_scaled_dot_product" in operator and "backward" not in operator


def fused_call(
    module_name: str, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> FusedCall:
    """What a fused attention operator was called with."""
    given = _bound(func, args, kwargs)
    mask = given.get("attn_mask")
    return FusedCall.of(
        module_name,
        given["query"],
        given["key"],
        given["value"],
        given.get("attn_bias") if mask is None else mask,
        bool(given.get("is_causal")),
        given.get("scale"),
    )


def _bound(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """An operator's arguments by name."""
    names = [argument.name for argument in func._schema.arguments]
    return {**dict(zip(names, args, strict=False)), **kwargs}


def _address(tensor: torch.Tensor) -> int:
    return tensor.untyped_storage().data_ptr()
