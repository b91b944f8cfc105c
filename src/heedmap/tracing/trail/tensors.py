"""Tensors that operators take and give: which there are, where they lie, which are written to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch.utils._pytree import tree_leaves

from heedmap.policies.unwatched import UNWATCHED
from heedmap.tracing.trail.recording import Value

_NO_TENSORS = frozenset(
    {type(None), bool, int, float, str, torch.dtype, torch.device, torch.layout}
)


def points_elsewhere(func: Any, args: tuple[Any, ...]) -> bool:
    """Whether a tensor is made to show another memory, which is no result: as in a deep copy."""
    return func._schema.name == "aten::set_" and not any(torch.is_tensor(a) for a in args[1:])


def storage_of(tensor: torch.Tensor) -> int:
    """Where its memory begins."""
    return tensor.untyped_storage().data_ptr()


def alias_of(tensor: torch.Tensor) -> torch.Tensor:
    """The same memory as another tensor, of which no operator is recorded."""
    token = UNWATCHED.set(True)
    try:
        return tensor.detach()
    finally:
        UNWATCHED.reset(token)


def is_plain(leaf: Any) -> bool:
    """Whether it is a tensor whose numbers lie in memory."""
    return isinstance(leaf, torch.Tensor) and leaf.layout == torch.strided and not leaf.is_meta


def tensors_in(nested: Any) -> list[torch.Tensor]:
    """In order; asked of all arguments of every operator, and quicker than torch's pytrees."""
    if isinstance(nested, torch.Tensor):
        return [nested] if is_plain(nested) else []
    if isinstance(nested, dict):
        nested = nested.values()
    elif not isinstance(nested, tuple | list):
        leaves = () if type(nested) in _NO_TENSORS else tree_leaves(nested)
        return [leaf for leaf in leaves if is_plain(leaf)]
    found: list[torch.Tensor] = []
    for each in nested:
        if type(each) not in _NO_TENSORS:
            found += tensors_in(each)
    return found


def with_values(nested: Any, values: Mapping[int, Value]) -> Any:
    """Arguments of an operator, with the value of each tensor in its place."""
    if type(nested) in _NO_TENSORS:
        return nested
    if isinstance(nested, torch.Tensor):
        return values.get(id(nested))
    if isinstance(nested, tuple | list):
        return tuple([with_values(each, values) for each in nested])
    if isinstance(nested, dict):
        return {name: with_values(each, values) for name, each in nested.items()}
    return nested


def written_by(func: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> list[torch.Tensor]:
    """Tensors that an operator changes in place."""
    schema = func._schema
    if not schema.is_mutable:
        return []
    given = {**dict(zip([a.name for a in schema.arguments], args, strict=False)), **kwargs}
    changed = [a.name for a in schema.arguments if a.alias_info and a.alias_info.is_write]
    return [t for name in changed for t in tensors_in(given.get(name))]
