"""The page of the audit in a real browser: a message, an error or a request fails each test."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

from heedmap.ladder.messages import say
from tests.report.browsing import SERIOUS, Open, shown


def test_both_languages_are_in_the_page(opened: Open) -> None:
    page = opened()
    assert shown(page, "h1") == [say("words_page_title")]
    page.click("[data-set-language=ko]")
    assert shown(page, "h1") == [say("words_page_title", "ko")]
    assert page.locator(".en:visible").count() == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_serious_is_found_by_axe(opened: Open, theme: str) -> None:
    page = opened(color_scheme=theme)
    found = Axe().run(page).response["violations"]
    assert [(each["id"], each["nodes"]) for each in found if each["impact"] in SERIOUS] == []


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_narrow_page_does_not_scroll_sideways(opened: Open, language: str) -> None:
    page = opened(viewport={"width": 390, "height": 800})
    page.click(f"[data-set-language={language}]")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
