"""A drive in the terminal: the sentence, the rates, and when an exchange still counts."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from heedmap.ladder.messages import Language, say
from heedmap.report.driving.rates import rate_of
from heedmap.report.driving.result import Drive
from heedmap.report.driving.wording import (
    condition_name,
    lead,
    notes,
    rate_text,
    steering,
    steps_text,
    verdict,
)
from heedmap.report.rich_tables import plain_table
from heedmap.visible import one_line


def print_drive(drive: Drive, console: Console, language: Language = "en") -> None:
    """Print it; names are untrusted, and printed as text only."""
    console.print(Text(one_line(lead(drive, language))))
    console.print(Text(one_line(verdict(drive, language)), style="bold"))
    for note in notes(drive, language):
        console.print(Text(one_line(note)))
    console.print(_table(drive, language))
    if drive.steered:
        console.print(Text(say("driving_steer_heading", language), style="bold"))
    for line in steering(drive, language):
        console.print(Text(one_line(line)))


def _table(drive: Drive, language: Language) -> Table:
    table = plain_table("")
    table.title = None
    table.add_column(say("driving_instruction", language), no_wrap=True)
    for key in ("driving_target", "driving_other", "driving_steps"):
        table.add_column(say(key, language), justify="right")
    for condition in drive.settings.conditions:
        table.add_row(
            condition_name(condition, language),
            rate_text(rate_of(drive, condition), language),
            rate_text(rate_of(drive, condition, "other"), language),
            steps_text(drive, condition),
        )
    return table
