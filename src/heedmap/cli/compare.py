"""The command `compare`: checkpoints side by side, from results, without a model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from heedmap.cli.console import err, out, print_line
from heedmap.cli.language import Lang, Language
from heedmap.cli.showing import AsJson, AsMarkdown, from_outside, read_result
from heedmap.ladder.messages import say
from heedmap.record.result import Result


def compare(
    runs: Annotated[list[Path], typer.Argument(help="Result folders of audits or sweeps.")],
    baseline: Annotated[
        str | None,
        typer.Option(help="The policy that the others are compared with; default: the first."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--out", help="An HTML page, in both languages.")
    ] = None,
    lang: Lang = Language.en,
    as_json: AsJson = False,
    as_markdown: AsMarkdown = False,
) -> None:
    """Compare policies of one or several results: diagnosis, differences, attention shares.

    Where policies share trials, differences are paired by trial and have intervals.
    """
    from heedmap.report.compare.comparison import compare as side_by_side

    read: list[tuple[Path, Result]] = []
    for run in runs:
        with from_outside(run):
            read.append((run, read_result(run)))
    comparison = side_by_side(read, baseline)
    if output is not None:  # before it is printed: whoever reads that may go away
        from heedmap.report.compare.page import write_comparison

        write_comparison(comparison, output, lang.value)
    console = out
    if as_json:
        from heedmap.report.compare.as_json import comparison_json

        typer.echo(comparison_json(comparison))
        console = err
    elif as_markdown:
        from heedmap.report.compare.markdown import comparison_to_markdown

        typer.echo(comparison_to_markdown(comparison, lang.value), nl=False)
        console = err
    else:
        from heedmap.report.compare.terminal import print_comparison

        print_comparison(comparison, out)
    if output is not None:
        print_line(console, say("comparison_at", path=str(output.resolve())))
