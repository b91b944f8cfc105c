"""Words that are lost before the tokenizer: the text that it is given instead is quoted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import torch

from heedmap.auditing.api import audit
from heedmap.ladder.verdict import Verdict
from heedmap.ladder.wording import verdict_text
from heedmap.policies.callable import CallablePolicy
from tests.tracing.trail.plain import VOCABULARY, Encoders, ids_of, observation

TEXTS = {"left": "go to left now", "right": "go to right now", "up": "go to up now"}
TEMPLATE = "what should the robot do to reach it ?"
Encode = Callable[[Encoders, str], torch.Tensor]


class WordTokenizer:
    """Called as those of transformers are, through an inner method."""

    def __call__(self, text: str | list[str], padding: str = "max_length") -> dict[str, Any]:
        return self._batch([text] if isinstance(text, str) else text, padding)

    def _batch(self, texts: list[str], padding: str) -> dict[str, Any]:
        return {"input_ids": torch.tensor([[*ids_of(text), 0, 0] for text in texts])}


def by_tokenizer(net: Encoders, text: str) -> torch.Tensor:
    return net.embed(WordTokenizer()(text)["input_ids"]).mean(dim=1)


def by_word_list(net: Encoders, text: str) -> torch.Tensor:
    """Words with their kinds, as a list of pairs, to an array."""

    def numbers(pairs: list[tuple[str, int]]) -> np.ndarray:
        return np.array([VOCABULARY.get(word, 1) for word, _ in pairs])

    return net.embed(torch.from_numpy(numbers([(word, 1) for word in text.split()]))[None]).mean(1)


def one_hot(words: Sequence[str]) -> list[float]:
    return [float(name in words) for name in ("left", "right", "up", "go", *"abcd")]


def by_task(net: Encoders, text: str) -> torch.Tensor:
    """No ids at all: a code of the task."""
    return net.mix(torch.tensor([one_hot(text.split())]))


ENCODERS: dict[str, Encode] = {
    "tokenizer": by_tokenizer,
    "word list": by_word_list,
    "task": by_task,
}


def verdict_of(
    encode: Encode, prompt: Callable[[str], str], texts: dict[str, str] = TEXTS
) -> Verdict:
    net = Encoders()

    def run(frames: Sequence[Any], texts: Sequence[str]) -> torch.Tensor:
        words = torch.cat([encode(net, prompt(text)) for text in texts])
        return net.head(words + torch.cat([net.image_of(f).mean(dim=1) for f in frames]))

    policy = CallablePolicy("prompted", run, net)
    return audit(policy, {"f": observation()}, texts, until="exchange").record.policies[0].verdict


def wrong_key(text: str) -> str:
    return TEMPLATE + {"instruction": text}.get("task", "")


def cut_at_the_front(text: str) -> str:
    return f"{TEMPLATE} {text}"[: len(TEMPLATE)]


@pytest.mark.parametrize("prompt", [wrong_key, cut_at_the_front])
@pytest.mark.parametrize("encode", ENCODERS)
def test_a_prompt_without_the_instruction_is_quoted(
    encode: str, prompt: Callable[[str], str]
) -> None:
    verdict = verdict_of(ENCODERS[encode], prompt)
    assert (verdict.first_failing, verdict.cause) == ("tokenised", "empty_instruction")
    assert f'"{TEMPLATE}"' in verdict.sentence
    assert "says, tests." in verdict.sentence
    assert TEMPLATE in verdict_text(verdict, "ko")[0]


def test_a_prompt_of_nothing_is_called_empty() -> None:
    def of_batch(net: Encoders, text: str) -> torch.Tensor:
        def encode(texts: list[str]) -> torch.Tensor:
            return torch.tensor([[2, *ids_of(each), 3] for each in texts])

        batch = {"pixels": torch.zeros(2), "task": [text]}
        return net.embed(encode(batch.get("instruction", [""]))).mean(dim=1)  # pyright: ignore[reportArgumentType]

    verdict = verdict_of(of_batch, str)
    assert verdict.cause == "empty_instruction"
    assert 'the same text: "(empty)".' in verdict.sentence


@pytest.mark.parametrize("encode", ENCODERS)
def test_a_text_of_another_instruction_is_quoted(encode: str) -> None:
    verdict = verdict_of(ENCODERS[encode], lambda text: "then go to up")
    assert (verdict.first_failing, verdict.cause) == ("tokenised", "stale_instruction")
    assert 'another instruction: "then go to up"' in verdict.sentence


@pytest.mark.parametrize("encode", ENCODERS)
def test_where_the_words_reach_the_encoder_no_text_is_quoted(encode: str) -> None:
    """They are lost in it: a cache of what it made of an earlier one."""
    kept: list[torch.Tensor] = []

    def cached(net: Encoders, text: str) -> torch.Tensor:
        kept.append(ENCODERS[encode](net, f"{TEMPLATE} {text}"))
        return kept[0]

    assert TEMPLATE not in verdict_of(cached, str).sentence


@pytest.mark.parametrize("kept", [slice(0, 5), slice(-3, None)])
def test_ids_that_are_cut_from_a_whole_prompt(kept: slice) -> None:
    """Behind and before the template that is around the instruction."""

    def tokenise(prompt: str) -> list[int]:
        return [2 + len(word) * ord(word[0]) % 11 for word in prompt.split()][kept]

    def cut(net: Encoders, text: str) -> torch.Tensor:
        return net.embed(torch.tensor([tokenise(f"{TEMPLATE} {text} . Then act :")])).mean(dim=1)

    verdict = verdict_of(cut, str)
    assert (verdict.first_failing, verdict.cause) == ("tokenised", "truncated")
    assert "'left', 'right'" in verdict.sentence


def test_one_word_beside_a_system_prompt_of_its_own() -> None:
    """The prompt is encoded as it is; the instruction reaches its encoder, and a cache there."""
    kept: list[torch.Tensor] = []

    def two_parts(net: Encoders, text: str) -> torch.Tensor:
        kept.append(by_tokenizer(net, text))
        return by_tokenizer(net, TEMPLATE) + kept[0]

    words = {"left": "left", "right": "right"}
    assert TEMPLATE not in verdict_of(two_parts, str, words).sentence


@pytest.mark.parametrize("encode", ENCODERS)
def test_a_healthy_one_loses_nothing(encode: str) -> None:
    verdict = verdict_of(ENCODERS[encode], lambda text: f"{TEMPLATE} {text}")
    assert verdict.cause == "none"


def test_a_template_in_the_policys_own_function_is_not_guessed_at() -> None:
    """Split and looked up where the instruction itself is at hand: what is encoded is not seen."""

    def inline(net: Encoders, text: str) -> torch.Tensor:
        return net.embed(torch.tensor([[2, 3, 4]])).mean(dim=1)

    verdict = verdict_of(inline, str)
    assert verdict.cause == "empty_instruction"
    assert "encodes" not in verdict.sentence
