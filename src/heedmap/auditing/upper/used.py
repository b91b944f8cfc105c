"""Rung 5, measured: does the action depend on the instruction through the sequence?

Cutting the words out moves any policy whose attention rests on them, whatever they say:
a policy that was trained with shuffled instructions too. The test is whether the
*difference between instructions* goes when they are cut, and stays when as many random
edges are. That is what `mediated` measures; the plain distances are recorded with it.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from heedmap.auditing.measures.distance import ActionMetric
from heedmap.auditing.upper.responses import Scores
from heedmap.auditing.upper.runner import length_key
from heedmap.auditing.upper.structure import Structure, Structures
from heedmap.auditing.upper.use_facts import DISTANCE, EDGES, RANDOM, use_facts
from heedmap.data.trials import Trial
from heedmap.ladder.evidence import CutName, UsedFacts
from heedmap.phrase import Phrase
from heedmap.policies.stages import stage
from heedmap.tracing.interventions.cached import Knockouts
from heedmap.tracing.interventions.knockout import (
    Edges,
    Knockout,
    KnockoutRun,
    edges_between,
    edges_from_outside,
    random_edges,
)

RANDOM_DRAWS = 4
"""Sets of random edges that every knockout is matched with."""
PATH_TRIALS = 8
"""Frames on which the further paths are cut, at most; the two towards the instruction on all."""

WHOLE: CutName = "all -/-> instruction"
DIRECT: CutName = "action -/-> instruction"


@dataclass(frozen=True)
class _Job:
    """One run: which trial and instruction, which cut, and which draw (None: the cut itself)."""

    trial: int
    name: str
    cut: CutName | None
    draw: int | None
    run: KnockoutRun
    structure: Structure


@dataclass
class CutScores:
    """Scores of all runs, by what was cut."""

    plain: dict[tuple[int, str], Scores] = field(default_factory=dict)
    cut: dict[tuple[int, str, CutName], Scores] = field(default_factory=dict)
    random: dict[tuple[int, str, CutName, int], Scores] = field(default_factory=dict)
    edges: dict[tuple[int, CutName], list[int]] = field(default_factory=dict)

    def add(self, other: CutScores) -> None:
        """Take in those of another trial."""
        self.plain |= other.plain
        self.cut |= other.cut
        self.random |= other.random
        self.edges |= other.edges


class Use(NamedTuple):
    """The facts, and the values by name of trial that they are means of."""

    facts: UsedFacts
    by_trial: dict[str, dict[str, float]]


@stage(Phrase("measuring what cutting the instruction out does"))
def measure_use(
    knockouts: Knockouts,
    structures: Structures,
    trials: Sequence[Trial],
    metric: ActionMetric,
    seed: int,
    *,
    further: bool = True,
) -> Use | None:
    """Over all trials whose instructions ask for different actions; None where none counts.

    With `further` the paths that no verdict rests on are cut too, on the first `PATH_TRIALS`.
    Frames where the sequence is not built as on the others are left out, and counted.
    """
    counted = [trial for trial in trials if trial.is_needed is not False]
    usable = [t for t in counted if structures.check(t, list(t.instructions))]
    if not usable:
        return None
    scores = _run_all(knockouts, structures, usable, seed, PATH_TRIALS if further else 0)
    by_trial = values_by_trial(scores, usable, metric)
    if not by_trial:
        return None
    clusters = {trial.name: trial.cluster for trial in usable}
    left_out = len(counted) - len(usable)
    facts = use_facts(by_trial, clusters, metric.unit, seed, left_out, knockouts.path())
    return Use(facts, by_trial)


def cut_edges_of(structure: Structure, cut: CutName) -> Edges:
    """The edges that a cut by this name takes away."""
    length, instruction = structure.stack.length, structure.instruction
    if cut == WHOLE:
        return edges_from_outside(length, instruction)
    queries, keys = {
        DIRECT: (structure.rows, instruction),
        "template -/-> instruction": (structure.template, instruction),
        "instruction -/-> image": (instruction, structure.image),
        "action -/-> image": (structure.rows, structure.image),
    }[cut]
    return edges_between(length, queries, keys)


def _run_all(
    knockouts: Knockouts,
    structures: Structures,
    trials: Sequence[Trial],
    seed: int,
    path_trials: int,
) -> CutScores:
    found = CutScores()
    by_length: dict[int, list[_Job]] = {}
    for number, trial in enumerate(trials):
        for name, text in trial.instructions.items():
            structure = structures.of(trial, name)
            assert structure is not None, "the trial was checked"
            further = number < path_trials
            jobs = _jobs(number, trial, name, structure, further, found, seed)
            by_length.setdefault(length_key(knockouts.policy, text), []).extend(jobs)
    for jobs in by_length.values():
        runs = [job.run for job in jobs]
        one = jobs[0].structure
        got = knockouts.scores(one.stack, one.rows, one.visible, runs).double().numpy()
        for job, scores in zip(jobs, got, strict=True):
            if job.cut is None:
                found.plain[job.trial, job.name] = scores
            elif job.draw is None:
                found.cut[job.trial, job.name, job.cut] = scores
            else:
                found.random[job.trial, job.name, job.cut, job.draw] = scores
    return found


def _jobs(
    number: int,
    trial: Trial,
    name: str,
    structure: Structure,
    further: bool,
    found: CutScores,
    seed: int,
) -> list[_Job]:
    """The plain run, every cut, and its random matches, of one instruction on one frame."""

    def job(cut: CutName | None, draw: int | None, edges: Edges | None) -> _Job:
        knockout = None if edges is None else Knockout(edges)
        run = KnockoutRun(trial.observation, trial.instructions[name], knockout)
        return _Job(number, name, cut, draw, run, structure)

    jobs = [job(None, None, None)]
    paths: tuple[CutName, ...] = (
        "template -/-> instruction",
        "instruction -/-> image",
        "action -/-> image",
    )
    for cut in (WHOLE, DIRECT, *(paths if further else ())):
        edges = cut_edges_of(structure, cut)
        if not (edges & structure.visible).any():
            continue
        found.edges.setdefault((number, cut), []).append(int((edges & structure.visible).sum()))
        jobs.append(job(cut, None, edges))
        keys = set(np.flatnonzero(edges.any(axis=0)).tolist())
        for draw in range(RANDOM_DRAWS):
            # The same for all instructions of a frame, whatever other frames there are.
            rng = np.random.default_rng((seed, zlib.crc32(trial.name.encode()), draw))
            drawn = random_edges(edges, structure.visible, keys, rng)
            jobs.append(job(cut, draw, drawn))
    return jobs


def values_by_trial(
    scores: CutScores, trials: Sequence[Trial], metric: ActionMetric
) -> dict[str, dict[str, float]]:
    """A value a trial, the mean over its pairs of instructions; empty where no trial has any."""
    kept = [number for number, trial in enumerate(trials) if list(trial.pairs())]
    if not kept:
        return {}

    def dependence(cut: CutName | None, draw: int | None = None) -> np.ndarray:
        return np.array(
            [
                np.mean(
                    [
                        _distance(metric, *(_of(scores, n, one, cut, draw) for one in pair))
                        for pair in trials[n].pairs()
                    ]
                )
                for n in kept
            ]
        )

    draws = range(RANDOM_DRAWS)
    whole, direct = dependence(WHOLE), dependence(DIRECT)
    whole_random = np.mean([dependence(WHOLE, draw) for draw in draws], axis=0)
    direct_random = np.mean([dependence(DIRECT, draw) for draw in draws], axis=0)
    values = {
        "dependence": dependence(None),
        "after_cut": whole,
        "after_direct_cut": direct,
        "after_random_cut": whole_random,
        "mediated": whole_random - whole,
        "mediated_directly": direct_random - direct,
    }
    names = [trials[number].name for number in kept]
    found = {m: dict(zip(names, v.tolist(), strict=True)) for m, v in values.items()}
    return found | _by_cut(scores, trials, metric)


def _of(scores: CutScores, number: int, name: str, cut: CutName | None, draw: int | None) -> Scores:
    """Scores of one run; where there was nothing to cut, those of the plain one."""
    plain = scores.plain[number, name]
    if cut is None:
        return plain
    if draw is None:
        return scores.cut.get((number, name, cut), plain)
    return scores.random.get((number, name, cut, draw), plain)


def _distance(metric: ActionMetric, one: Scores, two: Scores) -> float:
    return float(metric.distances(one[None], two[None])[0])


def _by_cut(
    scores: CutScores, trials: Sequence[Trial], metric: ActionMetric
) -> dict[str, dict[str, float]]:
    """How far every cut, and its random matches, move the action: a trial's means."""
    found: dict[str, dict[str, list[float]]] = {}

    def keep(measure: str, number: int, value: float) -> None:
        found.setdefault(measure, {}).setdefault(trials[number].name, []).append(value)

    for (number, name, cut), got in scores.cut.items():
        plain = scores.plain[number, name]
        keep(DISTANCE + cut, number, _distance(metric, plain, got))
        for draw in range(RANDOM_DRAWS):
            drawn = scores.random[number, name, cut, draw]
            keep(RANDOM + cut, number, _distance(metric, plain, drawn))
    for (number, cut), counts in scores.edges.items():
        for count in counts:
            keep(EDGES + cut, number, float(count))
    return {
        measure: {name: float(np.mean(values)) for name, values in _in_order(by, trials).items()}
        for measure, by in found.items()
    }


def _in_order(by_name: dict[str, list[float]], trials: Sequence[Trial]) -> dict[str, list[float]]:
    """Runs go by length; means over trials are taken in the trials' own order."""
    return {trial.name: by_name[trial.name] for trial in trials if trial.name in by_name}
