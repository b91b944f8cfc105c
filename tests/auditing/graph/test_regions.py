"""What rows of each computation hold, and what the figures make of it, against the oracle."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest
import torch

from heedmap.auditing.graph import facts
from heedmap.auditing.graph.apart import Apart
from heedmap.auditing.graph.pooled import PooledShares
from heedmap.auditing.graph.regions import graph_of
from heedmap.auditing.graph.rows import Graph
from heedmap.auditing.graph.use import edges_of, random_edges_like
from heedmap.auditing.trails import Trails
from heedmap.auditing.upper.used import DIRECT, WHOLE
from heedmap.tracing.capture.trace import one_attention_path
from heedmap.tracing.graph.cuts import NodeCut, cut_nodes
from heedmap.tracing.graph.nodes import nodes_of
from tests.graph_policies import (
    ACTIONS,
    NETWORKS,
    PATCHES,
    TEXTS,
    Base,
    CachedExpert,
    network,
    policy,
    trials,
)

IMAGE, WORDS = list(range(PATCHES)), list(range(PATCHES + 1, PATCHES + 6))
"""The word in front of them all is the same in all instructions."""
TOLERANCE = 1e-5


def graph(net: Base) -> Graph:
    trails = Trails(policy(net), trials(1)[0].observation, seed=0)
    with one_attention_path():
        return graph_of(trails, TEXTS["left"], list(TEXTS.values()))


@cache
def healthy(name: str) -> tuple[Base, Graph]:
    """A network without a fault, and what is read in it; tests leave the network as it was."""
    net = network(name)
    return net, graph(net)


def places(held: torch.Tensor) -> list[int]:
    return torch.nonzero(held.any(dim=0)).flatten().tolist()


def keys_of(found: Graph, module: str, call: int = 0) -> dict[str, list[int]]:
    rows = next(r for r in found.rows if (r.node.module, r.node.call) == (module, call))
    return {name: places(held) for name, held in rows.regions.items()}


def test_cross_attention_reads_the_encoders_rows() -> None:
    _, found = healthy("encoder-decoder")
    assert keys_of(found, "encoder.0") == {"instruction": WORDS, "image": IMAGE}
    assert keys_of(found, "cross.1") == {"instruction": WORDS, "image": IMAGE}
    assert keys_of(found, "own.0") == {"action": list(range(ACTIONS))}
    assert {rows.node.module for rows in found.readers} == {"own.0", "cross.0", "own.1", "cross.1"}


def test_blocks_of_one_kind_of_key_are_told_apart_though_they_are_as_many() -> None:
    _, found = healthy("alternating")
    assert PATCHES == ACTIONS  # so that lengths say nothing
    assert keys_of(found, "of_image.0") == {"image": IMAGE}
    assert keys_of(found, "of_words.1", call=2) == {"instruction": list(range(1, 6))}
    assert keys_of(found, "own.0", call=1) == {"action": list(range(ACTIONS))}


def test_a_cache_is_followed_through_ten_flow_steps() -> None:
    net = network("cached expert")
    assert isinstance(net, CachedExpert)
    net.steps = 10
    found = graph(net)
    own = list(range(PATCHES + 6, PATCHES + 6 + ACTIONS))
    for call in range(10):
        for layer in range(2):
            keys = keys_of(found, f"expert.{layer}", call)
            assert keys == {"instruction": WORDS, "image": IMAGE, "action": own}


def test_tokens_decoded_before_are_keys_of_the_action() -> None:
    _, found = healthy("autoregressive")
    assert keys_of(found, "layers.0", call=2)["action"] == [10, 11, 12]
    assert [rows.node.query_count for rows in found.readers] == [11, 11, 1, 1, 1, 1]


def test_latents_hold_neither_words_nor_image() -> None:
    _, found = healthy("perceiver")
    assert keys_of(found, "decode") == {}
    seen = facts.visibility(found)
    assert (seen.instruction_direct, seen.instruction_reachable, seen.instruction_hops) == (0, 5, 2)


@pytest.mark.parametrize("name", NETWORKS)
def test_shares_add_up_and_are_those_of_the_oracle(name: str) -> None:
    net, found = healthy(name)
    for kept in net.kept.values():
        kept.clear()
    policy(net)([trials(1)[0].observation], [TEXTS["left"]])
    for computation, rows in zip(
        facts.computations(found, found.shares()), found.rows, strict=True
    ):
        assert sum(computation.shares.values()) == pytest.approx(1, abs=TOLERANCE)
        weights = net.kept[computation.module][computation.call if name != "refining" else 0]
        if name == "refining" and computation.module == "layer":
            continue  # three calls of one module
        asking = computation.action_rows or torch.nonzero(~rows.asking).flatten().tolist()
        mine = weights[0][:, list(asking)]
        for region, held in rows.regions.items():
            expected = float(mine[:, :, places(held)].sum(dim=-1).mean())
            assert computation.shares[region] == pytest.approx(expected, abs=TOLERANCE)


@pytest.mark.parametrize("cut", [WHOLE, DIRECT])
@pytest.mark.parametrize("name", NETWORKS)
def test_a_knockout_gives_what_hiding_the_same_edges_inside_gives(name: str, cut: str) -> None:
    net, found = healthy(name)
    observation = trials(1)[0].observation
    edges = edges_of(found, cut)  # pyright: ignore[reportArgumentType]
    cuts = [NodeCut(found.rows[number].node, hidden) for number, hidden in edges.items()]
    with cut_nodes(net, cuts):
        mine = policy(net)([observation], [TEXTS["left"]])
    modules = dict(net.named_modules())
    calls: dict[str, int] = {}
    for number, rows in enumerate(found.rows):
        call = calls.setdefault(rows.node.module, 0)
        calls[rows.node.module] += 1
        if number in edges:
            modules[rows.node.module].hide[call] = edges[number].any(dim=0)  # pyright: ignore
    for kept in net.kept.values():
        kept.clear()
    theirs = policy(net)([observation], [TEXTS["left"]])
    for name in calls:
        modules[name].hide.clear()  # pyright: ignore
    assert torch.allclose(mine, theirs.nan_to_num(), atol=TOLERANCE)


def test_random_edges_are_as_many_and_lead_to_no_word() -> None:
    import numpy as np

    _, found = healthy("alternating")
    edges = edges_of(found, WHOLE)
    drawn = random_edges_like(found, edges, np.random.default_rng(0))
    wanted = sum(int(hidden.sum()) for hidden in edges.values())
    assert sum(int(hidden.sum()) for hidden in drawn.values()) == wanted
    for number, hidden in drawn.items():
        rows = found.rows[number]
        assert not (hidden & rows.words[:, None]).any()
        assert not (hidden & ~rows.node.seen).any()


@pytest.mark.parametrize("name", NETWORKS)
def test_pooled_shares_are_the_mean_over_the_runs(name: str) -> None:
    net = network(name)
    pooled = PooledShares(graph(net))
    for mine, own in zip(pooled.shares(), pooled.graph.shares(), strict=True):
        assert all(torch.equal(mine[region], own[region]) for region in own)  # before any run
    single: list[list[dict[str, float]]] = []
    for trial in trials(2):
        one = PooledShares(pooled.graph)
        for into in (one, pooled):
            with into.captured(net):
                policy(net)([trial.observation], [TEXTS["right"]])
        single.append([{n: float(s.mean()) for n, s in each.items()} for each in one.shares()])
    for mean, first, second in zip(pooled.shares(), *single, strict=True):
        for region, share in mean.items():
            expected = (first[region] + second[region]) / 2
            assert float(share.mean()) == pytest.approx(expected, abs=TOLERANCE)
    assert single[0] != single[1]


@pytest.mark.parametrize("name", ["encoder-decoder", "perceiver"])
def test_rows_that_differ_are_seen_in_the_scores_alone(name: str) -> None:
    net = network(name)
    trails = Trails(policy(net), trials(1)[0].observation, seed=0)
    with one_attention_path():
        base, other = trails.of(TEXTS["left"]), trails.of(TEXTS["right"])
    nodes = [node for node in nodes_of(base) if node.softmax is not None and node.keys is not None]
    assert nodes
    known = Apart.between(base, nodes, other)
    bare = [replace(node, keys=None, queries=None) for node in nodes]
    found = Apart.between(base, bare, other)
    for node in nodes:
        keys, queries = known.keys[node.key], known.queries[node.key]
        if not (queries.all() or keys.all()):  # else every score differs
            assert torch.equal(found.keys[node.key], keys)
            assert torch.equal(found.queries[node.key], queries)
