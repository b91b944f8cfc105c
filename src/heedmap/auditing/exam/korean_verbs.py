"""Korean verbs as instructions have them: which forms there are of a verb, and where they stand.

A form is a stem with an ending: of 열 there are 여세요, 열어 주세요, 열고 and 열지. Verbs of 하다
need no entry.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

Ending = Literal[
    "세요",
    "십시오",
    "아",
    "아라",
    "아 주세요",
    "아 주십시오",
    "아 줘",
    "아서",
    "고",
    "은",
    "지",
]
FINAL: tuple[Ending, ...] = ("세요", "십시오", "아", "아라", "아 주세요", "아 주십시오", "아 줘")
"""Endings of a request; the others join clauses, or come before 마세요."""
NIEUN, RIEUL = 4, 8
"""Numbers of the final consonants ㄴ and ㄹ."""


@dataclass(frozen=True)
class Verb:
    """A verb by what its forms are made of."""

    stem: str
    connected: str
    """With 아 or 어: 열어, 놓아, 밀어, 당겨."""
    soft: str = ""
    """What comes before 세요; made of the stem where it is not given, as of irregular verbs."""

    def form(self, ending: Ending) -> str:
        """The verb with an ending."""
        if ending in ("고", "지"):
            return self.stem + ending
        if ending.startswith("아"):
            return self.connected + ending.removeprefix("아")
        soft = self.soft or _soft(self.stem)
        return with_final(soft, NIEUN) if ending == "은" else soft + ending


VERBS = tuple(
    Verb(*written.split("/"))
    for written in (
        *(
            "집/집어",
            "잡/잡아",
            "놓/놓아",
            "내려놓/내려놓아",
            "올려놓/올려놓아",
            "두/두어",
            "넣/넣어",
        ),
        *("꺼내/꺼내", "열/열어", "닫/닫아", "밀/밀어", "당기/당겨", "켜/켜", "끄/꺼", "올리/올려"),
        *(
            "내리/내려",
            "들/들어",
            "들어 올리/들어 올려",
            "들어올리/들어올려",
            "쌓/쌓아",
            "옮기/옮겨",
        ),
        *("누르/눌러", "접/접어", "펴/펴", "펼치/펼쳐", "따르/따라", "붓/부어/부으", "닦/닦아"),
        *("치우/치워", "꽂/꽂아", "뽑/뽑아", "걸/걸어", "돌리/돌려", "돌/돌아", "가/가", "오/와"),
        *(
            "만지/만져",
            "줍/주워/주우",
            "흔들/흔들어",
            "뒤집/뒤집어",
            "끼우/끼워",
            "빼/빼",
            "자르/잘라",
        ),
        *("쓸/쓸어", "담/담아", "덮/덮어", "풀/풀어", "묶/묶어", "멈추/멈춰", "멀어지/멀어져"),
        *("채우/채워", "비우/비워", "붙이/붙여", "떼/떼어", "섞/섞어", "씻/씻어", "만들/만들어"),
        *("썰/썰어", "털/털어", "달/달아", "갈/갈아", "싣/실어/실으", "걷/걸어/걸으", "파/파"),
        *("세우/세워", "눕히/눕혀", "벗기/벗겨", "씌우/씌워", "버리/버려", "던지/던져", "찾/찾아"),
    )
)
SPOKEN = {"두어": "둬", "놓아": "놔", "올려놓아": "올려놔", "내려놓아": "내려놔", "멈춰": "멈추어"}
"""Other ways to write the connected form; they are read, and not written."""


@dataclass(frozen=True)
class Found:
    """A form of a verb in a text."""

    verb: Verb
    ending: Ending
    start: int
    end: int

    def replaced(self, text: str, form: str) -> str:
        """The text with another form in its place."""
        return text[: self.start] + form + text[self.end :]


def find_verbs(text: str) -> list[Found]:
    """The forms in a text from left to right; none overlaps another."""
    return [
        Found(*_of_form(match[0]), match.start(), match.end())
        for match in _pattern().finditer(text)
    ]


def last_request(text: str) -> Found | None:
    """The form of a request with which a text ends, whatever signs follow."""
    found = [each for each in find_verbs(text) if each.ending in FINAL]
    bare = len(re.sub(r"[.!?。~\s]+$", "", text))
    return found[-1] if found and found[-1].end == bare else None


def verb_of(stem: str) -> Verb:
    """A verb of the list. Raises KeyError for another."""
    return {verb.stem: verb for verb in VERBS}[stem]


def final_consonant(syllable: str) -> int:
    """The number of its final consonant; 0 is none."""
    code = ord(syllable) - ord("가")
    return code % 28 if 0 <= code <= ord("힣") - ord("가") else 0


def with_final(text: str, consonant: int) -> str:
    """The text with another final consonant of its last syllable."""
    return text[:-1] + chr(ord(text[-1]) - final_consonant(text[-1]) + consonant)


def _soft(stem: str) -> str:
    """The stem before 세요: 집으, 여 (of 열), 미 (of 밀), 켜."""
    final = final_consonant(stem[-1])
    if final == RIEUL:
        return with_final(stem, 0)
    return stem + "으" if final else stem


_ENDINGS: tuple[Ending, ...] = (*FINAL, "아서", "고", "은", "지")
_OF_HADA = (
    "해 주세요",
    "해 주십시오",
    "해 줘",
    "하세요",
    "하십시오",
    "해라",
    "해서",
    "하고",
    "하지",
)


@cache
def _forms() -> dict[str, tuple[Verb, Ending]]:
    found: dict[str, tuple[Verb, Ending]] = {}
    for verb in VERBS:
        for ending in _ENDINGS:
            for form in _writings(verb, ending):
                found.setdefault(form, (verb, ending))
    return found


def _writings(verb: Verb, ending: Ending) -> Iterator[str]:
    yield verb.form(ending)
    spoken = SPOKEN.get(verb.connected)
    if spoken and ending.startswith("아"):
        yield spoken + ending.removeprefix("아")


@cache
def _pattern() -> re.Pattern[str]:
    """Longer forms first; what goes on in Hangul is another word."""
    forms = "|".join(re.escape(form) for form in sorted(_forms(), key=len, reverse=True))
    return re.compile(rf"(?<![가-힣])(?:{forms}|[가-힣]+(?:{'|'.join(_OF_HADA)}))(?![가-힣])")


def _of_form(form: str) -> tuple[Verb, Ending]:
    if form in _forms():
        return _forms()[form]
    noun = next(form.removesuffix(end) for end in _OF_HADA if form.endswith(end))
    verb = Verb(f"{noun}하", f"{noun}해")
    return verb, next(ending for ending in _ENDINGS if verb.form(ending) == form)
