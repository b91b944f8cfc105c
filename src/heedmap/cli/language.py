"""The language of the terminal: `--lang`, which every command has, or the variable HEEDMAP_LANG.

Reading the option sets what `heedmap.ladder.messages.say` speaks, so that a command need not pass
it on; pages, which hold both languages, show it first.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from heedmap.ladder.messages import speak

VARIABLE = "HEEDMAP_LANG"


class Language(StrEnum):
    """Languages of the terminal and of pages."""

    en = "en"
    ko = "ko"


def _speak(language: Language) -> Language:
    speak(language.value)
    return language


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
