"""The command `scoreboard`: the ladder judged on generated policies."""

from __future__ import annotations

from enum import StrEnum
from itertools import islice
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from heedmap.cli.console import out, print_error, print_line, progress_bar
from heedmap.cli.language import Lang, Language
from heedmap.ladder.messages import say

if TYPE_CHECKING:
    from rich.table import Table

    from heedmap.testbed.generated.population import Generated
    from heedmap.testbed.generated.score import Judged, Scoreboard

LONGEST_REMARK = 60
"""Characters of a remark in the terminal; the page has it whole."""


class WhichPart(StrEnum):
    """As `heedmap.testbed.generated.faults.Part`."""

    development = "development"
    scored = "scored"


def scoreboard(
    part: Annotated[
        WhichPart, typer.Option(help="Policies for choosing thresholds, or those that count.")
    ] = WhichPart.development,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Audit at most so many; default: all.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of training, scenes and order.")] = 0,
    page: Annotated[
        Path | None, typer.Option("--out", help="Write the result as a Markdown page.")
    ] = None,
    only_make: Annotated[
        bool, typer.Option("--only-make", help="Only train the policies and check what they do.")
    ] = False,
    lang: Lang = Language.en,
) -> None:
    """Score the diagnosis on generated policies whose true cause is known.

    Policies are trained as they come up, one or two seconds each. Exit code 1 when a verdict
    contradicts a policy's behavior, a healthy policy fails a step, an audit crashes, or a policy
    could not be made.
    """
    from heedmap.testbed.generated.page import markdown, summary_lines
    from heedmap.testbed.generated.population import members
    from heedmap.testbed.generated.score import score_members

    if page is not None and not page.absolute().parent.is_dir():
        print_error(say("scoreboard_no_folder", path=str(page)))
        raise typer.Exit(1)
    if only_make:
        _make(list(members(part.value, seed, limit)))
        return
    chosen = islice(members(part.value, seed), limit)
    with progress_bar() as advance:
        board = score_members(chosen, seed, on_progress=advance)
    out.print(_confusion_table(board))
    if wrong := [each for each in board.judged if not each.is_right or each.contradiction]:
        out.print(_wrong_table(wrong))
    for line in (*summary_lines(board), *board.unmade):
        print_line(out, line)
    if page is not None:
        limited = "" if limit is None else f" --limit {limit}"
        command = f"heedmap scoreboard --part {part.value}{limited} --seed {seed}"
        page.write_text(markdown(board, command), encoding="utf-8")
    crashed = board.with_problem("crashed")
    if board.contradictions or board.false_alarms or crashed or board.unmade:
        raise typer.Exit(1)


def _make(chosen: list[Generated]) -> None:
    from heedmap.testbed.generated.score import make_members

    with progress_bar() as advance:
        made = make_members(chosen, on_progress=advance)
    failed = [reason for reason in made.values() if reason is not None]
    for reason in failed:
        print_error(reason)
    print_line(out, say("scoreboard_made", number=len(made) - len(failed), total=len(made)))
    if failed:
        raise typer.Exit(1)


def _confusion_table(board: Scoreboard) -> Table:
    from heedmap.report.rich_tables import plain_table
    from heedmap.testbed.generated.page import named_text

    table = plain_table(say("scoreboard_confusion"))
    for key in ("scoreboard_true", "score_named"):
        table.add_column(say(key), no_wrap=True)
    table.add_column(say("scoreboard_policies"), justify="right")
    for (true, named), count in board.confusion.items():
        style = "green" if true == named else "bold red"
        table.add_row(named_text(true), Text(named_text(named), style=style), str(count))
    return table


def _wrong_table(wrong: list[Judged]) -> Table:
    from heedmap.report.rich_tables import plain_table
    from heedmap.testbed.generated.page import judgement, remark
    from heedmap.testbed.generated.score import worst_first

    table = plain_table(say("scoreboard_wrong"))
    for key in ("scoreboard_policy", "scoreboard_true", "score_named", "scoreboard_failing"):
        table.add_column(say(key), overflow="fold")
    table.add_column(say("scoreboard_remark"))
    for each in worst_first(wrong):
        table.add_row(
            *(Text(each.name), *judgement(each)),
            Text(shorten(remark(each), LONGEST_REMARK)),
        )
    return table
