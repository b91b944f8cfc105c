"""One policy up the whole ladder: rungs 1-4 on every frame, 5 and 6 over the trials.

For every case: run the policy under watch, perturb frame and words to measure the layout,
divide the attention among the regions. Then the upper rungs, over all trials. At last the
first case runs plainly once more: outputs and weights must not have changed. A vision tower
runs once for an image, and passes that only ask what enters the transformer stop there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
import pyarrow as pa
import torch

from heedmap.auditing.black_box import audit_black_box
from heedmap.auditing.diagnosis import CaseFacts, Diagnosis
from heedmap.auditing.facts import attention_digest
from heedmap.auditing.graph.measure import measure_graph
from heedmap.auditing.lower.discovery import Transformer, find_transformer
from heedmap.auditing.lower.examine import Examined, examine
from heedmap.auditing.policy_result import describe_over_graph, describe_policy, policy_result
from heedmap.auditing.preparation import evaluating
from heedmap.auditing.steps import measure_steps
from heedmap.auditing.trail import measure_trail
from heedmap.auditing.trails import Trails
from heedmap.auditing.upper.measure import UpperFacts, UpperOptions, measure_by_exchange
from heedmap.data.observation import Observation
from heedmap.data.trials import Trial
from heedmap.errors import (
    CaptureError,
    HeedmapError,
    NoAttentionError,
    PolicyError,
    PolicyRunError,
)
from heedmap.ladder.evidence import TrailFacts
from heedmap.ladder.verdict import Measurements
from heedmap.measures.share import region_shares, visible_counts
from heedmap.policies.base import ActionScores, Policy, same_sums, weights_sha256, weights_sums
from heedmap.policies.stages import stage
from heedmap.policies.unwatched import is_raised_by_watching
from heedmap.record.layout import DeclaredRegions, Layout, parse_declared
from heedmap.record.record import Case, LayoutInfo, PolicyResult
from heedmap.record.tables import (
    LayoutKind,
    TableName,
    position_table,
    share_table,
    trail_table,
    trial_table,
)
from heedmap.tracing.capture.towers import remembering
from heedmap.tracing.capture.trace import one_attention_path
from heedmap.tracing.observe import describe_action
from heedmap.types import VisibleByLayer


@runtime_checkable
class Rows(Protocol):
    """Takes the rows of one table as they come."""

    def add(self, table: pa.Table) -> None:
        """Rows of one case."""
        ...


@dataclass
class Climb:
    """What is put to a policy, and where the rows go."""

    examined: Sequence[Trial]
    """Frames that rungs 1-4 are measured on, each under its own instructions."""
    trials: Sequence[Trial]
    """What rungs 5 and 6 are measured on."""
    tables: Mapping[TableName, Rows]
    """Tables that are kept; the rows of others are not made."""
    declared: DeclaredRegions | None = None
    seed: int = 0
    options: UpperOptions = UpperOptions()  # noqa: RUF009 - immutable
    by_frame: bool = False
    """Whether rungs 1-4 are also measured on every frame alone."""
    on_step: Callable[[Policy], None] = lambda policy: None
    """Called after every case, and after every stage of the upper rungs."""

    @property
    def cases(self) -> int:
        """How many cases rungs 1-4 are measured on."""
        return sum(len(frame.instructions) for frame in self.examined)

    @property
    def steps(self) -> int:
        """How often `on_step` is called for one policy."""
        return self.cases + (self.options.stages if self.trials else 0)

    def declared_for(self, policy: Policy) -> DeclaredRegions | None:
        """The regions that were declared, or those that the policy's scripts assume."""
        if self.declared is not None or policy.default_declared is None:
            return self.declared
        return parse_declared(policy.default_declared)

    def keep_trials(self, policy: Policy, upper: UpperFacts) -> None:
        """Write what the upper rungs found trial by trial."""
        if "trials" in self.tables:
            clusters = {trial.name: trial.cluster for trial in self.trials}
            self.tables["trials"].add(trial_table(policy.name, clusters, upper.by_trial))

    def keep_steps(self, trails: Trails | None, trail: TrailFacts | None) -> None:
        """Write every module call of the first trial; those of a small policy are patched, too."""
        if "trail" not in self.tables or trails is None:
            return
        texts = None if trail is None else trail.texts
        most_patched = MOST_PATCHED if self.options.until == "map" else 0
        found = measure_steps(trails, self.trials[0], texts, most_patched=most_patched)
        if found is not None:
            self.tables["trail"].add(trail_table(trails.policy.name, map(asdict, found[1])))


@dataclass
class Climbed:
    """What one policy showed, gathered case by case."""

    result: PolicyResult
    upper: UpperFacts
    cases: Mapping[tuple[str, str], CaseFacts] = field(default_factory=dict)
    """Facts of rungs 1-4, by frame and instruction; empty for a black box."""
    frames: Mapping[str, Measurements] = field(default_factory=dict)
    """Rungs 1-4 of every frame alone, where requested."""
    digests: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Of the attention, by frame and instruction."""


@dataclass
class _Findings:
    """What the cases of one policy yield, gathered case by case."""

    diagnosis: Diagnosis
    cases: list[Case] = field(default_factory=list)
    facts: dict[tuple[str, str], CaseFacts] = field(default_factory=dict)
    frames: dict[str, Measurements] = field(default_factory=dict)
    attention: dict[tuple[str, str], str] = field(default_factory=dict)
    """Digests, by frame and instruction."""
    rows: dict[int, tuple[int, ...]] = field(default_factory=dict)
    """Action rows by the sequence's length."""


MOST_PATCHED = 64
"""Module calls up to which an audit patches them, one run each."""
WATCHED_TOLERANCE = 1e-5
"""Of the largest score: in inference mode a watched pass takes composite operators apart, which may
round otherwise."""


def climb(policy: Policy, plan: Climb, *, with_hash: bool = True) -> Climbed:
    """All rungs of one policy; its training flags are put back, its weights untouched.

    Without `with_hash` the result does not name its weights: hashing takes a while where they
    are large. Raises HeedmapError when an input cannot be used, the policy is not
    deterministic, or its attention cannot be recorded; PolicyRunError, naming the stage, when
    the policy itself fails. The policy is left as it was then, too.
    """
    if policy.is_black_box:
        result, upper = audit_black_box(
            policy, plan.trials, plan.seed, lambda: plan.on_step(policy), plan.options
        )
        plan.keep_trials(policy, upper)
        return Climbed(result, upper)
    with one_attention_path(), evaluating(policy), _weights_unchanged(policy):
        first = plan.examined[0]
        text = next(iter(first.instructions.values()))
        trails = Trails(policy, plan.trials[0].observation, plan.seed) if plan.trials else None
        try:
            climbed, before = _read(policy, plan, trails, with_hash=with_hash)
            if trails is not None and _is_elsewhere(climbed.result.measurements):
                climbed = _over_graph(plan, trails, climbed)
        except (CaptureError, PolicyRunError) as error:
            if isinstance(error, PolicyRunError) and not is_raised_by_watching(error.__cause__):
                raise
            # What it does can still be measured, and followed.
            before = (_acts_alike(policy, first.observation, text),)
            climbed = _unread(policy, plan, trails, error, with_hash=with_hash)
        plan.keep_steps(trails, climbed.result.measurements.trail)
        with stage("running the first frame once more, plainly"):
            _check_same(policy, before, policy([first.observation], [text]))
    plan.keep_trials(policy, climbed.upper)
    return climbed


def _read(
    policy: Policy, plan: Climb, trails: Trails | None, *, with_hash: bool
) -> tuple[Climbed, tuple[ActionScores | None, ...]]:
    """With the attention of the transformer that feeds the action; and the first case's scores.

    Raises CaptureError where there is none that can be read.
    """
    first = plan.examined[0]
    text = next(iter(first.instructions.values()))
    transformer = find_transformer(policy, first.observation, text, plan.seed)
    found = _Findings(Diagnosis(policy, transformer, plan.seed))
    assert transformer.first_pass is not None
    found.rows[transformer.first_pass.stack.length] = transformer.first_rows
    with remembering(policy.module, transformer.towers, transformer.memories):
        for frame in plan.examined:
            _climb_frame(policy, transformer, frame, plan, found)
        upper = found.diagnosis.upper(plan.trials, lambda: plan.on_step(policy), plan.options)
        measurements = found.diagnosis.measurements(first.instructions, upper)
    measurements = _with_trail(trails, plan, measurements)
    stack = found.diagnosis.first.seen.stack
    result = policy_result(
        describe_policy(policy, stack, plan.declared_for(policy)),
        policy.name,
        weights_sha256(policy.module) if with_hash else None,
        measurements,
        found.cases,
        found.attention,
    )
    climbed = Climbed(result, upper, found.facts, found.frames, found.attention)
    return climbed, (transformer.first_scores, found.diagnosis.first.seen.scores)


def _is_elsewhere(measured: Measurements) -> bool:
    """Whether the stack that was read as the transformer holds no word, and there are others."""
    presence = measured.presence
    nowhere = not (presence.positions or presence.mixed_positions or presence.overwritten_positions)
    return presence.measured and nowhere and len(measured.stacks) > 1


def _over_graph(plan: Climb, trails: Trails, climbed: Climbed) -> Climbed:
    """Over all stacks, if any holds words; as it was, otherwise."""
    if climbed.upper.obeyed is None:
        return climbed
    try:
        measurements, upper = measure_graph(trails, plan.trials, climbed.upper, plan.options)
    except CaptureError:
        return climbed
    if not measurements.visibility.instruction_total:
        return climbed
    measurements = _with_trail(trails, plan, measurements)
    policy, result = trails.policy, climbed.result
    described = describe_over_graph(policy, measurements.computations)
    return Climbed(
        policy_result(described, policy.name, result.weights_sha256, measurements), upper
    )


def _unread(
    policy: Policy, plan: Climb, trails: Trails | None, why: HeedmapError, *, with_hash: bool
) -> Climbed:
    """Behaviour and trail alone, where no attention could be read."""
    upper = UpperFacts()
    if plan.trials:
        upper = measure_by_exchange(
            policy, plan.trials, plan.seed, lambda: plan.on_step(policy), plan.options
        )
    measurements = Measurements.of_black_box(
        upper.obeyed,
        upper.behaviour,
        unread=str(why),
        has_no_attention=isinstance(why, NoAttentionError),
    )
    if trails is not None:
        try:
            measurements, upper = measure_graph(trails, plan.trials, upper, plan.options)
        except CaptureError as error:
            measurements = measurements.model_copy(
                update={"unread": f"{why} Nor as a graph: {error}."}
            )
    measurements = _with_trail(trails, plan, measurements)
    described = describe_over_graph(policy, measurements.computations)
    weights = weights_sha256(policy.module) if with_hash else None
    return Climbed(policy_result(described, policy.name, weights, measurements), upper)


def _with_trail(trails: Trails | None, plan: Climb, measurements: Measurements) -> Measurements:
    """With the step at which the instruction was lost, where the action does not follow it."""
    behaviour = measurements.behaviour
    if behaviour is None or trails is None or behaviour.responds:
        return measurements
    trail = measure_trail(trails, plan.trials[0], behaviour)
    return measurements.model_copy(update={"trail": trail})


@stage("asking the same twice")
def _acts_alike(policy: Policy, observation: Observation, text: str) -> ActionScores:
    """What the policy does twice. Raises PolicyError where it is not deterministic."""
    one, two = (policy([observation], [text]) for _ in range(2))
    if not torch.equal(one, two):
        apart = float((one - two).abs().max()) if one.shape == two.shape else float("nan")
        raise PolicyError(
            f"The policy '{policy.name}' is not deterministic: the same frame and instruction, "
            f"given twice, gave actions that differ by up to {apart:.2g}. Pin its noise "
            f"(CallablePolicy(..., noise_seed=0)), and clear its caches and queues in each call."
        )
    return one


def _check_same(policy: Policy, before: Sequence[ActionScores | None], after: ActionScores) -> None:
    """The first case's scores: when it was looked into, under watch, and plainly at last."""
    most = WATCHED_TOLERANCE * float(after.abs().max())
    if any(scores is None or float((scores - after).abs().max()) > most for scores in before):
        raise PolicyError(
            f"The policy '{policy.name}' gave different actions before, during and after its "
            f"audit; it must be deterministic. Pin its noise and clear its caches."
        )


@contextmanager
def _weights_unchanged(policy: Policy) -> Iterator[None]:
    """Raise PolicyError at the end where a weight or buffer is not what it was."""
    before = weights_sums(policy.module)
    yield
    if not same_sums(weights_sums(policy.module), before):
        raise PolicyError(
            f"The weights or buffers of '{policy.name}' changed while it was audited; "
            f"run it in evaluation mode, without updates in its forward pass."
        )


@stage("running the frames under their instructions")
def _climb_frame(
    policy: Policy, transformer: Transformer, frame: Trial, plan: Climb, found: _Findings
) -> None:
    """Rungs 1-4 on one frame, instruction by instruction."""
    first: Examined | None = None
    for name in frame.instructions:
        one = _climb_case(policy, transformer, frame, name, plan, found)
        if plan.by_frame and first is None:  # held no longer than needed: it is large
            first = one
        plan.on_step(policy)
    if first is not None:
        facts = [found.facts[frame.name, name] for name in frame.instructions]
        measured = found.diagnosis.of_frame(first, facts, frame.instructions)
        found.frames[frame.name] = measured


def _climb_case(
    policy: Policy,
    transformer: Transformer,
    frame: Trial,
    name: str,
    plan: Climb,
    found: _Findings,
) -> Examined:
    text = frame.instructions[name]
    others = [other for key, other in frame.instructions.items() if key != name]
    seen = transformer.first_pass if found.diagnosis.is_empty else None
    one = examine(policy, transformer, frame.observation, text, others, plan.seed, found.rows, seen)
    token_count, length = policy.token_count(text), one.seen.sequence.shape[1]
    layouts: dict[LayoutKind, Layout] = {}
    if (declared := plan.declared_for(policy)) is not None:
        layouts["declared"] = declared.layout(length, token_count)
    layouts["measured"] = one.layout
    attention, visible = one.seen.attention(one.rows), one.seen.visible(one.rows)
    tables = plan.tables
    if "attention" in tables:
        for kind, layout in layouts.items():
            shares = region_shares(attention, layout)
            tables["attention"].add(share_table(policy.name, frame.name, name, kind, shares))
    if "positions" in tables:
        tables["positions"].add(position_table(policy.name, frame.name, name, attention))
    found.attention[frame.name, name] = attention_digest(attention)
    found.facts[frame.name, name] = found.diagnosis.add(one)
    found.cases.append(
        Case(
            frame=frame.name,
            instruction=name,
            token_count=token_count,
            sequence_length=length,
            action_rows=one.rows,
            action=describe_action(one.seen.scores, policy.action_names),
            visible_positions=tuple(np.flatnonzero(one.seen.visible_anywhere(one.rows)).tolist()),
            layouts={kind: _layout_info(layout, visible) for kind, layout in layouts.items()},
            words=one.movement.by_word,
        )
    )
    return one


def _layout_info(layout: Layout, visible: VisibleByLayer) -> LayoutInfo:
    return LayoutInfo(regions=dict(layout.regions), visible_counts=visible_counts(layout, visible))
