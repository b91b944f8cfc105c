"""How commands show a result: tables, Markdown or JSON on the terminal, and the page."""

from __future__ import annotations

import shlex
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from heedmap.cli.console import err, out, verdicts_json
from heedmap.result import Result

REPORT_FILE = "report.html"


class Language(StrEnum):
    """Languages of the report."""

    en = "en"
    ko = "ko"


Lang = Annotated[
    Language, typer.Option("--lang", help="Language that is shown first; the page has both.")
]
AsJson = Annotated[
    bool, typer.Option("--json", help="Print the verdicts as JSON instead of tables.")
]
AsMarkdown = Annotated[
    bool, typer.Option("--markdown", help="Print Markdown, for a pull request or a wiki.")
]

Full = Annotated[
    bool, typer.Option("--full", help="Print every table: all frames, layers and intervals.")
]


def command_line() -> str:
    """What was typed, so that a result can tell how to make it again."""
    return shlex.join(["heedmap", *sys.argv[1:]])


def read_result(folder: Path) -> Result:
    """A result folder, or that of a sweep, whose frames are pooled and read again.

    Raises a HeedmapError for anything else.
    """
    from heedmap.sweep.store import PLAN_FILE, RunFolder

    if (folder / PLAN_FILE).is_file():
        from heedmap.sweep.result import result_of

        return result_of(RunFolder.open(folder))
    return Result.load(folder)


def show(
    result: Result,
    output: Path | None,
    lang: Language,
    *,
    overwrite: bool = False,
    as_json: bool = False,
    as_markdown: bool = False,
    full: bool = False,
) -> None:
    """Save the result where that was asked for, print it, and write its page."""
    if output is not None:
        result.save(output, overwrite=overwrite)
    told = print_result(result, lang, as_json=as_json, as_markdown=as_markdown, full=full)
    if output is not None:
        if told is out:
            out.print(f"Result: {output}", highlight=False, markup=False, soft_wrap=True)
        write_report(result, output, lang, console=told)
    elif told is out:
        err.print("Nothing was written; add --out DIR to keep the result and its HTML report.")


def print_result(
    result: Result,
    lang: Language,
    *,
    as_json: bool = False,
    as_markdown: bool = False,
    full: bool = False,
) -> Console:
    """Print it. Gives where further words go: machines read standard output alone."""
    if as_json:
        typer.echo(verdicts_json(result))
        return err
    if as_markdown:
        from heedmap.report.markdown import to_markdown

        typer.echo(to_markdown(result, lang.value), nl=False)
        return err
    from heedmap.report.terminal import print_result as print_tables

    print_tables(result, out, full=full)
    return out


def write_report(result: Result, folder: Path, lang: Language, console: Console = out) -> None:
    """Write the page into the result's folder."""
    from heedmap.report.page.render import write_html

    path = folder / REPORT_FILE
    write_html(result, path, lang.value)
    console.print(f"Report: {path.resolve()}", highlight=False, markup=False, soft_wrap=True)
