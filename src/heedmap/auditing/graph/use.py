"""Rung 5 over an attention graph: does the dependence on the instruction go when it is cut out?

As `heedmap.auditing.upper.used`, with edges cut in all stacks, calls and steps of a run; one whole
pass for each cut.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from heedmap.auditing.graph.pooled import PooledShares
from heedmap.auditing.graph.rows import Graph, Rows
from heedmap.auditing.measures.distance import ActionMetric
from heedmap.auditing.upper.responses import Scores
from heedmap.auditing.upper.runner import length_key
from heedmap.auditing.upper.use_facts import use_facts
from heedmap.auditing.upper.used import DIRECT, RANDOM_DRAWS, WHOLE, CutScores, Use, values_by_trial
from heedmap.data.trials import Trial
from heedmap.errors import CaptureError, InstructionError
from heedmap.ladder.evidence import CutName, KnockoutPath
from heedmap.phrase import Phrase
from heedmap.policies.base import Policy
from heedmap.policies.stages import stage
from heedmap.tracing.graph.cuts import Hidden, NodeCut, cut_nodes

MOST_TRIALS = 8
"""Frames on which edges are cut: each cut is a whole pass."""

Cut = Mapping[int, Hidden]
"""By the number of a computation in its graph, the edges that go."""


@stage(Phrase("measuring what cutting the instruction out does"))
def measure_graph_use(
    policy: Policy,
    graphs: Mapping[int, PooledShares],
    trials: Sequence[Trial],
    metric: ActionMetric,
    seed: int,
) -> Use | None:
    """Over the first trials whose instructions ask for different actions; None where none counts.

    `graphs` are by the length of the instruction (`length_key`); the runs without a cut are added
    to their shares. Trials of other lengths, or that run another way, are left out and counted.
    """
    counted = [trial for trial in trials if trial.is_needed is not False][:MOST_TRIALS]
    scores, usable = CutScores(), list[Trial]()
    for trial in counted:
        try:
            scores.add(_run(Cutting(policy, graphs, trial, seed), len(usable)))
        except (CaptureError, InstructionError):
            continue
        usable.append(trial)
    by_trial = values_by_trial(scores, usable, metric) if usable else {}
    if not by_trial:
        return None
    clusters = {trial.name: trial.cluster for trial in usable}
    path = KnockoutPath(kind="forward passes")
    left_out = len(counted) - len(usable)
    return Use(use_facts(by_trial, clusters, metric.unit, seed, left_out, path), by_trial)


def edges_of(graph: Graph, cut: CutName) -> Cut:
    """Edges to words: of all rows that hold none, or of the action rows alone."""
    found: dict[int, Hidden] = {}
    for number, rows in enumerate(graph.rows):
        asks = rows.action if cut == DIRECT else ~rows.asking
        hidden = rows.node.seen & asks[None, :, None] & rows.words[:, None]
        if hidden.any():
            found[number] = hidden
    return found


def random_edges_like(graph: Graph, cut: Cut, rng: np.random.Generator) -> Cut:
    """As many visible edges to other keys, in the same computations where they have enough."""
    pools = {n: _pool(rows, cut.get(n)) for n, rows in enumerate(graph.rows)}
    order = [*cut, *(number for number in pools if number not in cut)]
    wanted = {number: int(hidden.sum()) for number, hidden in cut.items()}
    left, found = 0, dict[int, Hidden]()
    for again in (False, True):  # what a computation lacks is taken from others
        for number in order:
            free = torch.nonzero(pools[number].flatten()).flatten()
            count = min(left if again else wanted.get(number, 0), len(free))
            left += (0 if again else wanted.get(number, 0)) - count
            if count:
                chosen = free[torch.from_numpy(rng.permutation(len(free))[:count])]
                hidden = torch.zeros(pools[number].shape, dtype=torch.bool)
                hidden.view(-1)[chosen] = True
                found[number] = found[number] | hidden if number in found else hidden
                pools[number] = pools[number] & ~hidden
    return found


def _pool(rows: Rows, cut: Hidden | None) -> Hidden:
    """Visible edges to keys without words, of the rows that lose some where any do."""
    free = rows.node.seen & ~rows.words[:, None]
    return free if cut is None else free & cut.any(dim=2, keepdim=True)


@dataclass
class Cutting:
    """One trial under its instructions, with edges cut."""

    policy: Policy
    graphs: Mapping[int, PooledShares]
    trial: Trial
    seed: int
    _drawn: dict[tuple[int, CutName, int], Cut] = field(default_factory=dict)

    def pooled(self, name: str) -> PooledShares:
        """Of this instruction's length. Raises CaptureError where there is none."""
        key = length_key(self.policy, self.trial.instructions[name])
        if key not in self.graphs:
            raise CaptureError("no run of this length was looked into")
        return self.graphs[key]

    def graph(self, name: str) -> Graph:
        """As `pooled`."""
        return self.pooled(name).graph

    def plain(self, name: str) -> Scores:
        """One run, its shares added. Raises CaptureError where it took another way."""
        with self.pooled(name).captured(self.policy.module):
            return self.scores(name)

    def cut(self, name: str, cut: Cut) -> Scores:
        """One run without some edges. Raises CaptureError where it took another way."""
        rows = self.graph(name).rows
        cuts = [NodeCut(rows[number].node, hidden) for number, hidden in cut.items()]
        with cut_nodes(self.policy.module, cuts):
            return self.scores(name)

    def scores(self, name: str) -> Scores:
        """One run, plainly."""
        given = self.policy([self.trial.observation], [self.trial.instructions[name]])
        return given[0].double().cpu().numpy()

    def random(self, name: str, cut: CutName, edges: Cut, draw: int) -> Cut:
        """The same for all instructions of one length, whatever other frames there are."""
        key = length_key(self.policy, self.trial.instructions[name]), cut, draw
        if key not in self._drawn:
            rng = np.random.default_rng((self.seed, zlib.crc32(self.trial.name.encode()), draw))
            self._drawn[key] = random_edges_like(self.graph(name), edges, rng)
        return self._drawn[key]


def _run(cutting: Cutting, number: int) -> CutScores:
    """All runs of one trial. Raises CaptureError, InstructionError where one cannot be made."""
    into = CutScores()
    for name in cutting.trial.instructions:
        into.plain[number, name] = cutting.plain(name)
        for cut in (WHOLE, DIRECT):
            edges = edges_of(cutting.graph(name), cut)
            if not edges:
                continue
            count = sum(int(hidden.sum()) for hidden in edges.values())
            into.edges.setdefault((number, cut), []).append(count)
            into.cut[number, name, cut] = cutting.cut(name, edges)
            for draw in range(RANDOM_DRAWS):
                drawn = cutting.random(name, cut, edges, draw)
                into.random[number, name, cut, draw] = cutting.cut(name, drawn)
    return into
