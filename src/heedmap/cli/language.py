"""The language of the terminal: `--lang`, before or after the command, or HEEDMAP_LANG.

The outermost group finds it in the words of the call (`asked_for`), so that help and what is wrong
with a call are said in it, too. Reading the option sets what `heedmap.ladder.messages.say` speaks,
so that a command need not pass it on; pages, which hold both languages, show it first.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

import typer

from heedmap.phrase import VARIABLE, speak, spoken


class Language(StrEnum):
    """Languages of the terminal and of pages."""

    en = "en"
    ko = "ko"


def asked_for(arguments: Sequence[str]) -> Language | None:
    """The language that a call asks for, whatever else is wrong with it; None where it does not."""
    found = ""
    for number, each in enumerate(arguments):
        if each == "--lang":
            found = next(iter(arguments[number + 1 :]), "")
        elif each.startswith("--lang="):
            found = each.removeprefix("--lang=")
    return Language(found) if found in list(Language) else None


def _speak(context: typer.Context, language: Language) -> Language:
    """What stands here, or else what the whole call was found to ask for."""
    source = context.get_parameter_source("lang")
    if source is not None and source.name == "COMMANDLINE":
        speak(language.value)
    return Language(spoken())


Lang = Annotated[
    Language,
    typer.Option(
        "--lang",
        envvar=VARIABLE,
        callback=_speak,
        is_eager=True,  # what is wrong with other options is said in it, too
        help="Language of the terminal, and the one that a page shows first.",
    ),
]

LangBefore = Annotated[Language | None, typer.Option("--lang", hidden=True)]
"""Of a group: `heedmap --lang ko audit ...`, which `asked_for` has read already."""
