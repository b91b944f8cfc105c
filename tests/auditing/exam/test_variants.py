"""Texts made from an instruction: which kinds there are of it, in English and in Korean."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heedmap.auditing.exam.kinds import CONTROLS, EXCHANGES, KEEP, Kind
from heedmap.auditing.exam.variants import exchanged, reworded, without_meaning

TEXTS = st.sampled_from(
    [
        "pick up the red block",
        "Open the top drawer, then put the cup on the plate.",
        "파란 공을 왼쪽으로 옮기세요",
        "wipe",
        "LED on",
        "go to the left",
    ]
) | st.text(min_size=1, max_size=40).filter(str.strip)


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("colour", "pick up the red block", "pick up the blue block"),
        ("noun", "put the cup in the sink", "put the bowl in the sink"),
        ("direction", "Go to the left.", "Go to the right."),
        ("verb", "Open the drawer", "Close the drawer"),
        ("verb", "turn on the stove", "turn off the stove"),
        ("number", "take the second block", "take the first block"),
        ("negation", "Pick up the cup", "Do not pick up the cup"),
        ("negation", "please pick up the cup", "please do not pick up the cup"),
        ("negation", "Don't touch the cup.", "Touch the cup."),
        ("order", "open the door and then go left", "go left and then open the door"),
        ("order", "put the cup on the plate", "put the plate on the cup"),
        ("order", "wipe the table before washing it", "wipe the table after washing it"),
        ("colour", "빨간 공을 집으세요", "파란 공을 집으세요"),
        ("noun", "빨간 공을 집으세요", "빨간 상자를 집으세요"),
        ("direction", "왼쪽으로 가세요", "오른쪽으로 가세요"),
        ("verb", "서랍을 여세요", "서랍을 닫으세요"),
        ("number", "두 번째 컵을 집으세요", "세 번째 컵을 집으세요"),
        ("negation", "빨간 공을 집으세요", "빨간 공을 집지 마세요"),
        ("negation", "문을 여세요.", "문을 열지 마세요."),
        ("negation", "문을 밀지 마세요", "문을 미세요"),
        ("order", "컵을 접시 옆에 놓으세요", "접시를 컵 옆에 놓으세요"),
        ("order", "문을 여세요. 그다음 왼쪽으로 가세요", "왼쪽으로 가세요. 그다음 문을 여세요"),
    ],
)
def test_words_are_exchanged_by_kind(kind: Kind, text: str, expected: str) -> None:
    assert expected in exchanged(text).get(kind, [])


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("punctuation", "Go left.", ["Go left", "Go left!"]),
        ("punctuation", "왼쪽으로 가세요", ["왼쪽으로 가세요.", "왼쪽으로 가세요!"]),
        ("case", "go left", ["Go left", "GO LEFT"]),
        ("filler", "Pick it up", ["Please pick it up", "Okay, pick it up", "Now pick it up"]),
        ("paraphrase", "put it next to me", ["put it beside me", "place it next to me"]),
    ],
)
def test_the_form_is_changed_by_kind(kind: Kind, text: str, expected: list[str]) -> None:
    assert reworded(text)[kind][: len(expected)] == expected


def test_korean_has_no_case() -> None:
    assert "case" not in reworded("왼쪽으로 가세요")
    assert reworded("컵을 집으세요")["paraphrase"] == ["컵을 잡으세요", "컵을 집어 주세요"]


def test_words_that_the_data_set_has_come_first() -> None:
    assert exchanged("take the red cup")["colour"][0] == "take the blue cup"
    assert exchanged("take the red cup", {"pink"})["colour"][0] == "take the pink cup"


def test_and_alone_does_not_part_steps() -> None:
    assert "order" not in exchanged("take the spoon and napkin")


@settings(max_examples=40, deadline=None)
@given(TEXTS)
def test_a_variant_is_never_the_instruction_itself(text: str) -> None:
    changed = exchanged(text)
    same = reworded(text)
    assert set(changed) <= set(EXCHANGES)
    assert set(same) <= set(KEEP)
    for texts in (*changed.values(), *same.values()):
        assert text not in texts
        assert all(each.strip() for each in texts)
    assert set(without_meaning(text)) == set(CONTROLS)
