"""The page of the audit for a browser: what is found on a small benchmark and hostile texts."""

from __future__ import annotations

from pathlib import Path

import pytest

from heedmap.report.words.findings import find_all
from heedmap.report.words.page import write_pages
from heedmap.report.words.sources import read_source
from tests.report.browsing import browser, opened
from tests.report.words.tasks import BASE, source, write_suite

__all__ = ["browser", "opened"]

HOSTILE = (
    *("<script>alert(1)</script>", "open\x1b[31m it", "\u202eevil", "[bold]TODO[/bold] it"),
    *("pick up the cup ", "Pick up the cup.", "pick up the cup", "\ud800 half"),
)


@pytest.fixture(scope="session")
def report_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("words")
    write_suite(folder / "tasks/desk", BASE)
    write_suite(folder / "tasks/desk_task", dict.fromkeys(BASE, "close the upper box"))
    sources = [source("open it", "close it", role="trained"), source(*HOSTILE, "a" * 400)]
    return write_pages(find_all([*sources, read_source(folder / "tasks", "asked")]), folder)
