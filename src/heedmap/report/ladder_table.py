"""The ladder as a table: a policy a row, a rung a column."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from heedmap.record import PolicyResult
from heedmap.report.wording import TEXTS
from heedmap.verdict import Status, Verdict

_STYLES: dict[Status, str] = {"holds": "green", "fails": "bold red", "not measured": "dim"}


def ladder_table(
    policies: tuple[PolicyResult, ...], encoding: str, *, compact: bool = False
) -> Table:
    """Marks for every rung and the bypass, then the cause of the first failing rung."""
    words = TEXTS["en"]
    table = Table(title=words["ladder"], title_style="bold", show_lines=compact)
    table.add_column("Model", overflow="fold", min_width=14)
    rungs = list(policies[0].verdict.rungs)
    for rung in rungs:
        table.add_column(rung[:4] if compact else rung, justify="center")
    table.add_column("bypass", justify="center")
    table.add_column("cause", overflow="fold", min_width=10)
    for policy in policies:
        verdict = policy.verdict
        marks = [rung_mark(verdict.rungs[rung].status, encoding) for rung in rungs]
        style = "green" if verdict.cause == "none" else "bold"
        table.add_row(policy.name, *marks, _bypass(verdict), Text(verdict.cause, style=style))
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
