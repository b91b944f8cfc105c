"""Where in several stacks the instruction is used: by module and head, and by call.

As `heedmap.auditing.upper.maps`, with one whole pass for each cut. A module is cut in all of its
calls (flow steps, tokens, rounds), a call in all modules. No verdict rests on it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch

from heedmap.auditing.graph.pooled import PooledShares
from heedmap.auditing.graph.rows import WORDS, Graph, Rows, Shares
from heedmap.auditing.graph.use import Cut, Cutting, edges_of, random_edges_like
from heedmap.auditing.measures.distance import ActionMetric
from heedmap.auditing.measures.stats import rank_correlation
from heedmap.auditing.upper.maps import (
    MOST_EXAMPLES,
    SharesByHead,
    Site,
    effects_by_head,
    effects_by_layer,
)
from heedmap.auditing.upper.predicts import DECIMALS
from heedmap.auditing.upper.used import DIRECT, WHOLE
from heedmap.data.trials import Trial
from heedmap.errors import CaptureError, InstructionError
from heedmap.ladder.evidence import (
    AttentionPredicts,
    CallEffect,
    CausalMap,
    HeadEffect,
    KnockoutPath,
)
from heedmap.phrase import Phrase
from heedmap.policies.base import Policy
from heedmap.policies.stages import stage
from heedmap.record.regions import is_image
from heedmap.tracing.graph.cuts import Hidden

MOST_RUNS = 1000
"""Whole passes at most: larger networks get fewer examples, then no map by head."""


class _Found(NamedTuple):
    """Of one example."""

    moved: dict[Site, float]
    shares: SharesByHead
    cluster: str


class _Sites(NamedTuple):
    """What can be cut in one graph."""

    edges: Cut
    """To words: of the action rows, or where these see none, of all rows that hold no words."""
    modules: tuple[str, ...]
    """In the order in which they ran first."""
    heads: Mapping[str, int]
    """Of each module."""
    calls: tuple[int, ...]
    """Of all of these modules; none where they run once, or not equally often."""

    @classmethod
    def of(cls, graph: Graph) -> _Sites:
        edges = edges_of(graph, DIRECT) or edges_of(graph, WHOLE)
        nodes = [graph.rows[number].node for number in sorted(edges)]
        heads: dict[str, int] = {}
        for node in nodes:
            heads[node.module] = min(node.groups, heads.get(node.module, node.groups))
        by_module: dict[str, set[int]] = {}
        for node in (rows.node for rows in graph.rows if rows.node.module in heads):
            by_module.setdefault(node.module, set()).add(node.call)
        calls, *others = by_module.values() or [set[int]()]
        is_loop = len(calls) > 1 and all(each == calls for each in others)
        return cls(edges, tuple(heads), heads, tuple(sorted(calls)) if is_loop else ())

    def runs(self, *, with_heads: bool) -> int:
        by_head = 3 * sum(self.heads.values()) if with_heads else 0
        return 1 + by_head + 2 * (len(self.modules) + len(self.calls))


@stage(Phrase("measuring where in its stacks the instruction is used"))
def measure_graph_map(
    policy: Policy,
    graphs: Mapping[int, PooledShares],
    trials: Sequence[Trial],
    metric: ActionMetric,
    seed: int,
) -> CausalMap | None:
    """On the first trials, one instruction each in turn; None where no words can be cut out.

    All examples have to have the modules of the first one. `graphs` are by the length of the
    instruction, as of `heedmap.auditing.graph.use`.
    """
    sites = next((_Sites.of(pooled.graph) for pooled in graphs.values()), None)
    if sites is None or not sites.edges:
        return None
    with_heads = 3 * sum(sites.heads.values()) <= MOST_RUNS
    most = max(1, MOST_RUNS // sites.runs(with_heads=with_heads))
    needed = [trial for trial in trials if trial.is_needed is not False]
    found: list[_Found] = []
    for number, trial in enumerate(needed[: min(most, MOST_EXAMPLES)]):
        name = list(trial.instructions)[number % len(trial.instructions)]
        cutting = Cutting(policy, graphs, trial, seed)
        try:
            one = _example(cutting, name, sites, metric, with_heads=with_heads)
        except (CaptureError, InstructionError):
            continue
        if one is not None:
            found.append(one)
    return _put_together(found, sites, metric, seed) if found else None


def _example(
    cutting: Cutting, name: str, like: _Sites, metric: ActionMetric, *, with_heads: bool
) -> _Found | None:
    """None where another graph is cut elsewhere. Raises as `Cutting.cut` does."""
    graph = cutting.graph(name)
    sites = _Sites.of(graph)
    if (sites.modules, sites.heads, sites.calls) != (like.modules, like.heads, like.calls):
        return None
    plain = cutting.scores(name)

    def moved(cut: Cut) -> float:
        if not cut:
            return 0.0
        return float(metric.distances(plain[None], cutting.cut(name, cut)[None])[0])

    cuts = _cuts(graph, sites, cutting.seed, with_heads=with_heads)
    found = {site: moved(cut) for site, cut in cuts.items()}
    shares = cutting.pooled(name).shares()
    by_region: SharesByHead = {
        "instruction": _by_head(graph, shares, sites, lambda region: region == WORDS),
        "image": _by_head(graph, shares, sites, is_image),
    }
    return _Found(found, by_region, cutting.trial.cluster)


def _cuts(graph: Graph, sites: _Sites, seed: int, *, with_heads: bool) -> dict[Site, Cut]:
    """By module, head and call; random ones under the same site with `random-`."""
    found: dict[Site, Cut] = {}

    def add(kind: str, place: tuple[int, int], cut: Cut) -> None:
        rng = np.random.default_rng((seed, *place))
        found[kind, *place] = cut
        found[f"random-{kind}", *place] = random_edges_like(graph, cut, rng)

    for layer, module in enumerate(sites.modules):
        here = {n: h for n, h in sites.edges.items() if graph.rows[n].node.module == module}
        images = {number: _to_images(graph.rows[number], here[number]) for number in here}
        add("layer", (layer, layer), here)
        for head in range(sites.heads[module] if with_heads else 0):
            add("head", (layer, head), _of_head(here, head))
            found["image-head", layer, head] = _of_head(images, head)
    for call in sites.calls:
        at = {n: h for n, h in sites.edges.items() if graph.rows[n].node.call == call}
        add("call", (call, call), at)
    return found


def _to_images(rows: Rows, hidden: Hidden) -> Hidden:
    """Edges of the same query rows to images."""
    return rows.node.seen & hidden.any(dim=2).any(dim=0)[None, :, None] & rows.images[:, None]


def _of_head(cut: Cut, head: int) -> Cut:
    """Of a batch's examples, heads lie one after another."""
    found: dict[int, Hidden] = {}
    for number, hidden in cut.items():
        alone = torch.zeros_like(hidden)
        alone[head] = hidden[head]
        if bool(alone.any()):
            found[number] = alone
    return found


def _by_head(
    graph: Graph, shares: Sequence[Shares], sites: _Sites, is_wanted: Callable[[str], bool]
) -> dict[tuple[int, int], float]:
    """Share of regions that are wanted, mean over a module's calls."""
    found: dict[tuple[int, int], float] = {}
    for layer, module in enumerate(sites.modules):
        held = [
            sum((each for name, each in share.items() if is_wanted(name)), torch.zeros(1))
            for number, share in enumerate(shares)
            if number in sites.edges and graph.rows[number].node.module == module
        ]
        for head in range(sites.heads[module]):
            values = [float(each[head]) if len(each) > head else 0.0 for each in held]
            found[layer, head] = sum(values) / len(values)
    return found


def _put_together(
    found: Sequence[_Found], sites: _Sites, metric: ActionMetric, seed: int
) -> CausalMap:
    moved = [each.moved for each in found]
    shares = [each.shares for each in found]
    by_head = effects_by_head(moved, shares, [each.cluster for each in found], seed)
    by_layer = effects_by_layer(moved, "layer")
    return CausalMap(
        unit=metric.unit,
        examples=len(found),
        by_head=by_head,
        by_layer=by_layer,
        by_window=(),
        patched=(),
        predicts=_predicts(by_head, len(by_layer)),
        knockouts=KnockoutPath(kind="forward passes"),
        modules=sites.modules,
        by_call=tuple(
            CallEffect(call=e.first_layer, distance=e.distance, random_distance=e.random_distance)
            for e in effects_by_layer(moved, "call")
        ),
    )


def _predicts(by_head: Sequence[HeadEffect], layers: int) -> AttentionPredicts:
    """Of shares alone; norms, lift and rollout are not read by head over several stacks."""
    words = [effect for effect in by_head if effect.region == "instruction"]
    images = {(e.layer, e.head): e.share for e in by_head if e.region == "image"}
    effects = np.round([effect.distance for effect in words], DECIMALS)
    both = [effect.share + images[effect.layer, effect.head] for effect in words]
    ivar = [e.share / total for e, total in zip(words, both, strict=True) if total > 0]
    return AttentionPredicts(
        share=rank_correlation(np.array([e.share for e in words]), effects) if words else None,
        lift=None,
        ivar=rank_correlation(np.array(ivar), effects)
        if words and len(ivar) == len(words)
        else None,
        value_norm=None,
        rollout=None,
        heads=len(words),
        layers=layers,
    )
