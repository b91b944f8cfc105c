"""The words in which two texts differ."""

from __future__ import annotations

from difflib import SequenceMatcher

MOST_WORDS = 100
"""Of a text: instructions are shorter, and longer ones would take long to compare."""

Edit = tuple[str, bool]
"""A piece of a text, and whether the other text lacks it."""


def differing_words(one: str, other: str) -> tuple[list[Edit], list[Edit]]:
    """Both texts in pieces: runs of words that the two share, and runs that only one has."""
    first, second = one.split()[:MOST_WORDS], other.split()[:MOST_WORDS]
    matcher = SequenceMatcher(None, first, second, autojunk=False)
    left: list[Edit] = []
    right: list[Edit] = []
    for kind, a, b, c, d in matcher.get_opcodes():
        if b > a:
            left.append((" ".join(first[a:b]), kind != "equal"))
        if d > c:
            right.append((" ".join(second[c:d]), kind != "equal"))
    return left, right
