"""The first screen and the explorer in a real browser."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa
import pytest
from playwright.sync_api import Page, expect

from heedmap.ladder.messages import LANGUAGES, Language, say
from heedmap.ladder.wording import verdict_sentences
from heedmap.record.result import Result
from heedmap.record.tables import SCHEMAS, TableFile, TableName
from heedmap.report.page.render import write_html
from tests.report import sample
from tests.report.browsing import Open, shown
from tests.report.conftest import BYPASSED, HEEDS, OVERWRITTEN

BOTTOM = "e => e.getBoundingClientRect().bottom + scrollY"
SCREENS = [(1440, 900, 1), (390, 844, 2)]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("width", "height", "screens"), SCREENS)
def test_the_first_screen_answers_four_questions(
    opened: Open, audited: Result, language: Language, width: int, height: int, screens: int
) -> None:
    """How many follow, which do not, why, and what to do."""
    page = opened(viewport={"width": width, "height": height}, query=f"?lang={language}")
    lost = next(p for p in audited.record.policies if p.name == OVERWRITTEN)
    (why, *_), fix = verdict_sentences(lost.verdict, language)
    number = 1 + list(lost.verdict.rungs).index(lost.verdict.first_failing or "obeyed")
    failing = say(f"lost_{lost.verdict.first_failing}", language)
    answers = {
        ".headline > span:nth-child(1)": say("sum_follow", language, follows=2, total=3),
        ".headline > span:nth-child(2)": say(
            "sum_lost", language, count=1, number=number, failing=failing
        ),
        ".group:has(h3.bad) .policy > summary": OVERWRITTEN,
        ".group:has(h3.bad) > p": f"{why} {say('fix', language)}: {fix}".replace("`", ""),
    }
    for selector, text in answers.items():
        found = page.locator(selector).first
        assert text in " ".join(found.inner_text().split()), selector
        assert found.evaluate(BOTTOM) < screens * height, selector


def test_one_line_a_policy_with_its_rate_and_the_published_rule(opened: Open) -> None:
    page = opened(viewport={"width": 1440, "height": 900})
    lines = page.locator("#ladder .policy > summary")
    assert lines.count() == 3
    assert max(lines.evaluate_all("all => all.map(e => e.offsetHeight)")) < 34
    assert shown(page, ".policy .followed")[-1] == "100 % (18 of 18), chance 33 %"
    assert shown(page, ".policy .judged:visible") == ["no evidence", "correct", "wrong"]


def chosen(page: Page) -> str:
    return page.locator(".stage .seen, .stage .masked").evaluate_all(
        "all => all.map(e => e.dataset.tip).join()"
    )


def test_layer_head_and_instruction_change_what_is_shown(opened: Open) -> None:
    page = opened()
    assert page.locator("[data-pick=policy]").input_value() == HEEDS
    seen = {chosen(page)}
    shares = {page.locator("#explorer .shares").inner_text()}
    page.locator("[data-pick=layer]").focus()
    page.keyboard.press("ArrowRight")
    assert shown(page, "#explorer output") == ["0"]
    seen.add(chosen(page))
    shares.add(page.locator("#explorer .shares").inner_text())
    page.click("[data-instruction=right] .tab")
    seen.add(chosen(page))
    assert len(seen) == 3
    page.select_option("[data-pick=head]", "1")
    shares.add(page.locator("#explorer .shares").inner_text())
    assert len(shares) == 3
    assert page.locator("#explorer .shares").inner_text().startswith("Image")
    page.locator(".grid i").nth(5).click()
    assert page.locator("[data-pick=head]").input_value() == "2"
    assert shown(page, "#explorer output") == ["1"]


def test_the_trail_comes_first_and_is_linked_to_the_layer(opened: Open) -> None:
    page = opened()
    top = "e => e.getBoundingClientRect().top"
    trail, stage = page.locator("#explorer .trail"), page.locator("#explorer .stage")
    assert trail.evaluate(top) < stage.evaluate(top)
    said = page.locator("[data-trail]").inner_text()
    assert said.startswith("Between two instructions, the difference enters at ")
    assert "reaches the last call" in said
    assert page.locator(".trail .lost, .trail .picked").count() == 0
    page.locator(".trail .call.of-layer").last.click()
    last = page.locator("[data-pick=layer]").get_attribute("max")
    assert shown(page, "#explorer output") == [last]
    assert page.locator(".trail .picked").count() > 1
    page.select_option("[data-pick=policy]", OVERWRITTEN)
    page.wait_for_selector(".trail .lost", state="attached")
    assert " and is lost in " in page.locator("[data-trail]").inner_text()
    figures = page.locator(f'[data-policy="{OVERWRITTEN}"] .drawing')
    assert "trail" in (figures.first.get_attribute("class") or "")


LINKED = "e => Number(getComputedStyle(e).getPropertyValue('--l'))"


def test_a_word_shows_its_patches_and_its_effect_and_a_patch_its_words(
    opened: Open, audited: Result
) -> None:
    page = opened()
    page.locator("[data-pick=layer]").fill("1")
    page.locator(".word").last.hover()
    told = page.locator("#tip").inner_text()
    rows = audited.word_image.to_pylist()
    case = audited.record.policies[0].cases[0]
    at = case.words[-1].positions[0]
    read = [
        row["reads"]
        for row in rows
        if (row["policy"], row["instruction"], row["layer"], row["word_position"])
        == (HEEDS, case.instruction, 1, at)
    ]
    assert len(read) == 64
    total = re.search(rf"{say('word_reads')} ([\d.]+) % \(most: ", told)
    assert total is not None, told
    assert float(total[1]) == pytest.approx(100 * sum(read), abs=0.1)
    assert f"{say('effect_of_hiding')} " in told
    patches = page.locator(".stage .linked")
    assert patches.count() == 8 * 8
    strengths = patches.evaluate_all(f"all => all.map({LINKED})")
    assert max(strengths) == 1
    assert min(strengths) < 0.9
    brightest = page.locator(".stage .seen").nth(strengths.index(1.0))
    assert f"most: {brightest.get_attribute('data-tip')}".split(": ")[1] in told
    page.locator("h1").hover()
    assert patches.count() == 0
    brightest.hover()
    assert f"{say('patch_is_read')}: " in page.locator("#tip").inner_text()
    words = page.locator(".word.linked")
    assert words.count() == len(case.words)
    assert max(words.evaluate_all(f"all => all.map({LINKED})")) == 1
    page.locator("h1").hover()
    assert words.count() == 0


def test_where_words_and_patches_are_not_linked_the_page_says_so(
    opened: Open, audited: Result, tmp_path: Path
) -> None:
    """In a record without the table, as an older heedmap wrote it."""
    tables: dict[TableName, pa.Table | TableFile] = {
        name: audited.table(name) for name in SCHEMAS if name != "word_image"
    }
    file = tmp_path / "older.html"
    write_html(Result(audited.record, tables, audited.frame_png), file)
    page = opened(file)
    page.locator(".word").last.hover()
    assert say("link_none") in page.locator("#tip").inner_text()
    assert page.locator(".stage .linked").count() == 0
    assert say("links_note") not in page.locator("[data-about]").inner_text()


def test_a_link_leads_to_the_same_view(opened: Open) -> None:
    page = opened()
    page.click("[data-instruction=right] .tab")
    page.select_option("[data-pick=head]", "strongest")
    page.select_option("[data-pick=policy]", BYPASSED)
    page.locator("[data-pick=layer]").fill("1")
    view = page.locator("#explorer").inner_text(), chosen(page)
    assert f"policy={BYPASSED.replace('@', '%40')}" in page.url
    again = opened()
    again.evaluate(f"location.hash = {page.url.partition('#')[2]!r}")
    expect(again.locator("#explorer output").first).to_have_text("1")
    assert (again.locator("#explorer").inner_text(), chosen(again)) == view
    assert again.locator(f'[data-policy="{BYPASSED}"] .drawing:visible').count() > 0


def test_a_broken_link_shows_the_first_view(opened: Open) -> None:
    page = opened()
    page.evaluate("location.hash = '#policy=none&layer=99&head=x'")
    page.evaluate(f"location.hash = '#policy={HEEDS}&layer=99&head=x&frame=no&instruction=no'")
    page.wait_for_timeout(50)
    assert shown(page, "#explorer output") == [say("mean_short")]
    assert page.locator("[data-pick=head]").input_value() == "mean"


def test_words_tell_their_attention_and_effect(opened: Open) -> None:
    page = opened()
    page.locator(".word").first.focus()
    told = page.locator("[data-about]").inner_text()
    assert told.startswith("navigate: position ")
    assert say("effect_of_hiding") in told
    page.select_option("[data-pick=policy]", OVERWRITTEN)
    page.wait_for_selector(".word.nowhere")
    page.locator(".word").first.hover()
    assert say("no_position") in page.locator("#tip").inner_text()
    page.click("[data-set-language=ko]")
    assert say("words_nowhere", "ko") in page.locator("[data-about]").inner_text()


def test_a_click_on_a_policy_shows_it(opened: Open) -> None:
    page = opened()
    page.click(f'[data-policy="{OVERWRITTEN}"] > summary')
    page.wait_for_selector(".word.nowhere")
    assert page.locator("[data-pick=policy]").input_value() == OVERWRITTEN
    assert page.locator(f'[data-policy="{OVERWRITTEN}"] .drawing:visible').count() > 0


@pytest.fixture
def of_frames(tmp_path: Path) -> Path:
    """Two frames, of which the second has more wrong actions."""
    built = sample.realistic(layers=2, frames=("fine", "worse"))
    first, *others = built.record.policies
    cases = [
        case.model_copy(update={"action": case.action.model_copy(update={"name": "left"})})
        if case.frame == "worse"
        else case.model_copy(
            update={"action": case.action.model_copy(update={"name": case.instruction})}
        )
        for case in first.cases
    ]
    policies = (first.model_copy(update={"cases": tuple(cases)}), *others)
    record = built.record.model_copy(update={"policies": policies})
    file = tmp_path / "frames.html"
    write_html(Result(record, {"attention": built.attention}, built.frame_png), file)
    return file


def test_the_worst_frame_comes_first(opened: Open, of_frames: Path) -> None:
    page = opened(of_frames)
    assert shown(page, "[data-pick=frame] option") == ["worse (wrong: 2)", "fine"]
    assert page.locator(".stage img:visible").get_attribute("data-frame") == "worse"


@pytest.mark.parametrize(
    ("query", "locale", "shown_in"),
    [("", "ko-KR", "ko"), ("", "en-GB", "en"), ("?lang=en", "ko-KR", "en"), ("", "fr-FR", "en")],
)
def test_the_language_is_the_readers(
    opened: Open, report_file: Path, query: str, locale: str, shown_in: str
) -> None:
    page = opened(locale=locale, query=query)
    assert page.evaluate("document.documentElement.lang") == shown_in


def test_the_chosen_language_is_remembered(opened: Open) -> None:
    page = opened()
    page.click("[data-set-language=ko]")
    assert page.evaluate("firstLanguage()") == "ko", "whatever the browser prefers"
