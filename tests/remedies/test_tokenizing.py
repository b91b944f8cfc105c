"""A tokenizer's limit raised and its padding turned: policies of two kinds, and healthy twins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from torch import nn
from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

from heedmap.data.pixels import Frame
from heedmap.ladder.causes import Cause
from heedmap.phrase import said_again
from heedmap.policies.callable import CallablePolicy
from heedmap.remedies import try_remedies
from heedmap.remedies.result import Tried
from tests.remedies.world import ACTIONS, parts, share, trials

WORDS = ("[PAD]", "[UNK]", "please", "turn", "go", "now", "left", "right")


def tokenizer(side: str = "right") -> PreTrainedTokenizerFast:
    plain = Tokenizer(models.WordLevel({word: n for n, word in enumerate(WORDS)}, "[UNK]"))
    plain.pre_tokenizer = pre_tokenizers.Whitespace()  # type: ignore[assignment]
    return PreTrainedTokenizerFast(
        tokenizer_object=plain,
        pad_token="[PAD]",
        unk_token="[UNK]",
        padding_side=side,
        model_max_length=64,
    )


class Bag(nn.Module):
    """Adds up the words' vectors; `encode` cuts a prompt to `limit` tokens, text by text."""

    def __init__(self, limit: int | None) -> None:
        super().__init__()
        self.tokens, self.limit = tokenizer(), limit
        self.table = nn.Embedding(len(WORDS), 1)
        with torch.no_grad():
            self.table.weight.zero_()
            self.table.weight[WORDS.index("left")] = -4.0
            self.table.weight[WORDS.index("right")] = 4.0

    def said(self, texts: Sequence[str]) -> torch.Tensor:
        cut = {} if self.limit is None else {"truncation": True, "max_length": self.limit}
        ids = [self.tokens.encode(f"please {text}", **cut) for text in texts]
        return torch.stack([self.table(torch.tensor(each)).sum() for each in ids])

    def forward(self, frames: Sequence[Frame], texts: Sequence[str]) -> torch.Tensor:
        lean, _, blocked = parts(frames, texts).unbind(dim=1)
        side = lean + self.said(texts)
        return torch.stack([-side, side, 9 * (2 * blocked - 1)], dim=1)


class Placed(Bag):
    """A processor's batch, padded to a length; only words at the first four places count."""

    def __init__(self, limit: int = 8, side: str = "right") -> None:
        super().__init__(limit)
        self.tokens = tokenizer(side)

    def said(self, texts: Sequence[str]) -> torch.Tensor:
        found = self.tokens(
            [f"please {text}" for text in texts],
            padding="max_length",
            truncation=True,
            max_length=self.limit,
            return_tensors="pt",
        )
        return self.table(found["input_ids"])[:, :4, 0].sum(dim=1)


def tried(net: nn.Module, cause: Cause, *names: str) -> dict[str, Tried]:
    policy = CallablePolicy("words", net, net, action_names=ACTIONS)
    return {each.remedy: each for each in try_remedies(policy, trials(), cause, names=names).tried}


@pytest.mark.parametrize("net", [Bag(2), Placed(2)])
def test_a_limit_that_cuts_the_words_is_raised(net: nn.Module) -> None:
    found = tried(net, "truncated")["lengthened"]
    assert found.outcome == "helps"
    assert share(found, "following") == 1.0
    assert found.is_untrained


@pytest.mark.parametrize("net", [Bag(None), Bag(8), Placed(8)])
def test_where_nothing_is_cut_it_is_not_applied(net: nn.Module) -> None:
    found = tried(net, "truncated", "lengthened")["lengthened"]
    assert found.outcome == "not_applied"
    assert "No tokenizer of transformers cuts" in (found.why_not or "")
    assert "자르는 transformers 토크나이저가 없습니다." in said_again(found.why_not or "", "ko")


def test_padding_on_the_left_is_turned() -> None:
    found = tried(Placed(8, side="left"), "shifted_by_padding")["padded_behind"]
    assert found.outcome == "helps"
    assert share(found, "following") == 1.0


@pytest.mark.parametrize("net", [Bag(8), Placed(8)])
def test_where_no_padding_is_on_the_left_it_is_not_applied(net: nn.Module) -> None:
    found = tried(net, "shifted_by_padding", "padded_behind")["padded_behind"]
    assert found.outcome == "not_applied"
    assert "pads on the left" in (found.why_not or "")


def test_tokenizers_are_as_before_afterwards() -> None:
    def calls() -> list[Any]:
        return [PreTrainedTokenizerBase.__call__, PreTrainedTokenizerBase.encode]

    before = calls()
    tried(Placed(2), "truncated")
    assert calls() == before
