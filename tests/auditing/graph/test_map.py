"""Where in several stacks the instruction is used, against networks in which that is known."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
import torch

from heedmap.auditing.api import audit
from heedmap.auditing.graph.nulls import measure_nulls
from heedmap.auditing.graph.pooled import PooledShares
from heedmap.auditing.graph.regions import graph_of
from heedmap.auditing.graph.rollout import rollout_of
from heedmap.auditing.trails import Trails
from heedmap.ladder.evidence import CausalMap
from heedmap.ladder.verdict import AttendedFacts
from heedmap.record.record import PolicyResult
from heedmap.tracing.capture.trace import one_attention_path
from tests.graph_policies import (
    ACTIONS,
    DIM,
    HEADS,
    NETWORKS,
    TEXTS,
    Base,
    EncoderDecoder,
    network,
    policy,
    trials,
)

WIDTH = DIM // HEADS
MADE_UP = "zqxv wukfj zqxv wukfj zqxv"


def audited(net: Base, frames: int = 2) -> PolicyResult:
    given = trials(frames)
    shown = {frame.name: frame.observation for frame in given}
    return audit(policy(net), shown, TEXTS, trials=given).record.policies[0]


@cache
def read_by_one_head() -> PolicyResult:
    """Of the decoder's two cross-attentions only the second one's third head gives anything."""
    net = network("encoder-decoder")
    assert isinstance(net, EncoderDecoder)
    for number, layer in enumerate(net.cross):
        layer.out.weight.data[:, : WIDTH * (HEADS if number == 0 else HEADS - 1)] = 0
    return audited(net)


def mapped(found: PolicyResult) -> CausalMap:
    assert found.measurements.causal_map is not None
    return found.measurements.causal_map


def test_the_one_head_that_reads_the_words_is_found() -> None:
    found = mapped(read_by_one_head())
    assert found.modules == ("cross.0", "cross.1")
    effects = {(e.layer, e.head): e.distance for e in found.by_head if e.region == "instruction"}
    assert set(effects) == {(layer, head) for layer in range(2) for head in range(HEADS)}
    assert effects.pop((1, HEADS - 1)) > 0.01
    assert max(effects.values()) < 1e-6
    by_layer = [effect.distance for effect in found.by_layer]
    assert by_layer[0] < 1e-6 < 0.01 < by_layer[1]
    images = {(e.layer, e.head): e.distance for e in found.by_head if e.region == "image"}
    assert images[1, HEADS - 1] > 0.01
    assert images[0, 0] < 1e-6
    assert found.by_call == ()  # each module runs once


def test_each_heads_share_is_that_of_the_eager_softmax() -> None:
    net = network("encoder-decoder")
    found = mapped(audited(net, frames=1))
    for kept in net.kept.values():
        kept.clear()
    shares = []
    for text in TEXTS.values():
        policy(net)([trials(1)[0].observation], [text])
    for kept in (net.kept["cross.0"], net.kept["cross.1"]):
        weights = torch.stack([each[0] for each in kept]).mean(dim=0)
        shares += weights[..., 5:].sum(dim=-1).mean(dim=-1).tolist()
    mine = [effect.share for effect in found.by_head if effect.region == "instruction"]
    assert mine == pytest.approx(shares, abs=1e-5)


def test_the_flow_step_that_reads_the_words_is_found() -> None:
    late = mapped(audited(network("cached expert", "late"), frames=1))
    assert [effect.call for effect in late.by_call] == [0, 1, 2, 3]
    assert late.by_call[0].distance > 1e-3
    assert [effect.distance for effect in late.by_call[1:]] == [0, 0, 0]
    healthy = mapped(audited(network("cached expert"), frames=1))
    assert min(effect.distance for effect in healthy.by_call) > 1e-5


@pytest.mark.parametrize("name", NETWORKS)
def test_baselines_are_those_of_the_eager_softmax(name: str) -> None:
    net = network(name)
    trails = Trails(policy(net), trials(1)[0].observation, seed=0)
    with one_attention_path():
        graph = graph_of(trails, TEXTS["left"], list(TEXTS.values()))
    before = {key: value.clone() for key, value in net.state_dict().items()}
    found = measure_nulls(trails.policy, trails.observation, TEXTS["left"], graph, seed=0)
    assert all(torch.equal(value, before[key]) for key, value in net.state_dict().items())
    pooled = PooledShares(graph)
    with pooled.captured(net):
        policy(net)([trails.observation], [MADE_UP])
    seeing = [
        share["instruction"].mean()
        for rows, share in zip(graph.rows, pooled.shares(), strict=True)
        if (rows.seen & rows.words).any() and (rows.reads or name == "perceiver")
    ]
    assert found.nonsense == pytest.approx(float(torch.stack(seeing).mean()), abs=1e-6)
    own = [
        share["instruction"].mean()
        for rows, share in zip(graph.rows, graph.shares(), strict=True)
        if (rows.seen & rows.words).any() and (rows.reads or name == "perceiver")
    ]
    assert found.shuffled_weights is not None
    assert not math.isclose(found.shuffled_weights, float(torch.stack(own).mean()), abs_tol=1e-5)


@pytest.mark.parametrize("name", NETWORKS)
def test_rollout_by_region_adds_up(name: str) -> None:
    trails = Trails(policy(network(name)), trials(1)[0].observation, seed=0)
    with one_attention_path():
        graph = graph_of(trails, TEXTS["left"], list(TEXTS.values()))
    found = rollout_of(graph)
    assert found.unknown is None
    assert sum(found.by_region.values()) == pytest.approx(1, abs=1e-9)
    assert {"image", "instruction", "action"} <= set(found.by_region)
    assert min(found.by_region[each] for each in ("image", "instruction")) > 0.05
    # What is left: the word in front of all, latents, and no more.
    assert found.by_region["rest"] < 0.3


def test_an_audit_has_map_baselines_and_rollout() -> None:
    found = read_by_one_head()
    facts = found.measurements.attended
    assert isinstance(facts, AttendedFacts)
    assert facts.rollout_share == facts.rollout_by_region["instruction"]
    assert facts.rollout_unknown is None
    assert facts.null_nonsense is not None
    assert facts.null_shuffled_weights is not None
    assert np.isfinite([facts.null_nonsense, facts.null_shuffled_weights]).all()
    assert len(found.measurements.computations[-1].action_rows) == ACTIONS
