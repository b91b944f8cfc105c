"""The plain form: what is the same words, and what is not."""

from __future__ import annotations

import pytest

from heedmap.report.words.sets import only_one
from heedmap.report.words.texts import plain_form
from heedmap.report.words.wording import codes_of
from tests.report.words.tasks import source

OTHER_WORDS = [
    ("rotate 90", "rotate -90"),
    ("rotate 90", "rotate \N{MINUS SIGN}90"),
    ("press C", "press C++"),
    ("move 1.5 cm", "move 1 5 cm"),
    ("move .5 cm", "move 5 cm"),
    ("fill it to 50%", "fill it to 50"),
    ("मोर", "मार"),  # only the vowel signs differ
    ("ไม่", "ไม้"),
    ("go ←", "go →"),
    ("🍎", "🍌"),
]
SAME_WORDS = [
    ("Open it.", "open it"),
    ("open_the_box", "open the box"),
    ("the 'red' cup", "the red cup"),
    ("the cabinet’s door", "the cabinet's door"),
    ("put the e-stop on", "put the e stop on"),
    ("put it in bin #3.", "put it in bin 3"),
    ("lift the \u200bcup", "lift the cup"),
    ("❤\ufe0f", "❤"),
    ("🍎🍌", "🍎 🍌"),
    ("把杯子放下。", "把杯子放下"),
]


@pytest.mark.parametrize(("one", "other"), OTHER_WORDS)
def test_signs_that_carry_meaning_make_other_words(one: str, other: str) -> None:
    assert plain_form(one) != plain_form(other)


@pytest.mark.parametrize(("one", "other"), SAME_WORDS)
def test_punctuation_makes_no_other_words(one: str, other: str) -> None:
    assert plain_form(one) == plain_form(other)


def test_emoji_are_words() -> None:
    assert "empty" not in codes_of("🍎")
    assert not list(only_one(source("🍎", "🍌")))
