"""Task files in LIBERO's form: what they ask for, and what LIBERO says to the policy."""

from __future__ import annotations

from pathlib import Path

import pytest

from heedmap.errors import InstructionError
from heedmap.report.words.bddl import MOST_BYTES, language_field, said_by_name
from heedmap.report.words.findings import find_all
from heedmap.report.words.page import render_page
from heedmap.report.words.sources import read_source
from tests.report.words.tasks import BASE, TASK, write_suite


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("put the cup on the tray", "put the cup on the tray"),
        ("  open\n   the box’s lid ", "open the box’s lid"),
        ("stack (both) cups", "stack (both) cups"),
    ],
)
def test_the_field_is_read_as_it_is_written(language: str, expected: str) -> None:
    assert language_field(TASK.format(language=language), "x") == expected


def test_a_task_without_the_field_has_none() -> None:
    assert language_field("(define (problem x) (:domain robosuite))", "x") is None


def test_only_the_first_field_counts_and_only_at_the_head_of_a_group() -> None:
    text = "(define (:goal :language wrong) (:language right) (:language late))"
    assert language_field(text, "x") == "right"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("(define (:language put (it)", r"2 '\)' missing at the end \(line 1\)"),
        ("(define\n))", r"one '\)' too many \(line 2\)"),
        ("", "nothing in it"),
    ],
)
def test_what_is_no_bddl_is_refused_with_the_line(text: str, why: str) -> None:
    with pytest.raises(InstructionError, match=why):
        language_field(text, "x.bddl")


def test_a_file_that_is_no_bddl_is_told_and_ends_no_folder(tmp_path: Path) -> None:
    write_suite(tmp_path / "desk", BASE)
    write_suite(tmp_path / "desk_lan", BASE)
    bad = "put_the_cup_on_the_tray.bddl"
    (tmp_path / "desk" / bad).write_text("(define (:language \x1b[31mred")
    found = find_all([read_source(tmp_path, "asked")])
    (source,) = found.sources
    assert len(source.instructions) == 3
    (told,) = (each for each in found.findings if each.code == "unreadable")
    assert (told.count, told.total, told.rows[0].place) == (1, 3, f"desk/{bad}")
    assert "missing at the end (line 1)" in told.rows[0].said
    assert told.sentence() == "1 file is no BDDL and is left out; 3 were read."
    page = render_page(found)
    assert "\x1b" not in page
    assert "2 &#39;)&#39; missing at the end (line 1)" in page
    assert "끝에 &#39;)&#39; 2개가 없음 (1행)" in page
    (lan,) = (each for each in source.instructions if each.place == f"desk_lan/{bad}")
    assert lan.base is None
    for file in tmp_path.rglob("*.bddl"):
        file.write_text(")")
    with pytest.raises(InstructionError, match="one '.' too many"):
        read_source(tmp_path, "asked")


def test_deep_nesting_is_no_matter() -> None:
    assert language_field("(" * 50_000 + ")" * 50_000, "x") is None


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("put_the_cup_on_the_tray", "put the cup on the tray"),
        ("KITCHEN_SCENE3_turn_on_the_lamp", "turn on the lamp"),
        ("KITCHEN_SCENE10_turn_on_the_lamp", "turn on the lamp"),
        # As in LIBERO: the cut is at a fixed distance, so other numbers leave or take a letter.
        ("KITCHEN_SCENE12_turn_on_the_lamp", " turn on the lamp"),
        ("STUDY_TABLESCENE_turn_on_the_lamp", "urn on the lamp"),
        ("", ""),
    ],
)
def test_the_name_becomes_words_as_in_libero(name: str, said: str) -> None:
    assert said_by_name(name) == said


def test_a_suite_knows_what_its_base_asks_for(tmp_path: Path) -> None:
    write_suite(tmp_path / "desk", BASE)
    write_suite(tmp_path / "desk_lan", dict.fromkeys(BASE, "do it") | {"wave": "wave"})
    tasks = read_source(tmp_path, "asked").instructions
    assert [(t.suite, t.said, t.asked, t.base) for t in tasks] == [
        ("desk", "open the upper box", BASE["open_the_upper_box"], BASE["open_the_upper_box"]),
        *[("desk", "put the cup on the tray", *[BASE["put_the_cup_on_the_tray"]] * 2)],
        ("desk_lan", "open the upper box", "do it", BASE["open_the_upper_box"]),
        ("desk_lan", "put the cup on the tray", "do it", BASE["put_the_cup_on_the_tray"]),
        ("desk_lan", "wave", "wave", None),
    ]
    # The base lies beside a suite, also where the suite alone is given.
    alone = read_source(tmp_path / "desk_lan", "asked").instructions
    assert [task.base for task in alone] == [task.base for task in tasks[2:]]


def test_an_evaluation_can_say_the_field(tmp_path: Path) -> None:
    suite = write_suite(tmp_path / "desk", BASE)
    said = [each.said for each in read_source(suite, "asked", "language").instructions]
    assert said == [BASE["open_the_upper_box"], BASE["put_the_cup_on_the_tray"]]


def test_hostile_task_files_are_refused_or_shown(tmp_path: Path) -> None:
    (tmp_path / "big.bddl").write_bytes(b"(" * (MOST_BYTES + 1))
    with pytest.raises(InstructionError, match=r"1,000,001 bytes, expected 1,000,000 at most"):
        read_source(tmp_path / "big.bddl", "asked")
    (tmp_path / "latin.bddl").write_bytes(b"(define (:language caf\xe9))")
    assert read_source(tmp_path / "latin.bddl", "asked").instructions[0].asked == "caf\ufffd"
