"""Texts on their way to numbers, in functions whose calls are known."""

from __future__ import annotations

import sys
from contextlib import suppress
from types import FrameType
from typing import Any

import torch

from heedmap.tracing.trail.texts import MOST_PARTS, EncodedText, watching_texts

HERE = "tests.tracing.trail.test_texts"


def ids(text: str) -> list[int]:
    return [len(word) for word in text.split()]


def lookup(mode: str) -> list[int]:
    return [1, 2]


def prompt(text: str) -> str:
    return f"do: {text}"


def encode(text: str) -> torch.Tensor:
    return torch.tensor(ids(prompt(text)))


def broken(text: str) -> list[int]:
    raise ValueError(text)


def test_the_innermost_function_that_makes_numbers_of_a_text_is_named() -> None:
    with watching_texts() as seen:
        encode("go left")
    assert seen == [EncodedText("do: go left", f"{HERE}.ids")]


def test_modes_and_long_lists_are_no_texts() -> None:
    def many(words: list[str]) -> list[int]:
        return [len(words)]

    with watching_texts() as seen:
        lookup("max_length")
        many(["word"] * (MOST_PARTS + 1))
        many(["input_ids", "attention_mask"])
    assert seen == []


def test_words_in_a_list_of_pairs_are_one_text() -> None:
    def kinds(pairs: list[tuple[str, int]], *, names: dict[str, str]) -> torch.Tensor:
        return torch.zeros(len(pairs))

    with watching_texts() as seen:
        kinds([("go", 0), ("left", 1)], names={"task": "pick it"})
    assert [each.text for each in seen] == ["go left", "pick it"]


def test_a_batch_that_still_holds_the_text_does_not_encode_it() -> None:
    def batch(text: str) -> dict[str, object]:
        return {"pixels": torch.zeros(4), "instruction": [text]}

    with watching_texts() as seen:
        batch("go left")
    assert seen == []


def test_empty_texts_are_encoded_too() -> None:
    def rows(texts: list[str]) -> torch.Tensor:
        return torch.zeros(len(texts), 2)

    with watching_texts() as seen:
        rows([""])
        rows([])
        lookup("")
    assert [each.text for each in seen] == [""]


def test_a_failure_within_is_no_text_and_the_profiler_is_gone() -> None:
    with watching_texts() as seen:
        with suppress(ValueError):
            broken("go left")
        ids("go on")
    assert [each.text for each in seen] == ["go on"]
    assert sys.getprofile() is None


def test_another_profiler_is_left_alone() -> None:
    def other(frame: FrameType, event: str, value: Any) -> None:
        return None

    sys.setprofile(other)
    try:
        with watching_texts() as seen:
            encode("go left")
        assert sys.getprofile() is other
    finally:
        sys.setprofile(None)
    assert seen == []
