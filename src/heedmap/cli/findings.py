"""What the commands share that find something: `words`, `exam` and `tap`."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

import typer
from rich.console import Console

from heedmap.cli.console import err, out, print_line
from heedmap.ladder.messages import Language, say
from heedmap.phrase import Phrase
from heedmap.record.files import write_whole

FOUND = 3
"""Exit code where something as grave as --fail-on was found."""


class FailOn(StrEnum):
    """How grave a finding must be for a non-zero exit code."""

    problem = "problem"
    warning = "warning"
    note = "note"


def show_or_pipe(
    place: Path | None,
    to_json: Callable[[], str],
    show: Callable[[], None],
    written: str,
    language: Language,
) -> Console:
    """Show the result, and write it to the file of --json; where that is -, print it instead.

    `written` is the message that names the file. The console for what else there is to say, which
    is not standard output where that is piped. Raises RecordError where the file cannot be written.
    """
    if str(place) == "-":
        typer.echo(to_json())
        return err
    show()
    if place is not None:
        write_whole(place, to_json().encode(), Phrase("JSON file"))
        print_line(out, say(written, language, path=str(place.resolve())))
    return out
