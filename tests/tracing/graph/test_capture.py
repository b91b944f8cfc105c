"""Rows captured while a policy runs are those of a recording, and of the oracle."""

from __future__ import annotations

import pytest
import torch

from heedmap.errors import CaptureError
from heedmap.tracing.graph.capture import WantedRows, capture_rows
from heedmap.tracing.graph.nodes import nodes_of
from heedmap.tracing.trail.recorder import record
from tests.graph_policies import NETWORKS, TEXTS, network, policy, trials

TOLERANCE = 1e-5


@pytest.mark.parametrize("name", NETWORKS)
def test_rows_of_a_further_run_are_those_of_an_eager_softmax(name: str) -> None:
    net = network(name)
    audited = policy(net)
    first, second = (trial.observation for trial in trials(2))
    nodes = nodes_of(record(audited, first, TEXTS["left"]))
    wanted = [WantedRows(node, (node.query_count - 1, 0)) for node in nodes]
    for kept in net.kept.values():
        kept.clear()
    with capture_rows(net, wanted) as capture:
        scores = audited([second], [TEXTS["right"]])
    kept = {name: [each.flatten(0, 1) for each in held] for name, held in net.kept.items()}
    for each, mine in zip(wanted, capture.weights(), strict=True):
        theirs = kept[each.node.module].pop(0)
        assert torch.allclose(mine, theirs[:, list(each.rows)], atol=TOLERANCE)
    assert torch.equal(scores, audited([second], [TEXTS["right"]]))  # nothing was changed


def test_a_run_of_another_length_is_said_and_not_shown() -> None:
    net = network("cached expert")
    audited = policy(net)
    observation = trials(1)[0].observation
    nodes = nodes_of(record(audited, observation, TEXTS["left"]))
    with capture_rows(net, [WantedRows(node, (0,)) for node in nodes]) as capture:
        audited([observation], ["left"])
    with pytest.raises(CaptureError, match="took another way"):
        capture.weights()
