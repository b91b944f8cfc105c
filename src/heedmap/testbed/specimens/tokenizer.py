"""The specimens' word tokenizer: Kosmos-2's special ids, then one id a word.

An instruction becomes `<s> action : <words> </s>`, so "navigate to the left toward
the blue key" has 12 tokens and "navigate straight forward to the blue key" 11, the
counts of the published page. `action :` is the prompt template.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from heedmap.errors import InstructionError
from heedmap.testbed.specimens.world import VOCABULARY_WORDS
from heedmap.types import TokenIds, TokenMask

BOS_ID, PAD_ID, EOS_ID, UNKNOWN_ID = 0, 1, 2, 3
SPECIAL_TOKENS = ("<s>", "<pad>", "</s>", "<unk>")
TEMPLATE_WORDS = ("action", ":")
TOKENS = (*SPECIAL_TOKENS, *VOCABULARY_WORDS)


@dataclass(frozen=True)
class TokenizedInstructions:
    """Token ids of a batch of instructions, right-padded, and which of them are real."""

    ids: TokenIds
    is_token: TokenMask

    @property
    def token_counts(self) -> tuple[int, ...]:
        """Tokens of each instruction, special ones included (the published page's `text_len`)."""
        return tuple(self.is_token.sum(dim=1).tolist())


class WordTokenizer:
    """Splits on spaces; a word outside the vocabulary becomes `<unk>`."""

    def __init__(self, max_tokens: int) -> None:
        self.max_tokens = max_tokens
        self._id_of = {token: index for index, token in enumerate(TOKENS)}

    def encode(self, instruction: str) -> list[int]:
        """Ids of one instruction with its template and special tokens.

        Raises InstructionError when there are more than `max_tokens`.
        """
        words = (*TEMPLATE_WORDS, *instruction.lower().split())
        ids = [BOS_ID, *(self._id_of.get(word, UNKNOWN_ID) for word in words), EOS_ID]
        if len(ids) > self.max_tokens:
            shown = instruction if len(instruction) <= 60 else instruction[:57] + "..."
            raise InstructionError(
                "The instruction '{shown}' has {count} tokens, but this policy takes at most "
                "{max_tokens}; shorten it.",
                shown=shown,
                count=len(ids),
                max_tokens=self.max_tokens,
            )
        return ids

    def __call__(self, instructions: list[str], pad_to: int | None = None) -> TokenizedInstructions:
        """Tokenize a batch, right-padded to `pad_to` tokens or to the longest instruction."""
        encoded = [self.encode(text) for text in instructions]
        width = pad_to or max(map(len, encoded))
        ids = torch.full((len(encoded), width), PAD_ID)
        for row, tokens in enumerate(encoded):
            ids[row, : len(tokens)] = torch.tensor(tokens)
        lengths = torch.tensor([len(tokens) for tokens in encoded])
        return TokenizedInstructions(ids, torch.arange(width)[None] < lengths[:, None])
