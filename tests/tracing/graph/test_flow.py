"""Rollout over several stacks against one that is written by hand, from eager weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
import torch
from torch import nn

from heedmap.auditing.measures.rollout import rollout
from heedmap.auditing.trails import Trails
from heedmap.errors import CaptureError
from heedmap.tracing.capture.trace import one_attention_path
from heedmap.tracing.graph.flow import Flow, flow_of
from heedmap.tracing.graph.nodes import Node, nodes_of
from tests.graph_policies import (
    ACTIONS,
    DIM,
    PATCHES,
    TEXTS,
    Attention,
    Base,
    Fault,
    apart,
    network,
    policy,
    trials,
)

TOLERANCE = 1e-5
INPUTS = PATCHES + 6
"""Image and words, in front of the action rows or latents."""


def flow(net: Base) -> tuple[Flow, list[Node]]:
    for kept in net.kept.values():
        kept.clear()
    trails = Trails(policy(net), trials(1)[0].observation, seed=0)
    with one_attention_path():
        run = trails.of(TEXTS["left"])
    nodes = nodes_of(run)
    assert run.action is not None
    return flow_of(run, nodes, [run.action]), nodes


Places = Mapping[str, tuple[int, int]]
"""By module: of keys and of queries, the position of the first one."""


def by_position(found: Flow, nodes: list[Node], size: int, places: Places) -> torch.Tensor:
    """Shares of image, words, and what comes behind them."""
    total = torch.zeros(size, dtype=torch.float64)
    modules = {node.number: node.module for node in nodes}
    for side, held in ((0, found.keys), (1, found.starts)):
        for number, shares in held.items():
            first = places[modules[number]][side]
            total[first : first + shares.shape[1]] += shares.sum(dim=0)
    return total


def weights(net: Base) -> Callable[[str, int], torch.Tensor]:
    """Of a module's n-th call, mean over heads."""
    return lambda name, call: net.kept[name][call][0].double().mean(dim=0)


def layer(x: torch.Tensor, mixing: torch.Tensor, read: torch.Tensor) -> torch.Tensor:
    """A residual stream: half of what was, half of what is read."""
    return (x + mixing @ read) / 2


def encoder_decoder(net: Base) -> torch.Tensor:
    of, eye = weights(net), torch.eye(INPUTS + ACTIONS, dtype=torch.float64)
    states, x = eye[:INPUTS], eye[INPUTS:]
    for number in range(2):
        states = layer(states, of(f"encoder.{number}", 0), states)
    for number in range(2):
        x = layer(x, of(f"own.{number}", 0), x)
        x = layer(x, of(f"cross.{number}", 0), states)
    return x.mean(dim=0)


def cached_expert(net: Base) -> torch.Tensor:
    of, eye = weights(net), torch.eye(INPUTS + ACTIONS, dtype=torch.float64)
    states, x, cache = eye[:INPUTS], eye[INPUTS:], list[torch.Tensor]()
    for number in range(2):
        cache.append(states)
        states = layer(states, of(f"backbone.{number}", 0), states)
    for step in range(4):
        for number in range(2):
            x = layer(x, of(f"expert.{number}", step), torch.cat([cache[number], x]))
    return x.mean(dim=0)


def perceiver(net: Base) -> torch.Tensor:
    of, eye = weights(net), torch.eye(INPUTS + 5 + ACTIONS, dtype=torch.float64)
    x = layer(eye[INPUTS:-ACTIONS], of("read", 0), eye[:INPUTS])
    for number in range(2):
        x = layer(x, of(f"layers.{number}", 0), x)
    return layer(eye[-ACTIONS:], of("decode", 0), x).mean(dim=0)


def refining(net: Base) -> torch.Tensor:
    of, x = weights(net), torch.eye(INPUTS + ACTIONS, dtype=torch.float64)
    for name, call in (("layer", 0), ("layer", 1), ("layer", 2), ("last", 0)):
        x = layer(x, of(name, call), x)
    return x[-ACTIONS:].mean(dim=0)


def alternating(net: Base) -> torch.Tensor:
    of, eye = weights(net), torch.eye(INPUTS + ACTIONS, dtype=torch.float64)
    x = eye[INPUTS:]
    for step in range(3):
        for number in range(2):
            x = layer(x, of(f"of_image.{number}", step), eye[:PATCHES])
            x = layer(x, of(f"of_words.{number}", step), eye[PATCHES:INPUTS])
            x = layer(x, of(f"own.{number}", step), x)
    return x.mean(dim=0)


def autoregressive(net: Base) -> torch.Tensor:
    """Tokens that were chosen are positions of their own, behind the start."""
    of, eye = weights(net), torch.eye(INPUTS + 1 + 2, dtype=torch.float64)
    ends, cache = list[torch.Tensor](), [eye[:0], eye[:0]]
    x = eye[: INPUTS + 1]
    for token in range(3):
        for number in range(2):
            cache[number] = torch.cat([cache[number], x])
            x = layer(x, of(f"layers.{number}", token), cache[number])
        ends.append(x[-1])
        x = eye[INPUTS + 1 + token : INPUTS + 2 + token]
    return torch.stack(ends).mean(dim=0)


SINGLE = {"encoder.0": (0, 0), "own.0": (INPUTS, INPUTS)}
ORACLES: dict[str, tuple[Callable[[Base], torch.Tensor], Places]] = {
    "encoder-decoder": (encoder_decoder, SINGLE),
    "cached expert": (cached_expert, {"backbone.0": (0, 0), "expert.0": (0, INPUTS)}),
    "perceiver": (perceiver, {"read": (0, INPUTS), "decode": (0, INPUTS + 5)}),
    "refining": (refining, {"layer": (0, 0)}),
    "alternating": (
        alternating,
        {
            "of_image.0": (0, INPUTS),
            "of_image.1": (0, 0),
            "of_words.0": (PATCHES, 0),
            "of_words.1": (PATCHES, 0),
        },
    ),
    "autoregressive": (autoregressive, {"layers.0": (0, 0)}),
}


@pytest.mark.parametrize("fault", ["none", "masked"])
@pytest.mark.parametrize("name", ORACLES)
def test_rollout_is_the_one_by_hand(name: str, fault: Fault) -> None:
    net = network(name, fault)
    found, nodes = flow(net)
    oracle, places = ORACLES[name]
    expected = oracle(net)
    mine = by_position(found, nodes, len(expected), places)
    if name == "autoregressive":  # of which it is not told which one of them it was
        assert found.chosen == pytest.approx(float(expected[-2:].sum()), abs=TOLERANCE)
        mine[-2:] = expected[-2:]
    else:
        assert found.chosen == 0
    assert torch.allclose(mine, expected, rtol=0, atol=TOLERANCE)
    assert found.total == pytest.approx(1, abs=1e-9)
    hidden = expected[PATCHES + 1 : INPUTS]
    if fault == "masked":  # no path reaches them
        assert torch.equal(hidden, torch.zeros_like(hidden))
        assert torch.equal(mine[PATCHES + 1 : INPUTS], hidden)
    else:
        assert hidden.min() > 1e-3


class Stack(Base):
    """One stack with a norm before each layer and a map over features behind it."""

    def __init__(self) -> None:
        super().__init__("none")
        self.layers = nn.ModuleList(Attention("softmax") for _ in range(3))
        self.norms = nn.ModuleList(nn.LayerNorm(DIM) for _ in range(3))
        self.wider = nn.Linear(DIM, 2 * DIM)
        self.narrower = nn.Linear(2 * DIM, DIM)

    def forward(self, images: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
        x = torch.cat([images, words, self.queries(images)], dim=1)
        seen = apart(PATCHES, words.shape[1], ACTIONS)
        for attention, norm in zip(self.layers, self.norms, strict=True):
            assert isinstance(attention, Attention)
            y = norm(x)
            x = x + attention(y, attention.keys_and_values(y), seen)
            x = self.behind(x)
        return self.head(x[:, -ACTIONS:]).flatten(1)

    def behind(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.narrower(torch.nn.functional.gelu(self.wider(x)))


def test_of_one_stack_it_is_the_rollout_that_one_stack_has() -> None:
    torch.manual_seed(0)
    net = Stack().eval()
    found, nodes = flow(net)
    layers = [net.kept[f"layers.{n}"][0][0] for n in range(3)]
    rows = range(INPUTS, INPUTS + ACTIONS)
    expected = rollout(
        [lambda rows, held=held: held[:, list(rows)] for held in layers], rows, INPUTS + ACTIONS
    )
    mine = by_position(found, nodes, INPUTS + ACTIONS, {"layers.0": (0, 0)})
    assert torch.allclose(mine, expected, rtol=0, atol=TOLERANCE)


class RunningSum(Stack):
    """What comes behind a layer mixes rows: their running sum."""

    def behind(self, x: torch.Tensor) -> torch.Tensor:
        return x + x.cumsum(dim=1)


class Products(Stack):
    """What comes behind a layer is linear attention, which no softmax shows."""

    def behind(self, x: torch.Tensor) -> torch.Tensor:
        return x + x @ (x.mT @ x)


@pytest.mark.parametrize("kind", [RunningSum, Products])
def test_rows_that_something_else_mixes_are_not_guessed(kind: type[Stack]) -> None:
    torch.manual_seed(0)
    with pytest.raises(CaptureError, match=r"rows are mixed in the outermost module"):
        flow(kind().eval())
