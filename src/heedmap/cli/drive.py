"""The command `specimens drive`: closed loop in BabyAI, with right and wrong instructions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from heedmap.cli.console import out, progress_bar
from heedmap.cli.styles import Style

if TYPE_CHECKING:
    from heedmap.testbed.specimens.drive import Drives, Outcome, Rate


def drive(
    name: Annotated[str, typer.Argument(help="REGIME@WIRING, as `specimens list` shows them.")],
    episodes: Annotated[int, typer.Option(min=1, help="Number of held-out rooms.")] = 100,
    seed: Annotated[int, typer.Option(min=0, help="Number of the first room.")] = 0,
    style: Annotated[Style, typer.Option(help="Form of the instructions.")] = Style.goal,
    max_steps: Annotated[int, typer.Option(min=1, help="Maximum number of steps.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON.")] = False,
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

    table = plain_table(
        f"{found.name}, {found.style} instructions: {found.episodes} rooms, {found.max_steps} steps"
    )
    table.add_column("Instructed to go to", no_wrap=True)
    for column in ("Reached the target (95 % CI)", "Reached the other (95 % CI)", "Steps"):
        table.add_column(column, justify="right")
    for told, outcome in (("the target", found.right), ("the other object", found.wrong)):
        table.add_row(told, *_cells(outcome))
    table.caption = Text(
        "Both runs start from the same state; success is reaching the target. Rooms in which the "
        f"greedy expert reaches no two objects are passed over ({found.rooms_passed_over}).",
        style="dim",
    )
    return table


def _cells(outcome: Outcome) -> tuple[str, str, str]:
    steps = "-" if outcome.mean_steps is None else f"{outcome.mean_steps:.1f}"
    return _rate(outcome.reached_target), _rate(outcome.reached_other), steps


def _rate(rate: Rate) -> str:
    return f"{rate.value:.1%} ({100 * rate.low:.0f} to {100 * rate.high:.0f})"
