"""Other texts made from one instruction, by kind: words exchanged, the form changed, no words."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from heedmap.auditing.exam.kinds import EXCHANGES, Kind
from heedmap.auditing.lower.tokens import MADE_UP_WORDS
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
    "verb": "verb",
    "number": "number",
    "direction": "direction",
    "colour": "colour",
    "object": "noun",
}
_HANGUL = re.compile(r"[가-힣]")
_END = re.compile(r"[.!?。]+$")

# Two steps of which the first is to be done first.
_STEPS = (
    re.compile(r"^(?P<one>.+?),? (?:and )?then (?P<two>.+)$", re.IGNORECASE),
    re.compile(r"^(?P<one>.+?) (?:before|after) (?P<two>\w+ing .+)$", re.IGNORECASE),
    re.compile(r"^(?P<one>.+?[^\s.,])[.,]? (?:그리고 나서|그다음에?|그 다음에?) (?P<two>.+)$"),
)
_NEGATED = re.compile(r"^(?P<please>please )?(?:do not|don.t|never) (?P<rest>.+)$", re.IGNORECASE)
_PLEASE = re.compile(r"^(?P<please>please )(?P<rest>.+)$", re.IGNORECASE)
_NEGATED_KO = re.compile(r"^(?P<rest>.+)지 (?:마세요|마십시오|마라|마)$")
_RIEUL_STEMS = {"여": "열", "미": "밀", "드": "들", "만드": "만들", "거": "걸", "파": "팔"}
"""Korean stems in ㄹ, which they lose before 세요."""
_SHORTENED = {stem: short for short, stem in _RIEUL_STEMS.items()}


@lru_cache(maxsize=1)
def _tables() -> tuple[tuple[WordGroup, ...], tuple[WordGroup, ...]]:
    """Words whose exchange asks for another action, and for the same."""
    own = load_table(Path(str(files("heedmap.auditing.exam").joinpath("words.yaml"))))
    other = tuple(group for group in own if group.group != "paraphrase")
    same = tuple(group for group in own if group.group == "paraphrase")
    return (*other, *built_in_table()), same


def exchanged(instruction: str, known: Collection[str] = ()) -> dict[Kind, list[str]]:
    """Texts that ask for something else, by kind, those with words in `known` first.

    `known` are words of the data set in lower case. Two words that change places are `order`.
    """
    found: dict[Kind, list[str]] = {kind: [] for kind in EXCHANGES}
    made = counterfactuals(instruction, _tables()[0], _ENOUGH)
    for each in sorted(made, key=lambda each: not _is_known(each, known)):
        kind = "order" if _change_places(each, instruction) else _KIND_OF_GROUP[each.group]
        found[kind].append(each.text)
    found["order"] += _steps_exchanged(instruction)
    found["negation"] += _negated(instruction)
    return {kind: texts for kind, texts in found.items() if texts}


def _is_known(made: Counterfactual, known: Collection[str]) -> bool:
    return set(made.exchanged[1].lower().split()) <= set(known)


def _change_places(made: Counterfactual, instruction: str) -> bool:
    """Whether the word that came was there already."""
    one, two = made.exchanged
    before, after = instruction.lower(), made.text.lower()
    return all(before.count(word) == after.count(word) > 0 for word in (one.lower(), two.lower()))


def _steps_exchanged(instruction: str) -> list[str]:
    end = _END.search(instruction)
    text = instruction[: end.start()] if end else instruction
    for pattern in _STEPS:
        if found := pattern.match(text):
            one, two = found["one"], found["two"]
            between = text[found.end("one") : found.start("two")]
            first = two[0].upper() + two[1:] if one[0].isupper() else two
            second = one[0].lower() + one[1:] if one[0].isupper() else one
            if pattern is _STEPS[1]:  # "wash it before drying it": the other word turns it round
                between = {"before": "after", "after": "before"}[between.strip().lower()]
                return [f"{one} {between} {two}{end.group() if end else ''}"]
            return [f"{first}{between}{second}{end.group() if end else ''}"]
    return []


def _negated(instruction: str) -> list[str]:
    if _HANGUL.search(instruction):
        return _negated_in_korean(instruction)
    if found := _NEGATED.match(instruction):
        return [_capital(instruction, f"{found['please'] or ''}{found['rest']}")]
    if found := _PLEASE.match(instruction):
        return [f"{found['please']}do not {found['rest']}"]
    return [_capital(instruction, f"do not {_small(instruction)}")]


def _negated_in_korean(instruction: str) -> list[str]:
    end = _END.search(instruction)
    text, sign = (instruction[: end.start()], end.group()) if end else (instruction, "")
    if found := _NEGATED_KO.match(text):
        before, _, last = found["rest"].rpartition(" ")
        last = _SHORTENED.get(last, last)
        return [f"{before} {last}{'으세요' if _closes(last) else '세요'}{sign}".strip()]
    for ending, negated in (
        ("하십시오", "하지 마십시오"),
        ("으세요", "지 마세요"),
        ("세요", "지 마세요"),
    ):
        if text.endswith(ending) and len(text) > len(ending):
            stem = text[: -len(ending)]
            before, _, last = stem.rpartition(" ")
            last = _RIEUL_STEMS.get(last, last) if ending == "세요" else last
            return [f"{before} {last}{negated}{sign}".strip()]
    return []


def _closes(text: str) -> bool:
    """Whether the last syllable has a final consonant."""
    return (ord(text[-1]) - ord("가")) % 28 > 0


def reworded(instruction: str) -> dict[Kind, list[str]]:
    """Texts that ask for the same in another form, by kind."""
    found: dict[Kind, list[str]] = {
        "punctuation": _punctuation(instruction),
        "case": [t for t in (_other_capital(instruction), instruction.upper()) if t != instruction],
        "filler": _fillers(instruction),
        "paraphrase": [each.text for each in counterfactuals(instruction, _tables()[1], _ENOUGH)],
    }
    return {kind: texts for kind, texts in found.items() if texts}


def without_meaning(instruction: str) -> dict[Kind, list[str]]:
    """The controls: as many made-up words, and none."""
    count = max(1, len(instruction.split()))
    nonsense = (MADE_UP_WORDS[index % len(MADE_UP_WORDS)] for index in range(count))
    return {"nonsense": [" ".join(nonsense)], "blank": [""]}


def _punctuation(text: str) -> list[str]:
    bare = _END.sub("", text).strip()
    if not bare:
        return []
    return (
        [t for t in (bare, f"{bare}!") if t != text] if bare != text else [f"{text}.", f"{text}!"]
    )


def _fillers(text: str) -> list[str]:
    if _HANGUL.search(text):
        return [f"자, {text}", f"음, {text}"]
    small = _small(text)
    polite = [] if "please" in text.lower() else [f"please {small}"]
    return [_capital(text, each) for each in (*polite, f"okay, {small}", f"now {small}")]


def _small(text: str) -> str:
    """Without the capital of a sentence; an acronym keeps its own."""
    return text[0].lower() + text[1:] if text[1:2].islower() else text


def _capital(like: str, text: str) -> str:
    """With a capital where the other sentence has one."""
    return text[0].upper() + text[1:] if like[0].isupper() else text


def _other_capital(text: str) -> str:
    turn: Callable[[str], str] = str.lower if text[0].isupper() else str.upper
    return turn(text[0]) + text[1:]
