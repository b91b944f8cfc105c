"""Open attention edges that a mask hides, or weigh edges: the network sees more, or elsewhere.

Fused attention gets another mask; of a softmax written out the hidden scores are made anew from the
product of queries and keys, whose scale the visible ones give. Weights are added to the scores, so
that a weight of log 4 multiplies attention by 4 before it is normalised. All of it above autograd,
so that a network can be trained while its masks are open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set
from contextlib import contextmanager
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import nn
from torch.overrides import TorchFunctionMode

from heedmap.errors import CaptureError
from heedmap.tracing.capture.rows import MASKED_BELOW
from heedmap.tracing.capture.running import Running, watch_modules

Edges = Bool[torch.Tensor, "query key"]
"""True where a query must see a key."""
Weights = Float[torch.Tensor, "query key"]
"""Added to the scores, in nats."""

SCALE_TOLERANCE = 1e-3
"""Of the largest score: by more, scores are more than a scaled product (a bias is added)."""

_PRODUCTS = (torch.matmul, torch.bmm, torch.Tensor.matmul, torch.Tensor.__matmul__)
_SOFTMAX = (torch.softmax, F.softmax, torch.Tensor.softmax)


@contextmanager
def opened_edges(
    module: nn.Module, names: Set[str], edges: Edges, added: Weights | None = None
) -> Iterator[None]:
    """Inside, attention modules of these names see the edges, where as many keys are attended.

    Raises CaptureError where no attention over so many keys was seen in one of them, or a softmax's
    scores cannot be made anew.
    """
    with watch_modules(module) as running:
        opener = _Opener(running, names, edges, added)
        with opener:
            yield
    if missed := sorted(names - opener.done):
        raise CaptureError(
            "The mask in {missed} could not be opened: no attention over {count} keys was seen "
            "there.",
            missed=", ".join(missed[:3]),
            count=len(edges),
        )


class _Opener(TorchFunctionMode):
    """Passes every function on; attention of the named modules sees more."""

    def __init__(
        self, running: Running, names: Set[str], edges: Edges, added: Weights | None
    ) -> None:
        super().__init__()
        self._added = added
        self._running = running
        self._names = names
        self._edges = edges
        self._product: dict[str, torch.Tensor] = {}
        self.done: set[str] = set()

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        name = self._running.innermost
        if name not in self._names:
            return func(*args, **kwargs)
        if func is F.scaled_dot_product_attention:
            return self._fused(name, func, args, kwargs)
        if func in _SOFTMAX and self._is_over_keys(args[0]):
            self.done.add(name)
            return func(self._anew(name, args[0]), *args[1:], **kwargs)
        result = func(*args, **kwargs)
        if func in _PRODUCTS and torch.is_tensor(result) and self._is_over_keys(result):
            self._product[name] = result
        return result

    def _is_over_keys(self, scores: torch.Tensor) -> bool:
        return scores.ndim >= 3 and scores.shape[-2:] == self._edges.shape

    def _fused(
        self, name: str, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        names = ("query", "key", "value", "attn_mask", "dropout_p", "is_causal")
        given = dict(zip(names, args, strict=False)) | kwargs
        query, key = given["query"], given["key"]
        if (query.shape[-2], key.shape[-2]) != tuple(self._edges.shape):
            return func(*args, **kwargs)
        self.done.add(name)
        edges, mask = self._edges.to(query.device), given.get("attn_mask")
        if mask is None:
            mask = torch.ones(edges.shape, dtype=torch.bool, device=query.device)
            mask = mask.tril() if given.get("is_causal") else mask
        if mask.dtype == torch.bool:
            mask = torch.zeros_like(mask, dtype=query.dtype).masked_fill(~mask, -torch.inf)
        mask = mask.masked_fill(edges, 0.0)
        if self._added is not None:
            mask = mask + self._added.to(mask)
        return func(**{**given, "attn_mask": mask, "is_causal": False})

    def _anew(self, name: str, scores: torch.Tensor) -> torch.Tensor:
        """The scores with the hidden ones of the edges as they would be without a mask."""
        edges = self._edges.to(scores.device).expand(scores.shape)
        hidden = scores < MASKED_BELOW
        product = self._product.get(name)
        if self._added is not None:
            scores = scores + self._added.to(scores)
        if not bool((edges & hidden).any()):
            return scores
        if product is None or product.shape != scores.shape:
            raise CaptureError(
                "The mask in {name} could not be opened: its scores are no product.", name=name
            )
        seen = ~hidden
        raw, shown = product[seen].detach().double(), scores[seen].detach().double()
        scale = float((raw * shown).sum() / (raw * raw).sum().clamp(min=1e-30))
        if (raw * scale - shown).abs().max() > SCALE_TOLERANCE * shown.abs().max().clamp(min=1e-6):
            raise CaptureError(
                "The mask in {name} could not be opened: something else is added to its scores.",
                name=name,
            )
        return torch.where(edges & hidden, product * scale, scores)
