"""Where in several stacks the instruction is used, against networks in which that is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from heedmap.auditing.api import audit
from heedmap.auditing.graph.map import measure_graph_map
from heedmap.auditing.graph.nulls import measure_nulls
from heedmap.auditing.graph.pooled import PooledShares
from heedmap.auditing.graph.regions import graph_of
from heedmap.auditing.graph.rollout import rollout_of
from heedmap.auditing.graph.rows import Graph
from heedmap.auditing.measures.distance import ActionMetric
from heedmap.auditing.trails import Trails
from heedmap.auditing.upper.runner import length_key
from heedmap.ladder.evidence import CausalMap
from heedmap.policies.callable import CallablePolicy
from heedmap.tracing.capture.trace import one_attention_path
from tests.graph_policies import (
    ACTIONS,
    DIM,
    DIMS,
    HEADS,
    TEXTS,
    Base,
    EncoderDecoder,
    network,
    policy,
    trials,
)

WIDTH = DIM // HEADS
MADE_UP = "zqxv wukfj zqxv wukfj zqxv"


def graph(net: Base) -> tuple[CallablePolicy, Graph]:
    own = policy(net)
    trails = Trails(own, trials(1)[0].observation, seed=0)
    with one_attention_path():
        return own, graph_of(trails, TEXTS["left"], list(TEXTS.values()))


def mapped(net: Base, frames: int = 1) -> CausalMap:
    """Distances are root mean squares of the action's own units."""
    own, found = graph(net)
    key = length_key(own, TEXTS["left"])
    scale = ActionMetric.continuous(np.ones(ACTIONS * DIMS))
    graphs = {key: PooledShares(found)}
    causal_map = measure_graph_map(own, graphs, trials(frames), scale, seed=0)
    assert causal_map is not None
    return causal_map


def read_by_one_head() -> Base:
    """Of the decoder's two cross-attentions only the second one's third head gives anything."""
    net = network("encoder-decoder")
    assert isinstance(net, EncoderDecoder)
    for number, layer in enumerate(net.cross):
        layer.out.weight.data[:, : WIDTH * (HEADS if number == 0 else HEADS - 1)] = 0
    return net


def test_the_one_head_that_reads_the_words_is_found() -> None:
    found = mapped(read_by_one_head())
    assert found.modules == ("cross.0", "cross.1")
    effects = {(e.layer, e.head): e.distance for e in found.by_head if e.region == "instruction"}
    assert set(effects) == {(layer, head) for layer in range(2) for head in range(HEADS)}
    assert effects.pop((1, HEADS - 1)) > 1e-4
    assert max(effects.values()) < 1e-6
    by_layer = [effect.distance for effect in found.by_layer]
    assert by_layer[0] < 1e-6 < 1e-4 < by_layer[1]
    images = {(e.layer, e.head): e.distance for e in found.by_head if e.region == "image"}
    assert images[1, HEADS - 1] > 1e-4
    assert images[0, 0] < 1e-6
    assert found.by_call == ()  # each module runs once


def test_each_heads_share_is_that_of_the_eager_softmax() -> None:
    net = network("encoder-decoder")
    found = mapped(net)
    for kept in net.kept.values():
        kept.clear()
    policy(net)([trials(1)[0].observation], [TEXTS["left"]])
    shares = []
    for (weights,) in (net.kept["cross.0"], net.kept["cross.1"]):
        shares += weights[0, ..., 5:].sum(dim=-1).mean(dim=-1).tolist()
    mine = [effect.share for effect in found.by_head if effect.region == "instruction"]
    assert mine == pytest.approx(shares, abs=1e-5)


def test_the_flow_step_that_reads_the_words_is_found() -> None:
    late = mapped(network("cached expert", "late"))
    assert [effect.call for effect in late.by_call] == [0, 1, 2, 3]
    assert late.by_call[0].distance > 1e-4
    assert [effect.distance for effect in late.by_call[1:]] == [0, 0, 0]
    healthy = mapped(network("cached expert"))
    assert min(effect.distance for effect in healthy.by_call) > 1e-5


@pytest.mark.parametrize("name", ["encoder-decoder", "perceiver"])
def test_baselines_are_those_of_the_eager_softmax(name: str) -> None:
    net = network(name)
    own, held = graph(net)
    observation = trials(1)[0].observation
    before = {key: value.clone() for key, value in net.state_dict().items()}
    found = measure_nulls(own, observation, TEXTS["left"], held, seed=0)
    assert all(torch.equal(value, before[key]) for key, value in net.state_dict().items())
    pooled = PooledShares(held)
    with pooled.captured(net):
        own([observation], [MADE_UP])
    seeing = [
        share["instruction"].mean()
        for rows, share in zip(held.rows, pooled.shares(), strict=True)
        if (rows.seen & rows.words).any() and (rows.reads or name == "perceiver")
    ]
    assert found.nonsense == pytest.approx(float(torch.stack(seeing).mean()), abs=1e-6)
    plain = [
        share["instruction"].mean()
        for rows, share in zip(held.rows, held.shares(), strict=True)
        if (rows.seen & rows.words).any() and (rows.reads or name == "perceiver")
    ]
    assert found.shuffled_weights is not None
    assert not math.isclose(found.shuffled_weights, float(torch.stack(plain).mean()), abs_tol=1e-5)


@pytest.mark.parametrize("name", ["encoder-decoder", "autoregressive", "perceiver"])
def test_rollout_by_region_adds_up(name: str) -> None:
    found = rollout_of(graph(network(name))[1])
    assert found.unknown is None
    assert sum(found.by_region.values()) == pytest.approx(1, abs=1e-9)
    assert {"image", "instruction", "action"} <= set(found.by_region)
    assert min(found.by_region[each] for each in ("image", "instruction")) > 0.05
    # What is left: the word in front of all, latents, and no more.
    assert found.by_region["rest"] < 0.3


def test_an_audit_has_map_baselines_and_rollout() -> None:
    frames = trials(1)
    shown = {frame.name: frame.observation for frame in frames}
    given = audit(policy(network("encoder-decoder")), shown, TEXTS, trials=frames)
    measured = given.record.policies[0].measurements
    facts = measured.attended
    assert facts is not None
    assert facts.rollout_share == facts.rollout_by_region["instruction"]
    assert facts.rollout_unknown is None
    assert facts.null_nonsense is not None
    assert facts.null_shuffled_weights is not None
    assert measured.causal_map is not None
    assert {stack.pattern for stack in measured.stacks if stack.carried is not None} == {
        "encoder.*",
        "own.*",
        "cross.*",
    }
