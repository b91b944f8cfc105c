"""The nearest training instruction of a text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from difflib import SequenceMatcher
from heapq import nlargest
from math import log

from heedmap.report.differing import MOST_WORDS
from heedmap.report.words.texts import plain_form

MOST_LOOKED_AT = 2_000
"""Training instructions that share a word: of a frequent word no more are looked at."""
MOST_COMPARED = 12
"""Of these, as many as share the rarest words are compared word by word."""


class Nearest:
    """Finds among many texts the one most like another; the first where several are."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts = list(texts)
        self._words = [plain_form(text).split()[:MOST_WORDS] for text in self._texts]
        self._holders: dict[str, list[int]] = {}
        for number, words in enumerate(self._words):
            for word in set(words):
                self._holders.setdefault(word, []).append(number)

    def find(self, text: str) -> tuple[str | None, float]:
        """The nearest text, and how like it is from 0 to 1; None where no word is shared."""
        words = plain_form(text).split()[:MOST_WORDS]
        shared: defaultdict[int, float] = defaultdict(float)
        for word in sorted(set(words)):
            holders = self._holders.get(word)
            if holders is not None:
                rarity = log(1 + len(self._texts) / len(holders))
                for number in holders[:MOST_LOOKED_AT]:
                    shared[number] += rarity
        best, likeness = None, 0.0
        for number in nlargest(MOST_COMPARED, shared, key=lambda number: shared[number]):
            ratio = SequenceMatcher(None, words, self._words[number], autojunk=False).ratio()
            if ratio > likeness:
                best, likeness = self._texts[number], ratio
        return best, likeness
