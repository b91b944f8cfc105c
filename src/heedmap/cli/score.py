"""The command `specimens score`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from heedmap.cli.console import out, progress_bar
from heedmap.cli.language import Lang, Language
from heedmap.ladder.messages import say
from heedmap.ladder.messages.numbers import percent
from heedmap.ladder.wording import cause_name

if TYPE_CHECKING:
    from heedmap.testbed.scoreboard.run import Score
    from heedmap.testbed.scoreboard.summary import Summary


def score(
    full: Annotated[bool, typer.Option("--full", help="All policies of the population.")] = False,
    case_seed: Annotated[int, typer.Option(min=0, help="Number of the held-out frame case.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON.")] = False,
    page: Annotated[
        Path | None, typer.Option(help="Write the scoreboard as a Markdown page.")
    ] = None,
    lang: Lang = Language.en,
) -> None:
    """Score the diagnosis on planted faults and healthy policies: planted and named cause.

    Without --full, faults planted on one shipped specimen, and one member of each kind of
    training. Exit code 1 when a cause or a bypass was named wrongly.
    """
    from heedmap.testbed.scoreboard.page import markdown
    from heedmap.testbed.scoreboard.run import score_plants
    from heedmap.testbed.scoreboard.summary import summarise
    from heedmap.testbed.specimens.planted import population_plants, short_list

    with progress_bar() as advance:
        plants = population_plants() if full else short_list()
        scores = score_plants(plants, case_seed=case_seed, on_progress=advance)
    summary = summarise(scores)
    if page is not None:
        page.write_text(markdown(summary, f"heedmap specimens score{' --full' if full else ''}"))
    if as_json:
        typer.echo(summary.model_dump_json())
    else:
        _print(scores, summary)
    if summary.right < len(scores):
        raise typer.Exit(1)


def _print(scores: list[Score], summary: Summary) -> None:
    out.print(_score_table(scores))
    total = len(summary.rows)
    out.print(
        say(
            "score_total",
            right=summary.right,
            total=total,
            share=percent(summary.right / total),
            low=percent(summary.low),
            high=percent(summary.high),
            alarms=summary.false_alarms,
            healthy=summary.healthy,
        )
    )
    out.print(_rated_table(summary))
    out.print(_correlation_table(summary))


def _score_table(scores: list[Score]) -> Table:
    from heedmap.report.ladder_table import rung_mark
    from heedmap.report.rich_tables import plain_table

    table = plain_table(say("score_causes"))
    table.add_column("", no_wrap=True)
    for key in ("score_plant", "score_planted", "score_named", "score_bypass"):
        table.add_column(say(key), no_wrap=True)
    for each in scores:
        style = "green" if each.is_right else "bold red"
        mark = rung_mark("holds" if each.is_right else "fails", out.encoding)
        module = each.verdict.bypass.module or "-"
        named = Text(cause_name(each.named), style=style)
        table.add_row(mark, each.plant.name, cause_name(each.plant.cause), named, module)
    return table


def _rated_table(summary: Summary) -> Table:
    from heedmap.report.rich_tables import plain_table
    from heedmap.testbed.scoreboard.page import rule_name

    table = plain_table(say("score_rules"))
    table.add_column(say("score_rule"), no_wrap=True)
    for key in ("score_right", "score_missed", "score_wronged"):
        table.add_column(say(key), justify="right")
    for each in summary.rated:
        right = say("score_of", right=each.right, total=len(summary.rows))
        table.add_row(rule_name(each), right, str(each.missed), str(each.wronged))
    return table


def _correlation_table(summary: Summary) -> Table:
    from heedmap.report.rich_tables import plain_table

    table = plain_table(say("score_predicts"))
    table.add_column(say("score_reading"), no_wrap=True)
    for key in ("policies", "median", "lowest", "highest"):
        table.add_column(say(key), justify="right")
    for each in summary.correlations:
        cells = [
            "-" if v is None else f"{v:+.2f}" for v in (each.median, each.lowest, each.highest)
        ]
        table.add_row(say(f"score_reading_{each.reading}"), str(each.policies), *cells)
    across = ", ".join(
        f"{say(f'score_reading_{each.reading}')} {each.correlation:+.2f} ({each.policies})"
        for each in summary.across
        if each.correlation is not None
    )
    if across:
        table.caption = Text(say("score_across", readings=across), style="dim")
    return table
