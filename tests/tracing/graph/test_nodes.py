"""Every attention computation of a run is found, in whatever layout, with the oracle's weights."""

from __future__ import annotations

import pytest
import torch

from heedmap.policies.callable import CallablePolicy
from heedmap.tracing.graph.dependence import direct_dependence
from heedmap.tracing.graph.nodes import Node, nodes_of
from heedmap.tracing.trail.recorder import record
from heedmap.tracing.trail.recording import Recording, Value
from tests.graph_policies import DIM, HEADS, NETWORKS, TEXTS, Attention, network, policy, trials

TOLERANCE = 1e-5


def action_of(recording: Recording) -> Value:
    assert recording.action is not None
    return recording.action


def run_of(name: str) -> tuple[dict[str, list[torch.Tensor]], Recording]:
    net = network(name)
    recording = record(policy(net), trials(1)[0].observation, TEXTS["left"])
    return net.kept, recording


@pytest.mark.parametrize("name", NETWORKS)
def test_weights_are_those_of_an_eager_softmax(name: str) -> None:
    kept, recording = run_of(name)
    by_module: dict[str, list[Node]] = {}
    for node in nodes_of(recording):
        by_module.setdefault(node.module, []).append(node)
    assert {name: len(found) for name, found in by_module.items()} == {
        name: len(weights) for name, weights in kept.items()
    }
    for module, found in by_module.items():
        for node, weights in zip(found, kept[module], strict=True):
            mine = node.weights(range(node.query_count))
            assert torch.allclose(mine, weights.flatten(0, 1), atol=TOLERANCE)
            assert torch.equal(node.seen, weights.flatten(0, 1) > 0)


class Alone(torch.nn.Module):
    """One attention over five rows, of which the action is the second."""

    def __init__(self, how: str) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layer = Attention(how)  # pyright: ignore[reportArgumentType]
        self.rows = torch.nn.Parameter(torch.randn(1, 5, DIM))

    def run(self, seen: object, texts: object) -> torch.Tensor:
        del seen, texts
        x = self.rows + self.layer(self.rows, self.layer.keys_and_values(self.rows))
        return x[:, 1, :3]


@pytest.mark.filterwarnings("ignore:flex_attention called without torch.compile")
@pytest.mark.parametrize("how", ["fused", "softmax", "einsum", "sum", "flex"])
def test_the_rows_of_queries_keys_and_values_are_found(how: str) -> None:
    net = Alone(how)
    recording = record(
        CallablePolicy("alone", net.run, net), trials(1)[0].observation, TEXTS["left"]
    )
    (node,) = nodes_of(recording)
    assert (node.groups, node.query_count, node.key_count) == (HEADS, 5, 5)
    k, v = net.layer.keys_and_values(net.rows)
    assert torch.allclose(node.values, v[0], atol=TOLERANCE)
    if node.keys is not None:  # in the layout of an einsum, they may not be recognised
        assert torch.allclose(node.keys, k[0], atol=TOLERANCE)
    dependence = direct_dependence(recording, [action_of(recording)], {node.number})
    assert torch.nonzero(node.output_rows(dependence[node.number] != 0)).flatten().tolist() == [1]


def test_a_softmax_that_is_no_attention_is_none() -> None:
    class Head(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = torch.nn.Linear(4, 3)

        def run(self, seen: object, texts: object) -> torch.Tensor:
            del seen, texts
            return self.table(torch.ones(1, 4)).softmax(dim=-1)

    net = Head()
    recording = record(
        CallablePolicy("head", net.run, net), trials(1)[0].observation, TEXTS["left"]
    )
    assert nodes_of(recording) == []
