"""The command `exam`: which changes of the instruction change the action, on a data set."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from heedmap.cli.console import out, print_line, progress_bar
from heedmap.cli.findings import FOUND, FailOn, show_or_pipe
from heedmap.cli.language import Lang, Language
from heedmap.cli.permissions import AllowPartial, Hub, TrustCheckpoint, TrustRemoteCode
from heedmap.errors import InstructionError
from heedmap.ladder.messages import say
from heedmap.policies.checkpoints.permissions import Permissions

if TYPE_CHECKING:
    from heedmap.auditing.exam.kinds import Kind
    from heedmap.auditing.exam.result import Exam


def exam(
    dataset: Annotated[
        str,
        typer.Argument(
            help="A folder of cases, a LeRobot or RLDS folder, or frames that came with "
            "instructions (episode.h5#0,10)."
        ),
    ],
    policy: Annotated[
        str,
        typer.Option(
            help="The policy, such as specimen:NAME@WIRING, lerobot:FOLDER, "
            "server:ws://HOST:PORT or package.module:factory."
        ),
    ],
    frames: Annotated[
        int, typer.Option(min=1, max=2000, help="Frames, taken evenly from the whole data set.")
    ] = 32,
    kinds: Annotated[
        list[str] | None,
        typer.Option(help="Kinds of change, such as colour,direction; can be repeated."),
    ] = None,
    history: Annotated[
        int, typer.Option(min=0, help="Previous frames, for policies with a frame history.")
    ] = 0,
    output: Annotated[
        Path | None,
        typer.Option("--out", help="A folder for exam.html, exam.json and answers.parquet."),
    ] = None,
    as_json: Annotated[
        Path | None, typer.Option("--json", help="A file for the result as JSON; - prints it.")
    ] = None,
    fail_on: Annotated[
        FailOn | None, typer.Option(help="Exit code 3 where the verdict is this grave, or graver.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of untrained pairings and bootstrap.")] = 0,
    trust_checkpoint: TrustCheckpoint = False,
    trust_remote_code: TrustRemoteCode = False,
    allow_partial: AllowPartial = False,
    hub: Hub = False,
    lang: Lang = Language.en,
    full: Annotated[bool, typer.Option("--full", help="Print a sentence for every kind.")] = False,
) -> None:
    """Change the instructions of a data set kind by kind, and see which changes a policy reads.

    Words are exchanged (verb, noun, colour, direction, number, negation, order), the form is
    changed (punctuation, case, filler words, paraphrase), and frames are paired with instructions
    that they were trained with and never trained with; nonsense and no words are the controls.
    """
    from heedmap.auditing.exam.exam import examine
    from heedmap.data.tasks import data_set_trials
    from heedmap.policies.registry import load_policy
    from heedmap.report.exam.files import exam_json, write_exam
    from heedmap.report.exam.terminal import print_exam

    chosen = chosen_kinds(kinds or ())
    trials = data_set_trials(dataset, frames, history)
    permissions = Permissions(trust_checkpoint, trust_remote_code, allow_partial, hub)
    loaded = load_policy(policy, permissions)
    with progress_bar() as advance:
        taken = examine(
            *(loaded, trials), kinds=chosen, dataset=dataset, seed=seed, on_progress=advance
        )
    console = show_or_pipe(
        as_json,
        lambda: exam_json(taken.exam),
        lambda: print_exam(taken.exam, out, lang.value, full=full),
        "exam_json_at",
        lang.value,
    )
    if output is not None:
        page = write_exam(taken, output, lang.value)
        print_line(console, say("report_at", lang.value, path=str(page.resolve())))
    if fail_on is not None and _is_as_grave_as(taken.exam, fail_on):
        raise typer.Exit(FOUND)


def chosen_kinds(written: list[str] | tuple[str, ...]) -> tuple[Kind, ...]:
    """Kinds by name, comma-separated or several; all where none is named.

    Raises InstructionError for an unknown one.
    """
    from heedmap.auditing.exam.kinds import KINDS

    names = [name.strip().lower() for part in written for name in part.split(",") if name.strip()]
    for name in names:
        if name not in KINDS:
            raise InstructionError(
                "'{name}' is no kind of change; write one or several of {kinds}.",
                name=name,
                kinds=", ".join(KINDS),
            )
    return tuple(kind for kind in KINDS if kind in names) or KINDS


def _is_as_grave_as(exam: Exam, least: FailOn) -> bool:
    order = [*FailOn, "fine"]
    return order.index(exam.severity) <= order.index(least)
