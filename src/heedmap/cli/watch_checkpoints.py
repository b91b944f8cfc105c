"""The command `watch-checkpoints`: an audit of every checkpoint of a training run, as they come."""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from heedmap.cli.console import err, out, print_error, print_line, progress_bar
from heedmap.cli.input_options import (
    CaseFolder,
    Cases,
    Expected,
    Frames,
    History,
    Instructions,
    InstructionsFile,
    Paraphrases,
    Seed,
)
from heedmap.cli.language import Lang, Language
from heedmap.cli.permissions import AllowPartial, Hub, TrustCheckpoint, TrustRemoteCode
from heedmap.cli.showing import command_line
from heedmap.errors import HeedmapError, InputError, RecordError
from heedmap.ladder.messages import say
from heedmap.policies.checkpoints.permissions import Permissions

if TYPE_CHECKING:
    from heedmap.cli.inputs import AuditInputs
    from heedmap.monitor.checkpoints import Watched
    from heedmap.monitor.run_audits import RunAudits
    from heedmap.record.result import Result
    from heedmap.report.run_rows import RunRow

NOT_AUDITED, LOST, STOPPED = 3, 4, 130
"""Exit codes besides 0 and 1."""
OVERVIEW_FILE = "index.html"
LONGEST_S = 1e9
"""Of a wait, in seconds: a clock cannot sleep for ever."""


class Until(StrEnum):
    """How far every audit goes."""

    exchange = "exchange"
    cut = "cut"
    map = "map"


class FailOn(StrEnum):
    """What makes the exit code 4."""

    lost = "lost"
    failing = "failing"
    never = "never"


def watch_checkpoints(
    run: Annotated[Path, typer.Argument(help="The output folder of a training run.")],
    policy: Annotated[
        str | None,
        typer.Option(
            help="Which policy a checkpoint is, as in 'lerobot:{checkpoint}'; {step} is its step. "
            "Default: by what lies in the folder (LeRobot, transformers' Trainer)."
        ),
    ] = None,
    checkpoints: Annotated[
        str | None, typer.Option(help="A glob in RUN that finds checkpoints, such as '*.ckpt'.")
    ] = None,
    frame: Frames = None,
    instruction: Instructions = None,
    instructions: InstructionsFile = None,
    case: CaseFolder = None,
    cases: Cases = None,
    expect: Expected = None,
    paraphrase: Paraphrases = None,
    history: History = 0,
    until: Annotated[
        Until, typer.Option(help="Last stage of every audit: obeyed, used, or where.")
    ] = Until.cut,
    action_scale: Annotated[
        str | None,
        typer.Option(help="Unit of distances for each action dimension, such as 0.1,0.1,1."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--out", help="Folder for results and overview; default: RUN-heedmap."),
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Audit what is there, then stop.")] = False,
    until_step: Annotated[
        int | None, typer.Option(min=0, help="Stop after the checkpoint of this step.")
    ] = None,
    interval: Annotated[
        float, typer.Option(min=0.1, help="Seconds between two looks at the folder.")
    ] = 30.0,
    settle: Annotated[
        float, typer.Option(min=0, help="Seconds without a change that complete a checkpoint.")
    ] = 10.0,
    fail_on: Annotated[
        FailOn,
        typer.Option(
            help="Exit code 4: lost (a checkpoint followed before, and a later one does not), "
            "failing (also where the last one does not), or never."
        ),
    ] = FailOn.lost,
    seed: Seed = 0,
    trust_checkpoint: TrustCheckpoint = False,
    trust_remote_code: TrustRemoteCode = False,
    allow_partial: AllowPartial = False,
    hub: Hub = False,
    lang: Lang = Language.en,
) -> None:
    """Audit each checkpoint of a training run as it is written; the same command resumes.

    A page per checkpoint, and an overview over all steps. Watching ends where the instruction is
    lost, at --until-step, or by Ctrl-C; --once audits all that are there. Exit code 0: not lost;
    1: an error; 3: some checkpoint could not be audited; 4: see --fail-on; 130: stopped by Ctrl-C.
    """
    from heedmap.cli.header import print_header
    from heedmap.cli.inputs import InputOptions, gather_inputs
    from heedmap.monitor.checkpoints import Watched

    for option, seconds in (("--interval", interval), ("--settle", settle)):
        if seconds > LONGEST_S:
            raise InputError(
                "{option} {seconds:g} is no time to wait; give seconds, such as 30.",
                option=option,
                seconds=seconds,
            )
    inputs = gather_inputs(
        InputOptions(
            frames=frame or (),
            instructions=instruction or (),
            instructions_file=instructions,
            case=case,
            cases=cases,
            expect=expect or (),
            paraphrases=paraphrase or (),
            history=history,
        )
    )
    print_header(inputs)
    permissions = Permissions(trust_checkpoint, trust_remote_code, allow_partial, hub)
    options: dict[str, Any] = {"until": until.value, "seed": seed}
    options["action_scale"] = _scale(action_scale)
    folder = output or Path(f"{run.resolve().name}-heedmap")
    asked = {**_asked(inputs), **options, "policy": policy, "permissions": asdict(permissions)}
    audits = _audits(folder, inputs, asked, options, permissions, lang)
    watched = Watched(run, checkpoints, policy, once, until_step, interval)
    raise typer.Exit(_watch(watched, settle, audits, fail_on, lang))


def _watch(
    watched: Watched, settle: float, audits: RunAudits, fail_on: FailOn, lang: Language
) -> int:
    """Audit what comes, print a line each, rewrite the overview; gives the exit code."""
    from heedmap.monitor.checkpoints import Settling, completed
    from heedmap.monitor.run_audits import folder_of
    from heedmap.report.run_page import lost_text, write_run_page
    from heedmap.report.run_rows import lost_at, run_row

    def row_of(step: int, result: Result) -> RunRow:
        return run_row(step, result.record.policies[0], folder_of(step))

    def rows() -> list[RunRow]:
        return [found[step] for step in sorted(found)]

    audits.check()
    kept = dict(audits.kept())
    found = {step: row_of(step, result) for step, result in kept.items()}
    failed = 0
    overview = audits.folder / OVERVIEW_FILE

    def write_overview() -> None:
        if found:
            write_run_page(rows(), overview, watched.run.resolve().name, lang.value)
        else:
            overview.unlink(missing_ok=True)

    try:
        for checkpoint, policy in completed(watched, Settling(settle)):
            step = checkpoint.step
            result = kept.pop(step, None)
            if result is None or not audits.is_of(result, checkpoint):
                try:
                    result = audits.audited(checkpoint, policy)
                except RecordError:
                    raise
                except HeedmapError as error:
                    failed += 1
                    print_error(say("checkpoint_failed", step=step, error=error.phrase))
                    if found.pop(step, None) is not None:  # of what was there before
                        write_overview()
                    continue
                found[step] = row_of(step, result)
                write_overview()
            print_line(out, found[step].line())
            is_lost = lost_at([row for row in rows() if row.step <= step]) is not None
            if is_lost and fail_on is not FailOn.never and not watched.once:
                break
    except KeyboardInterrupt:
        err.print(say("checkpoints_stopped"))
        return STOPPED
    if found:
        write_overview()
        print_line(out, say("checkpoints_overview", path=str(overview.resolve())))
    lost = lost_at(rows())
    if lost is not None:
        print_line(err, lost_text(*lost))
    is_failing = bool(found) and rows()[-1].has_instruction is False
    if (lost and fail_on is not FailOn.never) or (is_failing and fail_on is FailOn.failing):
        return LOST
    return NOT_AUDITED if failed else 0


def _audits(
    folder: Path,
    inputs: AuditInputs,
    asked: dict[str, Any],
    options: dict[str, Any],
    permissions: Permissions,
    lang: Language,
) -> RunAudits:
    from heedmap.auditing.api import audit
    from heedmap.monitor.run_audits import RunAudits
    from heedmap.report.page.render import render_html

    def audit_one(policy: str, arguments: dict[str, Any]) -> Result:
        with progress_bar() as advance:
            return audit(
                policy,
                inputs.frames,
                inputs.instructions,
                expected_actions=inputs.expected_actions,
                paraphrases=inputs.paraphrases,
                recorded=inputs.recorded,
                trials=inputs.trials,
                permissions=permissions,
                arguments={
                    "command": "watch-checkpoints",
                    "command_line": command_line(),
                    **arguments,
                },
                on_progress=advance,
                **options,
            )

    return RunAudits(folder, asked, audit_one, lambda result: render_html(result, lang.value))


def _asked(inputs: AuditInputs) -> dict[str, Any]:
    """What every checkpoint is put to, in a form that can be compared: frames by their content."""
    return {
        "frames": [[each.name, each.episode, each.observation.sha256] for each in inputs.frames],
        "instructions": inputs.instructions,
        "expected": inputs.expected_actions,
        "paraphrases": {name: list(texts) for name, texts in inputs.paraphrases.items()},
        "recorded": inputs.recorded,
        "trials": [
            {**vars(each), "observation": each.observation.sha256} for each in inputs.trials or ()
        ],
    }


def _scale(written: str | None) -> list[float] | None:
    """Numbers with commas between. Raises InputError for anything else."""
    if written is None:
        return None
    try:
        found = [float(part) for part in written.split(",")]
    except ValueError:
        found = []
    if not found or not all(0 < each < float("inf") for each in found):
        raise InputError(
            "--action-scale '{written}' is no list of positive numbers, such as 0.1,0.1,1.",
            written=written,
        )
    return found
