"""The command `counterfactuals`: an instruction with a word exchanged, as audits make them."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from heedmap.cli.console import out
from heedmap.cli.language import Lang, Language
from heedmap.errors import InstructionError
from heedmap.ladder.messages import say


def counterfactuals(
    instruction: Annotated[str | None, typer.Argument(help="The instruction.")] = None,
    words: Annotated[Path | None, typer.Option(help="Your own word table (YAML).")] = None,
    most: Annotated[int, typer.Option(min=1, help="Maximum number.")] = 12,
    table: Annotated[bool, typer.Option("--table", help="Print the built-in table.")] = False,
    lang: Lang = Language.en,
) -> None:
    """List counterfactual instructions: directions, colours or objects swapped."""
    from heedmap.data.counterfactuals import counterfactuals as make
    from heedmap.data.counterfactuals import load_table

    if table:
        text = files("heedmap.data").joinpath("counterfactuals.yaml").read_text(encoding="utf-8")
        typer.echo(text, nl=False)
        return
    if instruction is None:
        raise InstructionError('Give an instruction, such as "go to the left", or --table.')
    found = make(instruction, load_table(words) if words is not None else None, most)
    if not found:
        raise InstructionError(
            "No counterfactual of '{instruction}' is known: it holds no word of the table; give "
            "one of your own with --words FILE (heedmap counterfactuals --table shows its form).",
            instruction=instruction,
        )
    shown = Table(say("counterfactual_name"), say("instruction"), say("counterfactual_exchanged"))
    for each in found:
        shown.add_row(Text(each.name), Text(each.text), Text(" → ".join(each.exchanged)))
    out.print(shown)
