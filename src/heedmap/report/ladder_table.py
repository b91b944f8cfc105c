"""The ladder as a table: a policy a row, a rung a column."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from heedmap.ladder.messages import say
from heedmap.ladder.verdict import Status, Verdict
from heedmap.record.record import PolicyResult
from heedmap.report.rich_tables import NAME_WIDTH, folded, plain_table
from heedmap.report.rung_cells import RungTable

_STYLES: dict[Status, str] = {"holds": "green", "fails": "bold red", "not measured": "dim"}


def ladder_table(
    policies: Sequence[PolicyResult], encoding: str, *, compact: bool = False, fold: bool = False
) -> Table:
    """Marks for every rung and the bypass, then the cause of the first failing rung.

    `compact` leaves out room between columns, `fold` breaks long names.
    """
    table = plain_table(say("ladder"), compact)
    table.add_column("Model", no_wrap=True)
    rungs = list(policies[0].verdict.rungs)
    for name in (*rungs, "bypass"):
        table.add_column(name, justify="center", no_wrap=True)
    table.add_column("cause", overflow="fold")
    for policy in policies:
        verdict = policy.verdict
        name = Text(folded(policy.name, NAME_WIDTH if fold else 0))
        marks = [rung_mark(verdict.rungs[rung].status, encoding) for rung in rungs]
        style = "green" if verdict.cause == "none" else "bold"
        table.add_row(name, *marks, _bypass(verdict), Text(verdict.cause, style=style))
    return table


def rung_mark(status: Status, encoding: str = "utf-8") -> Text:
    """A tick, a cross, or a dash where nothing was measured."""
    fancy = encoding.lower().startswith("utf")
    mark = {"holds": "✓" if fancy else "+", "fails": "✗" if fancy else "x"}.get(status, "-")
    return Text(mark, style=_STYLES[status])


def _bypass(verdict: Verdict) -> Text:
    found = {"found": ("yes", "bold yellow"), "none": ("no", "green")}
    text, style = found.get(verdict.bypass.status, ("-", "dim"))
    return Text(text, style=style)


def rung_table(
    which: RungTable,
    policies: tuple[PolicyResult, ...],
    *,
    compact: bool = False,
    fold: bool = False,
) -> Table | None:
    """The figures of one rung, a policy a row; None where no policy has any."""
    rows = which.rows(policies)
    if not rows:
        return None
    table = plain_table(say(which.title), compact)
    table.add_column("Model", no_wrap=True)
    for name in which.columns:
        table.add_column(say(name), justify="right", no_wrap=not fold)
    for name, cells in rows:
        table.add_row(Text(folded(name, NAME_WIDTH if fold else 0)), *cells)
    table.caption = Text(say(which.note), style="dim")
    return table
