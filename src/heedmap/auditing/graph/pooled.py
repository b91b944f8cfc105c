"""Shares of attention over several runs: frames, and instructions of one length."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import nn

from heedmap.auditing.graph.rows import Graph, Shares
from heedmap.tracing.graph.capture import WantedRows, capture_rows


@dataclass
class PooledShares:
    """Of the computations of one graph, mean over the runs that were captured.

    What neither feeds the action directly nor holds words is taken from the graph's own run.
    """

    graph: Graph
    _sums: dict[int, dict[str, torch.Tensor]] = field(default_factory=dict)
    _runs: int = 0

    @contextmanager
    def captured(self, module: nn.Module) -> Iterator[None]:
        """Adds the run of `module` in the body.

        Raises CaptureError where it takes another way than the graph's.
        """
        chosen = [n for n, rows in enumerate(self.graph.rows) if rows.reads or rows.words.any()]
        wanted = [
            WantedRows(self.graph.rows[number].node, self.graph.rows[number].counted)
            for number in chosen
        ]
        with capture_rows(module, wanted) as capture:
            yield
        self._runs += 1
        for number, weights in zip(chosen, capture.weights(), strict=True):
            held = self._sums.setdefault(number, {})
            for name, share in self.graph.rows[number].shares(weights).items():
                held[name] = held[name] + share if name in held else share

    def shares(self) -> list[Shares]:
        """Of every computation; those of the graph's own run where none was captured."""
        return [
            {name: total / self._runs for name, total in self._sums[number].items()}
            if number in self._sums
            else rows.own_shares()
            for number, rows in enumerate(self.graph.rows)
        ]
