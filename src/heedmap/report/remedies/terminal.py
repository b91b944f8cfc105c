"""Tried remedies in the terminal: the recommendation, then before and after, line by line."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from heedmap.ladder.evidence import Estimate
from heedmap.ladder.messages import Language, words_in
from heedmap.remedies.result import CellName, Outcome, Remedies, Tried
from heedmap.report.remedies.wording import (
    cell_name,
    finetuned_text,
    interval_text,
    lead,
    notes,
    outcome_text,
    passes_text,
    remedy_name,
    scale_text,
    sentence,
    share_text,
    shown_cells,
)
from heedmap.report.rich_tables import plain_table
from heedmap.report.untrusted import one_line

STYLES: dict[Outcome, str] = {"helps": "bold green", "breaks": "bold red"}


def print_remedies(of: Remedies, console: Console, language: Language = "en") -> None:
    """Print the recommendation, the table, and what must be known beside it."""
    console.print(Text(one_line(lead(of, language))))
    style = "bold green" if of.verdict in ("recommended", "follows_already") else "bold"
    console.print(Text(one_line(sentence(of, language)), style=style))
    if shown_cells(of):
        console.print(remedies_table(of, language))
    if of.finetuned is not None:
        console.print(Text(one_line(finetuned_text(of, language))))
    for note in notes(of, language):
        console.print(Text(one_line(note)))
    if of.tried:
        console.print(Text(one_line(scale_text(of, language)), style="dim"))


def remedies_table(of: Remedies, language: Language = "en") -> Table:
    """The policy as it is, then one row a remedy; a cell that got worse is red."""
    words = words_in(language)
    table = plain_table("")
    table.title = None
    shown = shown_cells(of)
    table.add_column(words("remedy_remedy"))
    for name in shown:
        table.add_column(cell_name(name, of, language), justify="right", max_width=18)
    table.add_column(words("remedy_passes"), justify="right", max_width=7)
    table.add_column(words("remedy_outcome"))
    before = [_share(of.cell(name).found, language) for name in shown]
    table.add_row(words("remedy_as_it_is"), *before, "1", "")
    for number, tried in enumerate(of.tried):
        table.add_row(
            Text(one_line(remedy_name(tried, language))),
            *(_cell(tried, name, language) for name in shown),
            passes_text(tried.passes),
            Text(outcome_text(tried, of, language), style=STYLES.get(tried.outcome, "")),
            style="bold" if number == of.recommended else None,
        )
    return table


def _cell(tried: Tried, name: CellName, language: Language) -> Text:
    if not tried.cells:
        return Text(share_text(None), style="dim")
    cell = tried.cell(name)
    return Text(_share(cell.found, language), style="red" if cell.is_worse else "")


def _share(found: Estimate | None, language: Language) -> str:
    """With its interval on a line of its own."""
    return f"{share_text(found, language)}\n{interval_text(found, language)}".strip()
