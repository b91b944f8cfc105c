"""The command `query`: SQL over a run folder."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from heedmap.cli.console import SafeConsole, out
from heedmap.cli.language import Lang, Language
from heedmap.ladder.messages import say
from heedmap.visible import finite, unobeyed_json, visible

if TYPE_CHECKING:
    import pyarrow as pa
    from rich.table import Table

LEAST_WIDTH = 6
"""Of a column, with its margin. Squeezed further, columns vanish; long lines wrap."""


def query(
    run: Annotated[Path, typer.Argument(help="The folder that 'heedmap sweep' wrote.")],
    sql: Annotated[
        str,
        typer.Argument(help='Such as "select policy, avg(is_right::int) from cases group by 1".'),
    ],
    as_csv: Annotated[bool, typer.Option("--csv", help="Print rows as CSV.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print rows as JSON.")] = False,
    lang: Lang = Language.en,
) -> None:
    """Query a run in SQL (DuckDB); docs/sweep.md describes the tables and columns."""
    from heedmap.sweep.query import query as ask
    from heedmap.sweep.store import RunFolder

    found = ask(RunFolder.open(run), sql)
    if as_csv:
        lines = "".join(csv_lines(found))  # which has no escapes: as it is for programs
        typer.echo(visible(lines) if sys.stdout.isatty() else lines, nl=False)
    elif as_json:
        typer.echo(json_text(found))
    else:
        wide = SafeConsole(width=max(out.width, LEAST_WIDTH * found.num_columns))
        wide.print(text_table(found))


def text_table(found: pa.Table) -> Table:
    """For a terminal: numbers short, '-' for what was not measured."""
    from heedmap.report.rich_tables import plain_table
    from heedmap.sweep.query import rows_of

    table = plain_table(say("query_rows", count=len(found)))
    for name in found.column_names:
        table.add_column(Text(name), overflow="fold")
    for row in rows_of(found):
        table.add_row(*(Text(_cell(value)) for value in row))
    return table


def json_text(found: pa.Table) -> str:
    """A list of objects, one for each row; names that repeat are numbered (a, a_2)."""
    from heedmap.sweep.query import distinct_names, rows_of

    names = distinct_names(found.column_names)
    rows = [dict(zip(names, row, strict=True)) for row in rows_of(found)]
    return unobeyed_json(rows, None, str)


def csv_lines(found: pa.Table) -> Iterator[str]:
    """The names, then the rows. Lists and structures as JSON: CSV has none."""
    import csv

    from heedmap.sweep.query import rows_of

    # With this line ending the writer quotes a carriage return inside of a value, too.
    writer = csv.writer(_Echo(), lineterminator="\r\n")
    for row in chain([found.column_names], rows_of(found)):
        fields = [_json(value) if isinstance(value, list | dict) else value for value in row]
        yield writer.writerow(fields).removesuffix("\r\n") + "\n"


class _Echo:
    """A file that gives back the line instead of keeping it, as `writerow` then does."""

    def write(self, line: str) -> str:
        return line


def _cell(value: Any) -> str:
    if value is None:
        return "-"  # not measured
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _json(value: Any) -> str:
    return json.dumps(finite(value), ensure_ascii=False, default=str)
