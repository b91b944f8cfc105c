"""What chosen query rows attend to, in the computations of an attention graph, while a policy runs.

A recording shows which computations there are, and holds all activations of its run. Further runs
of the same policy need neither: it runs its own kernels, and at each computation that was named the
weights of the wanted rows are computed beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from heedmap.errors import CaptureError
from heedmap.tracing.capture.running import OperatorMode, Running, watch_inside
from heedmap.tracing.capture.trace import fused_call
from heedmap.tracing.graph.nodes import Node, Weights
from heedmap.tracing.trail.recorder import OperatorCounter
from heedmap.tracing.trail.recording import OperatorKey


@dataclass(frozen=True, eq=False)
class WantedRows:
    """Query rows of one computation."""

    node: Node
    rows: tuple[int, ...]


@dataclass
class RowCapture:
    """What one run showed; filled while it runs."""

    wanted: Sequence[WantedRows]
    _seen: dict[OperatorKey, Weights] = field(default_factory=dict)

    def note(self, wanted: WantedRows, weights: Weights) -> None:
        """Of one computation, as it ran."""
        self._seen[wanted.node.key] = weights

    def weights(self) -> list[Weights]:
        """Softmax weights of the wanted rows, float32, one for each of `wanted`, in its order.

        Zero in a row that sees nothing. Raises CaptureError where a computation did not run, or
        in another shape.
        """
        if missed := [w.node.module for w in self.wanted if w.node.key not in self._seen]:
            raise CaptureError(
                "The attention in {missed} was not seen: this run took another way. Give "
                "instructions of one length.",
                missed=", ".join(sorted(set(missed))[:3]),
            )
        return [self._seen[wanted.node.key] for wanted in self.wanted]


@contextmanager
def capture_rows(module: nn.Module, wanted: Sequence[WantedRows]) -> Iterator[RowCapture]:
    """Record the attention of the wanted rows while the body runs `module` once.

    Computations are told by their place in the run, as `heedmap.tracing.graph.cuts` does.
    """
    capture = RowCapture(wanted)
    names = {each.node.softmax_key[0] for each in wanted}
    with watch_inside(module, names, lambda running: _Watch(running, capture)):
        yield capture


class _Watch(OperatorMode):
    """Passes every operator on; named computations are looked at."""

    def __init__(self, running: Running, capture: RowCapture) -> None:
        super().__init__()
        self._capture = capture
        self._wanted: dict[OperatorKey, list[WantedRows]] = {}
        for each in capture.wanted:  # one softmax may weigh several values
            self._wanted.setdefault(each.node.softmax_key, []).append(each)
        self._counter = OperatorCounter(running, {key[2] for key in self._wanted})

    def operate(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        result = func(*args, **kwargs)
        if (key := self._counter.key_of(func)) is not None:
            for wanted in self._wanted.get(key, ()):
                weights = _weights(wanted, key, func, args, kwargs, result)
                if weights is not None:
                    self._capture.note(wanted, weights)
        return result


def _weights(
    wanted: WantedRows,
    key: OperatorKey,
    func: Any,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    result: Any,
) -> Weights | None:
    """Of the wanted rows; None where the run has the computation in another shape."""
    node = wanted.node
    if node.softmax is not None:
        assert node.places is not None
        if result.numel() != node.softmax.outputs[0].tensor.numel():
            return None
        places = node.places[:, list(wanted.rows)].to(result.device)
        return result.detach().flatten()[places].float()
    call = fused_call(key[0], func, args, dict(kwargs))
    if (call.query_count, call.key_count) != (node.query_count, node.key_count):
        return None
    return torch.nan_to_num(call.row_weights(wanted.rows)).flatten(0, 1)
