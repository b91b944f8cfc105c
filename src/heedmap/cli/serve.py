"""The command `serve`: the report of a result, a sweep or checkpoints, as it grows."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
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
    from heedmap.report.serving import State, View
    from heedmap.sweep.store import RunFolder


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
        view.state()
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
            "{folder} holds no result, sweep or checkpoints; give the folder of --out of an "
            "audit, a sweep or watch-checkpoints.",
            folder=folder,
        )
    return ResultView(folder, language) if is_one else CheckpointsView(folder, language)


class ResultView:
    """A result, or the cells of a sweep that are there."""

    has_policies = True

    def __init__(self, folder: Path, language: messages.Language) -> None:
        self._folder = folder
        self.language: messages.Language = language
        self._run: tuple[int, RunFolder] | None = None
        self._read: tuple[str, Result] | None = None
        self._page: tuple[str, str] | None = None

    def state(self) -> State:
        """The cells that are there, or when the record was written."""
        from heedmap.report.serving import State

        run = self._open_run()
        if run is None:
            name = self._folder.resolve().name
            stamp = f"{_changed_ns(self._folder / RECORD_FILE)}"
            return State(stamp, dict.fromkeys(messages.LANGUAGES, name))
        done, latest = run.finished()
        cells = len(run.plan.cells)
        return State(
            f"{done}:{latest}",
            {of: say("summary_cells", of, done=done, cells=cells) for of in messages.LANGUAGES},
        )

    def page(self, path: str, query: Mapping[str, Sequence[str]]) -> str | None:
        """The report, the pictures of one policy, and the comparison of chosen ones."""
        from heedmap.report.page.render import render_drawings, render_html
        from heedmap.report.serving import page_of

        if path == "/compare":
            return self._compared(query.get("policy", ()))
        if path == "/drawings":
            result = self._result()
            named = {policy.name: policy for policy in result.record.policies}
            policy = named.get(query.get("policy", [""])[0])
            return None if policy is None else render_drawings(result, policy, self.language)
        if path != "/":
            return None
        run, stamp = self._open_run(), self.state().stamp
        if run is not None and not run.finished()[0]:
            return page_of(say("serving_nothing_yet", self.language), self.language)
        if self._page is None or self._page[0] != stamp:
            self._page = stamp, render_html(self._result(), self.language, draws=False)
        return self._page[1]

    def _open_run(self) -> RunFolder | None:
        """Opened once for each plan."""
        from heedmap.sweep.plan_file import PLAN_FILE

        path = self._folder / PLAN_FILE
        changed_ns = path.stat().st_mtime_ns if path.is_file() else 0
        if self._run is None or self._run[0] != changed_ns:
            run = run_folder(self._folder)
            self._run = None if run is None else (changed_ns, run)
        return None if self._run is None else self._run[1]

    def _result(self) -> Result:
        """Read once for each state."""
        from heedmap.sweep.result import result_of

        stamp, run = self.state().stamp, self._open_run()
        if self._read is None or self._read[0] != stamp:
            read = Result.load(self._folder) if run is None else result_of(run)
            self._read = stamp, read
        return self._read[1]

    def _compared(self, names: Sequence[str]) -> str:
        from heedmap.report.compare.comparison import compare
        from heedmap.report.compare.page import render_comparison

        whole = self._result()
        chosen = tuple(policy for policy in whole.record.policies if policy.name in names)
        record = whole.record.model_copy(update={"policies": chosen})
        some = Result(record, {name: whole.table(name) for name in SCHEMAS}, whole.frame_png)
        return render_comparison(compare([(self._folder, some)]), self.language)


class CheckpointsView:
    """Audited checkpoints of a training run: curves over its steps, and a report each."""

    has_policies = False

    def __init__(self, folder: Path, language: messages.Language) -> None:
        self._folder = folder
        self.language: messages.Language = language
        self._rows: dict[tuple[str, int], RunRow] = {}
        """By folder, and when its record was written: read once."""

    def state(self) -> State:
        """Which checkpoints there are, and when each record was written."""
        from heedmap.report.serving import State

        steps = self._steps()
        stamp = ",".join(f"{name}:{changed_ns}" for name, changed_ns in steps)
        count = len(steps)
        return State(
            hashlib.sha256(stamp.encode()).hexdigest()[:16],
            {of: say("serving_checkpoints", of, count=count) for of in messages.LANGUAGES},
        )

    def page(self, path: str, query: Mapping[str, Sequence[str]]) -> str | None:
        """The overview, and the report of a checkpoint by its folder."""
        from heedmap.report.page.render import render_html
        from heedmap.report.run_page import render_run

        if path == "/":
            rows = sorted(map(self._row, self._steps()), key=lambda row: row.step)
            return render_run(rows, self._folder.resolve().name, self.language)
        name = path.removeprefix("/").removesuffix("/report.html")
        if name not in dict(self._steps()) or path != f"/{name}/report.html":
            return None
        return render_html(Result.load(self._folder / name), self.language, back_url="/")

    def _steps(self) -> list[tuple[str, int]]:
        """Folders of results that are whole, with the time of their records."""
        found: list[tuple[str, int]] = []
        for path in sorted(self._folder.glob(f"[0-9]*/{RECORD_FILE}")):
            with suppress(OSError):  # it is just being replaced
                found.append((path.parent.name, path.stat().st_mtime_ns))
        return [each for each in found if each[0].isdigit()]

    def _row(self, of: tuple[str, int]) -> RunRow:
        from heedmap.report.run_rows import run_row

        if of not in self._rows:
            name, _ = of
            policy = Result.load(self._folder / name).record.policies[0]
            self._rows[of] = run_row(int(name), policy, name)
        return self._rows[of]


def _changed_ns(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError as error:
        raise RecordError(
            "{path} cannot be read ({why}); is its folder gone?",
            path=path,
            why=error.strerror or error,
        ) from error
