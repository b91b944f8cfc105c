"""Counterfactual instructions: a direction, colour or object exchanged for another.

The words that replace each other are in a table that the user can edit, in English and in
Korean (`counterfactuals.yaml`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Literal

import yaml
from pydantic import TypeAdapter

from heedmap.data.gates.documents import read_yaml
from heedmap.errors import InstructionError
from heedmap.frozen import Frozen
from heedmap.phrase import Phrase

RECORDED = "recorded"
"""Name of the instruction that a frame came with, next to its counterfactuals."""
MOST = 3
"""Counterfactuals of one instruction, where no other number is given."""


class WordGroup(Frozen):
    """Sets of words; within a set they replace each other."""

    group: str
    language: Literal["en", "ko"]
    sets: tuple[tuple[str, ...], ...]


Table = Sequence[WordGroup]
_TABLE = TypeAdapter(tuple[WordGroup, ...])


PAIRS = (("을", "를"), ("이", "가"), ("은", "는"), ("과", "와"), ("으로", "로"))
"""Korean particles as they are after a final consonant, and after a vowel."""
PARTICLE = "으로|로|을|를|이|가|은|는|과|와|에서|에|의|도|만|까지|부터|이나|나"


@dataclass(frozen=True)
class Counterfactual:
    """An instruction with another expected action."""

    name: str
    text: str
    group: str
    exchanged: tuple[str, str]
    """The word that was there, and the one in its place."""


def counterfactuals(
    instruction: str, table: Table | None = None, most: int = MOST
) -> list[Counterfactual]:
    """Instructions with one kind of word exchanged, directions first; `most` at most.

    Where both words of a pair are there, they change places. Empty where the instruction
    holds no word of the table.
    """
    found: list[Counterfactual] = []
    texts = {instruction}
    for group in built_in_table() if table is None else table:
        for words in sorted(group.sets, key=lambda each: -max(len(word) for word in each)):
            for made in _exchanged(instruction, group, words):
                if made.text not in texts and len(found) < most:
                    texts.add(made.text)
                    found.append(made)
    return found


def named_counterfactuals(
    instruction: str, table: Table | None = None, most: int = MOST
) -> dict[str, str]:
    """The instruction as `recorded`, and its counterfactuals by name.

    Raises InstructionError where the table holds none of its words.
    """
    made = counterfactuals(instruction, table, most)
    if not made:
        raise InstructionError(
            "No counterfactual of '{instruction}' is known: it holds no direction, colour or "
            "object of the table. Give instructions (--instruction name=text), or a table of your "
            "own (--words FILE).",
            instruction=instruction,
        )
    return {RECORDED: instruction, **{each.name: each.text for each in made}}


@lru_cache(maxsize=1)
def built_in_table() -> tuple[WordGroup, ...]:
    """The table that comes with heedmap."""
    text = files("heedmap.data").joinpath("counterfactuals.yaml").read_text(encoding="utf-8")
    return _TABLE.validate_python(yaml.safe_load(text))


def load_table(path: Path) -> tuple[WordGroup, ...]:
    """A table of the user's. Raises InstructionError for what is missing or no table."""
    expected = "a list of group, language and sets"
    return read_yaml(path, _TABLE, Phrase("table of words"), expected, InstructionError)


def _exchanged(instruction: str, group: WordGroup, words: tuple[str, ...]) -> list[Counterfactual]:
    present = [word for word in words if _pattern(word, group.language).search(instruction)]
    if not present:
        return []
    if len(present) > 1:
        one, two = present[:2]
        others = [(one, two, {one: two, two: one})]
    else:
        (one,) = present
        others = [(one, word, {one: word}) for word in words if word != one]
    return [
        Counterfactual(
            f"{group.group}_{two.replace(' ', '_')}",
            _replaced(instruction, exchanges, group.language),
            group.group,
            (one, two),
        )
        for one, two, exchanges in others
    ]


@lru_cache(maxsize=4096)
def _pattern(word: str, language: str) -> re.Pattern[str]:
    """English words are whole; Korean ones begin a word, and particles may follow them."""
    if language == "en":
        return re.compile(rf"\b{re.escape(word)}\b", re.IGNORECASE)
    return re.compile(rf"(?<![가-힣]){re.escape(word)}(?=(?:{PARTICLE})?(?![가-힣]))")


def _replaced(text: str, exchanges: dict[str, str], language: str) -> str:
    longest = sorted(exchanges, key=len, reverse=True)
    pattern = "|".join(f"(?:{_pattern(word, language).pattern})" for word in longest)
    if language == "en":
        pattern = rf"(?P<article>\b[Aa]n? )?(?P<word>{pattern})"
        return re.sub(
            pattern, lambda match: _in_english(match, exchanges), text, flags=re.IGNORECASE
        )
    pattern = rf"(?P<word>{pattern})(?P<particle>{PARTICLE})?"
    return re.sub(pattern, lambda match: _in_korean(match, exchanges), text)


def _in_english(match: re.Match[str], exchanges: dict[str, str]) -> str:
    """Capitals as they were; a or an as the new word asks."""
    old, article = match["word"], match["article"]
    new = exchanges[old.lower()] if old.lower() in exchanges else exchanges[old]
    if old[0].isupper():
        new = new[0].upper() + new[1:]
    if not article:
        return new
    own = "an" if new[0].lower() in "aeiou" else "a"
    return f"{own.capitalize() if article[0].isupper() else own} {new}"


def _in_korean(match: re.Match[str], exchanges: dict[str, str]) -> str:
    old, particle = match["word"], match["particle"] or ""
    new = exchanges[old]
    pair = next((pair for pair in PAIRS if particle in pair), None)
    if pair is not None:
        final = _final_consonant(new[-1])
        takes_vowel_form = final == 0 or (pair[1] == "로" and final == RIEUL)
        particle = pair[1] if takes_vowel_form else pair[0]
    return new + particle


RIEUL = 8
"""Number of the final consonant ㄹ, after which 로 follows and not 으로."""


def _final_consonant(syllable: str) -> int:
    """The number of a Hangul syllable's final consonant; 0 is none."""
    code = ord(syllable) - ord("가")
    return code % 28 if 0 <= code <= ord("힣") - ord("가") else 0
