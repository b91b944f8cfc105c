"""An exam in the terminal, as files and as a page; what strangers wrote shows as text."""

from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import get_args

import pyarrow.parquet as pq
import pytest
from axe_playwright_python.sync_playwright import Axe
from rich.console import Console

from heedmap.auditing.exam.kinds import CONTROLS
from heedmap.auditing.exam.result import KindVerdict, PolicyVerdict, Taken
from heedmap.errors import RecordError
from heedmap.ladder.messages import LANGUAGES, Language, say
from heedmap.report.exam.files import ANSWERS, ANSWERS_SCHEMA, DATA, exam_json, write_exam
from heedmap.report.exam.page import MOST_FRAMES, render_exam, worst_frames
from heedmap.report.exam.terminal import print_exam
from heedmap.report.exam.wording import kind_sentence, notes, policy_sentence
from tests.report.browsing import SERIOUS, Open, shown


def printed(taken: Taken, language: Language = "en", *, full: bool = False) -> str:
    file = StringIO()
    print_exam(taken.exam, Console(file=file, width=120), language, full=full)
    return file.getvalue()


def test_the_table_has_a_line_a_kind_and_reasons_for_the_others(taken: Taken) -> None:
    text = printed(taken)
    assert "Follows in part: reacts to" in text
    assert "number, order: not measured: no instruction" in text.replace("\n", " ")
    (colour,) = [line for line in text.splitlines() if line.startswith("colour")]
    assert colour.split()[-1] == "read"
    assert "the action is the expected one in" not in text
    assert "colour: the action is the expected one in" in printed(taken, full=True)
    assert "일부만 따릅니다" in printed(taken, "ko")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_verdict_has_its_sentence(taken: Taken, language: Language) -> None:
    found = taken.exam
    for verdict in get_args(PolicyVerdict):
        other = found.model_copy(update={"verdict": verdict, "foretold_share": 0.9})
        assert policy_sentence(other, language)
        assert any("90 %" in note for note in notes(other, language))
    for verdict in get_args(KindVerdict):
        if verdict != "not_measured":
            reading = found.of("colour").model_copy(update={"verdict": verdict})
            assert kind_sentence(reading, found, language)


def test_the_files_hold_the_same_as_the_result(taken: Taken, report_file: Path) -> None:
    stored = json.loads((report_file.parent / DATA).read_text())
    assert stored["verdict"] == "partial"
    assert stored["severity"] == "warning"
    assert stored["sentence"] == policy_sentence(taken.exam)
    assert {each["kind"]: each["verdict"] for each in stored["kinds"]} == {
        each.kind: each.verdict for each in taken.exam.kinds
    }
    assert exam_json(taken.exam).isascii()
    table = pq.read_table(report_file.parent / ANSWERS, use_threads=False)
    assert table.schema.equals(ANSWERS_SCHEMA)
    assert table.num_rows == len(taken.rows) == sum(each.variants for each in taken.exam.kinds)
    controls = [row for row in table.to_pylist() if row["kind"] in CONTROLS]
    assert controls
    assert all(row["as_it_should"] is None for row in controls)


def test_half_a_character_is_written(taken: Taken, tmp_path: Path) -> None:
    row = replace(taken.rows[0], instruction="\ud800 half")
    page = write_exam(replace(taken, rows=(row,)), tmp_path)
    assert "half" in page.read_text()


def test_a_folder_that_cannot_be_made_is_one_sentence(taken: Taken, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordError, match="cannot be made"):
        write_exam(taken, tmp_path / "file" / "run")


@pytest.mark.parametrize("language", LANGUAGES)
def test_hostile_texts_are_text_everywhere(taken: Taken, language: Language) -> None:
    page = render_exam(taken, language)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    assert "<b>f0" not in page
    assert "<i>set" not in page
    text = printed(taken, language, full=True)
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_the_worst_frames_come_first(taken: Taken) -> None:
    frames = worst_frames(taken.rows)
    assert len(frames) == min(MOST_FRAMES, taken.exam.frames)
    judged = [[row.as_it_should for row in rows if row.kind not in CONTROLS] for _, rows in frames]
    shares = [each.count(False) / len(each) for each in judged]
    assert shares == sorted(shares, reverse=True)


def test_the_chart_has_a_bar_for_every_measured_kind(opened: Open, taken: Taken) -> None:
    bars = opened().locator("figure svg path[data-tip]")
    measured = [each for each in taken.exam.kinds if each.missing is None]
    assert bars.count() == len(measured)
    assert bars.first.get_attribute("data-tip-ko") != bars.first.get_attribute("data-tip")


def test_a_click_opens_a_frame_with_its_picture_and_words(opened: Open) -> None:
    page = opened()
    first = page.locator("details.frame-card").first
    assert not first.locator("img").is_visible()
    first.locator("summary").click()
    assert first.locator("img").is_visible()
    assert first.locator("table mark").count() > 0


def test_both_languages_are_in_the_page(opened: Open) -> None:
    page = opened()
    assert shown(page, "h1") == [say("exam_title")]
    page.click("[data-set-language=ko]")
    assert shown(page, "h1") == [say("exam_title", "ko")]
    assert page.locator(".en:visible").count() == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_serious_is_found_by_axe(opened: Open, theme: str) -> None:
    page = opened(color_scheme=theme)
    page.locator("details.frame-card summary").first.click()
    found = Axe().run(page).response["violations"]
    assert [(each["id"], each["nodes"]) for each in found if each["impact"] in SERIOUS] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_narrow_page_does_not_scroll_sideways(opened: Open, language: Language) -> None:
    page = opened(viewport={"width": 390, "height": 800})
    page.click(f"[data-set-language={language}]")
    page.locator("details.frame-card summary").first.click()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
