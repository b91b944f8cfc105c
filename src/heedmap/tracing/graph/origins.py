"""What every row of a recorded run is made of beside attention: followed operator by operator.

Forwards through a run, each entry of each value is given a state (`heedmap.tracing.graph.states`):
a row that an attention computation gave, or a sum or mean of such rows. Views share memory, copies
move entries, maps over features keep the row. Where two values are added, each has half; so a
residual stream is (row before + row that attention gave) / 2, layer by layer. What is spread over
all rows (adaLN, a pooled encoding) does not count beside what they hold. A row that attention has
added nothing to holds nothing, until it does: then that is the row's start.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import torch
from jaxtyping import Int

from heedmap.tracing.graph.nodes import Node
from heedmap.tracing.graph.places import end_of, gives_views, places_of
from heedmap.tracing.graph.rules import Held, Rules, is_full
from heedmap.tracing.graph.states import NOTHING, States, distinct, mean_along_last, table_of
from heedmap.tracing.trail.recording import Operator, Recording, Value


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

    def __post_init__(self) -> None:
        self._rules = Rules(self.states, self._with_start)

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
        made = self._rules.outputs(operator, held)
        for value in operator.outputs:
            self._write(value, made(value))

    def _with_start(self, found: Held, value: Value, held: Held | None) -> Held:
        """Where `value` holds nothing yet, but is what queries were made of: their rows' start."""
        if value.is_weight and value.tensor.ndim < 2:  # a bias
            return found
        if not is_full(value.tensor.shape, found.shape):
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

    def _read(self, value: Value) -> Held | None:
        memory = None if value.place is None else self._memory.get(value.place.storage)
        if memory is None or value.tensor.is_complex() or not value.tensor.numel():
            return None
        if (missing := end_of(value) - len(memory)) > 0:
            memory = torch.cat([memory, memory.new_zeros(missing)])
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
