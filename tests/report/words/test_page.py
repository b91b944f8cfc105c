"""The audit as a page, as JSON and in the terminal: what strangers wrote shows as text."""

from __future__ import annotations

import json
import re
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from heedmap.errors import RecordError
from heedmap.ladder.messages import Language
from heedmap.report.words.as_json import audit_json
from heedmap.report.words.finding import CODES
from heedmap.report.words.findings import WordsAudit, find_all
from heedmap.report.words.page import render_page, write_pages
from heedmap.report.words.shown import MOST_SHOWN, shown
from heedmap.report.words.sources import read_source
from heedmap.report.words.terminal import print_audit
from tests.report.words.conftest import HOSTILE
from tests.report.words.tasks import BASE, source, write_suite


def printed(audit: WordsAudit, language: Language = "en", *, full: bool = False) -> str:
    file = StringIO()
    print_audit(audit, Console(file=file, width=100), language, full=full)
    return file.getvalue()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("open it", "open it"),
        ("open\x1b[31m\n\tit\u202e", r"open\x1b[31m\n\tit\u202e"),
        (" open  it ", "␣open ␣it␣"),
        ("", "“”"),
        ("컵을 집으세요", "컵을 집으세요"),
    ],
)
def test_what_cannot_be_seen_is_written_out(text: str, expected: str) -> None:
    assert shown(text) == expected


def test_long_texts_are_left_out_in_the_middle() -> None:
    assert len(shown("open it " * 10_000)) <= MOST_SHOWN + 5


@pytest.mark.parametrize("language", ["en", "ko"])
def test_hostile_texts_are_text_everywhere(language: Language) -> None:
    audit = find_all([source(*HOSTILE)])
    page = render_page(audit, language)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    text = printed(audit, language, full=True)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "[bold]TODO[/bold] it" in text
    assert json.loads(audit_json(audit))["findings"]


def test_json_holds_nothing_that_a_terminal_obeys() -> None:
    odd = "open \x1b\x7f\x9b31m\u202e\u2066\u200b\U000e0041\ud800 접시 it"
    text = audit_json(find_all([source(odd)]))
    assert not set(odd) & set(text) - set("open it 접시31m")
    assert "접시" in text
    assert json.loads(text)["findings"][0]["rows"][0]["said"] == odd


def test_the_page_has_both_languages_and_marks_what_differs(tmp_path: Path) -> None:
    write_suite(tmp_path / "desk", BASE)
    write_suite(tmp_path / "desk_task", dict.fromkeys(BASE, "close the upper box"))
    page = render_page(find_all([read_source(tmp_path, "asked")]))
    assert "2 of 4 tasks: the suite changes the instruction" in page
    assert "과제 4개 중 2개: 스위트가 지시문을 바꾸었지만" in page
    assert "<mark>open</mark> the upper box" in page
    assert "<mark>close</mark> the upper box" in page
    assert not re.search(r'(src|href)="(?!#)', page), "nothing is loaded from elsewhere"


def test_nothing_found_is_said_with_what_was_not_compared() -> None:
    healthy = source("put the cup on the tray", "open the upper box", role="asked")
    trained = source("put the cup on the tray", "open the upper box", "close it", role="trained")
    alone, compared = find_all([healthy]), find_all([trained, healthy])
    assert not alone.findings
    assert not compared.findings
    assert "With --trained DATASET" in printed(alone)
    assert "nothing differs from what is asked or was trained" in printed(compared)
    assert "With --trained DATASET" in render_page(alone)


def test_every_finding_has_its_sentence_in_json(tmp_path: Path) -> None:
    content = json.loads(audit_json(find_all([source(*HOSTILE)])))
    assert content["sources"] == [
        {"path": "list.txt", "role": "given", "kind": "list", "instructions": 8, "different": 8}
    ]
    for finding in content["findings"]:
        assert finding["severity"] == CODES[finding["code"]]
        assert finding["sentence"]
        assert finding["fix"]
        assert finding["rows"]
    (forms,) = (each for each in content["findings"] if each["code"] == "variants")
    assert {"said", "place", "other"} == set(forms["rows"][0])


def test_pages_are_replaced_and_a_file_in_the_way_is_one_sentence(tmp_path: Path) -> None:
    audit = find_all([source("TODO")])
    for _ in range(2):
        assert write_pages(audit, tmp_path / "out") == tmp_path / "out/words.html"
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["words.html", "words.json"]
    (tmp_path / "file").write_text("x")
    with pytest.raises(RecordError, match="cannot be made"):
        write_pages(audit, tmp_path / "file")


def test_every_finding_is_documented_and_no_other() -> None:
    text = (Path(__file__).parents[3] / "docs/words.md").read_text()
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \| (problem|warning|note) \|", text, re.MULTILINE)
    found = {code: grade for codes, grade in rows for code in re.findall(r"\w+", codes)}
    assert found == CODES
