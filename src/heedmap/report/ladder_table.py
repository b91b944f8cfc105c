"""The ladder as a table: a policy a row, a rung a column."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill

from rich.table import Table
from rich.text import Text

from heedmap.ladder.messages import say
from heedmap.ladder.verdict import Status, Verdict
from heedmap.ladder.wording import cause_name, rung_name
from heedmap.record.record import PolicyResult
from heedmap.report.rich_tables import NAME_WIDTH, folded, plain_table
from heedmap.report.rung_cells import RungTable

_STYLES: dict[Status, str] = {"holds": "green", "fails": "bold red", "not measured": "dim"}

_CAUSE_WIDTH = 12


def ladder_table(
    policies: Sequence[PolicyResult], encoding: str, *, compact: bool = False, fold: bool = False
) -> Table:
    """Marks for every rung and the bypass, then the cause of the first failing rung.

    `compact` leaves out room between columns and breaks causes, `fold` breaks long names.
    """
    table = plain_table(say("ladder"), compact)
    table.add_column(say("model"), no_wrap=True)
    rungs = list(policies[0].verdict.rungs)
    for name in (*map(rung_name, rungs), say("bypass")):
        table.add_column(name, justify="center", no_wrap=True)
    table.add_column(say("cause").lower(), overflow="fold")
    for policy in policies:
        verdict = policy.verdict
        name = Text(folded(policy.name, NAME_WIDTH if fold else 0))
        marks = [rung_mark(verdict.rungs[rung].status, encoding) for rung in rungs]
        style = "green" if verdict.cause == "none" else "bold"
        cause = cause_name(verdict.cause)
        cause = Text(fill(cause, _CAUSE_WIDTH) if compact else cause, style=style)
        table.add_row(name, *marks, _bypass(verdict), cause)
    return table


def rung_mark(status: Status, encoding: str = "utf-8") -> Text:
    """A tick, a cross, or a dash where nothing was measured."""
    fancy = encoding.lower().startswith("utf")
    mark = {"holds": "✓" if fancy else "+", "fails": "✗" if fancy else "x"}.get(status, "-")
    return Text(mark, style=_STYLES[status])


def _bypass(verdict: Verdict) -> Text:
    if verdict.bypass.status == "found":
        return Text(say("bypass_found"), style="bold yellow")
    if verdict.bypass.status == "none":
        return Text(say("bypass_none"), style="green")
    return Text("-", style="dim")


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
    table.add_column(say("model"), no_wrap=True)
    for name in which.columns:
        table.add_column(say(name), justify="right", no_wrap=not fold)
    for name, cells in rows:
        table.add_row(Text(folded(name, NAME_WIDTH if fold else 0)), *cells)
    table.caption = Text(say(which.note), style="dim")
    return table
