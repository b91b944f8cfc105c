"""All rungs of a policy whose attention is in several stacks, reads a cache or runs in a loop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from heedmap.auditing.graph import facts
from heedmap.auditing.graph.map import measure_graph_map
from heedmap.auditing.graph.nulls import measure_nulls
from heedmap.auditing.graph.patched import stacks_patched
from heedmap.auditing.graph.pooled import PooledShares
from heedmap.auditing.graph.regions import graph_of
from heedmap.auditing.graph.use import measure_graph_use
from heedmap.auditing.lower.tokens import measure_tokens
from heedmap.auditing.trails import Trails
from heedmap.auditing.upper.measure import UpperFacts, UpperOptions, metric_of
from heedmap.auditing.upper.runner import length_key
from heedmap.data.trials import Trial
from heedmap.ladder.measurements import AttendedFacts, Measurements, StackInfo, TokenFacts
from heedmap.ladder.upper import may_be_rounding


class GraphFound(NamedTuple):
    """What was measured over the graph."""

    measurements: Measurements
    upper: UpperFacts


def measure_graph(
    trails: Trails,
    trials: Sequence[Trial],
    upper: UpperFacts,
    options: UpperOptions,
    tokens: TokenFacts | None = None,
) -> GraphFound:
    """Rungs 1 to 5 over the attention graph of the first trial's runs, one for each length.

    `upper` is what exchanges showed, over all trials; `trails` are of the first trial's frame;
    `tokens` what became of its instructions' words, where that was measured before.
    Raises CaptureError where the graph cannot be read (see `graph_of`).
    """
    policy, trial = trails.policy, trials[0]
    graphs: dict[int, PooledShares] = {}
    for text in trial.instructions.values():
        key = length_key(policy, text)
        if key not in graphs:
            found = graph_of(trails, text, list(trial.instructions.values()))
            graphs[key] = PooledShares(found)
    pooled = next(iter(graphs.values()))
    upper = _with_use(trails, graphs, trials, upper, options)
    assert upper.behaviour is not None
    first, shares = pooled.graph, pooled.shares()
    measured = Measurements(
        stacks=_stacks(trails, trial, pooled, upper, options),
        tokens=tokens or measure_tokens(policy, trial.observation, trial.instructions),
        presence=facts.presence(first),
        visibility=facts.visibility(first),
        attended=_attended(trails, trial, pooled),
        bypass=facts.bypass(first, upper.behaviour.floor),
        used=upper.used,
        causal_map=upper.causal_map,
        obeyed=upper.obeyed,
        behaviour=upper.behaviour,
        computations=facts.computations(first, shares),
    )
    return GraphFound(measured, upper)


def _with_use(
    trails: Trails,
    graphs: dict[int, PooledShares],
    trials: Sequence[Trial],
    upper: UpperFacts,
    options: UpperOptions,
) -> UpperFacts:
    """Rung 5 and the map, if requested, where the action changes by more than rounding."""
    obeyed = upper.obeyed
    assert obeyed is not None
    assert upper.responses is not None
    if options.until == "exchange":
        return upper
    metric = metric_of(upper.responses, trails.policy, options)
    use = measure_graph_use(trails.policy, graphs, trials, metric, trails.seed)
    if use is None:
        return upper
    upper = upper._replace(by_trial={**upper.by_trial, **use.by_trial})
    if may_be_rounding(obeyed.action_change):
        return upper
    upper = upper._replace(used=use.facts)
    if options.until == "cut":
        return upper
    found = measure_graph_map(trails.policy, graphs, trials, metric, trails.seed)
    return upper._replace(causal_map=found)


def _stacks(
    trails: Trails, trial: Trial, pooled: PooledShares, upper: UpperFacts, options: UpperOptions
) -> tuple[StackInfo, ...]:
    """With what each one carries of the action's difference, where actions differ."""
    found = facts.stacks(pooled.graph, pooled.shares())
    assert upper.obeyed is not None
    if options.until == "exchange" or may_be_rounding(upper.obeyed.action_change):
        return found
    text, *others = trial.instructions.values()
    patched = stacks_patched(trails, text, others, pooled.graph)
    return tuple(
        stack.model_copy(update=patched[stack.pattern]._asdict())
        if stack.pattern in patched
        else stack
        for stack in found
    )


def _attended(trails: Trails, trial: Trial, pooled: PooledShares) -> AttendedFacts | None:
    """Rung 4, with its baselines on the first trial's first instruction."""
    found = facts.attended(pooled.graph, pooled.shares())
    if found is None:
        return None
    text = next(iter(trial.instructions.values()))
    nulls = measure_nulls(trails.policy, trial.observation, text, pooled.graph, trails.seed)
    return found.model_copy(
        update={
            "null_shuffled_weights": nulls.shuffled_weights,
            "null_nonsense": nulls.nonsense,
        }
    )
