"""Where in the network the instruction is used: by head, by layer, by window, by patching.

Measured on a few frames, one instruction each in turn. No verdict rests on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from heedmap.auditing.measures.distance import ActionMetric
from heedmap.auditing.measures.stats import benjamini_hochberg, paired_p_value
from heedmap.auditing.upper.predicts import HeadReading, predicts, read_heads
from heedmap.auditing.upper.runner import Runner, length_key
from heedmap.auditing.upper.structure import Structure, Structures
from heedmap.auditing.upper.words import word_effects
from heedmap.data.trials import Trial
from heedmap.ladder.evidence import CausalMap, HeadEffect, LayerEffect, LayerPatch, Region
from heedmap.phrase import Phrase
from heedmap.policies.stages import stage
from heedmap.tracing.capture.inputs import SequenceLengthError
from heedmap.tracing.interventions.cached import Knockouts
from heedmap.tracing.interventions.knockout import (
    Edges,
    Knockout,
    KnockoutRun,
    edges_between,
    random_edges,
)
from heedmap.tracing.interventions.patching import patch_layers

MOST_EXAMPLES = 8
MOST_RUNS = 4000
"""Runs of the policy at most: larger networks get fewer examples, then no map by head."""
MOST_CACHED_RUNS = 40_000
"""As `MOST_RUNS`, where a run is one step of the action rows."""
PATCHED_ACTION_DIFFERS = 0.05
"""Minimum action distance for patching to be reported, in the unit of the metric."""

Site = tuple[str, int, int]
"""What was cut: kind, and two numbers (layer and head, or first and last layer)."""


@dataclass(frozen=True)
class _Example:
    trial: Trial
    name: str
    structure: Structure

    @property
    def text(self) -> str:
        return self.trial.instructions[self.name]


@stage(Phrase("measuring where in the network the instruction is used"))
def measure_map(
    runner: Runner,
    knockouts: Knockouts,
    structures: Structures,
    trials: Sequence[Trial],
    metric: ActionMetric,
    seed: int,
) -> CausalMap | None:
    """None where no instruction is present in the sequence."""
    examples = _examples(structures, trials)
    if not examples:
        return None
    calls = examples[0].structure.stack.calls
    layers, heads = len(calls), calls[0].head_count
    is_cached = knockouts.path(examples[0].structure.rows).kind == "cached rows"
    most = MOST_CACHED_RUNS if is_cached else MOST_RUNS
    with_heads = layers * heads * 3 <= most
    runs_each = layers * (heads * 3 if with_heads else 0) + 4 * layers
    examples = examples[: max(1, most // runs_each)]
    found = [_effects(knockouts, one, metric, with_heads, seed) for one in examples]
    readings = [read_heads(runner.policy, _subject(one)) for one in examples]
    by_head = _by_head(found, readings, examples, seed)
    by_layer = _by_layers(found, "layer")
    return CausalMap(
        unit=metric.unit,
        examples=len(examples),
        by_head=by_head,
        by_layer=by_layer,
        by_window=_by_layers(found, "window"),
        patched=_patched(runner, structures, trials, metric),
        predicts=predicts(readings, by_head, by_layer),
        knockouts=knockouts.path(examples[0].structure.rows),
        by_word=word_effects(knockouts, structures, trials, metric, seed),
    )


def _examples(structures: Structures, trials: Sequence[Trial]) -> list[_Example]:
    """One instruction a frame, in turn."""
    found: list[_Example] = []
    for number, trial in enumerate(trials):
        names = list(trial.instructions)
        name = names[number % len(names)]
        structure = structures.of(trial, name)
        if structure is not None and trial.is_needed is not False:
            found.append(_Example(trial, name, structure))
        if len(found) == MOST_EXAMPLES:
            break
    return found


def _subject(one: _Example) -> tuple[Trial, str, Structure]:
    return one.trial, one.text, one.structure


def _knockouts(one: _Example, with_heads: bool, seed: int) -> dict[Site, Knockout]:
    """Cuts by head, layer and window; random ones under the same site with `random-`."""
    structure = one.structure
    length, layers = structure.stack.length, len(structure.stack.calls)
    instruction = edges_between(length, structure.rows, structure.instruction)
    drawn = random_edges(
        instruction, structure.visible, structure.instruction, np.random.default_rng(seed)
    )
    image = edges_between(length, structure.rows, structure.image)
    sites: dict[Site, Knockout] = {}

    def add(kind: str, place: tuple[int, int], edges: Edges, where: range, head: int | None):
        heads = None if head is None else [head]
        sites[(kind, *place)] = Knockout(edges).within(list(where), heads)

    for layer in range(layers):
        here = range(layer, layer + 1)
        add("layer", (layer, layer), instruction, here, None)
        add("random-layer", (layer, layer), drawn, here, None)
        for head in range(structure.stack.calls[layer].head_count if with_heads else 0):
            add("head", (layer, head), instruction, here, head)
            add("random-head", (layer, head), drawn, here, head)
            add("image-head", (layer, head), image, here, head)
    width = max(2, layers // 4)
    for first in range(layers - width + 1):
        window = range(first, first + width)
        add("window", (first, window[-1]), instruction, window, None)
        add("random-window", (first, window[-1]), drawn, window, None)
    return sites


def _effects(
    knockouts: Knockouts, one: _Example, metric: ActionMetric, with_heads: bool, seed: int
) -> dict[Site, float]:
    """How far every cut moves the action of one example."""
    sites = _knockouts(one, with_heads, seed)
    runs = [KnockoutRun(one.trial.observation, one.text, cut) for cut in (None, *sites.values())]
    at = one.structure
    got = knockouts.scores(at.stack, at.rows, at.visible, runs)
    scores = got.double().numpy()
    moved = metric.distances(np.repeat(scores[:1], len(sites), axis=0), scores[1:])
    return dict(zip(sites, moved.tolist(), strict=True))


def _by_head(
    found: Sequence[dict[Site, float]],
    readings: Sequence[HeadReading],
    examples: Sequence[_Example],
    seed: int,
) -> tuple[HeadEffect, ...]:
    clusters = [one.trial.cluster for one in examples]
    effects: list[HeadEffect] = []
    regions: tuple[tuple[Region, str], ...] = (("instruction", "head"), ("image", "image-head"))
    for region, kind in regions:
        places = [site[1:] for site in found[0] if site[0] == kind]
        means = {p: float(np.mean([each[(kind, *p)] for each in found])) for p in places}
        paired = {p: _paired(found, p) for p in places} if region == "instruction" else {}
        p_values = [
            paired_p_value(paired[p][0] - paired[p][1], clusters, seed=seed) if paired else None
            for p in places
        ]
        adjusted = benjamini_hochberg(p_values)
        for place, p_value, p_adjusted in zip(places, p_values, adjusted, strict=True):
            shares = [each.share[region][place] for each in readings]
            effects.append(
                HeadEffect(
                    layer=place[0],
                    head=place[1],
                    region=region,
                    distance=means[place],
                    random_distance=float(paired[place][1].mean()) if paired else None,
                    p_value=p_value,
                    p_adjusted=p_adjusted,
                    share=float(np.mean(shares)),
                )
            )
    return tuple(effects)


def _paired(
    found: Sequence[dict[Site, float]], place: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    cut = np.array([each[("head", *place)] for each in found])
    return cut, np.array([each[("random-head", *place)] for each in found])


def _by_layers(found: Sequence[dict[Site, float]], kind: str) -> tuple[LayerEffect, ...]:
    return tuple(
        LayerEffect(
            first_layer=site[1],
            last_layer=site[2],
            distance=float(np.mean([each[site] for each in found])),
            random_distance=float(np.mean([each[(f"random-{kind}", *site[1:])] for each in found])),
        )
        for site in found[0]
        if site[0] == kind
    )


def _patched(
    runner: Runner, structures: Structures, trials: Sequence[Trial], metric: ActionMetric
) -> tuple[LayerPatch, ...]:
    """Mean recovered share by layer, both ways, over pairs of equal length whose actions differ."""
    shares: list[np.ndarray] = []
    for trial in trials:
        for one, two in trial.pairs():
            texts = trial.instructions[one], trial.instructions[two]
            structure = structures.of(trial, one)
            alike = length_key(runner.policy, texts[0]) == length_key(runner.policy, texts[1])
            if structure is None or not alike:
                continue
            both_ways = (texts, (texts[1], texts[0]))
            found = [_recovered(runner, trial, way, structure, metric) for way in both_ways]
            shares += [share for share in found if share is not None]
            break  # one pair a frame
        if len(shares) >= 2 * MOST_EXAMPLES:
            break
    if not shares:
        return ()
    mean = np.mean(shares, axis=0).tolist()
    return tuple(LayerPatch(layer=n, recovered_share=value) for n, value in enumerate(mean))


def _recovered(
    runner: Runner,
    trial: Trial,
    texts: tuple[str, str],
    structure: Structure,
    metric: ActionMetric,
) -> np.ndarray | None:
    """1 - distance to the source's action / distance without patching; None if they agree."""
    plain, source = (scores for scores in runner.scores([(trial.observation, t) for t in texts]))
    if plain is None or source is None:
        return None
    apart = float(metric.distances(plain[None], source[None])[0])
    if apart < PATCHED_ACTION_DIFFERS:
        return None
    try:
        patched = patch_layers(
            runner.policy,
            structure.stack,
            trial.observation,
            texts[0],
            texts[1],
            structure.instruction,
            batch=runner.batch(),
        )
    except SequenceLengthError:
        return None
    rows = patched.double().numpy()
    left = metric.distances(rows, np.repeat(source[None], len(rows), axis=0))
    return 1 - left / apart
