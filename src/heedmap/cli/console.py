"""What the commands share: consoles, progress bars, and how an error is printed."""

from __future__ import annotations

import codecs
import io
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from rich.console import Console, ConsoleOptions, RenderableType
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.segment import Segment

from heedmap.phrase import Phrase, spoken
from heedmap.record.result import Result
from heedmap.visible import MOST_LETTERS, sentence, unobeyed, unobeyed_json, visible

MIN_WIDTH = 100
"""The tables need this many columns; a narrower terminal wraps lines rather than lose any."""

_PLAIN = {
    **dict.fromkeys("\N{EN DASH}\N{EM DASH}\N{MINUS SIGN}", "-"),
    **dict.fromkeys("“”", '"'),
    **dict.fromkeys("\N{LEFT SINGLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}", "'"),
    **{"✓": "+", "✗": "x", "→": "->", "≠": "!=", "…": "...", "π": "pi", "␣": "_"},
}
"""Replaces a character of ours where a terminal's code page does not have it."""


def plainly(error: UnicodeError) -> tuple[str, int]:
    """Write what a code page lacks in plain letters, or as a question mark."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(_PLAIN.get(character, "?") for character in lacking), error.end


codecs.register_error("heedmap", plainly)
for _stream in (sys.stdout, sys.stderr):
    if isinstance(_stream, io.TextIOWrapper):  # it would end in an error half-way
        _stream.reconfigure(errors="heedmap")


class SafeConsole(Console):
    """Prints tables and texts that may hold anything: nothing but rich's own codes is obeyed."""

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """As `Console.render`."""
        for each in super().render(renderable, options):
            yield each if each.control else Segment(unobeyed(each.text), each.style)


out = SafeConsole()
out.width = max(out.width, MIN_WIDTH)
err = SafeConsole(stderr=True)

Advance = Callable[[str, int, int], None]
"""Called with what is done now, how far, and of how many."""


@contextmanager
def progress_bar() -> Iterator[Advance]:
    """A bar on standard error that follows `advance(label, done, total)`."""
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, transient=True) as progress:
        task = progress.add_task("", total=None)

        def advance(label: str, done: int, total: int) -> None:
            progress.update(task, description=label, completed=done, total=total)

        yield advance


def print_line(console: Console, line: str) -> None:
    """A line that may hold paths and names from outside; the same words at any width."""
    console.print(visible(line), highlight=False, markup=False, soft_wrap=True)


def print_error(message: str) -> None:
    """One line on standard error."""
    head = Phrase("error:").in_language(spoken())
    err.print(head, style="bold red", end=" ")
    print_line(err, sentence(message))


def print_causes(error: BaseException) -> None:
    """Its traceback and those of its causes on standard error; nothing in it is obeyed."""
    for line in "".join(traceback.format_exception(error)).splitlines():
        print_line(err, line[:MOST_LETTERS])


def verdicts_json(result: Result) -> str:
    """Every policy's verdict, by its name."""
    verdicts = {p.name: p.verdict.model_dump(mode="json") for p in result.record.policies}
    return unobeyed_json(verdicts)
