"""Counterfactuals ask for something else and read as people write."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heedmap.data.counterfactuals import (
    built_in_table,
    counterfactuals,
    load_table,
    named_counterfactuals,
)
from heedmap.errors import InstructionError


@pytest.mark.parametrize(
    ("instruction", "expected"),
    [
        ("go to the left of the chair", "go to the right of the chair"),
        ("Left, then stop", "Right, then stop"),
        ("move from left to right", "move from right to left"),
        ("take the leftmost cup", "take the rightmost cup"),
        ("pick up an apple", "pick up a banana"),
        ("pick up a banana", "pick up an apple"),
        ("grab the red mug", "grab the blue mug"),
        ("왼쪽으로 가세요", "오른쪽으로 가세요"),
        ("상자를 집어 주세요", "공을 집어 주세요"),
        ("공으로 가세요", "상자로 가세요"),
        ("칼로 자르세요", "숟가락으로 자르세요"),
        ("빨간 의자 쪽으로", "파란 의자 쪽으로"),
    ],
)
def test_the_first_counterfactual(instruction: str, expected: str) -> None:
    assert counterfactuals(instruction)[0].text == expected


@pytest.mark.parametrize(
    "text", ["alright then", "a cupboard", "공기를 마셔요", "문제가 있어요", ""]
)
def test_parts_of_other_words_are_left_alone(text: str) -> None:
    assert counterfactuals(text) == []


def test_rieul_takes_the_short_particle() -> None:
    texts = [made.text for made in counterfactuals("숟가락으로 자르세요", most=9)]
    assert "칼로 자르세요" in texts


def test_names_say_what_stands_there_now() -> None:
    assert named_counterfactuals("pick up the red ball", most=2) == {
        "recorded": "pick up the red ball",
        "colour_blue": "pick up the blue ball",
        "colour_green": "pick up the green ball",
    }


def test_an_instruction_without_such_words_is_refused() -> None:
    with pytest.raises(InstructionError, match="No counterfactual of 'dance' is known"):
        named_counterfactuals("dance")


@given(st.sampled_from([(g, s) for g in built_in_table() for s in g.sets]), st.integers(0, 99))
def test_no_two_are_alike_and_none_is_the_instruction(group_and_set, number: int) -> None:
    _, words = group_and_set
    instruction = f"{words[number % len(words)]} 그리고 go"
    texts = [made.text for made in counterfactuals(instruction, most=20)]
    assert texts
    assert len({instruction, *texts}) == len(texts) + 1


def test_a_table_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "words.yaml"
    path.write_text("- group: room\n  language: en\n  sets: [[kitchen, hall]]\n")
    assert counterfactuals("go to the hall", load_table(path))[0].text == "go to the kitchen"
    for content in ("- group: 3", "{", "[1]"):
        path.write_text(content)
        with pytest.raises(InstructionError, match="table of words"):
            load_table(path)
    with pytest.raises(InstructionError, match="does not exist"):
        load_table(tmp_path / "none.yaml")
