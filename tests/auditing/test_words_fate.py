"""Why words do not enter a network: tiny tokenisers in plain Python before an embedding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from torch import nn

from heedmap.auditing.trail import Trails, words_fate
from heedmap.ladder.evidence import WordsFate
from heedmap.policies.callable import CallablePolicy
from tests.tracing.trail.plain import DIM, PADDING, UNKNOWN, WORDS, Encoders, observation

Tokenise = Callable[[list[str]], list[int]]
"""The words of a text to ids."""
VOCABULARY = {word: number for number, word in enumerate(WORDS, 2)}
BUCKETS = 499


def hashed(word: str) -> int:
    """Every word has an id of its own, also made-up ones."""
    return 2 + sum((index + 1) * ord(letter) for index, letter in enumerate(word)) % BUCKETS


def open_ids(words: list[str]) -> list[int]:
    return [hashed(word) for word in words]


def known_ids(words: list[str]) -> list[int]:
    return [VOCABULARY.get(word, UNKNOWN) for word in words]


def padded(ids: list[int], length: int = 12) -> list[int]:
    return [*ids, *[PADDING] * length][:length]


class Tokenised(nn.Module):
    """Ids, embedded and pooled together with the frame."""

    def __init__(self, tokenise: Tokenise) -> None:
        super().__init__()
        self.tokenise = tokenise
        torch.manual_seed(0)
        self.embed = nn.Embedding(BUCKETS + 2, DIM)
        self.rest = Encoders()
        self.requires_grad_(False)

    def run(self, frames: Sequence[Any], texts: Sequence[str]) -> torch.Tensor:
        words = self.embed(torch.tensor([self.tokenise(texts[0].split())]))
        return self.rest.head((words.sum(dim=1) + self.rest.image_of(frames[0]).mean(dim=1)) / 9)


def fate(tokenise: Tokenise, one: str, two: str) -> tuple[WordsFate, tuple[str, ...]]:
    net = Tokenised(tokenise)
    trails = Trails(CallablePolicy("words", net.run, net), observation(), seed=0)
    assert not trails.enters(one, two), "the texts are told apart"
    return words_fate(trails, (one, two))


SIDES = ("pick up the red cup", "pick up the blue cup")


@pytest.mark.parametrize("ids", [open_ids, known_ids])
@pytest.mark.parametrize(
    ("cut", "texts"),
    [
        (lambda words: words[:3], SIDES),
        (lambda words: words[-1:], SIDES),
        (lambda words: [*words[:2], *words[-1:]], SIDES),
        (lambda words: words[:2], ("go to left", "go to right")),
        (lambda words: words[-2:], ("left and up", "right and up")),
    ],
    ids=["right", "left", "middle", "last word", "first word"],
)
def test_cut_off(
    ids: Tokenise, cut: Callable[[list[str]], list[str]], texts: tuple[str, str]
) -> None:
    found, lost = fate(lambda words: ids(cut(words)), *texts)
    assert found == "cut off"
    assert set(lost) == set(texts[0].split()) ^ set(texts[1].split())


def test_words_that_the_vocabulary_lacks() -> None:
    texts = ("pick up the crimson cup", "pick up the azure cup")
    assert fate(known_ids, *texts) == ("unknown", ("crimson", "azure"))
    assert fate(lambda words: padded(known_ids(words)), *texts)[0] == "unknown"


def test_synonyms() -> None:
    """Two words that a tokeniser writes as one, by a table or by their case."""
    alike = {"azure": "blue", "navy": "blue"}
    found = fate(
        lambda ws: open_ids([alike.get(w, w) for w in ws]), "the azure cup", "the navy cup"
    )
    assert found == ("same", ("azure", "navy"))
    assert (
        fate(lambda ws: open_ids([w.lower() for w in ws]), "the RED cup", "the red cup")[0]
        == "same"
    )


def test_one_bucket() -> None:
    """Words are counted, and all of them have one id."""
    found, lost = fate(lambda words: [7] * len(words), *SIDES)
    assert (found, lost) == ("same", ("red", "blue"))
    framed = fate(lambda words: [2, *[7] * len(words), 3], *SIDES)
    assert framed[0] == "same"


def first_text() -> Tokenise:
    kept: list[list[int]] = []

    def tokenise(words: list[str]) -> list[int]:
        kept.append(open_ids(words))
        return kept[0]

    return tokenise


def keyed_by(key: Callable[[list[str]], object]) -> Tokenise:
    kept: dict[object, list[int]] = {}

    def tokenise(words: list[str]) -> list[int]:
        return kept.setdefault(key(words), open_ids(words))

    return tokenise


STALE: dict[str, Callable[[], Tokenise]] = {
    "first text": first_text,
    "by words": lambda: keyed_by(len),
    "by letters": lambda: keyed_by(lambda words: len(" ".join(words))),
    "by first word": lambda: keyed_by(lambda words: words[0]),
}


@pytest.mark.parametrize("kind", STALE)
def test_an_earlier_text_is_given_again(kind: str) -> None:
    texts = ("go to left now then", "go to ahead now then")
    if kind == "by letters":
        texts = ("go to left now then", "go to fore now then")
    assert fate(STALE[kind](), *texts)[0] == "stale"


@pytest.mark.parametrize("slot", [[], [3, 4], [3, *[PADDING] * 9]])
def test_an_empty_slot(slot: list[int]) -> None:
    """A template without the words, of fewer ids than there are words."""
    found = fate(lambda words: [2, *slot], *SIDES)[0]
    assert found == "empty"


def test_no_input_for_words() -> None:
    net = Encoders()

    def run(frames: Sequence[Any], texts: Sequence[str]) -> torch.Tensor:
        return net.head(net.image_of(frames[0]).mean(dim=1))

    trails = Trails(CallablePolicy("image", run, net), observation(), seed=0)
    assert words_fate(trails, SIDES)[0] == "no input"


def test_texts_of_other_lengths_name_the_words_that_are_lost() -> None:
    """Also words that come a second time: something was lost, so something is named."""
    for texts in [
        ("go left now", "go left"),
        ("go left", "go left now"),
        ("go left", "go left left"),
    ]:
        found, lost = fate(lambda words: open_ids(words[:2]), *texts)
        assert found == "cut off"
        assert lost
