"""`--help` in the language of the call; in English it is left to typer.

Typer builds its commands anew for every call. Their texts are therefore exchanged in place as soon
as the language is known, and a formatter says what typer adds of its own. What has no translation
is shown as it is.
"""

from __future__ import annotations

import inspect
import io
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stdout
from functools import partial
from typing import Any

import typer
from typer.core import TyperGroup

from heedmap.cli.language import Language, asked_for
from heedmap.phrase import Phrase, said_again, speak, spoken

TYPERS = (
    Phrase("Usage"),
    Phrase("Arguments"),
    Phrase("Options"),
    Phrase("Commands"),
    Phrase("default"),
    Phrase("env var"),
    Phrase("required"),
    Phrase("<str>"),
    Phrase("<path>"),
    Phrase("<int range>"),
    Phrase("<float range>"),
    Phrase("<list[str]>"),
    Phrase("<list[Path]>"),
    Phrase("<list[float]>"),
)
"""What typer says around our texts."""
INSTALLED = (
    Phrase("{shell} completion installed in {path}"),
    Phrase("Completion will take effect once you restart the terminal"),
)
"""What it says where completion was installed."""

_TYPE = re.compile(r"<[^<>|]+>")
_EXTRAS = re.compile(r"\[([^\[\]]*)\]$")
"""Behind an option's text: `[env var: NAME; default: en; required]`."""
_SECOND_CELL = "\0"
"""Stands behind a letter that is two cells wide while lines are broken by their letters."""

Said = Callable[[str], str]


class Helpful(TyperGroup):
    """The outermost group: it learns the language of a call before anything of it is read."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """As every command's; help and errors of the whole call are in the language it names."""
        language = asked_for(args)
        speak(language.value if language else None)
        if spoken() != Language.en:
            ctx.formatter_class = Formatter
            translate(self, ctx, said)
        return super().parse_args(ctx, args)


def said(text: str) -> str:
    """A text of help, each of its paragraphs in the language of the call."""
    return "\n\n".join(Phrase(each).in_language(spoken()) for each in paragraphs(text))


def paragraphs(text: str) -> list[str]:
    """A docstring's or an option's, each as one line: what catalogues know them by."""
    return [" ".join(each.split()) for each in inspect.cleandoc(text).split("\n\n")]


def translate(command: Any, ctx: Any, said: Said) -> None:
    """Exchange every text of a command, its options and its own commands.

    Commands are listed with the first sentence of their help, which typer would cut to one line.
    """
    for each in _commands(command):
        each.context_class = _Context
        each.options_metavar = said(each.options_metavar)
        if each.help:
            each.help = said(each.help)
            each.short_help = re.split(r"(?<=\.)\s", each.help, maxsplit=1)[0]
        if hasattr(each, "subcommand_metavar"):
            each.subcommand_metavar = said(each.subcommand_metavar)
        for parameter in each.get_params(ctx):
            if parameter.help:
                parameter.help = said(parameter.help)
            if parameter.param_type_name == "argument":
                parameter.metavar = said(parameter.metavar or parameter.name)
            if parameter.name == "install_completion":
                parameter.callback = partial(_retold, parameter.callback)


def _retold(install: Callable[..., Any], *arguments: Any) -> Any:
    """Install completion, which prints its lines and ends the program."""
    printed = io.StringIO()
    try:
        with redirect_stdout(printed):
            return install(*arguments)
    finally:
        for line in printed.getvalue().splitlines():
            typer.echo(said_again(line, spoken()))


def _commands(command: Any) -> Iterator[Any]:
    yield command
    for each in getattr(command, "commands", {}).values():
        yield from _commands(each)


class Formatter(typer.Context.formatter_class):
    """Breaks lines by cells, of which a Korean letter takes two, and says what typer adds."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """The line that begins with "Usage"."""
        super().write_usage(prog, _by_cells(args), _by_cells(f"{said('Usage')}: "))

    def write_heading(self, heading: str) -> None:
        """The title of a list."""
        super().write_heading(said(heading))

    def write_text(self, text: str) -> None:
        """The help of a command."""
        super().write_text(_by_cells(text))

    def write_dl(
        self, rows: Sequence[tuple[str, str]], col_max: int = 30, col_spacing: int = 2
    ) -> None:
        """Arguments, options or commands, with what they are for."""
        told = [(_by_cells(_typed(name)), _by_cells(_with_extras(text))) for name, text in rows]
        super().write_dl(told, col_max, col_spacing)

    def getvalue(self) -> str:
        """All that was written."""
        return super().getvalue().replace(_SECOND_CELL, "")


class _Context(typer.Context):
    formatter_class = Formatter


def _by_cells(text: str) -> str:
    wide = (letter for letter in set(text) if unicodedata.east_asian_width(letter) in "WF")
    return text.translate({ord(letter): letter + _SECOND_CELL for letter in wide})


def _typed(name: str) -> str:
    return _TYPE.sub(lambda found: said(found[0]), name)


def _with_extras(text: str) -> str:
    def each_said(found: re.Match[str]) -> str:
        parts = (part.partition(": ") for part in found[1].split("; "))
        return f"[{'; '.join(said(name) + colon + value for name, colon, value in parts)}]"

    return _EXTRAS.sub(each_said, text)
