"""The page in a real browser."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from heedmap.ladder.messages import say
from heedmap.record.record import Instruction
from heedmap.record.result import Result
from heedmap.report.page.render import write_html
from heedmap.report.wording import ABSENT
from tests.report import sample
from tests.report.browsing import SERIOUS, Open, shown
from tests.report.conftest import HEEDS

QUICK_MS = 1_000
ONE_LINE_PX = 50
CUT = """() => [...document.querySelectorAll('main *')].filter(e => e.checkVisibility()
    && !e.closest('.scroll, svg, .hidden, [data-about]') && e.scrollWidth > e.clientWidth + 1
    && getComputedStyle(e).display !== 'inline' && getComputedStyle(e).overflowX !== 'visible')
    .map(e => e.outerHTML.slice(0, 80))"""
"""Elements whose content is wider than they are, other than what is meant to be scrolled."""


def test_it_opens_with_no_error_and_no_request(opened: Open) -> None:
    page = opened()
    assert page.title().startswith(say("report_title"))
    assert page.locator("#ladder .policy").count() == 3


def test_the_language_is_switched_in_the_page(opened: Open) -> None:
    page = opened()
    page.click("[data-set-language=ko]")
    assert page.evaluate("document.documentElement.lang") == "ko"
    assert page.title().startswith(say("report_title", "ko"))
    assert shown(page, "h1") == [say("report_title", "ko")]
    assert page.locator(".en:visible").count() == 0
    page.click("#policy-1 > summary")
    assert "레이어" in shown(page, "#policy-1 .drawing.shares .scroll")[0]
    page.click("[data-set-language=en]")
    assert shown(page, "h1") == [say("report_title")]
    assert page.locator(".ko:visible").count() == 0


def test_figures_hold_no_word_of_the_other_language(opened: Open) -> None:
    page = opened()
    page.click("#policy-1 > summary")
    page.click("[data-set-language=ko]")
    words = ("Layer", "Share", "Position", "Head", "Effect", "Mean", "regions", "asked")
    for text in shown(page, "#policy-1 .drawing .scroll"):
        assert not [word for word in words if word in text], text


def test_tables_are_sorted_by_value(opened: Open) -> None:
    page = opened()
    headers = page.locator("#table-summary thead tr").nth(1).locator("th")
    column = next(i for i in range(headers.count()) if headers.nth(i).inner_text() == "Image%")
    for direction, is_reversed in (("ascending", False), ("descending", True)):
        headers.nth(column).locator("button").click()
        assert headers.nth(column).get_attribute("aria-sort") == direction
        texts = shown(page, f"#table-summary tbody td:nth-child({column + 1})")
        values = [float(text.strip("≠ %")) for text in texts]
        assert values == sorted(values, reverse=is_reversed)
        assert len(set(values)) > 1


def test_rows_are_filtered_and_counted(opened: Open) -> None:
    page = opened()
    page.fill("[data-filter=summary]", f"{HEEDS} LEFT")
    assert page.locator("#table-summary tbody tr:visible").count() == 1
    assert shown(page, "[data-count=summary]") == ["1 of 9 rows"]
    page.click("[data-set-language=ko]")
    assert shown(page, "[data-count=summary]") == ["전체 9행 중 1행"]
    page.fill("[data-filter=summary]", "")
    assert page.locator("#table-summary tbody tr:visible").count() == 9


def test_the_csv_holds_the_rows_that_are_shown(opened: Open, audited: Result) -> None:
    page = opened()
    page.fill("[data-filter=layers]", HEEDS)
    with page.expect_download() as download:
        page.click("[data-csv=layers]")
    content = Path(download.value.path()).read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(content)))
    policy = audited.record.policies[0]
    assert len(rows) == 3 * policy.layers
    measured = [
        name for name in rows[0] if name.startswith("Measured regions ") and "Sum" not in name
    ]
    for row in rows:
        assert row["Model"] == HEEDS
        assert sum(float(row[name]) for name in measured if row[name] != ABSENT) == pytest.approx(
            1, abs=1e-3
        )


def test_a_mark_tells_its_value(opened: Open) -> None:
    page = opened()
    page.click("#policy-1 > summary")
    page.locator("#policy-1 .shares [data-tip]").first.hover()
    assert page.locator("#tip").inner_text().startswith("Layer 0: ")
    page.click("[data-set-language=ko]")
    page.locator("#policy-1 .shares [data-tip]").first.hover()
    assert page.locator("#tip").inner_text().startswith("레이어 0: ")


def background(page: Page) -> str:
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


def test_dark_follows_the_system_and_the_switch(opened: Open) -> None:
    light, dark = "rgb(255, 255, 255)", "rgb(21, 23, 26)"
    page = opened(color_scheme="dark")
    assert background(page) == dark
    page.click("[data-set-theme=light]")
    assert background(page) == light
    page = opened(color_scheme="light")
    assert background(page) == light
    page.click("[data-set-theme=dark]")
    assert background(page) == dark
    page.click("[data-set-theme=auto]")
    assert background(page) == light


def test_print_is_one_page_with_headline_ladder_and_table(opened: Open) -> None:
    page = opened(color_scheme="dark")
    pages = re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4"))
    assert len(pages) == 1
    page.emulate_media(media="print")
    for selector in (".headline", "#ladder .policy > summary", "#table-summary"):
        assert page.locator(selector).first.is_visible(), selector
    assert page.locator("#explorer:visible, #background:visible, .drawing:visible").count() == 0


def test_all_is_printed_on_request(opened: Open) -> None:
    page = opened(color_scheme="dark")
    page.evaluate("window.print = () => {}")
    page.click("[data-print=all]")
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert background(page) == "rgb(255, 255, 255)"
    assert page.locator(".bar:visible, .tools:visible").count() == 0
    assert page.locator("details:not([open])").count() == 0
    assert page.locator("#policy-3 .drawing:visible").count() > 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details:not([open])").count() > 0
    assert page.evaluate("document.documentElement.dataset.printed") == "first"


def test_focus_goes_through_the_page_in_order(opened: Open) -> None:
    page = opened()
    seen: list[tuple[float, str]] = []
    for _ in range(40):
        page.keyboard.press("Tab")
        seen.append(
            tuple(  # pyright: ignore[reportArgumentType]
                page.evaluate(
                    "[document.activeElement.getBoundingClientRect().top + scrollY,"
                    " document.activeElement.outerHTML.slice(0, 60)]"
                )
            )
        )
    assert 'class="skip"' in seen[0][1]
    assert all("<body" not in html for _, html in seen), "focus is never lost"
    assert len({html for _, html in seen}) > 20
    inside = [top for top, html in seen if "summary" in html or "scroll" in html]
    assert inside == sorted(inside)
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"


def test_everything_works_by_keyboard(opened: Open) -> None:
    page = opened()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.url.endswith("#ladder")
    page.focus("[data-set-language=ko]")
    page.keyboard.press("Space")
    assert page.evaluate("document.documentElement.lang") == "ko"
    page.focus("#policy-2 > summary")
    page.keyboard.press("Enter")
    assert page.locator("#policy-2 .drawing:visible").count() > 0


def test_a_link_opens_its_policy(opened: Open) -> None:
    page = opened()
    assert page.locator("#policy-3 .drawing:visible").count() == 0
    page.evaluate("location.hash = '#policy-3'")
    assert page.locator("#policy-3 .drawing:visible").count() > 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "ko"])
def test_axe_finds_nothing_serious(opened: Open, scheme: str, language: str) -> None:
    page = opened(color_scheme=scheme)
    page.click(f"[data-set-language={language}]")
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    found = Axe().run(page).response["violations"]
    told = [
        (each["id"], each["impact"], [node["html"][:120] for node in each["nodes"][:3]])
        for each in found
    ]
    assert [each for each in told if each[1] in SERIOUS] == []


def test_axe_sees_what_it_should(opened: Open) -> None:
    """The same check, with faults planted."""
    page = opened()
    page.evaluate("document.querySelector('.stage img').removeAttribute('alt')")
    page.evaluate("document.querySelector('#ladder > .soft').style.color = '#eee'")
    found = {each["id"] for each in Axe().run(page).response["violations"]}
    assert {"image-alt", "color-contrast"} <= found


@pytest.mark.parametrize("width", [360, 390, 800, 1440])
def test_it_fits_the_window(opened: Open, width: int) -> None:
    page = opened(viewport={"width": width, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator(".bar").evaluate("e => e.offsetHeight") < ONE_LINE_PX
    cut = page.evaluate(CUT)
    assert cut == []


@pytest.mark.parametrize(("language", "label"), [("en", "Image%"), ("ko", "이미지%")])
def test_rows_of_tables_are_cards_on_a_phone(opened: Open, language: str, label: str) -> None:
    page = opened(viewport={"width": 360, "height": 800}, query=f"?lang={language}")
    tables = page.locator(".scroll:has(.cards)")
    assert tables.count() == 6
    for wide in tables.evaluate_all("all => all.map(e => e.scrollWidth - e.clientWidth)"):
        assert wide <= 0
    first = "#table-layers tbody tr:first-child td"
    texts = page.locator(first).evaluate_all(
        "all => all.map(e => getComputedStyle(e, '::before').content)"
    )
    heads = page.locator("#table-layers thead tr:last-child th").all_text_contents()
    assert len(texts) == len(heads)
    assert texts[0] == "none", "the policy's name is the head of the card"
    assert sum(label in text for text in texts) == 2, "declared and measured"
    assert all(text.endswith('\u00a0"') for text in texts[1:])


def test_a_thousand_rows_are_quick(opened: Open, tmp_path: Path) -> None:
    frames = [f"frame {n}" for n in range(7)]
    file = tmp_path / "many.html"
    write_html(sample.realistic(layers=24, frames=frames), file)
    page = opened(file)
    rows = page.locator("#table-layers tbody tr")
    assert rows.count() == 2 * 3 * 7 * 24
    for act in (
        "document.querySelectorAll('#table-layers th .sort')[4].click()",
        "const i = document.querySelector('[data-filter=layers]'); i.value = 'sound 7';"
        "i.dispatchEvent(new Event('input'))",
    ):
        taken = page.evaluate(
            f"() => {{ const t = performance.now(); {act}; document.body.offsetHeight;"
            " return performance.now() - t; }"
        )
        assert taken < QUICK_MS


def test_hostile_text_is_shown_as_text(opened: Open, tmp_path: Path) -> None:
    hostile = "<script>alert(1)</script><img src=x onerror=alert(2)>\u202eabc😀"
    built = sample.realistic(layers=2, names=(hostile, "=HYPERLINK(1)"))
    instructions = (
        Instruction(name="left", text=hostile, expected_action=hostile),
        *built.record.instructions[1:],
    )
    record = built.record.model_copy(update={"instructions": instructions})
    file = tmp_path / "hostile.html"
    write_html(Result(record, {"attention": built.attention}, built.frame_png), file)
    page = opened(file)
    assert hostile in page.locator("#ladder .policy .name").first.inner_text()
    assert page.locator("body script").count() == 1
    with page.expect_download() as download:
        page.click("[data-csv=summary]")
    content = Path(download.value.path()).read_text(encoding="utf-8-sig")
    names = {row["Model"] for row in csv.DictReader(io.StringIO(content))}
    assert names == {hostile, "'=HYPERLINK(1)"}, "a spreadsheet must not run it"


LABELS = """() => [...document.querySelectorAll('.drawing svg')].flatMap(svg => {
  const room = svg.getBoundingClientRect();
  const labels = [...svg.querySelectorAll('text')]
    .filter(e => e.checkVisibility() && e.textContent.trim())
    .map(e => [e.textContent, e.getBoundingClientRect()]);
  const kind = svg.closest('.drawing').className;
  const cut = labels.filter(([, r]) => r.left < room.left - 2 || r.right > room.right + 2
    || r.top < room.top - 2 || r.bottom > room.bottom + 2).map(([text]) => `${kind}, cut: ${text}`);
  const over = labels.flatMap(([text, a], i) => labels.slice(i + 1).filter(([, b]) =>
    Math.min(a.right, b.right) - Math.max(a.left, b.left) > 3
    && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 3)
    .map(([other]) => `${kind}: ${text} over ${other}`));
  return [...cut, ...over];
})"""
"""Labels of charts that leave their picture, or lie over one another."""


@pytest.mark.parametrize("language", ["en", "ko"])
def test_no_label_of_a_chart_is_cut_or_covered(opened: Open, language: str) -> None:
    page = opened(query=f"?lang={language}")
    for number in (1, 2, 3):
        page.click(f"#policy-{number} > summary")
    assert page.locator(".drawing svg:visible").count() > 15
    assert page.evaluate(LABELS) == []


SMALL = """() => [...document.querySelectorAll('.drawing svg text')]
    .filter(e => e.checkVisibility() && e.textContent)
    .map(e => [e.textContent, parseFloat(getComputedStyle(e).fontSize), e.getScreenCTM()])
    .filter(([, size, to]) => size * Math.hypot(to.a, to.b) < 11.9).map(([text]) => text)"""
"""Labels of charts below 12 px, as they are shown."""


@pytest.mark.parametrize("width", [390, 1440])
def test_labels_of_charts_can_be_read(opened: Open, width: int) -> None:
    page = opened(viewport={"width": width, "height": 900})
    page.evaluate("document.querySelectorAll('details').forEach(e => { e.open = true; })")
    assert page.locator(".drawing svg text").count() > 100
    assert page.evaluate(SMALL) == []
