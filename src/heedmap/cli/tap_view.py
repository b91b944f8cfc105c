"""What `heedmap tap` shows while it runs: lines at once, a live table on a terminal, the page."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from heedmap.cli.console import err, out, print_line
from heedmap.ladder.messages import Language, say, words_in
from heedmap.ladder.messages.numbers import ABSENT
from heedmap.monitor.tap.meter import meter_text, refusal_text
from heedmap.monitor.tap.page import REFRESH_S, write_page
from heedmap.monitor.tap.step import Step
from heedmap.monitor.tap.story import Odd, Told
from heedmap.monitor.tap.terminal import line_of, words_text
from heedmap.monitor.tap.watch import FINDINGS
from heedmap.report.rich_tables import plain_table

MOST_ROWS = 20
LIVE_EVERY_S = 0.25


class View:
    """Told by the tap what it sees. `showing` lasts as long as the tap runs."""

    def __init__(self, server: str, folder: Path, language: Language) -> None:
        self._server = server
        self._folder = folder
        self._language: Language = language
        self._live: Live | None = None
        self._page_s = self._live_s = 0.0
        self._shown_steps = -1
        self._refusal: str | None = None

    def showing(self) -> AbstractContextManager[object]:
        """On a terminal a table below the lines; elsewhere lines alone."""
        if not out.is_terminal:
            return nullcontext()
        self._live = Live(console=out, auto_refresh=False, transient=True)
        return self._live

    @property
    def _warnings(self) -> Console:
        """Beside a live table everything goes to one stream, or it would be torn."""
        return out if self._live is not None else err

    def opened(self, client: int) -> None:
        """A client is connected."""
        print_line(out, say("tap_opened", self._language, client=client))

    def stepped(self, step: Step, begun: list[Odd]) -> None:
        """The first words of a client, and what is odd from here on."""
        if step.step == 0:
            words = words_text(step.words, self._language)
            place = {"client": step.client, "step": step.step}
            print_line(out, say("tap_first_words", self._language, words=words, **place))
        for odd in begun:
            print_line(self._warnings, line_of(odd, self._language))

    def unreachable(self, why: str) -> None:
        """A client came, and the server was not there."""
        where = {"server": self._server, "why": why}
        print_line(self._warnings, say("tap_unreachable", self._language, **where))

    def failed(self, why: str) -> None:
        """Nothing more is recorded."""
        print_line(self._warnings, say("tap_not_recorded", self._language, why=why))

    def ticked(self, told: Told) -> None:
        """Show the table and write the page again, each not too often."""
        now, refusal = time.monotonic(), told.about.shadow
        if refusal != self._refusal and (text := refusal_text(refusal, self._language)):
            print_line(self._warnings, text)
            self._refusal = refusal
        if self._live is not None and now - self._live_s >= LIVE_EVERY_S:
            self._live.update(live_table(told, self._language), refresh=True)
            self._live_s = now
        if told.story.count != self._shown_steps and now - self._page_s >= REFRESH_S:
            write_page(told, self._folder, self._language, is_running=True)
            self._shown_steps = told.story.count
            self._page_s = time.monotonic()


def live_table(told: Told, language: Language = "en") -> Table:
    """A line a client: its words now, step, latency, heed meter, and the warnings on this step."""
    words, table = words_in(language), plain_table("")
    table.title = None
    table.add_column(words("tap_client_column"), justify="right")
    table.add_column(words("tap_step_now"), justify="right")
    table.add_column(words("tap_words_column"), overflow="ellipsis", no_wrap=True, ratio=1)
    table.add_column(words("tap_latency_column"), justify="right", no_wrap=True)
    table.add_column(words("tap_meter_heading"), no_wrap=True)
    table.add_column(words("tap_warnings_column"))
    clients = {number: now for number, now in told.story.clients.items() if now.is_open}
    for number, now in list(clients.items())[-MOST_ROWS:]:
        latency = ABSENT if now.step.latency_ms is None else f"{now.step.latency_ms:.1f} ms"
        warnings = [code for code in now.step.findings if FINDINGS.get(code) == "warning"]
        table.add_row(
            *(str(number), str(now.step.step)),
            Text(words_text(now.step.words, language)),
            *(latency, meter_text(now.reading, language)),
            Text(", ".join(warnings), style="bold yellow"),
        )
    return table
