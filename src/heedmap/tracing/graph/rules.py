"""What an operator's outputs are made of, by what its inputs are: states, entry by entry."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from heedmap.tracing.graph.states import (
    NOTHING,
    States,
    distinct,
    mean_along_last,
    paired,
    table_of,
)
from heedmap.tracing.trail.recording import Operator, Value

Held = torch.Tensor
"""States, one for each entry of a value."""
WithStart = Callable[[Held, Value, Held | None], Held]
"""Gives rows that attention is first added to their start: what is made, one of the terms, and
what that one holds."""

# fmt: off
_MOVES = frozenset({
    "cat", "stack", "index", "index_select", "gather", "take", "permute", "transpose", "view",
    "_unsafe_view", "reshape", "expand", "repeat", "roll", "flip", "slice", "select", "split",
    "split_with_sizes", "unbind", "unfold", "im2col", "pixel_shuffle", "pixel_unshuffle", "where",
    "index_put", "_index_put_impl", "index_copy", "scatter", "slice_scatter", "select_scatter",
    "masked_scatter", "masked_select", "tril", "triu", "diagonal", "squeeze", "unsqueeze", "t",
    "as_strided", "_reshape_alias", "_reshape_copy", "channel_shuffle", "narrow", "constant_pad_nd",
    "masked_fill", "copy", "slice_backward",
})
_COPIES = frozenset({"_to_copy", "clone", "contiguous", "detach", "alias", "lift_fresh", "_conj"})
_KEEPS_ROWS = frozenset({
    "native_layer_norm", "_fused_rms_norm", "native_group_norm", "native_batch_norm", "_softmax",
    "_native_batch_norm_legit_no_training", "_log_softmax", "_safe_softmax", "native_dropout",
})
_INDICES = {
    "index": 1, "index_put": 1, "_index_put_impl": 1, "index_select": 2, "gather": 2, "take": 1,
    "embedding": 1, "scatter": 2, "index_copy": 2, "masked_scatter": 1, "masked_select": 1,
    "where": 0, "masked_fill": 1,
}
_LOOKUPS = frozenset({"embedding", "index", "index_select", "gather", "take"})
_ADDS = frozenset({"add", "sub", "addcmul", "lerp", "addmm", "baddbmm"})
_PRODUCTS = frozenset({"mm", "addmm", "bmm", "baddbmm", "linear", "mv", "addmv", "dot"})
# fmt: on


class Rules:
    """By kind of operator: what moves entries, maps features, adds, or reduces."""

    def __init__(self, states: States, with_start: WithStart) -> None:
        self._states = states
        self._with_start = with_start

    def outputs(
        self, operator: Operator, held: Mapping[int, Held | None]
    ) -> Callable[[Value], Held | None]:
        """What each output holds."""
        try:
            found = self._found(operator, held)
        except (RuntimeError, IndexError):  # in shapes that the rule does not expect
            found = None
        size = operator.outputs[0].tensor.numel() if operator.outputs else 0
        if found is None or (isinstance(found, torch.Tensor) and found.numel() not in (1, size)):
            found = self._whatever(operator, held)
        if isinstance(found, torch.Tensor):
            one = found
            return lambda value: _shaped(one, value)
        each = dict(zip(map(id, operator.outputs), found, strict=False))
        return lambda value: each.get(id(value))

    def _found(
        self, operator: Operator, held: Mapping[int, Held | None]
    ) -> Held | Sequence[Held] | None:
        """By kind of operator; None where it is of none that is known."""
        short = operator.short_name
        found: Held | Sequence[Held] | None = None
        tags = operator.func.tags
        if short in _COPIES:
            found = held[id(operator.inputs[0])]
        elif short in _LOOKUPS and _picks_by(operator, held):
            found = self._looked_up(operator, held)
        elif short in _MOVES:
            found = self._moved(operator, held)
        elif short in _PRODUCTS:
            found = self._multiplied(operator, held)
        elif short in _KEEPS_ROWS:
            found = held[id(operator.inputs[0])]
        elif torch.Tag.pointwise in tags:
            found = self._pointwise(operator, held)
        elif torch.Tag.reduction in tags:
            found = self._reduced(operator, held)
        return found

    def _pointwise(self, operator: Operator, held: Mapping[int, Held | None]) -> Held | None:
        """Sums have half of each; what is spread over rows that hold something does not count."""
        shape = operator.outputs[0].tensor.shape
        tensors = [v for v in operator.inputs if v.tensor.shape != () or held[id(v)] is not None]
        full: list[Held] = []
        spread: list[Held] = []
        for value in tensors:
            if (mine := held[id(value)]) is not None and bool(mine.any()):
                wide = mine.expand(shape)
                (full if is_full(value.tensor.shape, shape) else spread).append(wide)
        found: Held | None = None
        for wide in full:
            found = wide if found is None else paired(found, wide, self._states.summed)
        for wide in spread:
            found = wide if found is None else torch.where(found == NOTHING, wide, found)
        if found is not None and operator.short_name in _ADDS:
            for value in tensors:
                found = self._with_start(found, value, held[id(value)])
        return found

    def _multiplied(self, operator: Operator, held: Mapping[int, Held | None]) -> Held | None:
        """Each entry is made of a row and a column; features are mixed, rows are kept."""
        short = operator.short_name
        added = operator.inputs[0] if short in ("addmm", "baddbmm", "addmv") else None
        one, two = operator.args[:2] if added is None else operator.args[1:3]
        shape = operator.outputs[0].tensor.shape
        rows, columns = held[id(one)], held[id(two)]
        found = torch.zeros(shape, dtype=torch.long)
        if rows is not None:
            mean = mean_along_last(self._states, rows.flatten(0, -2)).reshape(rows.shape[:-1])
            found = (mean[..., None] if two.tensor.ndim > 1 else mean).expand(shape).clone()
        if columns is not None and short != "linear":
            turned = columns.mT if columns.ndim > 1 else columns[None]
            mean = mean_along_last(self._states, turned.flatten(0, -2)).reshape(turned.shape[:-1])
            wide = mean[..., None, :].expand(shape)
            lost = self._states.unknown(operator.module)
            found = paired(found, wide, lambda _a, _b: lost)
        if added is not None:
            if (mine := held[id(added)]) is not None:
                found = paired(found, mine.expand(shape), self._states.summed)
            found = self._with_start(found, added, held[id(added)])
        return found

    def _reduced(self, operator: Operator, held: Mapping[int, Held | None]) -> Held | None:
        """The mean over what is reduced."""
        value = operator.inputs[0]
        if (mine := held[id(value)]) is None:
            return None
        axes = operator.args[1] if len(operator.args) > 1 else operator.kwargs.get("dim")
        if not isinstance(axes, int | tuple | list) or isinstance(axes, bool) or axes == ():
            axes = tuple(range(mine.ndim))
        axes = [axes] if isinstance(axes, int) else list(axes)
        gone = {axis % mine.ndim for axis in axes} if mine.ndim else set[int]()
        kept = [axis for axis in range(mine.ndim) if axis not in gone]
        laid = mine.permute(*kept, *sorted(gone)).reshape(
            [mine.shape[axis] for axis in kept] + [-1]
        )
        means = mean_along_last(self._states, laid.flatten(0, -2) if kept else laid[None])
        return means if means.numel() == operator.outputs[0].tensor.numel() else None

    def _moved(
        self, operator: Operator, held: Mapping[int, Held | None]
    ) -> Held | Sequence[Held] | None:
        """The same done with states; None where that is not possible."""
        indices = _INDICES.get(operator.short_name)
        if operator.short_name == "masked_fill":
            mine = held[id(operator.inputs[0])]
            mask = _given(operator.args[1])
            return None if mine is None else torch.where(mask.cpu(), NOTHING, mine)
        if operator.short_name == "copy":
            mine = held.get(id(operator.args[1]))
            shape = operator.outputs[0].tensor.shape
            return torch.zeros(shape).long() if mine is None else mine.expand(shape)
        args = [
            _filled(arg, held, as_index=place == indices) for place, arg in enumerate(operator.args)
        ]
        if operator.short_name == "constant_pad_nd":
            args = args[:2]
        try:
            made = operator.func(*args, **_plain(operator.kwargs))
        except (RuntimeError, TypeError, IndexError, NotImplementedError):
            return None
        return list(made) if isinstance(made, tuple | list) else made

    def _looked_up(self, operator: Operator, held: Mapping[int, Held | None]) -> Held | None:
        """Rows of a table, by a number that was chosen from what holds something."""
        index = operator.args[_INDICES[operator.short_name]]
        chosen = [index] if isinstance(index, Value) else [v for v in index if v is not None]
        shape = operator.outputs[0].tensor.shape
        mine = held[id(chosen[0])]
        if len(chosen) > 1 or mine is None or mine.shape != shape[: mine.ndim]:
            return None
        choices = {state: self._states.choice(state) for state in distinct([mine])}
        mine = table_of(choices, mine)
        return mine.reshape(*mine.shape, *[1] * (len(shape) - mine.ndim)).expand(shape)

    def _whatever(self, operator: Operator, held: Mapping[int, Held | None]) -> Held:
        """All on all: one state where all is of one, else it is not followed."""
        found = distinct([each for each in held.values() if each is not None])
        state = found[0] if len(found) == 1 else NOTHING
        if len(found) > 1:
            state = self._states.unknown(operator.module)
        return torch.full((1,), state, dtype=torch.long)


def is_full(shape: torch.Size, whole: torch.Size) -> bool:
    """Whether it is as large along all axes but the first, along which examples lie."""
    padded = (1,) * (len(whole) - len(shape)) + tuple(shape)
    return padded[1:] == tuple(whole[1:])


def _picks_by(operator: Operator, held: Mapping[int, Held | None]) -> bool:
    """Whether the indices hold something, and what is picked from does not."""
    index = operator.args[_INDICES[operator.short_name]]
    chosen = [index] if isinstance(index, Value) else [v for v in index if v is not None]
    is_held = any((mine := held.get(id(v))) is not None and bool(mine.any()) for v in chosen)
    return is_held and held[id(operator.inputs[0])] is None


def _shaped(held: Held, value: Value) -> Held | None:
    shape = value.tensor.shape
    if held.numel() == value.tensor.numel():
        return held.reshape(shape)
    return held.reshape(()).expand(shape) if held.numel() == 1 else None


def _given(nested: Any) -> torch.Tensor:
    assert isinstance(nested, Value)
    return nested.tensor


def _filled(nested: Any, held: Mapping[int, Held | None], *, as_index: bool) -> Any:
    if isinstance(nested, Value):
        if as_index:
            return nested.tensor.cpu()
        mine = held.get(id(nested))
        return torch.zeros(nested.tensor.shape, dtype=torch.long) if mine is None else mine.clone()
    if isinstance(nested, tuple | list):
        return [_filled(each, held, as_index=as_index) for each in nested]
    return nested


def _plain(kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Without what says of which kind a result is."""
    return {
        k: v
        for k, v in kwargs.items()
        if k not in ("dtype", "device", "layout", "memory_format", "pin_memory")
    }
