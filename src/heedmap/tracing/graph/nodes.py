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
from functools import cached_property, partial

import torch
from jaxtyping import Bool, Float, Int, Shaped

from heedmap.tracing.capture.calls import FusedCall
from heedmap.tracing.capture.rows import MASKED_BELOW
from heedmap.tracing.capture.trace import MATRIX_PRODUCTS, is_fused_attention
from heedmap.tracing.graph.layouts import (
    Layout,
    Lays,
    axes_of_sum,
    in_order,
    out_of_order,
    rows_given,
    turned,
)
from heedmap.tracing.graph.softmax import (
    GateError,
    KeyRows,
    QueryRows,
    factors_of_scores,
    places_before,
    source_of,
)
from heedmap.tracing.trail.fused import fused_call_of
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
    asked: tuple[Value, ...]
    """What its weights were computed from."""
    queries: QueryRows | None
    """What asks, row by row; None where it was not recognised."""
    keys: KeyRows | None
    values: ValueRows
    output: Value
    query_axis: int
    """Of the output, along which its query rows lie."""
    read: Value
    """What `values` is laid out from."""
    lay_values: Layout
    """From entries of `read` to (group, key, value dimension)."""
    lay_output: Layout
    """From (group, query) to entries of the output, or what expands to them."""

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
        elif (node := node_at(recording, operator)) is not None:
            found.append(node)
    return _numbered(found)


def node_at(recording: Recording, operator: Operator) -> Node | None:
    """Attention that is written out and ends with this operator; None where none does."""
    with suppress(GateError):  # a softmax that weighs something else than rows
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
    examples, heads = call.query.shape[:2]
    repeated = heads // call.key.shape[1]

    def lay(given: torch.Tensor) -> torch.Tensor:
        return given.repeat_interleave(repeated, dim=1).flatten(0, 1)

    return Node(
        number=operator.number,
        key=operator.key,
        module=source.module,
        hidden=source.hidden,
        call=operator.call,
        fused=call,
        softmax=None,
        places=None,
        asked=tuple(operator.args[:2]),
        queries=call.query.flatten(0, 1),
        keys=lay(call.key),
        values=lay(call.value),
        output=operator.outputs[0],
        query_axis=2,
        read=operator.args[2],
        lay_values=lay,
        lay_output=lambda rows: rows.unflatten(0, (examples, heads))[..., None],
    )


def _written_out(recording: Recording, operator: Operator) -> Node | None:
    """A product with what a softmax gave: over its own last axis, whichever factor it is."""
    factors = operator.inputs[-2:]
    for index in (0, 1):
        found = places_before(recording, factors[index])
        if found is None:
            continue
        (softmax, weights), read = found, factors[1 - index]
        if not _depends_on_input(recording, read):
            raise GateError  # centres of bins, a codebook, a mix of heads
        is_turned, is_single = index == 1, weights.ndim == 2
        laid = turned(is_turned, is_single)
        weights = laid(weights)
        if weights.shape[-1] != laid(read.tensor).shape[-2]:
            continue
        axis = operator.outputs[0].tensor.ndim - (1 if is_turned else 2)
        lays = Lays(read, laid, rows_given(is_turned, is_single))
        return _of_softmax(recording, operator, softmax, weights, lays, axis)
    return None


def _of_softmax(
    recording: Recording,
    operator: Operator,
    softmax: Operator,
    places: torch.Tensor,
    lays: Lays,
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
        asked=softmax.inputs,
        queries=None if asked is None else asked[0],
        keys=None if asked is None else asked[1],
        values=lays.lay_values(lays.read.tensor),
        output=operator.outputs[0],
        query_axis=query_axis,
        **lays._asdict(),
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
        (softmax, weights), read = found, product.inputs[1 - index]
        axes = axes_of_sum(operator, weights, read.tensor)
        if axes is None:
            continue
        keys, queries, dims, groups = axes
        shape = torch.broadcast_shapes(weights.shape, read.tensor.shape)
        places = in_order(weights, groups, (queries, keys), shape)
        keeps_axis = len(operator.args) > 2 and bool(operator.args[2])
        dropped = int(keys < queries and not keeps_axis)
        lays = Lays(
            read,
            partial(in_order, groups=groups, last=(keys, dims), shape=shape),
            partial(
                out_of_order,
                groups=groups,
                last=(queries, dims, keys),
                shape=shape,
                keeps_axis=keeps_axis,
            ),
        )
        return _of_softmax(recording, operator, softmax, places, lays, queries - dropped)
    return None
