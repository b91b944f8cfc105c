"""Instructions as the audit sees them, and the plain form in which two of them are the same."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Literal

from heedmap.data.locator import Locator

Role = Literal["trained", "asked", "given"]
"""What a source is to the audit: what the policy was trained on, what an evaluation says, or
neither."""
Kind = Literal["bddl", "lerobot", "rlds", "hdf5", "list", "log", "table", "cases"]
Unreadable = tuple[str, str]
"""A file that could not be read and is left out: where it lies, and why not."""

_WORD = re.compile(
    r"(?:(?<![0-9a-z'.\x80-\U0010ffff])(?:[-+]\.?|\.)(?=\d))?"
    r"(?:[0-9a-z'\x80-\U0010ffff]|(?<=\d)[.:/](?=\d))+[+#%]*"
)
"""A word with the signs that change what it means: -90, 1.5, C++, 50%. Of a text in which only
letters, marks, digits and symbols are left beyond ASCII."""
APOSTROPHES = "\N{LEFT SINGLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}"
_ALIKE = str.maketrans(APOSTROPHES + "\N{MINUS SIGN}", "''-")
_VARIANTS = frozenset(map(chr, range(0xFE00, 0xFE10)))
"""Marks that choose how an emoji looks."""


@dataclass(frozen=True)
class Instruction:
    """One instruction and where it lies."""

    said: str
    """What the policy is given."""
    place: str
    """File, and row or episode in it."""
    asked: str | None = None
    """What the task asks for, where that is written apart from what is said."""
    suite: str = ""
    """The folder of a benchmark's task."""
    base: str | None = None
    """What the task of the same name asks for in the suite that this one was made from; a suite
    that others were made from is its own."""
    is_split: bool = False
    """Whether it was stored as a list of characters."""
    episode: Locator | None = None
    """The recording that it was said in, where there are frames."""


@dataclass(frozen=True)
class Source:
    """All instructions of one file or folder, in its order."""

    path: str
    role: Role
    kind: Kind
    instructions: tuple[Instruction, ...] = field(repr=False)
    has_frames: bool = False
    left_out: tuple[Unreadable, ...] = ()

    @cached_property
    def by_text(self) -> dict[str, list[Instruction]]:
        """The different texts that are said, each with all its places."""
        found: dict[str, list[Instruction]] = {}
        for each in self.instructions:
            found.setdefault(each.said, []).append(each)
        return found

    @cached_property
    def by_words(self) -> dict[str, list[str]]:
        """The different texts by their plain form."""
        found: dict[str, list[str]] = {}
        for text in self.by_text:
            found.setdefault(plain_form(text), []).append(text)
        return found


@lru_cache(maxsize=1_000_000)
def plain_form(text: str) -> str:
    """Its words in lower case with single spaces: no punctuation, no underscores."""
    return " ".join(words_of(text))


def words_of(text: str) -> list[str]:
    """Its words in lower case, without punctuation; each symbol, such as an emoji, is a word."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(_ALIKE)
        text = "".join(map(_in_words, text.casefold()))
    return [word for found in _WORD.findall(text.casefold()) if (word := found.strip("'"))]


@lru_cache(maxsize=100_000)
def _in_words(character: str) -> str:
    """What is left of a character within words: vowel signs are, punctuation is a space."""
    category = unicodedata.category(character)
    if character.isascii() or (category[0] in "LMN" and character not in _VARIANTS):
        return character
    if category == "Cf" or character in _VARIANTS:
        return ""
    return f" {character} " if category[0] == "S" or category == "Cn" else " "
