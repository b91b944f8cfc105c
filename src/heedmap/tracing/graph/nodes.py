"""The nodes of an attention graph: every attention computation of a recorded run.

A module may compute attention several times in a run (flow steps, tokens one after another, loops
over shared weights, several computations in one forward): each is a node of its own. Heads and
examples of a batch lie along one axis, `group`: a computation may run several branches at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from jaxtyping import Bool, Float, Int, Shaped

from heedmap.tracing.capture.calls import FusedCall
from heedmap.tracing.capture.rows import MASKED_BELOW
from heedmap.tracing.capture.trace import MATRIX_PRODUCTS, is_fused_attention
from heedmap.tracing.graph.softmax import (
    GateError,
    KeyRows,
    QueryRows,
    factors_of_scores,
    places_before,
    source_of,
)
from heedmap.tracing.trail.attention import fused_call_of
from heedmap.tracing.trail.recording import Operator, OperatorKey, Recording, Value
from heedmap.tracing.trail.softmax import STEPS

Weights = Float[torch.Tensor, "group query key"]
Seen = Bool[torch.Tensor, "group query key"]
ValueRows = Shaped[torch.Tensor, "group key value_dim"]


@dataclass(frozen=True, eq=False)
class Node:
    """One attention computation."""

    number: int
    """Of the operator that gives what was read."""
    key: OperatorKey
    module: str
    """In which it ran; where one module computes the attention of many, the one around the
    projection that made its queries."""
    call: int
    """Which call of the module, or which computation of these sizes in it, from 0."""
    hidden: Value | None
    """What its queries were projected from; None where that was not recognised."""
    fused: FusedCall | None
    softmax: Operator | None
    """Where it is written out."""
    places: Int[torch.Tensor, "group query key"] | None
    """Of every weight, its place in what the softmax gave, which may have other axes."""
    queries: QueryRows | None
    """What asks, row by row; None where it was not recognised."""
    keys: KeyRows | None
    values: ValueRows
    output: Value
    query_axis: int
    """Of the output, along which its query rows lie."""

    @property
    def softmax_key(self) -> OperatorKey:
        """Of the operator that computes the weights: the fused kernel, or the softmax."""
        return self.key if self.softmax is None else self.softmax.key

    @property
    def groups(self) -> int:
        """Heads times examples."""
        return self.values.shape[0]

    @property
    def query_count(self) -> int:
        """How many query rows."""
        if self.fused is not None:
            return self.fused.query_count
        assert self.places is not None
        return self.places.shape[1]

    @property
    def key_count(self) -> int:
        """How many keys."""
        return self.values.shape[1]

    def weights(self, rows: Sequence[int]) -> Weights:
        """Softmax weights of these query rows, float32; zero in a row that sees nothing."""
        if self.fused is not None:
            return torch.nan_to_num(self.fused.row_weights(tuple(rows))).flatten(0, 1)
        assert self.softmax is not None
        assert self.places is not None
        given = self.softmax.outputs[0].tensor.flatten()
        return given[self.places[:, list(rows)]].float()

    @property
    def scores(self) -> Float[torch.Tensor, "group query key"] | None:
        """What the softmax was taken of; None of a fused kernel."""
        if self.softmax is None or self.places is None:
            return None
        return self.softmax.inputs[0].tensor.flatten()[self.places]

    @cached_property
    def seen(self) -> Seen:
        """Which keys a query may see."""
        if self.fused is not None:
            call = self.fused
            return call.visibility()[:, None].expand(-1, call.head_count, -1, -1).flatten(0, 1)
        scores = self.scores
        assert scores is not None
        return scores > MASKED_BELOW

    @property
    def is_over_itself(self) -> bool:
        """Whether queries and keys are as many, and more than one."""
        return self.query_count == self.key_count > 1

    def output_rows(self, entries: torch.Tensor) -> Bool[torch.Tensor, " query"]:
        """Which query rows hold any of these entries of the output."""
        others = tuple(each for each in range(entries.ndim) if each != self.query_axis)
        return entries.any(dim=others) if others else entries


def nodes_of(recording: Recording) -> list[Node]:
    """All attention computations of a run, in the order in which they ran."""
    found: list[Node] = []
    for operator in recording.operators:
        if is_fused_attention(operator.name):
            found.append(_fused(recording, operator))
        else:
            with suppress(GateError):
                node = _unfused(recording, operator)
                if node is not None:
                    found.append(node)
    return _numbered(found)


def _unfused(recording: Recording, operator: Operator) -> Node | None:
    """Raises GateError where a softmax weighs something else than rows."""
    if operator.name in MATRIX_PRODUCTS and len(operator.inputs) > 1:
        return _written_out(recording, operator)
    if operator.name == "aten::sum" and operator.inputs:
        return _summed(recording, operator)
    return None


def _numbered(nodes: Sequence[Node]) -> list[Node]:
    """With a number for each computation of the same sizes in one call of one module."""
    seen: Counter[tuple[str, int, int]] = Counter()
    found: list[Node] = []
    for node in nodes:
        kind = node.module, node.query_count, node.key_count
        found.append(replace(node, call=max(node.call, seen[kind])))
        seen[kind] += 1
    return found


def _fused(recording: Recording, operator: Operator) -> Node:
    call = fused_call_of(operator)
    source = source_of(recording, operator, operator.inputs[0])
    repeated = call.query.shape[1] // call.key.shape[1]
    keys, values = (x.repeat_interleave(repeated, dim=1) for x in (call.key, call.value))
    return Node(
        number=operator.number,
        key=operator.key,
        module=source.module,
        hidden=source.hidden,
        call=operator.call,
        fused=call,
        softmax=None,
        places=None,
        queries=call.query.flatten(0, 1),
        keys=keys.flatten(0, 1),
        values=values.flatten(0, 1),
        output=operator.outputs[0],
        query_axis=2,
    )


def _written_out(recording: Recording, operator: Operator) -> Node | None:
    """A product with what a softmax gave: over its own last axis, whichever factor it is."""
    factors = operator.inputs[-2:]
    for index in (0, 1):
        found = places_before(recording, factors[index])
        if found is None:
            continue
        softmax, weights = found
        values = factors[1 - index].tensor
        if not _depends_on_input(recording, factors[1 - index]):
            raise GateError  # centres of bins, a codebook, a mix of heads
        if weights.ndim == 2:
            weights, values = weights[None], values[None]
        if index == 1:  # values times weights: both the other way round
            weights, values = weights.mT, values.mT
        if weights.shape[-1] != values.shape[-2]:
            continue
        axis = operator.outputs[0].tensor.ndim - (1 if index else 2)
        return _of_softmax(recording, operator, softmax, weights, values, axis)
    return None


def _of_softmax(
    recording: Recording,
    operator: Operator,
    softmax: Operator,
    places: torch.Tensor,
    values: torch.Tensor,
    query_axis: int,
) -> Node:
    """A computation that is written out. Raises GateError as `factors_of_scores` does."""
    asked = factors_of_scores(recording, softmax, places)
    source = source_of(recording, operator, None if asked is None else asked[2])
    return Node(
        number=operator.number,
        key=operator.key,
        module=source.module,
        hidden=source.hidden,
        call=operator.call,
        fused=None,
        softmax=softmax,
        places=places,
        queries=None if asked is None else asked[0],
        keys=None if asked is None else asked[1],
        values=values,
        output=operator.outputs[0],
        query_axis=query_axis,
    )


def _depends_on_input(recording: Recording, value: Value) -> bool:
    """Whether a value is no weight, nor a constant, nor a view of either."""
    for _ in range(2 * STEPS):
        if value.is_weight or not value.made_by:
            return False
        inputs = recording.operators[value.made_by[-1]].inputs
        if len(inputs) != 1:
            return bool(inputs)
        value = inputs[0]
    return True


def _summed(recording: Recording, operator: Operator) -> Node | None:
    """A sum over what a softmax gave times values: attention without a matrix product."""
    made_by = operator.inputs[0].made_by
    product = recording.operators[made_by[-1]] if made_by else None
    if product is None or product.short_name != "mul" or len(product.inputs) != 2:
        return None
    for index in (0, 1):
        found = places_before(recording, product.inputs[index])
        if found is None:
            continue
        (softmax, weights), values = found, product.inputs[1 - index].tensor
        axes = _axes_of_sum(operator, weights, values)
        if axes is None:
            continue
        keys, queries, dims, groups = axes
        shape = torch.broadcast_shapes(weights.shape, values.shape)
        places = _in_order(weights, groups, (queries, keys), shape)
        keeps_axis = len(operator.args) > 2 and bool(operator.args[2])
        dropped = int(keys < queries and not keeps_axis)
        read = _in_order(values, groups, (keys, dims), shape)
        return _of_softmax(recording, operator, softmax, places, read, queries - dropped)
    return None


def _axes_of_sum(
    operator: Operator, weights: torch.Tensor, values: torch.Tensor
) -> tuple[int, int, int, list[int]] | None:
    """Axes of keys, queries, dimensions and groups; None where it is another kind of sum."""
    if weights.ndim != values.ndim or len(operator.args) < 2:
        return None
    summed = operator.args[1]
    summed = [summed] if isinstance(summed, int) else list(summed or ())
    if len(summed) != 1:
        return None
    keys = summed[0] % weights.ndim
    rest = [axis for axis in range(weights.ndim) if axis != keys]
    queries = [a for a in rest if values.shape[a] == 1 and weights.shape[a] > 1]
    dims = [a for a in rest if weights.shape[a] == 1 and values.shape[a] > 1]
    if len(queries) != 1 or len(dims) != 1:
        return None
    groups = [a for a in rest if a not in (queries[0], dims[0])]
    return keys, queries[0], dims[0], groups


def _in_order(
    tensor: torch.Tensor, groups: list[int], last: tuple[int, int], shape: torch.Size
) -> torch.Tensor:
    """With its groups first, as one axis, and the two that are named last."""
    sizes = [shape[axis] if axis in groups else tensor.shape[axis] for axis in range(tensor.ndim)]
    for axis in last:
        sizes[axis] = tensor.shape[axis]
    (left,) = set(range(tensor.ndim)) - {*groups, *last}  # of size one here
    moved = tensor.expand(sizes).permute(*groups, *last, left).squeeze(-1)
    return moved.flatten(0, -3) if groups else moved[None]
