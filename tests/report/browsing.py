"""Pages in a real browser: Chromium, headless, from `file://`.

Where no Chromium is installed the tests are skipped; with CI=true that is a failure. One
browser serves all tests of a session, so these fixtures stand in one place (see `conftest`).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from heedmap.record.result import Result
from heedmap.report.page.render import write_html

SERIOUS = ("serious", "critical")

Open = Callable[..., Page]
_RUNNING: list[Browser] = []
"""The browser of this process; Playwright starts one time in each."""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if _RUNNING:  # another folder of tests has these fixtures, too
        yield _RUNNING[0]
        return
    found = os.environ.get("HEEDMAP_CHROMIUM") or next(
        (path for name in ("chromium", "chromium-browser") if (path := shutil.which(name))), None
    )
    if found is None:
        assert os.environ.get("CI") != "true", "CI needs a Chromium: apt-get install chromium"
        pytest.skip("no Chromium: apt-get install chromium, or set HEEDMAP_CHROMIUM")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        _RUNNING.append(started)
        yield started
        _RUNNING.clear()
        started.close()


@pytest.fixture(scope="session")
def report_file(audited: Result, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    write_html(audited, path)
    return path


@pytest.fixture
def opened(browser: Browser, report_file: Path) -> Iterator[Open]:
    """Opens a page; any console message, error or request that leaves it fails the test."""
    pages: list[Page] = []
    complaints: list[str] = []

    def open_page(file: Path = report_file, *, query: str = "", **options: object) -> Page:
        page = browser.new_page(**options)  # pyright: ignore[reportArgumentType]
        page.on("console", lambda message: complaints.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
        page.on("dialog", lambda dialog: complaints.append(f"dialog: {dialog.message}"))
        page.on("request", lambda request: complaints.append(f"request: {request.url}"))
        page.goto(address := file.as_uri() + query)
        assert complaints.pop(0) == f"request: {address}"
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        page.close()
    assert [each for each in complaints if not each.startswith("request: data:")] == []


def shown(page: Page, selector: str) -> list[str]:
    """The visible text of every element."""
    return [text.strip() for text in page.locator(selector).all_inner_texts()]
