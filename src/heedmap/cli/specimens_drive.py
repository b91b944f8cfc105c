"""The command `specimens drive`: closed loop in BabyAI, with right and wrong instructions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from heedmap.cli.console import out, progress_bar
from heedmap.cli.language import Lang, Language
from heedmap.cli.styles import Style
from heedmap.ladder.messages import say
from heedmap.ladder.messages.numbers import percent

if TYPE_CHECKING:
    from heedmap.auditing.measures.rate import Rate
    from heedmap.testbed.specimens.drive import Drives, Outcome


def drive(
    name: Annotated[str, typer.Argument(help="REGIME@WIRING, as `specimens list` shows them.")],
    episodes: Annotated[int, typer.Option(min=1, help="Number of held-out rooms.")] = 100,
    seed: Annotated[int, typer.Option(min=0, help="Number of the first room.")] = 0,
    style: Annotated[Style, typer.Option(help="Form of the instructions.")] = Style.goal,
    max_steps: Annotated[int, typer.Option(min=1, help="Maximum number of steps.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON.")] = False,
    lang: Lang = Language.en,
) -> None:
    """Drive the agent with a specimen, instructed to reach the right object or another one.

    Both runs of an episode start from the same state and have the same target. A policy that
    follows its instruction reaches the target far more often when instructed to.
    """
    from heedmap.testbed.specimens.drive import drive as run
    from heedmap.testbed.specimens.drive import network_driver
    from heedmap.testbed.specimens.zoo import load_specimen

    network = load_specimen(name)
    with progress_bar() as advance:
        found = run(
            network_driver(network),
            name,
            style=style.value,
            episodes=episodes,
            first_seed=seed,
            max_steps=max_steps,
            on_progress=advance,
        )
    if as_json:
        typer.echo(found.model_dump_json())
    else:
        out.print(_table(found))


def _table(found: Drives) -> Table:
    from heedmap.report.rich_tables import plain_table

    title = say(
        "drive_title",
        name=found.name,
        style=found.style,
        episodes=found.episodes,
        steps=found.max_steps,
    )
    table = plain_table(title)
    table.add_column(say("drive_instructed"), no_wrap=True)
    for key in ("drive_reached_target", "drive_reached_other", "drive_steps"):
        table.add_column(say(key), justify="right")
    table.add_row(say("drive_target"), *_cells(found.right))
    table.add_row(say("drive_other"), *_cells(found.wrong))
    table.caption = Text(say("drive_note", skipped=found.rooms_passed_over), style="dim")
    return table


def _cells(outcome: Outcome) -> tuple[str, str, str]:
    steps = "-" if outcome.mean_steps is None else f"{outcome.mean_steps:.1f}"
    return _rate(outcome.reached_target), _rate(outcome.reached_other), steps


def _rate(rate: Rate) -> str:
    low, high = f"{100 * rate.low:.0f}", f"{100 * rate.high:.0f}"
    return say("interval", value=percent(rate.value), low=low, high=high)
