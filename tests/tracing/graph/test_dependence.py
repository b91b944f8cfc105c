"""Which rows the action rests on directly, for operators that have no derivative, too."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from heedmap.policies.callable import CallablePolicy
from heedmap.tracing.graph.dependence import direct_dependence
from heedmap.tracing.trail.recorder import record
from tests.graph_policies import trials
from tests.tracing.graph.test_nodes import action_of

ROWS = 6
Then = Callable[[torch.Tensor], torch.Tensor]


def written_into(x: torch.Tensor) -> torch.Tensor:
    held = torch.zeros(1, ROWS, 4)
    held[:, 2:4] = x[:, :2]
    held += 1
    return held[:, 3]


def overwritten(x: torch.Tensor) -> torch.Tensor:
    held = x.clone()
    held[:, 1] = 0.0
    return held[:, 0] + held[:, 1]


def by_choice(x: torch.Tensor) -> torch.Tensor:
    table = torch.arange(8.0).reshape(4, 2)
    return table[x[:, 4].argmax(dim=-1)]


def looked_up(x: torch.Tensor) -> torch.Tensor:
    ids = (x[:, 5] > 0).long()
    return nn.functional.embedding(ids, torch.arange(6.0).reshape(3, 2)).flatten(1)


def at_its_limit(x: torch.Tensor) -> torch.Tensor:
    return (x[:, 2] + 100).clamp(max=1.0)


def complex_turn(x: torch.Tensor) -> torch.Tensor:
    turned = torch.view_as_complex(x.unflatten(-1, (2, 2)).contiguous()) * 1j
    return torch.view_as_real(turned).flatten(-2)[:, 1]


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
@pytest.mark.parametrize(
    ("then", "rows"),
    [
        (written_into, [1]),
        (overwritten, [0]),
        (by_choice, [4]),
        (looked_up, [5]),
        (at_its_limit, [2]),
        (complex_turn, [1]),
        (lambda x: x.mean(dim=1), [0, 1, 2, 3, 4, 5]),
        (lambda x: x.flip(1)[:, 0], [5]),
        (lambda x: torch.cat([x[:, 3:4], x[:, 1:2]], dim=1).flatten(1), [1, 3]),
    ],
)
def test_rows_that_decide(then: Then, rows: list[int], mode: Callable[[], object]) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(0)
            self.rows = nn.Parameter(torch.randn(1, ROWS, 5))
            self.first = nn.Linear(5, 4)
            self.last = nn.Parameter(torch.tensor(2.0))

        def run(self, seen: object, texts: object) -> torch.Tensor:
            del seen, texts
            with mode():  # pyright: ignore[reportGeneralTypeIssues]
                return then(self.first(self.rows)).float() * self.last

    net = Net()
    recording = record(CallablePolicy("net", net.run, net), trials(1)[0].observation, "go")
    first = next(op for op in recording.operators if op.name == "aten::addmm")
    found = direct_dependence(recording, [action_of(recording)], {first.number})[first.number]
    entries = found.reshape(1, ROWS, 4) != 0
    assert torch.nonzero(entries.any(dim=-1)[0]).flatten().tolist() == rows
