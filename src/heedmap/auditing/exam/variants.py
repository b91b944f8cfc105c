"""Other texts made from one instruction, by kind: words exchanged, the form changed, no words."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from heedmap.auditing.exam import english, korean
from heedmap.auditing.exam.collocations import is_another_order, is_said, keeps_phrases
from heedmap.auditing.exam.kinds import EXCHANGES, Kind
from heedmap.auditing.variants import MADE_UP_WORDS
from heedmap.data.counterfactuals import (
    Counterfactual,
    WordGroup,
    built_in_table,
    counterfactuals,
    load_table,
)

_ENOUGH = 64
"""Exchanges that are made of one instruction; those that the data set knows are put first."""
_KIND_OF_GROUP: Mapping[str, Kind] = {
    "number": "number",
    "direction": "direction",
    "colour": "colour",
    "object": "noun",
}
_END = re.compile(r"[.!?。]+$")
_VERBS_AND_SUCH = frozenset({"open", "lift", "into", "near", "first"})
"""First words of sets of the general table that have rules of their own here."""
_TAKEN_OFF = re.compile(r"\btake\b.*\b(?:off|apart|out|away)\b", re.IGNORECASE)


@lru_cache(maxsize=1)
def _tables() -> tuple[tuple[WordGroup, ...], tuple[WordGroup, ...]]:
    """Words whose exchange asks for another action, and for the same."""
    own = load_table(Path(str(files("heedmap.auditing.exam").joinpath("words.yaml"))))
    general = tuple(
        group.model_copy(
            update={"sets": tuple(s for s in group.sets if s[0] not in _VERBS_AND_SUCH)}
        )
        for group in built_in_table()
    )
    first = tuple(group for group in own if group.group in ("number", "direction"))
    last = tuple(group for group in own if group.group == "colour")
    same = tuple(group for group in own if group.group == "paraphrase")
    return (*first, *general, *last), same


def exchanged(instruction: str, known: Collection[str] = ()) -> dict[Kind, list[str]]:
    """Texts that ask for something else, by kind, those with words in `known` first.

    `known` are words of the data set in lower case. Two words that change places are `order`.
    """
    found: dict[Kind, list[str]] = {kind: [] for kind in EXCHANGES}
    found["verb"] = [
        text
        for text, new in sorted(_other_verbs(instruction), key=lambda v: not _is_of(v[1], known))
    ]
    made = counterfactuals(instruction, _tables()[0], _ENOUGH)
    for each in sorted(made, key=lambda each: not _is_of(each.exchanged[1], known)):
        is_colour, old = each.group == "colour", each.exchanged[0]
        if _change_places(each, instruction) and not _is_way(each, instruction):
            is_whole = keeps_phrases(each.text, instruction, old, is_colour=is_colour)
            if is_whole and is_another_order(*each.exchanged, instruction):
                found["order"].append(each.text)
        elif is_said(each.text, instruction, old, is_colour=is_colour):
            found[_KIND_OF_GROUP[each.group]].append(each.text)
    is_korean = korean.HANGUL.search(instruction) is not None
    language = korean if is_korean else english
    found["order"] += language.steps_exchanged(instruction)
    found["negation"] += language.negated(instruction)
    return {kind: texts for kind, texts in found.items() if texts}


def _other_verbs(instruction: str) -> list[tuple[str, str]]:
    """Texts with one verb exchanged, and the verb that came."""
    if korean.HANGUL.search(instruction):
        return list(korean.other_verbs(instruction))
    return [(each.text, each.new) for each in english.other_verbs(instruction)]


def _is_of(words: str, known: Collection[str]) -> bool:
    return set(words.lower().split()) <= set(known)


def _is_way(made: Counterfactual, instruction: str) -> bool:
    """Whether the two words are the ends of one movement, as in "from right to left"."""
    one, two = map(re.escape, made.exchanged)
    ways = rf"\bfrom (?:the )?(?:{one} to (?:the )?{two}|{two} to (?:the )?{one})\b"
    korean_ways = rf"(?:{one}에서 {two}|{two}에서 {one})"
    return made.group == "direction" and bool(
        re.search(f"{ways}|{korean_ways}", instruction, re.IGNORECASE)
    )


def _change_places(made: Counterfactual, instruction: str) -> bool:
    """Whether the word that came was there already."""
    one, two = made.exchanged
    before, after = instruction.lower(), made.text.lower()
    return all(before.count(word) == after.count(word) > 0 for word in (one.lower(), two.lower()))


def reworded(instruction: str) -> dict[Kind, list[str]]:
    """Texts that ask for the same in another form, by kind."""
    found: dict[Kind, list[str]] = {
        "punctuation": _punctuation(instruction),
        "case": [t for t in (_other_capital(instruction), instruction.upper()) if t != instruction],
        "filler": _fillers(instruction),
        "paraphrase": _paraphrased(instruction),
    }
    return {kind: texts for kind, texts in found.items() if texts}


def _paraphrased(instruction: str) -> list[str]:
    made = counterfactuals(instruction, _tables()[1], _ENOUGH)
    same = [
        each.text
        for each in made
        if is_said(each.text, instruction, each.exchanged[0])
        and not (each.exchanged[0] == "take" and _TAKEN_OFF.search(instruction))
    ]
    return korean.asked_alike(instruction) + same


def without_meaning(instruction: str) -> dict[Kind, list[str]]:
    """The controls: as many made-up words, and none."""
    count = max(1, len(instruction.split()))
    words = korean.MADE_UP_WORDS if korean.HANGUL.search(instruction) else MADE_UP_WORDS
    nonsense = (words[index % len(words)] for index in range(count))
    return {"nonsense": [" ".join(nonsense)], "blank": [""]}


def _punctuation(text: str) -> list[str]:
    bare = _END.sub("", text).strip()
    if not bare:
        return []
    return (
        [t for t in (bare, f"{bare}!") if t != text] if bare != text else [f"{text}.", f"{text}!"]
    )


def _fillers(text: str) -> list[str]:
    if korean.HANGUL.search(text):
        return [f"자, {text}", f"음, {text}"]
    small = english.small(text)
    is_polite = "please" not in text.lower() and english.is_request(text)
    polite = [f"please {small}"] if is_polite else []
    return [english.capital_as(text, t) for t in (*polite, f"okay, {small}", f"now {small}")]


def _other_capital(text: str) -> str:
    turn: Callable[[str], str] = str.lower if text[0].isupper() else str.upper
    return turn(text[0]) + text[1:]
