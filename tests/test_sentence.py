"""The sentence says what the facts say, in both languages, and never more."""

from __future__ import annotations

import re
from typing import Any

import pytest

from heedmap.sentence import _WORDS, policy_sentence, ranges
from heedmap.verdict import Facts, InstructionPair


def pair(first: str, second: str, **changes: Any) -> InstructionPair:
    values = {
        "same_token_count": True,
        "attention_identical": False,
        "action_identical": False,
        "choice_identical": False,
    }
    return InstructionPair(first=first, second=second, **{**values, **changes})


def facts(**changes: Any) -> Facts:
    values: dict[str, Any] = {
        "instruction_positions": (67, 68, 70),
        "instruction_measured": True,
        "mixed_positions": (),
        "seen_image_positions": tuple(range(1, 65)),
        "image_total": 64,
        "image_visible_min": 64,
        "image_visible_max": 64,
        "pairs": (pair("left", "right"),),
        "layouts_disagree": True,
    }
    return Facts(**{**values, **changes})


def test_a_present_instruction() -> None:
    assert policy_sentence(facts()) == (
        "The instruction is in the sequence: positions 67-68, 70 move with it; all 64 image "
        "tokens are visible; the action scores differ between left and right."
    )


def test_an_overwritten_instruction_whose_length_leaks() -> None:
    lost = facts(
        instruction_positions=(),
        seen_image_positions=tuple(range(12)),
        image_visible_min=11,
        image_visible_max=12,
        pairs=(
            pair("left", "right", attention_identical=True, action_identical=True),
            pair("left", "forward", same_token_count=False),
        ),
    )
    assert policy_sentence(lost) == (
        "The instruction is not in the sequence: no position entering layer 0 moves with it; "
        "the action row sees image embeddings at positions 0-11; 52 to 53 of 64 image tokens "
        "are masked; left and right give identical attention in all layers; only an "
        "instruction of another length changes it; left and right give identical action scores."
    )


def test_a_difference_at_equal_length_is_not_put_down_to_length() -> None:
    pairs = (
        pair("left", "right", attention_identical=True, action_identical=True),
        pair("left", "forward", same_token_count=True),
    )
    assert "another length" not in policy_sentence(facts(instruction_positions=(), pairs=pairs))


def test_not_measured_is_said_and_not_taken_for_absent() -> None:
    sentence = policy_sentence(facts(instruction_positions=(), instruction_measured=False))
    assert "was not measured" in sentence
    assert "not in the sequence" not in sentence


def test_mixed_positions_are_not_called_absent() -> None:
    sentence = policy_sentence(facts(instruction_positions=(), mixed_positions=(3, 4)))
    assert "positions 3-4 move with both" in sentence
    assert "not in the sequence" not in sentence


def test_no_image_at_all() -> None:
    blind = facts(image_total=0, image_visible_min=0, image_visible_max=0)
    assert "no position moves with the frame" in policy_sentence(blind)


@pytest.mark.parametrize("key", sorted(_WORDS["en"]))
def test_korean_has_every_phrase_with_the_same_places(key: str) -> None:
    places = re.compile(r"\{\w+\}")
    assert sorted(places.findall(_WORDS["en"][key])) == sorted(places.findall(_WORDS["ko"][key]))


def test_korean_sentence_carries_the_same_numbers() -> None:
    numbers = re.compile(r"\d+(?:-\d+)?")
    lost = facts(instruction_positions=(), image_visible_min=11, image_visible_max=11)
    english = [n for n in numbers.findall(policy_sentence(lost)) if n != "0"]
    korean = [n for n in numbers.findall(policy_sentence(lost, "ko")) if n != "0"]
    assert sorted(english) == sorted(korean)


def test_ranges() -> None:
    assert ranges(()) == ""
    assert ranges((5, 0, 1, 2)) == "0-2, 5"
