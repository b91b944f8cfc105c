"""The layers of one stack while they run: what each is called with, and its attention call."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn
from torch.overrides import TorchFunctionMode

from heedmap.data.observation import Observation
from heedmap.errors import PolicyRunError
from heedmap.policies.attempts import attempt
from heedmap.policies.base import ActionScores, Policy
from heedmap.tracing.batches import is_out_of_memory
from heedmap.tracing.capture.calls import FusedCall
from heedmap.tracing.shared_prefix.layer_inputs import NotShareableError

Arguments = tuple[tuple[Any, ...], dict[str, Any]]
TakeInput = Callable[[int, tuple[Any, ...], dict[str, Any]], Arguments | None]
"""Gets a layer's number and arguments; gives others in their place, or None."""


class LayersRunning(ABC):
    """Follows layers through a forward pass. Enter with `watching(module, names)`."""

    def __init__(self) -> None:
        self._inside: list[int] = []
        self.names: tuple[str, ...] = ()
        """Of the layers that are followed, by their number."""

    @property
    def layer(self) -> int | None:
        """The innermost layer that runs now; None outside of all."""
        return self._inside[-1] if self._inside else None

    @abstractmethod
    def take(self, layer: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments | None:
        """Sees what a layer is called with; may give other arguments."""

    @abstractmethod
    def attend(self, layer: int, call: FusedCall) -> torch.Tensor | None:
        """Sees the layer's attention; may give its result; otherwise the kernel runs."""

    def gave(self, layer: int, output: Any) -> None:
        """Sees what a layer gives."""
        return None

    @contextmanager
    def watching(self, module: nn.Module, names: Sequence[str]) -> Iterator[None]:
        """Follow the modules of these names, numbered in this order; leaves no hook behind."""
        self.names = tuple(names)
        handles = [
            handle
            for layer, name in enumerate(names)
            for handle in (
                module.get_submodule(name).register_forward_pre_hook(
                    partial(self._begin, layer), with_kwargs=True
                ),
                module.get_submodule(name).register_forward_hook(
                    partial(self._end, layer), always_call=True
                ),
            )
        ]
        try:
            with _SeesSdpa(self):
                yield
        finally:
            for handle in handles:
                handle.remove()

    def _begin(
        self, layer: int, _: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Arguments | None:
        self._inside.append(layer)
        return self.take(layer, args, kwargs)

    def _end(self, layer: int, _: nn.Module, __: Any, output: Any) -> None:
        self._inside.pop()
        self.gave(layer, output)


class _SeesSdpa(TorchFunctionMode):
    """Shows `scaled_dot_product_attention` of the running layer, before a kernel is chosen."""

    def __init__(self, running: LayersRunning) -> None:
        super().__init__()
        self._running = running

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        layer = self._running.layer
        if func is F.scaled_dot_product_attention and layer is not None:
            call = _call_of(*args, **kwargs)
            result = None if call is None else self._running.attend(layer, call)
            if result is not None:
                return result
        return func(*args, **kwargs)


def _call_of(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attn_mask: torch.Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> FusedCall | None:
    """What `scaled_dot_product_attention` was called with; None without (batch, head) axes."""
    if query.ndim != 4:
        return None
    return FusedCall.of("", query, key, value, attn_mask, is_causal, scale)


def scores_of_rows(
    policy: Policy, examples: Sequence[tuple[Observation, str]], rows: int
) -> ActionScores:
    """Call the policy while its layers are fed with other rows than it built; `rows` scores.

    Raises NotShareableError where its own code does not take that, however often it is tried.
    """
    observations = [observation for observation, _ in examples]
    texts = [text for _, text in examples]

    def run() -> ActionScores:
        with torch.no_grad():
            return policy.act_unchecked(observations, texts)

    scores = attempt(run)
    if isinstance(scores, PolicyRunError):
        if is_out_of_memory(scores):
            raise scores
        why = f"its code takes no rows alone ({type(scores.__cause__).__name__})"
        raise NotShareableError(why) from scores
    is_row_each = scores.ndim == 2 and len(scores) == rows
    is_alike = is_row_each and policy.actions_seen in (None, scores.shape[1])
    if not is_alike or not scores.isfinite().all():
        raise NotShareableError("its head does not give one row of scores for each row of states")
    return scores
