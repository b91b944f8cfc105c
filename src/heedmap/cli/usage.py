"""What typer says of a call that it cannot read, in the language that was asked for.

Typer speaks English. Its sentences are those of `SENTENCES`, which are translated as heedmap's own
errors are; one that a later typer words otherwise is shown as it is.
"""

from __future__ import annotations

import typer

from heedmap.cli.console import err, print_error, print_line
from heedmap.cli.language import Language
from heedmap.phrase import Phrase, said_again, spoken

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


def show(error: Exception) -> int:
    """Print how the call should look and what is wrong with it; gives the exit code."""
    language = spoken()
    context = getattr(error, "ctx", None)
    is_help = type(error).__name__ == "NoArgsIsHelpError"
    if language == Language.en or context is None or is_help:
        error.show()  # type: ignore[attr-defined] # of every error of click
    else:
        print_line(err, context.get_usage())
        hint = Phrase("Try '{command} --help' for help.", command=context.command_path)
        print_line(err, hint.in_language(language))
        print_error(said_again(error.format_message(), language))  # type: ignore[attr-defined]
    return int(getattr(error, "exit_code", 2))
