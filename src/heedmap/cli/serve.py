"""The command `serve`: the report of a result, a sweep or checkpoints, as it grows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from heedmap.cli.console import out, print_line
from heedmap.cli.language import Lang, Language
from heedmap.cli.showing import Open, from_outside, run_folder
from heedmap.errors import RecordError
from heedmap.ladder import messages
from heedmap.ladder.messages import say
from heedmap.record.record import RECORD_FILE
from heedmap.record.result import Result
from heedmap.record.tables import SCHEMAS

if TYPE_CHECKING:
    from heedmap.report.run_rows import RunRow
    from heedmap.report.serving import View


def serve(
    folder: Annotated[
        Path,
        typer.Argument(
            help="A result folder, that of a sweep, or that of `heedmap watch-checkpoints`."
        ),
    ],
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 8377,
    lang: Lang = Language.en,
    opens: Open = False,
) -> None:
    """Show a report in the browser while its run goes on: on this machine only, without writing.

    Cells of a sweep and checkpoints of a training run appear as they come. Policies can be filtered
    by verdict, and those that are ticked compared.
    """
    from heedmap.report.serving import LOOPBACK, server_of

    with from_outside(folder):
        view = _view(folder, lang.value)
        view.stamp()
    with server_of(view, port) as server:
        address = f"http://{LOOPBACK}:{server.server_address[1]}/"
        print_line(out, say("serving_at", address=address))
        if opens:
            typer.launch(address)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return


def _view(folder: Path, language: messages.Language) -> View:
    is_one = (folder / RECORD_FILE).is_file() or run_folder(folder) is not None
    if not is_one and not any(folder.glob(f"[0-9]*/{RECORD_FILE}")):
        raise RecordError(
            f"{folder} holds no result, sweep or checkpoints; give the folder of --out of an "
            f"audit, a sweep or watch-checkpoints."
        )
    return ResultView(folder, language) if is_one else CheckpointsView(folder, language)


class ResultView:
    """A result, or the cells of a sweep that are there."""

    has_policies = True

    def __init__(self, folder: Path, language: messages.Language) -> None:
        self._folder = folder
        self._language: messages.Language = language
        self._drawn: tuple[str, str] | None = None

    def stamp(self) -> str:
        """The cells that are there, or when the record was written."""
        run = run_folder(self._folder)
        if run is not None:
            return f"{len(run.statuses())}"
        return f"{(self._folder / RECORD_FILE).stat().st_mtime_ns}"

    def said(self, language: messages.Language) -> str:
        """Cells done of all; the folder of a result."""
        run = run_folder(self._folder)
        if run is None:
            return self._folder.name
        return say("summary_cells", language, done=len(run.statuses()), cells=len(run.plan.cells))

    def page(self, path: str, query: Mapping[str, Sequence[str]]) -> str | None:
        """The report, and the comparison of chosen policies."""
        from heedmap.report.page.render import render_html

        if path == "/compare":
            return self._compared(query.get("policy", ()))
        if path != "/":
            return None
        stamp = self.stamp()
        if self._drawn is None or self._drawn[0] != stamp:
            self._drawn = stamp, render_html(self._read(), self._language)
        return self._drawn[1]

    def _read(self) -> Result:
        from heedmap.sweep.result import result_of

        run = run_folder(self._folder)
        return Result.load(self._folder) if run is None else result_of(run)

    def _compared(self, names: Sequence[str]) -> str:
        from heedmap.report.compare.comparison import compare
        from heedmap.report.compare.page import render_comparison

        whole = self._read()
        chosen = tuple(policy for policy in whole.record.policies if policy.name in names)
        record = whole.record.model_copy(update={"policies": chosen})
        some = Result(record, {name: whole.table(name) for name in SCHEMAS}, whole.frame_png)
        return render_comparison(compare([(self._folder, some)]), self._language)


class CheckpointsView:
    """Audited checkpoints of a training run: curves over its steps, and a report each."""

    has_policies = False

    def __init__(self, folder: Path, language: messages.Language) -> None:
        self._folder = folder
        self._language: messages.Language = language

    def _steps(self) -> dict[str, Path]:
        return {path.parent.name: path for path in self._folder.glob(f"[0-9]*/{RECORD_FILE}")}

    def stamp(self) -> str:
        """When each record was written."""
        return ",".join(f"{n}:{p.stat().st_mtime_ns}" for n, p in sorted(self._steps().items()))

    def said(self, language: messages.Language) -> str:
        """How many there are."""
        return say("serving_checkpoints", language, count=len(self._steps()))

    def page(self, path: str, query: Mapping[str, Sequence[str]]) -> str | None:
        """The overview, and the report of a checkpoint by its folder."""
        from heedmap.report.page.render import render_html
        from heedmap.report.run_page import render_run

        if path == "/":
            rows = [self._row(name) for name in sorted(self._steps())]
            return render_run(sorted(rows, key=lambda row: row.step), self._folder.resolve().name)
        name = path.removeprefix("/").removesuffix("/report.html")
        if name not in self._steps() or path != f"/{name}/report.html":
            return None
        return render_html(Result.load(self._folder / name), self._language, back_url="/")

    def _row(self, name: str) -> RunRow:
        from heedmap.report.run_rows import run_row

        result = Result.load(self._folder / name)
        return run_row(int(name), result.record.policies[0], name)
