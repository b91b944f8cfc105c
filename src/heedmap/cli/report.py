"""The commands `report` and `figure`: a result shown again, without a model."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from heedmap.cli.console import out, print_line
from heedmap.cli.language import Lang, Language
from heedmap.cli.showing import (
    AsJson,
    AsMarkdown,
    Full,
    Open,
    from_outside,
    open_page,
    print_result,
    read_result,
    write_report,
)
from heedmap.ladder.messages import say

Folder = Annotated[Path, typer.Argument(help="A result folder of an audit or a sweep.")]


class Kind(StrEnum):
    """Kinds of figures; `heedmap.report.figures.kinds.KINDS` draws them."""

    actions = "actions"
    trail = "trail"
    shares = "shares"
    sequence = "sequence"
    frame = "frame"
    words = "words"
    heads = "heads"
    scatter = "scatter"
    patching = "patching"
    computations = "computations"


def report(
    folder: Folder,
    lang: Lang = Language.en,
    as_json: AsJson = False,
    as_markdown: AsMarkdown = False,
    full: Full = False,
    title: Annotated[str | None, typer.Option(help="Heading of the page.")] = None,
    back_url: Annotated[
        str | None, typer.Option(help="Where the page's link back leads; default: no link.")
    ] = None,
    opens: Open = False,
) -> None:
    """Print a result again and write its HTML report."""
    with from_outside(folder):
        result = read_result(folder)
        console = print_result(result, lang, as_json=as_json, as_markdown=as_markdown, full=full)
        path = write_report(result, folder, lang, console, title=title, back_url=back_url)
    if opens:
        open_page(path)


def figure(
    folder: Folder,
    kind: Annotated[Kind, typer.Argument(help="Kind of figure.")],
    output: Annotated[Path, typer.Option("--out", help="A file ending in .svg, .pdf or .png.")],
    policy: Annotated[str | None, typer.Option(help="Name; default: the first.")] = None,
    frame: Annotated[str | None, typer.Option(help="Name; default: the first.")] = None,
    lang: Lang = Language.en,
    scale: Annotated[
        float, typer.Option(min=0.1, max=20, help="Scale of a PNG: 1 is 72 pixels per inch.")
    ] = 3.0,
) -> None:
    """Draw one figure of a result as SVG, PDF or PNG, without a browser."""
    from heedmap.report.figures.export import write_figure
    from heedmap.report.figures.kinds import figure_of

    with from_outside(folder):
        found = figure_of(read_result(folder), kind.value, policy, frame, lang.value)
        write_figure(found, output, scale)
    print_line(out, say("figure_at", path=str(output)))
