"""A policy whose attention is one stack, read as a whole: rungs 1-4 on every frame, then 5 and 6.

For every case: run the policy under watch, perturb frame and words to measure the layout,
divide the attention among the regions. Then the upper rungs, over all trials. A vision tower
runs once for an image, and passes that only ask what enters the transformer stop there.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from heedmap.auditing.any_stacks import is_elsewhere
from heedmap.auditing.described import describe_policy
from heedmap.auditing.diagnosis import CaseFacts, Diagnosis
from heedmap.auditing.facts import attention_digest
from heedmap.auditing.lower.at_once import VariantBatches
from heedmap.auditing.lower.discovery import Transformer, find_transformer
from heedmap.auditing.lower.examine import Examined, examine
from heedmap.auditing.lower.word_image import word_image
from heedmap.auditing.measures.share import region_shares, visible_counts
from heedmap.auditing.plan import Climb, Climbed
from heedmap.auditing.policy_result import policy_result
from heedmap.auditing.trail import with_trail
from heedmap.auditing.trails import Trails
from heedmap.auditing.upper.known import KnownRuns
from heedmap.data.trials import Trial
from heedmap.ladder.measurements import Measurements
from heedmap.phrase import Phrase
from heedmap.policies.base import ActionScores, Policy, weights_sha256
from heedmap.policies.stages import stage
from heedmap.record.layout import Layout
from heedmap.record.record import Case, LayoutInfo
from heedmap.record.tables import (
    LayoutKind,
    position_table,
    share_table,
    word_image_table,
)
from heedmap.tracing.capture.towers import remembering
from heedmap.tracing.observe import Watch, describe_action
from heedmap.tracing.shared_prefix.kept import KeptTrunks
from heedmap.types import VisibleByLayer


@dataclass
class _Findings:
    """What the cases of one policy yield, gathered case by case."""

    diagnosis: Diagnosis
    batches: VariantBatches | None
    known: KnownRuns
    cases: list[Case] = field(default_factory=list)
    facts: dict[tuple[str, str], CaseFacts] = field(default_factory=dict)
    frames: dict[str, Measurements] = field(default_factory=dict)
    attention: dict[tuple[str, str], str] = field(default_factory=dict)
    """Digests, by frame and instruction."""
    rows: dict[int, tuple[int, ...]] = field(default_factory=dict)
    """Action rows by the sequence's length."""


def read_one_stack(
    policy: Policy, plan: Climb, trails: Trails | None, *, with_hash: bool
) -> tuple[Climbed, tuple[ActionScores | None, ...]]:
    """With the attention of the transformer that feeds the action; and the first case's scores.

    Rows that `plan` holds back are released once it shows that this is what is decoded. Raises
    CaptureError where there is none that can be read.
    """
    first = plan.examined[0]
    text = next(iter(first.instructions.values()))
    watch = plan.watch(trails, first)
    trunks = KeptTrunks(policy, is_wanted=plan.shares(policy))
    transformer = find_transformer(policy, first.observation, text, plan.seed, watch, trunks)
    # Where towers are remembered, what is left to run before the layers costs next to nothing.
    batches = None if transformer.towers else VariantBatches(policy)
    diagnosis = Diagnosis(policy, transformer, plan.seed)
    found = _Findings(diagnosis, batches, KnownRuns(trunks=trunks))
    assert transformer.first_pass is not None
    found.rows[transformer.first_pass.stack.length] = transformer.first_rows
    with remembering(policy.module, transformer.towers, transformer.memories):
        for frame in plan.examined:
            _climb_frame(policy, transformer, frame, plan, found, plan.watch(trails, frame))
            if frame is first and not is_elsewhere(found.diagnosis.lower(first.instructions)):
                plan.release()  # of more frames they would be many
        steps = plan.record_steps(trails, found.known)
        upper = found.diagnosis.upper(
            plan.trials, lambda: plan.on_step(policy), plan.options, found.known
        )
        measurements = found.diagnosis.measurements(first.instructions, upper)
    measurements = with_trail(trails, plan.trials, measurements)
    stack = found.diagnosis.first.seen.stack
    result = policy_result(
        describe_policy(policy, stack, plan.declared_for(policy)),
        policy.name,
        weights_sha256(policy.module) if with_hash else None,
        measurements,
        found.cases,
        found.attention,
    )
    climbed = Climbed(result, upper, found.facts, found.frames, found.attention, steps)
    return climbed, (transformer.first_scores, found.diagnosis.first.seen.scores)


@stage(Phrase("running the frames under their instructions"))
def _climb_frame(
    policy: Policy,
    transformer: Transformer,
    frame: Trial,
    plan: Climb,
    found: _Findings,
    watch: Watch,
) -> None:
    """Rungs 1-4 on one frame, instruction by instruction."""
    first: Examined | None = None
    for name in frame.instructions:
        one = _climb_case(policy, transformer, frame, name, plan, found, watch)
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
    watch: Watch,
) -> Examined:
    text = frame.instructions[name]
    others = [other for key, other in frame.instructions.items() if key != name]
    seen = transformer.first_pass if found.diagnosis.is_empty else None
    one = examine(
        *(policy, transformer, frame.observation, text, others, plan.seed, found.rows, seen),
        watch=watch,
        batches=found.batches,
        trunks=found.known.trunks,
    )
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
    if "word_image" in tables and frame is plan.examined[0] and (both := word_image(one)):
        held = both.words, both.image, both.reads, both.is_read
        tables["word_image"].add(word_image_table(policy.name, frame.name, name, *held))
    found.attention[frame.name, name] = attention_digest(attention)
    found.facts[frame.name, name] = found.diagnosis.add(one)
    for given, scores in ((text, one.seen.scores), *one.subject.scores.items()):
        found.known.note(frame.observation, given, scores)
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
