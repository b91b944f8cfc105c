"""The page of tried remedies in a browser: before and after on one screen."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

from heedmap.ladder.messages import LANGUAGES, Language
from tests.report.browsing import SERIOUS, Open, shown

DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}


@pytest.mark.parametrize("size", [DESK, PHONE])
@pytest.mark.parametrize("language", LANGUAGES)
def test_before_after_and_the_recommendation_are_on_one_screen(
    opened: Open, size: dict[str, int], language: Language
) -> None:
    page = opened(viewport=size)
    page.click(f"[data-set-language={language}]")
    assert page.evaluate("scrollY") == 0
    for selector in (".said", ".tried tbody tr:first-child", ".tried tbody tr.best"):
        box = page.locator(selector).bounding_box()
        assert box is not None, selector
        assert box["y"] + box["height"] <= size["height"], selector
        assert box["x"] + box["width"] <= size["width"], selector
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_what_breaks_a_frame_that_must_win_is_marked(opened: Open) -> None:
    page = opened(viewport=DESK)
    assert shown(page, ".tried .worse") != []
    rows = shown(page, ".tried tbody tr")
    assert "guidance" in next(row for row in rows if "helps" in row)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_serious_is_found_by_axe(opened: Open, theme: str) -> None:
    found = Axe().run(opened(color_scheme=theme)).response["violations"]
    assert [(each["id"], each["nodes"]) for each in found if each["impact"] in SERIOUS] == []
