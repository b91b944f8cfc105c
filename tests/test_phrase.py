"""Sentences that keep their parts, and errors that are made of them."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path

import numpy as np
import pytest

from heedmap import phrase
from heedmap.errors import (
    HeedmapError,
    InputError,
    MissingExtraError,
    PolicyRunError,
    first_line_of,
)
from heedmap.ladder.messages import say
from heedmap.phrase import Phrase, in_a_row, in_language

KOREAN = {
    "{path} has {count:,} frames.": "{path}의 프레임은 {count:,}개입니다.",
    "'{name}' is missing.": "'{name}'{:이/가} 없습니다.",
    "The {what} is broken: {why}.": "{what}{:이/가} 손상되었습니다: {why}.",
    "frame": "프레임",
    "robot": "로봇",
    "A brace { is no field.": "괄호 {는 필드가 아닙니다.",
    " and ": ", ",
}


@pytest.fixture(autouse=True)
def _translated(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"ko": KOREAN, "en": {}, "fr": {}}
    monkeypatch.setattr(phrase, "_translations", known.__getitem__)
    monkeypatch.setattr(phrase, "_wordy", phrase._wordy.__wrapped__)


def test_a_phrase_is_its_english_sentence() -> None:
    made = Phrase("{path} has {count:,} frames.", path=Path("a/b"), count=1234)
    assert made == "a/b has 1,234 frames."
    assert f"{made}" == str(made)
    assert type(str(made)) is str
    assert made.in_language("en") == str(made)
    assert made.in_language("ko") == "a/b의 프레임은 1,234개입니다."


@pytest.mark.parametrize(
    ("name", "expected"),
    [("상자", "'상자'가 없습니다."), ("공", "'공'이 없습니다."), ("arm", "'arm'이 없습니다.")],
)
def test_a_particle_fits_what_stands_before_it_whatever_quotes_it(name: str, expected: str) -> None:
    assert Phrase("'{name}' is missing.", name=name).in_language("ko") == expected


def test_parts_are_translated_by_themselves() -> None:
    inner = Phrase("'{name}' is missing.", name="뼈")
    for why in (inner, InputError(inner), ValueError(inner)):
        whole = Phrase("The {what} is broken: {why}.", what=Phrase("frame"), why=why)
        assert whole == "The frame is broken: '뼈' is missing.."
        assert whole.in_language("ko") == "프레임이 손상되었습니다: '뼈'가 없습니다.."


def test_without_a_translation_it_is_said_in_english() -> None:
    assert Phrase("Nobody said {this}.", this=Phrase("frame")).in_language("ko") == (
        "Nobody said frame."
    )
    assert Phrase("frame").in_language("fr") == "frame"


def test_names_in_a_row_keep_what_they_are() -> None:
    row = in_a_row([Phrase("frame"), "x", Phrase("robot")], Phrase(" and "))
    assert row == "frame and x and robot"
    assert row.in_language("ko") == "프레임, x, 로봇"
    assert in_a_row(["one"]) == "one"
    assert not in_a_row([])


def test_braces_without_values_are_no_fields() -> None:
    assert Phrase("A brace { is no field.") == "A brace { is no field."
    assert Phrase("A brace { is no field.").in_language("ko") == "괄호 {는 필드가 아닙니다."
    assert Phrase("'{name}' is missing.", name="{x}") == "'{x}' is missing."
    assert Phrase("'{name}' is missing.", name="{x}").in_language("ko") == "'{x}'가 없습니다."


def test_values_are_texts_and_numbers() -> None:
    made = Phrase("{a:.1f} {b} {c}", a=np.float32(0.25), b=np.int64(3), c=(1, 2))
    assert made == "0.2 3 (1, 2)"
    assert made.values == {"a": 0.25, "b": 3, "c": "(1, 2)"}


def test_an_error_says_itself_in_both_languages_on_one_printable_line() -> None:
    error = HeedmapError("'{name}' is missing.", name="a\nb\x1b[31m")
    assert str(error) == "'a b�[31m' is missing."
    assert error.in_language("ko") == "'a b�[31m'이 없습니다."
    assert error.in_language("en") == str(error)
    assert first_line_of(error) == error.phrase == str(error)


def test_an_error_of_a_plain_text_stays_one() -> None:
    assert str(HeedmapError("{no} field")) == "{no} field"
    assert HeedmapError("{no} field").in_language("ko") == "{no} field"


@pytest.mark.parametrize(
    "error",
    [
        HeedmapError("'{name}' is missing.", name="공"),
        PolicyRunError("'{name}' is missing.", "asking", name="공"),
        PolicyRunError("'{name}' is missing.", stage="asking", name="공"),
        MissingExtraError("data", "공"),
    ],
)
def test_errors_are_pickled_and_copied_whole(error: HeedmapError) -> None:
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(twin) is type(error)
        assert str(twin) == str(error)
        assert twin.in_language("ko") == error.in_language("ko")
        assert vars(twin) == vars(error)
    if isinstance(error, PolicyRunError):
        assert error.stage == "asking"


def test_a_message_of_the_catalogue_says_its_phrases_in_its_language() -> None:
    missing = Phrase("'{name}' is missing.", name="공")
    assert "'공'이 없습니다." in say("verify_damaged", "ko", folder="f", damage=missing)
    assert "'공' is missing." in say("verify_damaged", "en", folder="f", damage=missing)
    assert in_language("text", "ko") == "text"


@pytest.mark.parametrize(
    ("kept", "expected"),
    [
        ("a/b has 1,234 frames.", "a/b의 프레임은 1,234개입니다."),
        ("The x is broken: 'y' is missing..", "x가 손상되었습니다: 'y'가 없습니다.."),
        ("frame", "frame"),  # may be a name
        ("Something else.", "Something else."),
    ],
)
def test_what_was_kept_in_english_is_said_again(kept: str, expected: str) -> None:
    assert phrase.said_again(kept, "ko") == expected
    assert phrase.said_again(kept, "en") == kept
