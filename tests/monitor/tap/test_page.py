"""The page of a tap: what it says, and in a real browser."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pytest
from axe_playwright_python.sync_playwright import Axe
from rich.console import Console

from heedmap.cli.tap_view import live_table
from heedmap.ladder.messages import LANGUAGES, Language, say
from heedmap.monitor.tap.page import REFRESH_S, render_page
from heedmap.monitor.tap.story import Story, Told, story_of
from heedmap.monitor.tap.terminal import print_summary
from tests.monitor.tap.conftest import ABOUT, HOSTILE, readings, steps
from tests.report.browsing import SERIOUS, Open, shown


def printed(told: Told, language: Language = "en") -> str:
    """The summary as text."""
    console = Console(file=StringIO(), width=120, force_terminal=False)
    print_summary(told, console, language)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_warnings_come_first_and_in_both_languages(opened: Open) -> None:
    page = opened()
    assert shown(page, "h1") == [say("tap_title")]
    codes = [*("empty", "went_back", "missing", "outside_training", "markup")]
    found = shown(page, "#findings h3 code")
    assert sorted(found) == sorted(codes)
    sections = page.evaluate("[...document.querySelectorAll('main > section')].map(e => e.id)")
    assert sections[:3] == ["findings", "words", "meter"]
    page.click("[data-set-language=ko]")
    assert shown(page, "h1") == [say("tap_title", "ko")]
    assert page.locator(".en:visible").count() == 0


def test_words_are_text_and_changes_have_pictures(opened: Open) -> None:
    page = opened()
    words = shown(page, ".changes tbody td:first-child")
    assert words[:3] == ["pick up the red cup", "put it on the plate", "pick up the red cup"]
    assert any(each.startswith("<script>alert(1)</script> \\x1b[31m") for each in words)
    loaded = page.evaluate("[...document.images].map(each => each.naturalWidth)")
    assert loaded == [96] * 8


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_serious_is_found_by_axe(opened: Open, theme: str) -> None:
    page = opened(color_scheme=theme)
    found = Axe().run(page).response["violations"]
    assert [(each["id"], each["nodes"]) for each in found if each["impact"] in SERIOUS] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_narrow_page_does_not_scroll_sideways(opened: Open, language: str) -> None:
    page = opened(viewport={"width": 390, "height": 800})
    page.click(f"[data-set-language={language}]")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_page_is_loaded_again_only_while_the_tap_runs(told: Told) -> None:
    refresh = f'http-equiv="refresh" content="{REFRESH_S}"'
    assert refresh in render_page(told, is_running=True)
    assert refresh not in render_page(told, is_running=False)
    killed = Told(ABOUT.model_copy(update={"ended": None}), told.story)
    assert say("tap_killed") in render_page(killed, is_running=False)


def test_a_page_without_steps_can_be_made() -> None:
    empty = Told(ABOUT, Story())
    assert say("tap_no_steps") in render_page(empty, is_running=False)
    assert say("tap_no_steps") in printed(empty)


def test_the_page_keeps_to_its_share_of_the_bound() -> None:
    many = [
        replace(step, words=f"words {number}", step=number)
        for number, step in enumerate(steps()[:40] * 30)
    ]
    small = Told(ABOUT.model_copy(update={"max_mb": 2.0}), story_of(many))
    assert len(render_page(small, is_running=False)) < 2 * 2**20 / 8
    assert len(small.story.bands) == 1000
    assert small.story.bands_left_out == 200


def test_the_summary_says_what_the_page_says(told: Told) -> None:
    for language in LANGUAGES:
        text = " ".join(printed(told, language).split())
        assert say("tap_steps_removed", language, most="500", steps=10) in text
        assert say("tap_dropped", language, count=2) in text
        assert say("tap_found_went_back", language) in text
        assert "\x1b" not in text
    assert "With “turn left” in place of the client's words the action moves by 0.144" in " ".join(
        printed(told).split()
    )


def test_the_live_table_has_a_line_for_each_open_client(told: Told) -> None:
    story = Story()
    for step in steps():
        story.add(step)
    for reading in readings():
        story.add_reading(reading)
    console = Console(file=StringIO(), width=140, force_terminal=False)
    console.print(live_table(Told(ABOUT, story)))
    assert isinstance(console.file, StringIO)
    lines = [line for line in console.file.getvalue().splitlines() if line.strip()]
    assert len(lines) == 4
    assert "31.4 ms" in lines[2]
    assert "0.087 (same words: 0)" in lines[2]
    assert "missing" in lines[3]
    assert HOSTILE not in "".join(lines)
    story.end(2)
    console.print(live_table(Told(ABOUT, story)))
    assert console.file.getvalue().count("missing") == 1
