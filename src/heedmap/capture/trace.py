"""Watch any torch module run: every attention computation, every embedding, in order.

A `TorchDispatchMode` sees the operators below all Python wrappers: fused attention of
every backend, a softmax written out by hand, those inside `nn.MultiheadAttention`. The
model runs its own kernels on its own tensors; nothing is patched. Operators are counted
to the innermost module that is running.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from heedmap.capture.calls import AttentionCall, FusedCall, WrittenOutCall
from heedmap.types import TokenIds

_SOFTMAX = ("aten::_softmax", "aten::_safe_softmax")
_PRODUCTS = ("aten::bmm", "aten::mm", "aten::baddbmm")
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


@contextmanager
def trace(
    module: nn.Module, *, batch: int = 1, edit_embedding: EditEmbedding | None = None
) -> Iterator[Trace]:
    """Watch `module` while the body runs it on `batch` examples; leaves no hook behind.

    `edit_embedding` may change what an embedding gives (an intervention).
    """
    seen = Trace()
    running: list[str] = [""]

    handles = [
        handle
        for name, inner in module.named_modules()
        for handle in (
            inner.register_forward_pre_hook(partial(_enter, seen, running, name)),
            inner.register_forward_hook(partial(_leave, running), always_call=True),
        )
    ]
    try:
        with _Watch(seen, running, batch, edit_embedding):
            yield seen
    finally:
        for handle in handles:
            handle.remove()


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


class _Watch(TorchDispatchMode):
    """Passes every operator on and notes those that matter."""

    def __init__(
        self,
        seen: Trace,
        running: Sequence[str],
        batch: int,
        edit_embedding: EditEmbedding | None,
    ) -> None:
        super().__init__()
        self._seen = seen
        self._running = running
        self._batch = batch
        self._edit_embedding = edit_embedding
        self._softmaxes: dict[int, tuple[str, torch.Tensor, torch.Tensor]] = {}
        """By the address of the weights' storage: module, scores, weights."""

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        if torch.is_inference_mode_enabled():  # composite operators arrive whole there
            with self:
                result = func.decompose(*args, **kwargs)
            if result is not NotImplemented:
                return result
        result = func(*args, **kwargs)
        operator = func._schema.name
        if operator == "aten::embedding":
            return self._note_embedding(args[1], result)
        if operator in _SOFTMAX:
            self._note_softmax(args[0], args[1], result)
        elif operator in _PRODUCTS:
            self._note_product(args[-2:])
        elif operator in _COPIES:
            self._follow_copy(args, result)
        elif "_scaled_dot_product" in operator and "backward" not in operator:
            self._note_fused(_bound(func, args, kwargs))
        return result

    def _note_embedding(self, ids: torch.Tensor, result: torch.Tensor) -> torch.Tensor:
        call = EmbeddingCall(self._running[-1], ids.detach().reshape(-1, ids.shape[-1]))
        self._seen.embeddings.append(call)
        return self._edit_embedding(call, result) if self._edit_embedding else result

    def _note_fused(self, given: dict[str, Any]) -> None:
        query, scale = given["query"].detach(), given.get("scale")
        mask = given.get("attn_mask")
        mask = given.get("attn_bias") if mask is None else mask
        self._seen.attention.append(
            FusedCall(
                module_name=self._running[-1],
                query=query,
                key=given["key"].detach(),
                value=given["value"].detach(),
                mask=None if mask is None else _four_axes(mask.detach()),
                is_causal=bool(given.get("is_causal")),
                scaling=query.shape[-1] ** -0.5 if scale is None else scale,
            )
        )

    def _note_softmax(self, scores: torch.Tensor, axis: int, weights: torch.Tensor) -> None:
        if scores.ndim >= 2 and axis in (-1, scores.ndim - 1):
            noted = (self._running[-1], scores.detach(), weights.detach())
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


def _enter(seen: Trace, running: list[str], name: str, *_: Any) -> None:
    seen.modules_run.append(name)
    running.append(name)


def _leave(running: list[str], *_: Any) -> None:
    running.pop()


def _bound(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """An operator's arguments by name."""
    names = [argument.name for argument in func._schema.arguments]
    return {**dict(zip(names, args, strict=False)), **kwargs}


def _address(tensor: torch.Tensor) -> int:
    return tensor.untyped_storage().data_ptr()


def _four_axes(mask: torch.Tensor) -> torch.Tensor:
    while mask.ndim < 4:
        mask = mask[None]
    return mask
