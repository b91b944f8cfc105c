"""What every row of a recorded run is made of beside attention: followed operator by operator.

Forwards through a run, each entry of each value is given a state (`heedmap.tracing.graph.states`):
a row that an attention computation gave, or a sum or mean of such rows. Views share memory, copies
move entries, maps over features keep the row. Where two values are added, each has half; so a
residual stream is (row before + row that attention gave) / 2, layer by layer. What is multiplied
onto rows from beside them (adaLN, a gate of all rows) does not count. A row that nothing has been
added to by attention yet holds nothing, until attention is added to it: then it is that row's start.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from jaxtyping import Int

from heedmap.tracing.graph.nodes import Node
from heedmap.tracing.graph.places import end_of, gives_views, places_of
from heedmap.tracing.graph.states import (
    NOTHING,
    States,
    distinct,
    mean_along_last,
    paired,
    table_of,
)
from heedmap.tracing.trail.recording import Operator, Recording, Value

Held = torch.Tensor
"""States, one for each entry of a value."""

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


@dataclass
class Origins:
    """Of one run: filled by `follow`."""

    recording: Recording
    nodes: Sequence[Node]
    states: States = field(default_factory=States)
    values: dict[int, Int[torch.Tensor, "_ _"]] = field(default_factory=dict)
    """What each computation's values hold, by its number in the run's order of operators."""
    _memory: dict[int, torch.Tensor] = field(default_factory=dict)
    _before: dict[int, frozenset[object]] = field(default_factory=dict)

    def follow(self, action: Sequence[Value]) -> list[int]:
        """Go through the run; returns the states that the action is made of."""
        operators, nodes = self.recording.operators, {node.number: node for node in self.nodes}
        wanted = _makers(operators, action)
        last = _last_uses(operators, wanted, action, self.nodes)
        for number in sorted(wanted):
            operator = operators[number]
            if (node := nodes.get(number)) is not None:
                self._attend(node)
            elif not gives_views(operator):
                self._step(operator)
            for storage in last.get(number, ()):
                self._memory.pop(storage, None)
        return distinct([held for each in action if (held := self._read(each)) is not None])

    def _attend(self, node: Node) -> None:
        held = self._read(node.read)
        if held is None:
            rows = torch.zeros(node.groups, node.key_count, dtype=torch.long)
        else:
            laid = node.lay_values(held)
            rows = mean_along_last(self.states, laid.flatten(0, 1)).reshape(laid.shape[:2])
        self.values[node.number] = rows
        given = self.states.rows(node.number, node.groups, node.query_count)
        self._write(node.output, node.lay_output(given).expand(node.output.tensor.shape))

    def _step(self, operator: Operator) -> None:
        held = {id(value): self._read(value) for value in operator.inputs}
        if all(each is None for each in held.values()):
            for value in operator.outputs:
                self._clear(value)
            return
        made = self._rule(operator, held)
        for value in operator.outputs:
            self._write(value, made(value))

    def _rule(
        self, operator: Operator, held: Mapping[int, Held | None]
    ) -> Callable[[Value], Held | None]:
        """What an output holds, by what kind of operator it is."""
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
        if found is None:
            found = self._whatever(operator, held)
        if isinstance(found, torch.Tensor):
            one = found
            return lambda value: _shaped(one, value)
        each = dict(zip(map(id, operator.outputs), found, strict=False))
        return lambda value: each.get(id(value))

    def _pointwise(self, operator: Operator, held: Mapping[int, Held | None]) -> Held | None:
        """Sums have half of each; what is spread over rows that hold something does not count."""
        shape = operator.outputs[0].tensor.shape
        tensors = [v for v in operator.inputs if v.tensor.shape != () or held[id(v)] is not None]
        full: list[Held] = []
        spread: list[Held] = []
        for value in tensors:
            if (mine := held[id(value)]) is not None and bool(mine.any()):
                wide = mine.expand(shape)
                (full if _is_full(value.tensor.shape, shape) else spread).append(wide)
        found: Held | None = None
        for wide in full:
            found = wide if found is None else paired(found, wide, self.states.summed)
        for wide in spread:
            found = wide if found is None else torch.where(found == NOTHING, wide, found)
        if found is not None and operator.short_name in _ADDS:
            for value in tensors:
                found = self._with_start(found, value, held[id(value)])
        return found

    def _with_start(self, found: Held, value: Value, held: Held | None) -> Held:
        """Where `value` holds nothing yet, but is what queries were made of: their rows' start."""
        if value.is_weight and value.tensor.ndim < 2:  # a bias
            return found
        if not _is_full(value.tensor.shape, found.shape):
            return found
        is_new = torch.ones_like(found, dtype=torch.bool)
        if held is not None:
            is_new = (held == NOTHING).expand(found.shape)
        if not bool(is_new.any()):
            return found
        begins: dict[int, int] = {}
        for state in distinct([found[is_new]]):
            given = self.states.given(state)
            if given and self._is_before(given[0].node, value):
                begins[state] = self.states.summed(state, self.states.start(state))
        return torch.where(is_new, table_of(begins, found), found) if begins else found

    def _is_before(self, number: int, value: Value) -> bool:
        """Whether the queries of a computation were made of this value."""
        if number not in self._before:
            node = next(node for node in self.nodes if node.number == number)
            asked = [node.hidden] if node.hidden is not None else node.asked
            self._before[number] = _traces(self.recording.operators, asked)
        return not self._before[number].isdisjoint(_trace(value))

    def _multiplied(self, operator: Operator, held: Mapping[int, Held | None]) -> Held | None:
        """Each entry is made of a row and a column; features are mixed, rows are kept."""
        short = operator.short_name
        added = operator.inputs[0] if short in ("addmm", "baddbmm", "addmv") else None
        one, two = operator.inputs[-2:] if short != "linear" else operator.inputs[:2]
        shape = operator.outputs[0].tensor.shape
        rows, columns = held[id(one)], held[id(two)]
        found = torch.zeros(shape, dtype=torch.long)
        if rows is not None:
            mean = mean_along_last(self.states, rows.flatten(0, -2)).reshape(rows.shape[:-1])
            found = (mean[..., None] if two.tensor.ndim > 1 else mean).expand(shape).clone()
        if columns is not None and short != "linear":
            turned = columns.mT if columns.ndim > 1 else columns[None]
            mean = mean_along_last(self.states, turned.flatten(0, -2)).reshape(turned.shape[:-1])
            wide = mean[..., None, :].expand(shape)
            lost = self.states.unknown(operator.module)
            found = paired(found, wide, lambda _a, _b: lost)
        if added is not None:
            if (mine := held[id(added)]) is not None:
                found = paired(found, mine.expand(shape), self.states.summed)
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
        means = mean_along_last(self.states, laid.flatten(0, -2) if kept else laid[None])
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
        choices = {state: self.states.choice(state) for state in distinct([mine])}
        mine = table_of(choices, mine)
        return mine.reshape(*mine.shape, *[1] * (len(shape) - mine.ndim)).expand(shape)

    def _whatever(self, operator: Operator, held: Mapping[int, Held | None]) -> Held:
        """All on all: one state where all is of one, else it is not followed."""
        found = distinct([each for each in held.values() if each is not None])
        state = found[0] if len(found) == 1 else NOTHING
        if len(found) > 1:
            state = self.states.unknown(operator.module)
        return torch.full((1,), state, dtype=torch.long)

    def _read(self, value: Value) -> Held | None:
        memory = None if value.place is None else self._memory.get(value.place.storage)
        if memory is None or value.tensor.is_complex() or not value.tensor.numel():
            return None
        if end_of(value) > len(memory):
            return None
        return memory[places_of(value)].reshape(value.tensor.shape).long()

    def _write(self, value: Value, held: Held | None) -> None:
        if held is None or value.place is None or value.tensor.is_complex():
            return
        end = end_of(value)
        memory = self._memory.get(value.place.storage)
        if memory is None or len(memory) < end:
            wider = torch.zeros(end, dtype=torch.int32)
            if memory is not None:
                wider[: len(memory)] = memory
            self._memory[value.place.storage] = memory = wider
        memory[places_of(value)] = held.reshape(-1).int()

    def _clear(self, value: Value) -> None:
        if value.place is not None and value.place.storage in self._memory:
            self._write(value, torch.zeros(value.tensor.shape, dtype=torch.long))


def _makers(operators: Sequence[Operator], values: Sequence[Value]) -> set[int]:
    """Numbers of all operators that made them."""
    found, left = set[int](), [number for value in values for number in value.made_by]
    while left:
        number = left.pop()
        if number not in found:
            found.add(number)
            if not operators[number].takes_only_shapes:
                left += [n for value in operators[number].inputs for n in value.made_by]
    return found


def _last_uses(
    operators: Sequence[Operator],
    wanted: set[int],
    kept: Sequence[Value],
    nodes: Sequence[Node],
) -> dict[int, list[int]]:
    """After which operator each storage is not needed any more."""
    last: dict[int, int] = {}
    for number in sorted(wanted):
        for value in (*operators[number].inputs, *operators[number].outputs):
            if value.place is not None:
                last[value.place.storage] = number
    for node in nodes:
        if (place := node.read.place) is not None and place.storage in last:
            last[place.storage] = max(last[place.storage], node.number)
    for value in kept:
        if value.place is not None:
            last.pop(value.place.storage, None)
    found: dict[int, list[int]] = {}
    for storage, number in last.items():
        found.setdefault(number, []).append(storage)
    return found


def _traces(operators: Sequence[Operator], values: Sequence[Value]) -> frozenset[object]:
    """Of the values, and of all that they were made from (see `_trace`)."""
    found = set[object](_makers(operators, values))
    for value in values:
        found |= set(_trace(value))
    for number in list(found):
        if isinstance(number, int):
            for value in operators[number].inputs:
                found |= set(_trace(value))
    return frozenset(found)


def _trace(value: Value) -> Iterator[object]:
    """What tells a value: the operators that made it, else where it lies."""
    yield from value.made_by
    if not value.made_by and value.place is not None:
        yield ("storage", value.place.storage)


def _is_full(shape: torch.Size, whole: torch.Size) -> bool:
    """Whether it is as large along all axes but the first, along which examples lie."""
    padded = (1,) * (len(whole) - len(shape)) + tuple(shape)
    return len(shape) == len(whole) and padded[1:] == tuple(whole[1:]) or padded == tuple(whole)


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
