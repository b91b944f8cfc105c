"""What typer says of a call that it cannot read, in the language that was asked for.

Typer speaks English. Its sentences are those of `SENTENCES`, which are translated as heedmap's own
errors are; one that a later typer words otherwise is shown as it is.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence

import typer

from heedmap.cli.console import err, print_error, print_line
from heedmap.cli.language import VARIABLE, Language
from heedmap.phrase import Phrase, said_again

UsageError: type[Exception] = typer.BadParameter.__mro__[1]
"""Of whichever click typer brings with it."""

SENTENCES = (
    Phrase("No such option: {name}"),
    Phrase("No such option: {name} (Possible options: {names})"),
    Phrase("No such command '{name}'."),
    Phrase("No such command '{name}'. Did you mean {names}?"),
    Phrase("Missing command."),
    Phrase("Missing argument '{name}'."),
    Phrase("Missing option '{name}'."),
    Phrase("Option '{name}' requires an argument."),
    Phrase("Option '{name}' does not take a value."),
    Phrase("Got unexpected extra argument(s) ({names})"),
    Phrase("Invalid value for {name}: {why}"),
    Phrase("Input should be a valid integer, unable to parse string as an integer"),
    Phrase("Input should be a valid number, unable to parse string as a number"),
    Phrase("Input should be less than or equal to {bound}"),
    Phrase("Input should be greater than or equal to {bound}"),
    Phrase("Value error, '{name}' is not one of {names}."),
    Phrase("'{name}' is not one of {names}."),
)


def asked_for(arguments: Sequence[str], environment: Mapping[str, str]) -> str:
    """The code of the language that a call asks for, whatever else is wrong with it."""
    found = environment.get(VARIABLE, "")
    for number, each in enumerate(arguments):
        if each == "--lang":
            found = next(iter(arguments[number + 1 :]), "")
        elif each.startswith("--lang="):
            found = each.removeprefix("--lang=")
    return found if found in [each.value for each in Language] else Language.en.value


def show(error: Exception) -> int:
    """Print how the call should look and what is wrong with it; gives the exit code."""
    language = asked_for(sys.argv[1:], os.environ)
    context = getattr(error, "ctx", None)
    if language == Language.en.value or context is None:
        error.show()  # type: ignore[attr-defined] # of every error of click
    else:
        print_line(err, context.get_usage())
        hint = Phrase("Try '{command} --help' for help.", command=context.command_path)
        print_line(err, hint.in_language(language))
        print_error(said_again(error.format_message(), language))  # type: ignore[attr-defined]
    return int(getattr(error, "exit_code", 2))
