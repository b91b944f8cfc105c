"""Korean instructions: other verbs, negation, steps that change places, and other requests."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from heedmap.auditing.exam.korean_verbs import (
    FINAL,
    Ending,
    Found,
    Verb,
    final_consonant,
    find_verbs,
    last_request,
    verb_of,
)

HANGUL = re.compile(r"[가-힣]")
MADE_UP_WORDS = ("뎌룹", "크자뭇")
"""Of syllables that there are, and no words."""
_TO, _FROM = "에", "에서"
_IN_HALF = re.compile(r"반으로|번|삼각|사각")


@dataclass(frozen=True)
class _Other:
    """A verb that asks for something else, and what it does to 에 before it."""

    stem: str
    place: tuple[str, str] | None = None
    """The particle of the place that was there, and the one that comes."""


_TAKES_UP, _PUTS_BACK = (_TO, _FROM), (_FROM, _TO)
_OTHERS: Mapping[str, _Other] = {
    "열": _Other("닫"),
    "닫": _Other("열"),
    "밀": _Other("당기"),
    "당기": _Other("밀"),
    "켜": _Other("끄"),
    "끄": _Other("켜"),
    "올리": _Other("내리", _TAKES_UP),
    "내리": _Other("올리", _PUTS_BACK),
    "들어 올리": _Other("내려놓", _PUTS_BACK),
    "들어올리": _Other("내려놓", _PUTS_BACK),
    "들": _Other("내려놓", _PUTS_BACK),
    "집": _Other("내려놓", _PUTS_BACK),
    "줍": _Other("내려놓", _PUTS_BACK),
    "잡": _Other("밀"),
    "놓": _Other("집", _TAKES_UP),
    "내려놓": _Other("집", _TAKES_UP),
    "두": _Other("집", _TAKES_UP),
    "올려놓": _Other("내리", _TAKES_UP),
    "쌓": _Other("내리", _TAKES_UP),
    "걸": _Other("내리", _TAKES_UP),
    "넣": _Other("꺼내", _TAKES_UP),
    "담": _Other("꺼내", _TAKES_UP),
    "꺼내": _Other("넣", _PUTS_BACK),
    "꽂": _Other("뽑", _TAKES_UP),
    "뽑": _Other("꽂", _PUTS_BACK),
    "끼우": _Other("빼", _TAKES_UP),
    "빼": _Other("끼우", _PUTS_BACK),
    "치우": _Other("놓", _PUTS_BACK),
    "접": _Other("펴"),
    "펴": _Other("접"),
    "펼치": _Other("접"),
    "누르": _Other("당기"),
    "덮": _Other("벗기"),
    "채우": _Other("비우"),
    "비우": _Other("채우"),
    "붙이": _Other("떼", _TAKES_UP),
    "떼": _Other("붙이", _PUTS_BACK),
    "묶": _Other("풀"),
    "풀": _Other("묶"),
}
_ON_THE_WAY = {"집": "밀", "들": "밀", "줍": "밀"}
"""Where another step follows (집어서 놓으세요), putting down would leave it without its object."""
_ALIKE = {"집": "잡", "잡": "집"}
_POLITE: Mapping[Ending, Ending] = {
    "세요": "아 주세요",
    "아 주세요": "세요",
    "십시오": "아 주십시오",
    "아 주십시오": "십시오",
    "아라": "아 줘",
    "아 줘": "아라",
}
"""Requests that ask for the same."""
_NOT: Mapping[Ending, str] = {
    "세요": "지 마세요",
    "십시오": "지 마십시오",
    "아": "지 마",
    "아라": "지 마라",
    "아 주세요": "지 말아 주세요",
    "아 주십시오": "지 말아 주십시오",
    "아 줘": "지 말아 줘",
}
_STOPPED = re.compile(r" (?P<not>마세요|마십시오|마라|마|말아 주세요|말아 주십시오|말아 줘)$")
_PLAIN_STOPPED = (
    *(("으세요", "지 마세요"), ("으십시오", "지 마십시오"), ("세요", "지 마세요")),
    ("십시오", "지 마십시오"),
)
_MAY_CHANGE = (7, 17, 19)
"""The final consonants ㄷ, ㅂ and ㅅ."""
_GOES = re.compile(r"(?P<place>[가-힣]+?)으?로 (?=(?:가|이동하)(?:세요|십시오)$)")
_APART = re.compile(r"^(?P<one>.+?[^\s.,])[.,]? (?:그리고 나서|그다음에?|그 다음에?) (?P<two>.+)$")
"""Two requests, the second of which is to be done then."""
_SIGNS = re.compile(r"[.!?。]+$")


def without_signs(text: str) -> tuple[str, str]:
    """The text, and the signs at its end."""
    end = _SIGNS.search(text)
    return (text[: end.start()], end.group()) if end else (text, "")


def other_verbs(instruction: str) -> Iterator[tuple[str, str]]:
    """Texts with one verb exchanged, the last one first, and the form that came."""
    text, signs = without_signs(instruction)
    if _GOES.search(text):
        away, found = _GOES.sub(r"\g<place>에서 ", text), last_request(text)
        if found is not None:
            form = verb_of("멀어지").form(found.ending)
            yield f"{away[: away.rindex(' ') + 1]}{form}{signs}", form
        return
    for found in reversed(find_verbs(text)):
        is_last = found.ending in FINAL or found.ending == "지"
        on_the_way = None if is_last else _ON_THE_WAY.get(found.verb.stem)
        other = _OTHERS.get(found.verb.stem) if on_the_way is None else _Other(on_the_way)
        if other is None or _is_at_odds(text, found, other.stem):
            continue
        form = verb_of(other.stem).form(found.ending)
        made = found.replaced(text, form)
        if other.place is not None:
            made = _moved(made, found.start, *other.place)
        yield made + signs, form


def _is_at_odds(text: str, found: Found, other: str) -> bool:
    """Whether the rest of the text does not go with the other verb."""
    if any(each.verb.stem == other for each in find_verbs(text)):
        return True
    if found.verb.stem == "접":
        return _IN_HALF.search(text) is not None
    return other == "닫" and "안에" in text[found.end :]


def _moved(text: str, end: int, old: str, new: str) -> str:
    """The text with another particle of the last place before `end`, in the same step."""
    places = list(re.finditer(rf"(?<=[가-힣]){old}(?= )", text[:end]))
    begin = max((each.end for each in find_verbs(text) if each.end <= end), default=0)
    if not places or places[-1].start() < begin:
        return text
    return text[: places[-1].start()] + new + text[places[-1].end() :]


def negated(instruction: str) -> list[str]:
    """The request not to do it, or to do it where it is not to be done."""
    text, signs = without_signs(instruction)
    if stopped := _STOPPED.search(text):
        found = next((f for f in find_verbs(text) if f.end == stopped.start()), None)
        endings: list[Ending] = [e for e, form in _NOT.items() if form.endswith(stopped["not"])]
        if found is None or found.ending != "지":
            return _plainly_asked(text[: stopped.start()], signs)
        return [found.replaced(text[: stopped.start()], found.verb.form(endings[0])) + signs]
    found = last_request(text)
    if found is None:
        return _plainly_stopped(text, signs)
    return [found.replaced(text, found.verb.stem + _NOT[found.ending]) + signs]


def _plainly_stopped(text: str, signs: str) -> list[str]:
    """Of a verb that is not in the list; its stem is what comes before the ending."""
    for ending, stopped in _PLAIN_STOPPED:
        stem = text.removesuffix(ending)
        if stem not in ("", text) and HANGUL.match(stem[-1]):
            return [stem + stopped + signs]
    return []


def _plainly_asked(text: str, signs: str) -> list[str]:
    """Of a verb that is not in the list; not where its last consonant may become another."""
    stem = text.removesuffix("지")
    if stem in ("", text) or final_consonant(stem[-1]) in _MAY_CHANGE:
        return []
    return [Verb(stem, "").form("세요") + signs]


def steps_exchanged(instruction: str) -> list[str]:
    """The two steps of "열고 넣으세요" or "연 다음 넣으세요" in the other order."""
    text, signs = without_signs(instruction)
    if apart := _APART.match(text):
        between = text[apart.end("one") : apart.start("two")]
        return [f"{apart['two']}{between}{apart['one']}{signs}"]
    last = last_request(text)
    for found in find_verbs(text):
        between = re.match(r"(?: (?:다음|뒤|후)에?)?(?: 나서)?,? ", text[found.end :])
        is_step = found.ending == "고" or (
            found.ending == "은" and between is not None and between[0].strip(", ") != ""
        )
        if last is None or between is None or not is_step or found.end >= last.start:
            continue
        first, second = text[: found.start], text[found.end + between.end() : last.start]
        if not first.strip() or not second.strip():
            continue
        ending: Ending = found.ending
        swapped = f"{second}{last.verb.form(ending)}{between[0]}{first}"
        return [swapped + found.verb.form(last.ending) + signs]
    return []


def asked_alike(instruction: str) -> list[str]:
    """The same request with another ending, or another verb of the same meaning."""
    text, signs = without_signs(instruction)
    found = last_request(text)
    made: list[str] = []
    if found is not None:
        if (alike := _ALIKE.get(found.verb.stem)) is not None:
            made.append(found.replaced(text, verb_of(alike).form(found.ending)) + signs)
        if (polite := _POLITE.get(found.ending)) is not None:
            made.append(found.replaced(text, found.verb.form(polite)) + signs)
    return made
