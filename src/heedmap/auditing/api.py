"""The audit: policies, frames and instructions in, a result out.

Policies are audited one after another (`heedmap.auditing.climb`); what they share is here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from heedmap.auditing.climb import climb
from heedmap.auditing.plan import Climb
from heedmap.auditing.preparation import check_inputs, load_all
from heedmap.auditing.upper.measure import UpperOptions, check_trials
from heedmap.data.frames import FramePngs, FramesLike, named_frames
from heedmap.data.instructions import check_expected_actions, check_instructions
from heedmap.data.trials import Trial, trials_of
from heedmap.errors import InputError
from heedmap.ladder.delivered import Delivered
from heedmap.ladder.evidence import Intervention
from heedmap.policies.alone import alone
from heedmap.policies.base import Policy
from heedmap.policies.checkpoints.permissions import SAFE, Permissions
from heedmap.policies.generators import generators_kept
from heedmap.record.layout import parse_declared
from heedmap.record.provenance import describe_frame, describe_run
from heedmap.record.record import Instruction, Record
from heedmap.record.result import Result
from heedmap.record.tables import TableFile, TableName, table_writers

Progress = Callable[[str, int, int], None]
"""Called after each case with the policy's name, cases done, and cases in all."""


@alone()
@generators_kept()
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
    until: Intervention = "map",
    action_scale: Sequence[float] | None = None,
    seed: int = 0,
    permissions: Permissions = SAFE,
    delivered: Delivered | None = None,
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
        expected_actions: the action expected under each instruction, by its name, if known: a
            class ("left") or the sign of a continuous dimension ("dim1:+").
        paraphrases: by instruction name, other words for the same.
        recorded: name of the instruction that the frames came with in their data set.
        trials: what the upper rungs (used, obeyed) are measured on; left out, the frames with
            these instructions. Every trial may have instructions of its own; an empty
            sequence leaves the upper rungs out.
        until: the last stage of the upper rungs that is run: "exchange" (obeyed), "cut" (used),
            or "map" (where in the network, on which no verdict rests).
        action_scale: of every dimension of continuous actions, the unit of distances; left
            out, the spread of the actions on the trials.
        seed: of the frame perturbations, random edges and bootstrap.
        permissions: what is allowed in loading policies by name, beyond the safe defaults.
        delivered: what is known of the words before the policies (rung 0), as
            `heedmap.monitor.delivered.read_delivered` reads it.
        arguments: further arguments for the record, such as the command.
        on_progress: called after each case, and after each stage of the upper rungs.

    Raises HeedmapError (see `heedmap.errors`) with one sentence when an input cannot be
    used, the policy is not deterministic, or its attention cannot be recorded. The policies and
    the process are left as they were, generators included. Audits of several threads run one after
    another.
    """
    if not 0 <= seed < 2**63:
        raise InputError(
            "The seed is {seed}, expected a whole number from 0 to 2^63 - 1.", seed=seed
        )
    regions = parse_declared(declared) if declared else None
    check_instructions(instructions)
    check_expected_actions(expected_actions or {}, instructions)
    named = named_frames(frames)
    loaded = load_all([policies] if isinstance(policies, Policy | str) else policies, permissions)
    for policy in loaded:
        check_inputs(policy, named, instructions)
    expected = expected_actions or {}
    examined = trials_of(named, instructions, expected, paraphrases or {}, recorded)
    if trials is None:
        trials = examined
    for policy in loaded:
        check_trials(policy, trials)
    options = UpperOptions(until, None if action_scale is None else tuple(action_scale))
    with table_writers() as writers:
        plan = Climb(examined, trials, writers, regions, seed, options)
        plan.on_step = _counted(on_progress, len(loaded) * plan.steps)
        audited = [climb(policy, plan).result for policy in loaded]
        tables: dict[TableName, TableFile] = {n: each.finish() for n, each in writers.items()}
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
        delivered=delivered,
    )
    return Result(record, tables, FramePngs(named))


def _counted(on_progress: Progress | None, total: int) -> Callable[[Policy], None]:
    """Reports how many of `total` steps are done."""
    done = 0

    def step(policy: Policy) -> None:
        nonlocal done
        done += 1
        if on_progress is not None:
            on_progress(policy.name, done, total)

    return step
