"""How commands show a result: tables, Markdown or JSON on the terminal, and the page."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from heedmap.cli.console import err, out, print_line, verdicts_json
from heedmap.cli.language import Language
from heedmap.data.gates.gate import gate
from heedmap.errors import RecordError
from heedmap.ladder.messages import say
from heedmap.phrase import Phrase
from heedmap.record.folders import REPORT_FILE, check_writable
from heedmap.record.manifest import MANIFEST_FILE
from heedmap.record.result import Result

if TYPE_CHECKING:
    from heedmap.sweep.store import RunFolder


AsJson = Annotated[
    bool, typer.Option("--json", help="Print the verdicts as JSON instead of tables.")
]
AsMarkdown = Annotated[
    bool, typer.Option("--markdown", help="Print Markdown, for a pull request or a wiki.")
]

Full = Annotated[
    bool, typer.Option("--full", help="Print every table: all frames, layers and intervals.")
]
Open = Annotated[bool, typer.Option("--open", help="Open the page in the browser.")]

KEPT_IN = Path("heedmap-runs")
"""Where results are kept that nobody chose a folder for."""


def command_line() -> str:
    """What was typed, so that a result can be reproduced."""
    typed = shlex.join(["heedmap", *sys.argv[1:]])
    return typed.encode("utf-8", "backslashreplace").decode()  # names that are not UTF-8


@contextmanager
def kept_in(output: Path | None, *, overwrite: bool = False) -> Iterator[Path]:
    """The folder that a result will be written to; without one, a new folder named by the time.

    The new folder is made at once, so that no other process takes its name, and removed again
    where nothing came into it. Raises RecordError where it cannot be written.
    """
    if output is not None:
        check_writable(output, overwrite=overwrite)
        yield output
        return
    folder = _dated()
    try:
        yield folder
    finally:
        with suppress(OSError):  # it holds the result
            folder.rmdir()
            KEPT_IN.rmdir()


def _dated() -> Path:
    now, number = f"{datetime.now():%Y-%m-%d_%H-%M-%S}", 1
    while True:
        folder = KEPT_IN / (now if number == 1 else f"{now}-{number}")
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            if not KEPT_IN.is_dir():
                raise RecordError(
                    "{kept_in} is not a folder; choose another --out.", kept_in=KEPT_IN
                ) from None
            number += 1
        except OSError as error:
            why = error.strerror or error
            raise RecordError(
                "{folder} cannot be made: {why}; choose another --out.", folder=folder, why=why
            ) from error
        else:
            return folder


def open_page(page: Path) -> None:
    """Show it in the browser."""
    typer.launch(str(page.resolve()))


def from_outside(folder: Path) -> AbstractContextManager[None]:
    """The gate of a folder that may be a stranger's: what it leads to inside is one sentence.

    Whether the result or heedmap is at fault is not known here.
    """
    return gate(
        RecordError,
        Phrase("The result in {folder}", folder=folder),
        Phrase("heedmap verify tells whether it is as it was written, heedmap --debug what failed"),
        doing=Phrase("shown"),
    )


def read_result(folder: Path) -> Result:
    """A result folder, or that of a sweep, whose frames are pooled and read again.

    Raises a HeedmapError for any other folder.
    """
    run = run_folder(folder)
    if run is None:
        found = Result.load(folder)
        if not (folder / MANIFEST_FILE).exists():
            print_line(err, say("note_older", folder=str(folder)))
        return found
    from heedmap.sweep.result import result_of

    done = len(run.statuses())
    if done < len(run.plan.cells):
        cells = len(run.plan.cells)
        print_line(err, say("note_partial", folder=str(folder), done=done, cells=cells))
    return result_of(run)


def run_folder(folder: Path) -> RunFolder | None:
    """The sweep's run in a folder; None for any other folder."""
    from heedmap.sweep.plan_file import CHECKSUMS, PLAN_FILE

    if not (folder / PLAN_FILE).is_file() and not (folder / CHECKSUMS).is_dir():
        return None
    from heedmap.sweep.store import RunFolder

    return RunFolder.open(folder)


def show(
    result: Result,
    output: Path,
    lang: Language,
    *,
    overwrite: bool = False,
    as_json: bool = False,
    as_markdown: bool = False,
    full: bool = False,
    opens: bool = False,
) -> None:
    """Print the result, then save it with its report, and open that where requested.

    The report takes longer to draw than the tables. A result is saved even where they cannot be
    printed: whoever was to read them may have gone away.
    """
    try:
        console = print_result(result, lang, as_json=as_json, as_markdown=as_markdown, full=full)
    finally:
        result.save(output, overwrite=overwrite, report=lambda: _report(result, lang))
    page = output / REPORT_FILE
    _print_path(console, "result_at", output)
    _print_path(console, "report_at", page.resolve())
    if opens:
        open_page(page)


def print_result(
    result: Result,
    lang: Language,
    *,
    as_json: bool = False,
    as_markdown: bool = False,
    full: bool = False,
) -> Console:
    """Print it. Gives where further words go: machines read standard output alone."""
    if as_json:
        typer.echo(verdicts_json(result))
        return err
    if as_markdown:
        from heedmap.report.markdown import to_markdown

        typer.echo(to_markdown(result, lang.value), nl=False)
        return err
    from heedmap.report.terminal import print_result as print_tables

    print_tables(result, out, full=full)
    return out


def write_report(
    result: Result,
    folder: Path,
    lang: Language,
    console: Console = out,
    *,
    title: str | None = None,
    back_url: str | None = None,
) -> Path:
    """Write the page into the folder that the result was read from; gives its path."""
    run, report = run_folder(folder), _report(result, lang, title, back_url)
    path = result.save_report(folder, report) if run is None else run.add_report(report)
    _print_path(console, "report_at", path.resolve())
    return path


def _report(
    result: Result, lang: Language, title: str | None = None, back_url: str | None = None
) -> str:
    from heedmap.report.page.render import render_html

    return render_html(result, lang.value, title=title, back_url=back_url)


def _print_path(console: Console, key: str, path: Path) -> None:
    print_line(console, say(key, path=str(path)))
