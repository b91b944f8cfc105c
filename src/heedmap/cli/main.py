"""The commands `audit` and `demo`, and the entry point."""

from __future__ import annotations

from contextvars import copy_context
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from heedmap import __version__
from heedmap.cli import specimens
from heedmap.cli.compare import compare
from heedmap.cli.console import out, print_causes, print_error, progress_bar
from heedmap.cli.counterfactuals import counterfactuals
from heedmap.cli.doctor import doctor
from heedmap.cli.drive import drive
from heedmap.cli.exam import exam
from heedmap.cli.finetune import finetune
from heedmap.cli.forensics import forensics
from heedmap.cli.help import Helpful
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
from heedmap.cli.language import Lang, LangBefore, Language
from heedmap.cli.needed import needed
from heedmap.cli.permissions import AllowPartial, Hub, TrustCheckpoint, TrustRemoteCode
from heedmap.cli.query import query
from heedmap.cli.remedy import remedy
from heedmap.cli.report import figure, report
from heedmap.cli.scoreboard import scoreboard
from heedmap.cli.serve import serve
from heedmap.cli.showing import AsJson, AsMarkdown, Full, Open, command_line, kept_in, show
from heedmap.cli.styles import Wiring
from heedmap.cli.summary import summary
from heedmap.cli.sweep import merge, sweep
from heedmap.cli.tap import tap
from heedmap.cli.trail import trail
from heedmap.cli.usage import UsageError
from heedmap.cli.usage import show as show_usage
from heedmap.cli.verify import verify
from heedmap.cli.watch_checkpoints import watch_checkpoints
from heedmap.cli.words import words
from heedmap.errors import HeedmapError, ends_program
from heedmap.phrase import Phrase, spoken
from heedmap.policies.checkpoints.permissions import Permissions
from heedmap.record.folders import check_writable


class Commands(Helpful):
    """Commands that come to their end, or say why they do not."""

    def invoke(self, ctx: Any) -> Any:
        """As typer's own. Raises HeedmapError where code that it ran calls `sys.exit`."""
        try:
            return super().invoke(ctx)
        except SystemExit as ended:
            if ends_program(ended):
                raise
            raise HeedmapError(
                "Code that this command ran called sys.exit({code}) before the command had come "
                "to its end; take that call out of it, or raise an error there.",
                code=repr(ended.code),
            ) from ended


app = typer.Typer(
    cls=Commands,
    help="Tells whether a robot policy follows its language instruction and, where it does not, "
    "at which step the instruction was lost.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(specimens.app, name="specimens")
app.command()(doctor)
app.command()(trail)
app.command()(forensics)
app.command()(words)
app.command()(tap)
app.command()(exam)
app.command()(drive)
app.command()(remedy)
app.command()(finetune)
app.command()(needed)
app.command()(counterfactuals)
app.command()(report)
app.command()(figure)
app.command()(serve)
app.command()(compare)
app.command()(sweep)
app.command()(merge)
app.command()(summary)
app.command()(query)
app.command()(watch_checkpoints)
app.command()(verify)
app.command()(scoreboard)


@app.command()
def audit(
    policy: Annotated[
        list[str],
        typer.Argument(
            help="specimen:NAME@WIRING, kosmos2:CHECKPOINT, vlm:FOLDER, pi0:FOLDER, "
            "lerobot:FOLDER, server:ws://HOST:PORT or package.module:factory; see "
            "docs/your-policy.md"
        ),
    ],
    frame: Frames = None,
    instruction: Instructions = None,
    instructions: InstructionsFile = None,
    case: CaseFolder = None,
    cases: Cases = None,
    expect: Expected = None,
    paraphrase: Paraphrases = None,
    recorded: Annotated[
        str | None, typer.Option(help="Name of the instruction that the frames were recorded with.")
    ] = None,
    history: History = 0,
    words: Annotated[
        Path | None,
        typer.Option(help="A word table (YAML) for counterfactual instructions."),
    ] = None,
    declared: Annotated[
        str | None,
        typer.Option(help="Regions assumed by a script, such as image=0:64,text=64:+len."),
    ] = None,
    delivered: Annotated[
        Path | None,
        typer.Option(
            help="For rung 0: the folder of `heedmap tap --out`, or the JSON of `heedmap words`."
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--out",
            help="Folder for the result and its HTML report; default: a dated one in heedmap-runs.",
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace an older result in --out.")
    ] = False,
    seed: Seed = 0,
    trust_checkpoint: TrustCheckpoint = False,
    trust_remote_code: TrustRemoteCode = False,
    allow_partial: AllowPartial = False,
    hub: Hub = False,
    lang: Lang = Language.en,
    as_json: AsJson = False,
    as_markdown: AsMarkdown = False,
    full: Full = False,
    opens: Open = False,
) -> None:
    """Audit policies on frames, each with several instructions."""
    from heedmap.auditing.api import audit as run_audit
    from heedmap.cli.header import once_begun
    from heedmap.cli.inputs import InputOptions, gather_inputs

    words_before = None
    if delivered is not None:
        from heedmap.monitor.delivered import read_delivered

        words_before = read_delivered(delivered)
    inputs = gather_inputs(
        InputOptions(
            frames=frame or (),
            instructions=instruction or (),
            instructions_file=instructions,
            case=case,
            cases=cases,
            expect=expect or (),
            paraphrases=paraphrase or (),
            recorded=recorded,
            history=history,
            words=words,
        )
    )
    permissions = Permissions(trust_checkpoint, trust_remote_code, allow_partial, hub)
    with kept_in(output, overwrite=force) as folder:
        with progress_bar() as advance:
            result = run_audit(
                policy,
                inputs.frames,
                inputs.instructions,
                declared=declared,
                expected_actions=inputs.expected_actions,
                paraphrases=inputs.paraphrases,
                recorded=inputs.recorded,
                trials=inputs.trials,
                seed=seed,
                permissions=permissions,
                delivered=words_before,
                arguments={"command": "audit", "command_line": command_line(), "policies": policy},
                on_progress=once_begun(inputs, advance),
            )
        show(
            *(result, folder, lang),
            overwrite=force,
            as_json=as_json,
            as_markdown=as_markdown,
            full=full,
            opens=opens,
        )


@app.command()
def demo(
    output: Annotated[
        Path, typer.Option("--out", help="Folder for the result; an older result is replaced.")
    ] = Path("heedmap-demo"),
    wiring: Annotated[
        Wiring | None, typer.Option(help="Wiring of the four policies; default: both.")
    ] = None,
    case_seed: Annotated[int, typer.Option(min=0, help="Number of the held-out frame case.")] = 0,
    lang: Lang = Language.en,
    full: Full = False,
    opens: Open = False,
) -> None:
    """Audit four trained policies, each in two wirings, on one frame with three instructions."""
    from heedmap.testbed.workers import start_server

    check_writable(output, overwrite=True)
    workers = start_server("heedmap.testbed.demo")
    from heedmap.testbed.demo import run_demo

    with progress_bar() as advance:
        result = run_demo(
            [
                each.value
                for each in ((Wiring.monavla, Wiring.sound) if wiring is None else (wiring,))
            ],
            case_seed,
            on_progress=advance,
            arguments={"command_line": command_line()},
            workers=workers,
        )
    show(result, output, lang, overwrite=True, full=full, opens=opens)


@dataclass
class Settings:
    """What the options before the command say of errors."""

    debug: bool = False


@app.callback(invoke_without_command=True)
def options(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
    debug: Annotated[
        bool,
        typer.Option(
            "--debug",
            envvar="HEEDMAP_DEBUG",
            help="Of an error, print also where it came from and what caused it.",
        ),
    ] = False,
    lang: LangBefore = None,
) -> None:
    """Options before the command."""
    context.ensure_object(Settings).debug = debug
    if version:
        out.print(__version__, highlight=False)
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main() -> None:
    """Run the command line; an error of ours is one sentence and exit code 1."""
    settings = Settings()
    call = copy_context()  # the language of one call is not that of the next
    try:
        ended = call.run(app, obj=settings, standalone_mode=False)
    except UsageError as error:
        raise SystemExit(call.run(show_usage, error)) from None
    except typer.Abort:
        raise SystemExit(1) from None
    except HeedmapError as error:
        call.run(_tell, error, error.phrase, settings)
        raise SystemExit(1) from None
    except OSError as error:  # of a path that no reader could even look at
        file, why = error.filename or Phrase("A file"), error.strerror or error
        told = Phrase("{file} cannot be used: {why}.", file=file, why=why)
        call.run(_tell, error, told, settings)
        raise SystemExit(1) from None
    raise SystemExit(ended if isinstance(ended, int) else 0)


def _tell(error: Exception, told: Phrase, settings: Settings) -> None:
    if settings.debug:
        print_causes(error)
    print_error(told.in_language(spoken()))
