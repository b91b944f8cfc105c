"""The commands of `heedmap specimens`; those with files of their own join them below."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from heedmap.cli.console import err, out, print_line, progress_bar
from heedmap.cli.language import Lang, LangBefore, Language
from heedmap.cli.score import score
from heedmap.cli.specimens_drive import drive
from heedmap.cli.styles import Style
from heedmap.ladder.messages import say

if TYPE_CHECKING:
    from heedmap.data.trials import Trial

app = typer.Typer(
    help="heedmap's own small trained policies.", no_args_is_help=True, rich_markup_mode=None
)


SIDES = ("left", "right", "forward")
"""Names of the instructions of a case."""


@app.callback()
def options(lang: LangBefore = None) -> None:
    """Options before the command."""


@app.command("list")
def list_specimens(lang: Lang = Language.en) -> None:
    """Every specimen: regime, wiring, and held-out accuracy per instruction."""
    from heedmap.testbed.specimens.zoo import SPECIMENS, load_recipe

    table = Table(title=say("specimens_title"))
    for key in ("specimens_regime", "specimens_wiring", "specimens_style"):
        table.add_column(say(key), no_wrap=True)
    for column in (*SIDES, say("all_three"), say("specimens_cases")):
        table.add_column(column, justify="right")
    for name in SPECIMENS:
        regime, _, wiring = name.partition("@")
        for row in load_recipe(name).accuracy:
            shares = [f"{row.per_instruction[side]:.1%}" for side in SIDES]
            cells = (*shares, f"{row.all_three:.1%}", str(row.frame_cases))
            table.add_row(regime, wiring, row.style, *cells)
        table.add_section()
    out.print(table)


@app.command()
def case(
    seed: Annotated[int, typer.Option(min=0, help="Number of the held-out frame case.")],
    output: Annotated[Path, typer.Option("--out", help="Folder for frame.png and the YAML file.")],
    style: Annotated[Style, typer.Option(help="Form of the instructions.")] = Style.path,
    count: Annotated[
        int | None,
        typer.Option(min=1, help="Number of cases, each in a folder inside --out."),
    ] = None,
    lang: Lang = Language.en,
) -> None:
    """Write held-out frame cases: frame.png and instructions.yaml."""
    from heedmap.testbed.demo import write_case

    if count is None:
        write_case(seed, style.value, output)
        frame, instructions = f"{output}/frame.png", f"{output}/instructions.yaml"
        written = say("specimens_wrote_case", frame=frame, instructions=instructions)
        out.print(written, highlight=False)
        return
    for number in range(seed, seed + count):
        write_case(number, style.value, output / f"case-{number:05d}")
    written = say("specimens_wrote_cases", count=count, folder=str(output))
    out.print(written, highlight=False)


@app.command()
def population(
    member: Annotated[list[str], typer.Argument(help="KIND-SEED, such as heeding-0.")],
    output: Annotated[Path, typer.Option("--out", help="Folder for the weights.")] = Path(
        "population"
    ),
    lang: Lang = Language.en,
) -> None:
    """Train small specimens with known faults (half a minute each)."""
    from heedmap.testbed.specimens.population import member_named, save_member, train_member

    members = [member_named(name) for name in member]
    for each in members:
        with progress_bar() as advance:
            planted = train_member(each, advance)
        _print_path(save_member(each, planted, output))


@app.command()
def reader(
    name: Annotated[str, typer.Argument(help="all, directions, colours or pairings.")],
    output: Annotated[Path, typer.Option("--out", help="Folder for the weights.")] = Path(
        "readers"
    ),
    steps: Annotated[int | None, typer.Option(min=1, help="Steps, for a quick trial.")] = None,
    lang: Lang = Language.en,
) -> None:
    """Train a specimen that reads its instruction in one known way (a minute)."""
    from heedmap.testbed.specimens.readers import read_name, save_reader, train_reader

    reads = read_name(name)
    with progress_bar() as advance:
        network = train_reader(reads, steps, advance)
    _print_path(save_reader(reads, network, output))


@app.command()
def reader_cases(
    output: Annotated[Path, typer.Option("--out", help="Folder for the cases.")],
    count: Annotated[int, typer.Option(min=1, max=32, help="Number of cases.")] = 32,
    lang: Lang = Language.en,
) -> None:
    """Write the held-out cases on which readers are examined: see `heedmap exam`."""
    from heedmap.testbed.specimens.readers import reader_trials

    _write_trials(reader_trials(count), output)


@app.command()
def room_cases(
    output: Annotated[Path, typer.Option("--out", help="Folder for the cases.")],
    count: Annotated[int, typer.Option(min=1, max=24, help="Number of cases.")] = 24,
    lang: Lang = Language.en,
) -> None:
    """Write held-out frames of the 3-D room, on which SmolLM2's specimens are audited."""
    from heedmap.testbed.smollm.cases import room_trials

    _write_trials(room_trials(count), output)


@app.command()
def train(
    name: Annotated[str, typer.Argument(help="REGIME@WIRING, as `specimens list` shows them.")],
    output: Annotated[
        Path, typer.Option("--out", help="Folder for the weights and the recipe.")
    ] = Path("specimens"),
    steps_scale: Annotated[
        float,
        typer.Option(help="Scales the recipe's steps (0.01 for a quick trial).", min=0, max=1000),
    ] = 1.0,
    lang: Lang = Language.en,
) -> None:
    """Train a specimen from its recipe and measure its held-out accuracy."""
    from heedmap.testbed.specimens.train import save_specimen, train_specimen
    from heedmap.testbed.specimens.zoo import recipe_for

    recipe = recipe_for(name).with_steps_scaled(steps_scale)
    with progress_bar() as advance:

        def on_progress(what: str, done: int, total: int, loss: float) -> None:
            advance(say("specimens_loss", stage=what, loss=f"{loss:.3f}"), done, total)

        policy, trained = train_specimen(recipe, on_progress)
    path = save_specimen(policy, trained, output)
    for row in trained.accuracy:
        share, cases = f"{row.all_three:.1%}", row.frame_cases
        err.print(say("specimens_trained", style=row.style, share=share, cases=cases))
    _print_path(path)


def _write_trials(trials: list[Trial], output: Path) -> None:
    """Each as a case folder, under its name."""
    from heedmap.data.instructions import CaseInstruction
    from heedmap.testbed.demo import write_folder

    for trial in trials:
        entries = [
            CaseInstruction(
                name=each,
                text=text,
                expert_action=trial.expected[each],
                paraphrases=tuple(trial.paraphrases.get(each, ())),
                recorded=each == trial.recorded,
            )
            for each, text in trial.instructions.items()
        ]
        write_folder(trial.observation.frame, entries, output / trial.name)
    count, folder = len(trials), str(output)
    out.print(say("specimens_wrote_cases", count=count, folder=folder), highlight=False)


def _print_path(path: Path) -> None:
    print_line(out, say("wrote", path=str(path)))


app.command()(score)
app.command()(drive)
