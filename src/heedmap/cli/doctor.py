"""The command `doctor`: the first three steps on one frame, for the CI of a training repo."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.text import Text

from heedmap.cli.console import err, out, progress_bar, verdicts_json
from heedmap.cli.input_options import CaseFolder, Instructions, OneFrame, OnePolicy
from heedmap.cli.language import Lang, Language
from heedmap.cli.permissions import AllowPartial, Hub, TrustCheckpoint, TrustRemoteCode
from heedmap.ladder.causes import RungName
from heedmap.ladder.messages import say
from heedmap.ladder.verdict import Verdict
from heedmap.ladder.wording import cause_name, rung_name, verdict_text
from heedmap.policies.checkpoints.permissions import Permissions

CHECKED: tuple[RungName, ...] = ("tokenised", "present", "visible")


def doctor(
    policy: OnePolicy,
    frame: OneFrame = None,
    instruction: Instructions = None,
    case: CaseFolder = None,
    trust_checkpoint: TrustCheckpoint = False,
    trust_remote_code: TrustRemoteCode = False,
    allow_partial: AllowPartial = False,
    hub: Hub = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the verdict as JSON.")] = False,
    lang: Lang = Language.en,
) -> None:
    """Check on one frame that the instruction is tokenised, present and visible.

    Exit code 1 if one of these steps fails, else 0. Specimens have a frame of their own;
    other policies need --frame and --instruction, or --case.
    """
    from heedmap.auditing.api import audit
    from heedmap.cli.inputs import InputOptions, gather_inputs
    from heedmap.policies.registry import load_policy
    from heedmap.report.ladder_table import rung_mark

    permissions = Permissions(trust_checkpoint, trust_remote_code, allow_partial, hub)
    loaded = load_policy(policy, permissions)
    example = loaded.example()
    if example is not None and frame is None and case is None:
        frames, instructions = example
    else:
        given = InputOptions([frame] if frame else (), instruction or (), case=case)
        inputs = gather_inputs(given)
        frames, instructions = inputs.frames[:1], inputs.instructions
    with progress_bar() as advance:
        result = audit(loaded, frames, instructions, trials=[], on_progress=advance)
    verdict = result.record.policies[0].verdict
    failing = [rung for rung in CHECKED if verdict.rungs[rung].status == "fails"]
    sentence, fix = verdict_text(verdict)
    if as_json:
        typer.echo(verdicts_json(result))
    else:
        for rung in CHECKED:
            mark = rung_mark(verdict.rungs[rung].status, out.encoding)
            out.print(mark.append(f" {rung_name(rung)}: {_status(verdict, rung)}"))
        out.print(Text(sentence))
    if failing:
        err.print(Text(f"{cause_name(verdict.cause)}: {fix}", style="bold red"))
        raise typer.Exit(1)


def _status(verdict: Verdict, rung: RungName) -> str:
    status = verdict.rungs[rung].status
    return say("unmeasured" if status == "not measured" else status)
