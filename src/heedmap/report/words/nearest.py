"""The nearest training instruction of a text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from difflib import SequenceMatcher
from heapq import nlargest
from math import log

import numpy as np
from jaxtyping import Float

from heedmap.report.differing import MOST_WORDS
from heedmap.report.words.texts import plain_form

MOST_LOOKED_AT = 2_000
"""Training instructions that share a word: of a frequent word no more are looked at."""
MOST_COMPARED = 12
"""Of these, as many as share the rarest words are compared word by word."""


Encode = Callable[[list[str]], Float[np.ndarray, "text feature"]]
"""A sentence encoder: one row a text."""


class NearestMeaning:
    """The same by a sentence encoder: other words of the same meaning are near, too."""

    def __init__(self, texts: Iterable[str], encode: Encode) -> None:
        self._texts = list(texts)
        self._encode = encode
        self._rows = _unit(encode(self._texts)) if self._texts else None

    def find(self, text: str) -> tuple[str | None, float]:
        """The nearest text, and the cosine of the two; None where there is no other text."""
        if self._rows is None:
            return None, 0.0
        cosines = self._rows @ _unit(self._encode([text]))[0]
        best = int(cosines.argmax())
        return self._texts[best], float(cosines[best])


def _unit(rows: Float[np.ndarray, "text feature"]) -> Float[np.ndarray, "text feature"]:
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)


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
