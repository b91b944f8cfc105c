"""The command `query`: SQL over a run folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from heedmap.cli.console import out


def query(
    run: Annotated[Path, typer.Argument(help="The folder that 'heedmap sweep' wrote.")],
    sql: Annotated[
        str,
        typer.Argument(help='Such as "select policy, avg(is_right::int) from cases group by 1".'),
    ],
    as_csv: Annotated[bool, typer.Option("--csv", help="Print rows as CSV.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print rows as JSON.")] = False,
) -> None:
    """Query a run in SQL (DuckDB); docs/sweep.md describes the tables and columns."""
    from heedmap.sweep.query import query as ask
    from heedmap.sweep.store import RunFolder

    found = ask(RunFolder.open(run), sql)
    if as_csv:
        typer.echo(_csv(found), nl=False)
        return
    rows = found.to_pylist()
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False, default=str))
        return
    from heedmap.report.rich_tables import plain_table

    table = plain_table(f"{len(rows)} rows")
    for name in found.column_names:
        table.add_column(Text(name), overflow="fold")
    for row in rows:
        table.add_row(*(Text(_cell(value)) for value in row.values()))
    out.print(table)


def _cell(value: Any) -> str:
    if value is None:
        return "-"  # not measured
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _csv(table: Any) -> str:
    """Lists as JSON: CSV has none."""
    import csv
    import io

    sink = io.StringIO()
    writer = csv.writer(sink, lineterminator="\n")
    writer.writerow(table.column_names)
    for row in table.to_pylist():
        writer.writerow([json.dumps(v) if isinstance(v, list | dict) else v for v in row.values()])
    return sink.getvalue()
