"""Instructions from options and files."""

from __future__ import annotations

from pathlib import Path

import pytest

from heedmap.data.instructions import (
    CaseInstruction,
    check_instructions,
    dump_instructions,
    load_instructions,
    parse_named,
)
from heedmap.errors import InstructionError


def test_options_keep_their_order_and_their_equal_signs() -> None:
    assert parse_named(["b=go = left", "a= go right "]) == {"b": "go = left", "a": "go right"}


@pytest.mark.parametrize("option", ["go left", "=go left"])
def test_an_option_without_a_name(option: str) -> None:
    with pytest.raises(InstructionError, match="has no name"):
        parse_named([option])


def test_two_equal_names() -> None:
    with pytest.raises(InstructionError, match="Two instructions are named 'left'"):
        parse_named(["left=a", "left=b"])


def test_empty_text() -> None:
    with pytest.raises(InstructionError, match="'left' is empty"):
        check_instructions({"left": " ", "right": "go"})


def test_a_file_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    entries = [
        CaseInstruction(name="left", text="왼쪽으로 가: now", expert_action="left"),
        CaseInstruction(name="other", text="go"),
    ]
    path = tmp_path / "i.yaml"
    path.write_text(dump_instructions(entries))
    assert load_instructions(path) == entries
    assert "왼쪽" in path.read_text()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("left: go", "not a list of name and text"),
        ("- name: left", "not a list of name and text: 0.text"),
        ("- {name: a, text: b, extra: c}", "0.extra"),
        ("- [", "cannot be read"),
        ("", "not a list"),
        ("- {name: a, text: b}\n- {name: a, text: c}", "Two instructions are named 'a'"),
    ],
)
def test_files_that_are_something_else(content: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "i.yaml"
    path.write_text(content)
    with pytest.raises(InstructionError, match=message):
        load_instructions(path)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InstructionError, match="does not exist"):
        load_instructions(tmp_path / "none.yaml")
