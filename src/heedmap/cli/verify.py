"""The command `verify`: whether results and runs are still what heedmap wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from heedmap.cli.console import err, out
from heedmap.cli.language import Lang, Language
from heedmap.cli.showing import run_folder
from heedmap.ladder.messages import say
from heedmap.record.manifest import Verification, links_in, listed
from heedmap.record.reading import verify_result


def verify(
    folders: Annotated[
        list[Path], typer.Argument(help="Folders that an audit or a sweep wrote.", metavar="DIR...")
    ],
    lang: Lang = Language.en,
) -> None:
    """Compare every file of results and runs with its stored checksum.

    Exit code 0: all files are as they were written; 1: some are not, or have no checksum because
    an older heedmap wrote them.
    """
    found = [_verified(folder) for folder in folders]
    for each in found:
        _print(each)
    if any(each.damaged or each.unchecked for each in found):
        raise typer.Exit(1)


def _verified(folder: Path) -> Verification:
    run = run_folder(folder)
    return verify_result(folder) if run is None else run.verify()


def _print(found: Verification) -> None:
    folder = str(found.folder)
    for damage in found.damaged:
        err.print(Text(say("verify_damaged", folder=folder, damage=damage.phrase)), soft_wrap=True)
    if found.unchecked:
        names, count = listed(found.unchecked), len(found.unchecked)
        line = say("verify_unchecked", folder=folder, count=count, files=names)
        err.print(Text(line), soft_wrap=True)
    if links := links_in(found.folder):
        line = say("verify_links", folder=folder, files=listed(links))
        err.print(Text(line), soft_wrap=True)
    if not found.damaged:
        line = say("verify_whole", folder=folder, count=found.files)
        out.print(Text(line), soft_wrap=True)
