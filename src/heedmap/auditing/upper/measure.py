"""The upper rungs of one policy, in order: respond, cut, map."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from heedmap.auditing.behaviour import measure_behaviour
from heedmap.auditing.measures.distance import ActionMetric
from heedmap.auditing.measures.following import parse_expectation
from heedmap.auditing.upper.known import KnownRuns
from heedmap.auditing.upper.maps import measure_map
from heedmap.auditing.upper.obeyed import Obedience, measure_obedience
from heedmap.auditing.upper.respond import respond
from heedmap.auditing.upper.responses import Responses
from heedmap.auditing.upper.runner import Runner
from heedmap.auditing.upper.structure import Structures
from heedmap.auditing.upper.used import measure_use
from heedmap.data.instructions import check_expected_actions, check_instructions
from heedmap.data.trials import Trial
from heedmap.errors import InstructionError
from heedmap.ladder.behaviour import BehaviourFacts
from heedmap.ladder.evidence import INTERVENTIONS, CausalMap, Intervention, ObeyedFacts, UsedFacts
from heedmap.ladder.upper import may_be_rounding
from heedmap.phrase import Phrase
from heedmap.policies.base import Policy
from heedmap.policies.stages import stage
from heedmap.tracing.capture.stacks import Stack
from heedmap.tracing.interventions.cached import Knockouts


class UpperOptions(NamedTuple):
    """How far the upper rungs are measured, and in which unit."""

    until: Intervention = "map"
    """The last stage that is run."""
    action_scale: tuple[float, ...] | None = None
    """Of every dimension of continuous actions; None takes it from the trials' own actions."""
    batch: int | None = None
    """Examples that run together; None takes as many as the free memory holds."""
    with_controls: bool = True
    """Whether nonsense, no words and contradicting instructions are given, too."""

    @property
    def stages(self) -> int:
        """How many of the `INTERVENTIONS` are run."""
        return INTERVENTIONS.index(self.until) + 1


class UpperFacts(NamedTuple):
    """None where it was not measured, or the action changes too little to judge (see `obeyed`)."""

    used: UsedFacts | None = None
    obeyed: ObeyedFacts | None = None
    causal_map: CausalMap | None = None
    by_trial: Mapping[str, Mapping[str, float]] = {}
    """Values that facts are means of, by measure and name of trial; also where facts are None
    for too little change, which a sweep may find to be enough over more trials."""
    responses: Responses | None = None
    """What rung 6 was measured from."""
    behaviour: BehaviourFacts | None = None
    """What exchanging instruction, frame and state does."""


def measure_upper(
    policy: Policy,
    structures: Structures,
    stack: Stack,
    trials: Sequence[Trial],
    seed: int,
    on_stage: Callable[[], None] = lambda: None,
    options: UpperOptions = UpperOptions(),  # noqa: B008 - immutable
    known: KnownRuns | None = None,
) -> UpperFacts:
    """Rungs 5 and 6 over the trials. Raises PolicyError when one of them cannot be run.

    `stack` is the transformer that feeds the action. `on_stage` is called after each stage.
    What is in `known` is not run again.
    """
    first = trials[0]
    tried = [(first.observation, text) for text in first.instructions.values()]
    runner = Runner.of(policy, tried, stack, options.batch, known)
    found, metric = _exchange(runner, trials, seed, options)
    on_stage()
    if options.until == "exchange":
        return found
    known = runner.known
    knockouts = Knockouts(policy, runner.batch, runner.together, known.of, known.trunks)
    assert found.obeyed is not None
    can_judge = not may_be_rounding(found.obeyed.action_change)
    further = options.until == "map"
    if use := measure_use(knockouts, structures, trials, metric, seed, further=further):
        used = use.facts if can_judge else None
        found = found._replace(used=used, by_trial={**found.by_trial, **use.by_trial})
    on_stage()
    if options.until == "cut":
        return found
    if can_judge:
        causal_map = measure_map(runner, knockouts, structures, trials, metric, seed)
        found = found._replace(causal_map=causal_map)
    on_stage()
    return found


def measure_by_exchange(
    policy: Policy,
    trials: Sequence[Trial],
    seed: int,
    on_stage: Callable[[], None] = lambda: None,
    options: UpperOptions = UpperOptions(),  # noqa: B008 - immutable
    runner: Runner | None = None,
    known: KnownRuns | None = None,
) -> UpperFacts:
    """Rung 6 of a policy of which nothing but its actions can be seen.

    `runner` runs the examples; left out, it is found how many the policy takes at once, and what is
    in `known` is not run again.
    """
    if runner is None:
        first = trials[0]
        tried = [(first.observation, text) for text in first.instructions.values()]
        runner = Runner.of(policy, tried, most=options.batch, known=known)
    found, _ = _exchange(runner, trials, seed, options)
    on_stage()
    return found


def _exchange(
    runner: Runner, trials: Sequence[Trial], seed: int, options: UpperOptions
) -> tuple[UpperFacts, ActionMetric]:
    """What exchanges alone show, and the measure of how far two actions are apart."""
    responses = respond(runner, trials, with_controls=options.with_controls)
    metric = metric_of(responses, runner.policy, options)
    obeyed = measure_obedience(responses, metric, runner.policy.action_names, seed)
    found = UpperFacts(
        obeyed=obeyed.facts,
        by_trial=_named(obeyed, trials),
        responses=responses,
        behaviour=measure_behaviour(runner, responses, trials, seed),
    )
    return found, metric


def metric_of(responses: Responses, policy: Policy, options: UpperOptions) -> ActionMetric:
    """How far two actions are apart: by the scale given, or the spread over frames."""
    if policy.action_names is None and options.action_scale is not None:
        return ActionMetric.continuous(np.array(options.action_scale))
    return responses.metric(policy.action_names)


def _named(obeyed: Obedience, trials: Sequence[Trial]) -> dict[str, dict[str, float]]:
    return {
        measure: {trials[number].name: value for number, value in by.items()}
        for measure, by in obeyed.by_trial.items()
    }


@stage(Phrase("checking frames and instructions"))
def check_trials(policy: Policy, trials: Sequence[Trial]) -> None:
    """Refuse what cannot be measured before any work is done.

    Raises InstructionError for an expectation that does not fit the policy's actions or names
    no instruction, an instruction that is too long or empty, and FrameError for a frame that
    the policy cannot take.
    """
    for trial in trials:
        check_instructions(trial.instructions)
        check_expected_actions(trial.expected, trial.instructions)
        policy.check_observation(trial.observation)
        for text in trial.instructions.values():
            policy.token_count(text)
        for expected in trial.expected.values():
            parse_expectation(expected, policy.action_names)
        if trial.recorded is not None and trial.recorded not in trial.instructions:
            raise InstructionError(
                "'{recorded}' is said to be the instruction that the frame '{frame}' came with, "
                "but its instructions are {instructions}.",
                recorded=trial.recorded,
                frame=trial.name,
                instructions=", ".join(trial.instructions),
            )
