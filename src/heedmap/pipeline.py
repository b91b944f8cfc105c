"""The audit: policies, frames and instructions in, a result out.

The only file that knows the order of the pipeline. For every case: run the policy under
watch, perturb frame and words to measure the layout, divide the attention among the regions.
Then the upper rungs, over all trials. At last the first case runs plainly once more: outputs
and weights must not have changed. A vision tower runs once for an image, and passes that only
ask what enters the transformer stop there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from heedmap.black_box import audit_black_box
from heedmap.capture.towers import remembering
from heedmap.capture.trace import one_attention_path
from heedmap.checkpoints.permissions import SAFE, Permissions
from heedmap.diagnosis import Diagnosis
from heedmap.errors import PolicyError
from heedmap.facts import attention_digest, gather_facts
from heedmap.inputs.frames import FramePngs, FramesLike, named_frames
from heedmap.inputs.instructions import check_expected_actions, check_instructions
from heedmap.inputs.observation import NamedFrame
from heedmap.inputs.trials import Trial, trials_of
from heedmap.ladder.judge import judge
from heedmap.layout import DeclaredRegions, Layout, parse_declared
from heedmap.lower.discovery import Transformer, find_transformer
from heedmap.lower.examine import examine
from heedmap.measures.share import region_shares, visible_counts
from heedmap.observe import Pass, describe_action
from heedmap.policies.base import ActionScores, Policy, same_sums, weights_sha256, weights_sums
from heedmap.preparation import check_inputs, describe_frame, evaluating, load_all
from heedmap.provenance import describe_run
from heedmap.record import Case, Instruction, LayoutInfo, PolicyResult, Record
from heedmap.result import Result
from heedmap.sentence import policy_sentence
from heedmap.tables import (
    SCHEMAS,
    LayoutKind,
    TableFile,
    TableName,
    TableWriter,
    position_table,
    share_table,
    trial_table,
)
from heedmap.types import VisibleByLayer
from heedmap.upper.measure import Stage, UpperFacts, UpperOptions, check_trials

Progress = Callable[[str, int, int], None]
"""Called after each case with the policy's name, cases done, and cases in all."""


def audit(
    policies: Policy | str | Sequence[Policy | str],
    frames: FramesLike,
    instructions: Mapping[str, str],
    *,
    declared: str | None = None,
    expected_actions: Mapping[str, str] | None = None,
    paraphrases: Mapping[str, Sequence[str]] | None = None,
    recorded: str | None = None,
    trials: Sequence[Trial] | None = None,
    until: Stage = "map",
    action_scale: Sequence[float] | None = None,
    seed: int = 0,
    permissions: Permissions = SAFE,
    arguments: dict[str, Any] | None = None,
    on_progress: Progress | None = None,
) -> Result:
    """Audit one or more policies on the same frames with the same named instructions.

    Args:
        policies: policies, or their names as `load_policy` takes them.
        frames: arrays of uint8 (height, width, 3), where frames lie ("a.png",
            "episode.h5#0,10", "clip.mp4#t=1.5", "lerobot_folder#episode=3"), or
            `Observation`s of several cameras and a state; one, several, or by name.
        instructions: at least two, by name, such as {"left": "...", "right": "..."}.
        declared: regions that a script assumes, such as "image=0:64,text=64:+len"; left
            out, the policy's own `default_declared`.
        expected_actions: what each instruction asks for, by its name, where it is known: a
            class ("left") or the sign of a continuous dimension ("dim1:+").
        paraphrases: by instruction name, other words for the same.
        recorded: name of the instruction that the frames came with in their data set.
        trials: what the upper rungs (used, obeyed) are measured on; left out, the frames with
            these instructions. Every trial may have instructions of its own; an empty
            sequence leaves the upper rungs out.
        until: the last stage of the upper rungs that is run: "exchange" (obeyed), "cut" (used),
            or "map" (where in the network, on which no verdict rests).
        action_scale: of every dimension of continuous actions, in which distances are told; left
            out, the spread of the actions on the trials.
        seed: of the frame perturbations, random edges and bootstrap.
        permissions: what is allowed in loading policies by name, beyond the safe defaults.
        arguments: more for the record to keep beside these arguments, such as the command.
        on_progress: called after each case, and after each stage of the upper rungs.

    Raises HeedmapError (see `heedmap.errors`) with one sentence when an input cannot be
    used, the policy is not deterministic, or its attention cannot be recorded.
    """
    regions = parse_declared(declared) if declared else None
    check_instructions(instructions)
    check_expected_actions(expected_actions or {}, instructions)
    named = named_frames(frames)
    loaded = load_all([policies] if isinstance(policies, Policy | str) else policies, permissions)
    for policy in loaded:
        check_inputs(policy, named, instructions)
    expected = expected_actions or {}
    if trials is None:
        trials = trials_of(named, instructions, expected, paraphrases or {}, recorded)
    for policy in loaded:
        check_trials(policy, trials)
    options = UpperOptions(until, None if action_scale is None else tuple(action_scale))
    plan = _Plan(named, instructions, trials, regions, seed, len(loaded), on_progress, options)
    audited = [
        _audit_black_box(policy, plan) if policy.is_black_box else _audit_policy(policy, plan)
        for policy in loaded
    ]
    effective = {
        "policies": [policy.name for policy in loaded],
        "frames": [frame.source for frame in named],
        "instructions": dict(instructions),
        "expected_actions": dict(expected),
        "paraphrases": {name: list(texts) for name, texts in (paraphrases or {}).items()},
        "trials": [trial.name for trial in trials],
        "declared": declared,
        "until": until,
    }
    record = Record(
        run=describe_run({**effective, **(arguments or {})}, seed),
        frames=tuple(describe_frame(index, frame) for index, frame in enumerate(named)),
        instructions=tuple(
            Instruction(name=name, text=text, expected_action=expected.get(name))
            for name, text in instructions.items()
        ),
        policies=tuple(audited),
    )
    tables: dict[TableName, TableFile] = {
        name: writer.finish() for name, writer in plan.tables.items()
    }
    return Result(record, tables, FramePngs(named))


@dataclass
class _Plan:
    """What all policies of one audit share."""

    frames: list[NamedFrame]
    instructions: Mapping[str, str]
    trials: Sequence[Trial]
    declared: DeclaredRegions | None
    seed: int
    policies: int
    on_progress: Progress | None
    options: UpperOptions
    tables: dict[TableName, TableWriter] = field(
        default_factory=lambda: {name: TableWriter(name) for name in SCHEMAS}
    )
    """Take the rows of every case as it comes."""
    done: int = 0

    def declared_for(self, policy: Policy) -> DeclaredRegions | None:
        """The regions that were declared, else those that the policy's scripts assume."""
        if self.declared is not None or policy.default_declared is None:
            return self.declared
        return parse_declared(policy.default_declared)

    def keep_trials(self, policy: Policy, upper: UpperFacts) -> None:
        """Write what the upper rungs found trial by trial."""
        clusters = {trial.name: trial.cluster for trial in self.trials}
        self.tables["trials"].add(trial_table(policy.name, clusters, upper.by_trial))

    def tick(self, policy: Policy) -> None:
        """Report one more case done."""
        self.done += 1
        if self.on_progress is not None:
            upper = self.options.stages if self.trials else 0
            total = self.policies * (len(self.frames) * len(self.instructions) + upper)
            self.on_progress(policy.name, self.done, total)


@dataclass
class _Findings:
    """What the cases of one policy yield, gathered case by case."""

    diagnosis: Diagnosis
    cases: list[Case] = field(default_factory=list)
    attention: dict[tuple[str, str], str] = field(default_factory=dict)
    """Digests, by frame and instruction."""
    rows: dict[int, tuple[int, ...]] = field(default_factory=dict)
    """Action rows by the sequence's length."""


def _audit_black_box(policy: Policy, plan: _Plan) -> PolicyResult:
    found, upper = audit_black_box(
        policy, plan.trials, plan.seed, lambda: plan.tick(policy), plan.options
    )
    plan.keep_trials(policy, upper)
    return found


def _audit_policy(policy: Policy, plan: _Plan) -> PolicyResult:
    """All cases of one policy; its training flags are put back, its weights untouched."""
    with one_attention_path(), evaluating(policy):
        before = weights_sums(policy.module)
        first, text = plan.frames[0].observation, next(iter(plan.instructions.values()))
        transformer = find_transformer(policy, first, text, plan.seed)
        found = _Findings(Diagnosis(policy, transformer, plan.seed))
        assert transformer.first_pass is not None
        found.rows[transformer.first_pass.stack.length] = transformer.first_rows
        with remembering(policy.module, transformer.towers, transformer.memories):
            for frame in plan.frames:
                for name in plan.instructions:
                    _audit_case(policy, transformer, frame, name, plan, found)
                    plan.tick(policy)
            upper = found.diagnosis.upper(plan.trials, lambda: plan.tick(policy), plan.options)
            measurements = found.diagnosis.measurements(plan.instructions, upper)
        seen = found.diagnosis.first.seen
        _check_unchanged(policy, transformer, seen, policy([first], [text]))
        if not same_sums(weights_sums(policy.module), before):
            raise PolicyError(
                f"The weights or buffers of '{policy.name}' changed while it was audited; "
                f"run it in evaluation mode, without updates in its forward pass."
            )
    plan.keep_trials(policy, upper)
    declared = plan.declared_for(policy)
    facts = gather_facts(found.cases, found.attention, measurements.presence.measured)
    stack = seen.stack
    return PolicyResult(
        name=policy.name,
        family=policy.family,
        weights_sha256=weights_sha256(policy.module),
        layers=len(stack.calls),
        heads=stack.calls[0].head_count,
        action_names=policy.action_names,
        attention_layers=stack.module_names,
        attention_implementation=stack.calls[0].backend,
        outputs_unchanged=True,  # `_audit_case` raises otherwise
        verdict=judge(measurements),
        measurements=measurements,
        cases=tuple(found.cases),
        facts=facts,
        sentence=policy_sentence(facts),
        declared=declared.written if declared else None,
        held_out_accuracy=policy.held_out_accuracy(),
        loaded=policy.loaded,
    )


def _check_unchanged(
    policy: Policy, transformer: Transformer, observed: Pass, after: ActionScores
) -> None:
    """The first case's scores: when the transformer was found, under watch, and plainly at last."""
    for scores in (transformer.first_scores, observed.scores):
        if scores is None or not torch.equal(scores, after):
            raise PolicyError(
                f"The policy '{policy.name}' gave different actions before, during and after its "
                f"audit; it must be deterministic. Pin its noise and clear its caches."
            )


def _audit_case(
    policy: Policy,
    transformer: Transformer,
    frame: NamedFrame,
    name: str,
    plan: _Plan,
    found: _Findings,
) -> None:
    text = plan.instructions[name]
    others = [other for key, other in plan.instructions.items() if key != name]
    observation = frame.observation
    seen = transformer.first_pass if found.diagnosis.is_empty else None
    one = examine(policy, transformer, observation, text, others, plan.seed, found.rows, seen)
    token_count, length = policy.token_count(text), one.seen.sequence.shape[1]
    layouts: dict[LayoutKind, Layout] = {}
    if (declared := plan.declared_for(policy)) is not None:
        layouts["declared"] = declared.layout(length, token_count)
    layouts["measured"] = one.layout
    attention, visible = one.seen.attention(one.rows), one.seen.visible(one.rows)
    for kind, layout in layouts.items():
        shares = region_shares(attention, layout)
        plan.tables["attention"].add(share_table(policy.name, frame.name, name, kind, shares))
    plan.tables["positions"].add(position_table(policy.name, frame.name, name, attention))
    found.attention[frame.name, name] = attention_digest(attention)
    found.diagnosis.add(one)
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


def _layout_info(layout: Layout, visible: VisibleByLayer) -> LayoutInfo:
    return LayoutInfo(regions=dict(layout.regions), visible_counts=visible_counts(layout, visible))
