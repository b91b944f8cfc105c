"""The command `forensics`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.padding import Padding
from rich.text import Text

from heedmap.cli.console import out
from heedmap.cli.language import Lang, Language
from heedmap.visible import unobeyed_json


def forensics(
    files: Annotated[
        list[Path],
        typer.Argument(help="CSV tables, a page as HTML or pasted text, or a JSON dump."),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print findings as JSON.")] = False,
    lang: Lang = Language.en,
) -> None:
    """Analyse published attention tables: what they prove and what they cannot, without a model.

    Several files are taken as one publication, such as its summary and per-layer tables.
    """
    from heedmap.ladder.messages import say
    from heedmap.report.forensics.findings import cannot_prove, find_all
    from heedmap.report.forensics.read import read_published

    published = read_published(*files)
    findings = find_all(published)
    if as_json:
        content = {"findings": [asdict(f) for f in findings], "cannot_prove": cannot_prove()}
        typer.echo(unobeyed_json(content))
        return
    layers, summary = len(published.layers), len(published.summary)
    models = len(published.models)
    out.print(Text(say("forensics_read", layers=layers, summary=summary, models=models)))
    heading = say("forensics_found") if findings else say("forensics_nothing")
    out.print(Text(f"\n{heading}", style="bold"))
    for number, finding in enumerate(findings, start=1):
        name = Text(f"{number}. {say(f'finding_name_{finding.code}')}: ", style="bold")
        out.print(name.append(finding.sentence, style="not bold"))
        for row in finding.rows:
            out.print(Padding(Text(row, style="dim"), (0, 0, 0, 5)))
        if finding.count > len(finding.rows):
            in_all = say("forensics_in_all", count=finding.count)
            out.print(Padding(Text(in_all, style="dim"), (0, 0, 0, 5)))
    out.print(Text(f"\n{say('forensics_cannot')}", style="bold"))
    for limit in cannot_prove():
        out.print(Text(f"- {limit}."))
