"""The page of a comparison in a real browser, as `test_browser` opens the report."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from heedmap.ladder.messages import say
from heedmap.record.result import Result
from heedmap.report.compare.comparison import Comparison, compare
from heedmap.report.compare.page import write_comparison
from tests.report.browsing import SERIOUS, Open, shown


@pytest.fixture(scope="module")
def comparison(audited: Result) -> Comparison:
    return compare([("run", audited)])


@pytest.fixture(scope="module")
def file(comparison: Comparison, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("compare") / "compare.html"
    write_comparison(comparison, path)
    return path


def test_both_languages_are_in_the_page(opened: Open, file: Path) -> None:
    page = opened(file)
    assert shown(page, "h1") == [say("compare_title")]
    page.click("[data-set-language=ko]")
    assert shown(page, "h1") == [say("compare_title", "ko")]
    assert page.locator(".en:visible").count() == 0
    for text in shown(page, ".drawing .scroll"):
        assert not [word for word in ("Layer", "Share", "Image", "interval") if word in text], text


def test_differences_are_sorted_and_saved(opened: Open, file: Path, comparison: Comparison) -> None:
    page = opened(file)
    column = 5  # the difference
    page.locator("#table-differences thead tr").nth(1).locator("th").nth(column - 1).click()
    texts = shown(page, f"#table-differences tbody td:nth-child({column})")
    values = [float(text.split()[0]) for text in texts if text[0] in "+-0123456789"]
    assert len(values) > 1
    assert values == sorted(values)
    with page.expect_download() as download:
        page.click("[data-csv=differences]")
    content = Path(download.value.path()).read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(content)))
    assert len(rows) == 7 * (len(comparison.entries) - 1)
    assert {row["Model"] for row in rows} == {entry.name for entry in comparison.others}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_serious_is_found_by_axe(opened: Open, file: Path, theme: str) -> None:
    page = opened(file, color_scheme=theme)
    found = Axe().run(page).response["violations"]
    assert [(each["id"], each["nodes"]) for each in found if each["impact"] in SERIOUS] == []


def test_a_narrow_page_does_not_scroll_sideways(opened: Open, file: Path) -> None:
    page = opened(file, viewport={"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
