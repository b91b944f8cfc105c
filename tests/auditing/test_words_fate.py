"""Why words do not enter a network: tiny tokenisers in plain Python before an embedding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

from heedmap.auditing.api import audit
from heedmap.auditing.trails import Trails
from heedmap.auditing.words_fate import fate_of_ids, words_fate
from heedmap.ladder.behaviour import WordsFate
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

    def __init__(self, tokenise: Tokenise, *, bag: bool = False) -> None:
        super().__init__()
        self.tokenise, self.bag = tokenise, bag
        torch.manual_seed(0)
        self.embed = nn.Embedding(BUCKETS + 2, DIM)
        self.rest = Encoders()
        self.requires_grad_(False)

    def run(self, frames: Sequence[Any], texts: Sequence[str]) -> torch.Tensor:
        ids = torch.tensor([self.tokenise(texts[0].split())])
        if self.bag:
            pooled = functional.embedding_bag(ids, self.embed.weight, mode="sum")
        else:
            pooled = self.embed(ids).sum(dim=1)
        return self.rest.head((pooled + self.rest.image_of(frames[0]).mean(dim=1)) / 9)


def fate(
    tokenise: Tokenise, one: str, two: str, *, bag: bool = False
) -> tuple[WordsFate, tuple[str, ...]]:
    net = Tokenised(tokenise, bag=bag)
    trails = Trails(CallablePolicy("words", net.run, net), observation(), seed=0)
    assert not trails.enters(one, two), "the texts are told apart"
    found = words_fate(trails, (one, two), (one, two))
    return found.of_words, found.lost


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


FOREIGN = ("crimson thing please", "azure thing please")


@pytest.mark.parametrize(
    "prompt",
    [
        lambda ids: [2, *ids, 3],
        lambda ids: padded([2, *ids, 3], 8),
        lambda ids: [VOCABULARY["pick"], *ids][-9:],
        lambda ids: [*padded(ids, 6), VOCABULARY["cup"]],
    ],
    ids=["start and end", "padded", "limited", "template"],
)
@pytest.mark.parametrize("pooled", ["looked up", "bag"])
def test_a_vocabulary_that_knows_no_word(
    prompt: Callable[[list[int]], list[int]], pooled: str
) -> None:
    """No cache: words are counted, beside ids of another kind, and made-up ones get that id too."""
    found, _ = fate(lambda words: prompt(known_ids(words)), *FOREIGN, bag=pooled == "bag")
    assert found == "unknown"


@pytest.mark.parametrize("places", [False, True])
def test_texts_in_letters_that_a_cleaner_drops(places: bool) -> None:
    """Nothing is left of the words, though words in other letters would come through."""
    texts = ("빨간 컵을 집어", "파란 컵을 집어")

    def tokenise(words: list[str]) -> list[int]:
        kept = open_ids([word for word in words if word.isascii()])
        return [2, *kept, 3] if places else padded([2, *kept, 3])

    assert fate(tokenise, *texts)[0] == "empty"


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


class Branches(Tokenised):
    """Guidance: each text beside as many blank words, in one batch of two rows."""

    def __init__(self, tokenise: Tokenise, *, words_first: bool) -> None:
        super().__init__(tokenise)
        self.words_first = words_first

    def run(self, frames: Sequence[Any], texts: Sequence[str]) -> torch.Tensor:
        words = texts[0].split()
        pair = [["blank"] * len(words), words]
        order = -1 if self.words_first else 1
        ids = torch.tensor([self.tokenise(each) for each in pair[::order]])
        without, asked = self.embed(ids).sum(dim=1)[[0, 1][::order]]
        image = self.rest.image_of(frames[0]).mean(dim=1)
        return self.rest.head((without + 1.5 * (asked - without) + image) / 9)


def kept_by_length() -> Tokenise:
    """What was encoded first of each length: the blank words beside the text."""
    kept: dict[int, list[int]] = {}
    return lambda words: kept.setdefault(len(words), open_ids(words))


@pytest.mark.parametrize("words_first", [False, True])
@pytest.mark.parametrize("kind", ["kept", "unknown"])
def test_branches_of_which_neither_has_the_words_are_no_unknown_words(
    kind: str, words_first: bool
) -> None:
    tokenise = kept_by_length() if kind == "kept" else known_ids
    net = Branches(tokenise, words_first=words_first)
    if kind == "kept" and words_first:
        tokenise(["blank"] * 4)  # texts of other lengths keep their own words
    trails = Trails(CallablePolicy("guided", net.run, net), observation(), seed=0)
    texts = ("go to west now", "go to east now")
    assert not trails.enters(*texts)
    found = words_fate(trails, texts, texts).of_words
    assert (found == "unknown") == (kind == "unknown")


def test_branches_whose_words_are_all_one_id_are_told_by_it() -> None:
    net = Branches(lambda words: [7 for _ in words], words_first=True)
    trails = Trails(CallablePolicy("guided", net.run, net), observation(), seed=0)
    assert words_fate(trails, SIDES, SIDES).of_words == "same"


@pytest.mark.parametrize("slot", [[3, 4], [3, *[PADDING] * 9], [3, *[PADDING] * 3, *[9] * 16, 4]])
def test_an_empty_slot(slot: list[int]) -> None:
    """A template without the words, of fewer ids than there are words, beside image places."""
    found = fate(lambda words: [2, *slot], *SIDES)[0]
    assert found == "empty"


def test_a_table_of_tasks() -> None:
    """Every sentence that is not in it has the last number."""
    tasks = {"pick up the red cup.": 1}
    assert fate(lambda words: [tasks.get(" ".join(words), 7)], *SIDES)[0] == "same"


def test_no_input_for_words() -> None:
    net = Encoders()

    def run(frames: Sequence[Any], texts: Sequence[str]) -> torch.Tensor:
        return net.head(net.image_of(frames[0]).mean(dim=1))

    trails = Trails(CallablePolicy("image", run, net), observation(), seed=0)
    assert words_fate(trails, SIDES, SIDES).of_words == "no input"


Numbers = Callable[[list[str]], list[float]]
"""What a network is given of a text's words, made outside of torch."""


def task_of(words: list[str]) -> list[float]:
    """One-hot by the cup's colour; zeros where none is named."""
    return [float(colour in words) for colour in ("red", "blue")]


def sentence_of(words: list[str]) -> list[float]:
    """Mean of codes of known words, places counting; zeros where none is known."""
    codes = [
        {"red": 1, "blue": 2}[w] / (i + 1) for i, w in enumerate(words) if w in ("red", "blue")
    ]
    return [sum(codes), float(len(codes))]


def told_outside(numbers: Numbers) -> WordsFate:
    """Of a network whose words become a vector in plain Python; no single one of them enters."""
    net, told = Encoders(), nn.Linear(2, DIM)
    del net.embed  # what a table of embeddings would have held is kept, otherwise

    def run(frames: Sequence[Any], texts: Sequence[str]) -> torch.Tensor:
        vector = told(torch.tensor([numbers(texts[0].split())]))
        return net.head((vector + net.image_of(frames[0]).mean(dim=1)) / 9)

    trails = Trails(CallablePolicy("told", run, net), observation(), seed=0)
    assert not trails.enters(*SIDES)
    return words_fate(trails, SIDES, SIDES).of_words


@pytest.mark.parametrize("numbers", [task_of, sentence_of])
@pytest.mark.parametrize(
    ("cut", "expected"),
    [
        (lambda words: words[:2], "cut off"),
        (lambda words: words[-1:], "cut off"),
        (lambda words: [*words[:2], *words[-1:]], "cut off"),
        (lambda words: [word for word in words if len(word) < 3], "no input"),
        (lambda words: [], "no input"),
    ],
    ids=["right", "left", "middle", "unknown", "empty"],
)
def test_numbers_of_a_task_that_are_made_outside_of_torch(
    numbers: Numbers, cut: Callable[[list[str]], list[str]], expected: WordsFate
) -> None:
    assert told_outside(lambda words: numbers(cut(words))) == expected


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


def written_over(ids: torch.Tensor, kind: str) -> torch.Tensor:
    """All but the first id, each one's place taken by another."""
    is_word = torch.arange(ids.shape[1]) > 0
    if kind == "bucket":
        return torch.where(is_word, 7, ids)
    if kind == "filled":
        return ids.masked_fill(is_word, 7)
    return torch.where(is_word, 0, ids)[:, :3]


@pytest.mark.parametrize(
    ("kind", "cause"), [("bucket", "same"), ("filled", "same"), ("nothing", "arrive")]
)
def test_ids_that_are_written_over(kind: str, cause: WordsFate) -> None:
    """By one id for each word, which are still counted; or by a few that do not grow in number."""
    net = Encoders()

    def run(frames: Sequence[Any], texts: Sequence[str]) -> torch.Tensor:
        ids = torch.tensor([[2, *(3 + n % 9 for n in open_ids(texts[0].split()))]])
        words = net.embed(written_over(ids, kind)).mean(dim=1)
        return net.head(words + net.image_of(frames[0]).mean(dim=1))

    trails = Trails(CallablePolicy("written", run, net), observation(), seed=0)
    assert fate_of_ids(trails, SIDES, are_one=False).of_words == cause


def written_as_one(net: Encoders, ids: torch.Tensor, kind: str) -> torch.Tensor:
    """Ids beyond a limit, or looked up in a table whose rows are all the same."""
    if kind == "limit":
        return net.embed(ids.clamp(max=VOCABULARY["to"]))
    return functional.embedding(ids, net.embed.weight[:1].expand_as(net.embed.weight).clone())


@pytest.mark.parametrize("kind", ["limit", "table"])
def test_other_ids_that_become_one(kind: str) -> None:
    """Within the network: other words, and one vector for all of them."""
    net = Encoders()

    def run(frames: Sequence[Any], texts: Sequence[str]) -> torch.Tensor:
        ids = torch.tensor([[VOCABULARY[word] for word in text.split()] for text in texts])
        words = written_as_one(net, ids, kind).mean(dim=1)
        return net.head(words + net.image_of(frames[0]).mean(dim=1))

    policy = CallablePolicy(kind, run, net)
    texts = {"left": "go to left now", "right": "go to right now"}
    found = audit(policy, {"f": observation()}, texts, until="exchange").record.policies[0]
    assert found.verdict.cause == "same_ids"
    assert "'left', 'right'" in found.verdict.sentence
