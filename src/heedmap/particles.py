"""Korean particles after names and figures: 'left'는, 'down'은, 3은, 0.80비트를.

Which of the two forms follows is decided by how Koreans read the word's end: whether it closes
with a consonant. Hangul shows that, digits have one reading, and of Latin words the ending
decides (`left` is read 레프트, `down` is 다운). No rule is right for every foreign word; this
one follows the usual transcription.
"""

from __future__ import annotations

import re
from typing import Literal

End = Literal["vowel", "ㄹ", "consonant"]

_CLOSING = " \t'\"’”`)]}>.,:;!?…"
"""Not read aloud; the character before it decides."""

_DIGITS: dict[str, End] = {
    "0": "consonant",  # 영, 십, 백
    "1": "ㄹ",
    "2": "vowel",
    "3": "consonant",
    "4": "vowel",
    "5": "vowel",
    "6": "consonant",
    "7": "ㄹ",
    "8": "ㄹ",
    "9": "vowel",
}
_LETTERS: dict[str, End] = {"l": "ㄹ", "r": "ㄹ", "m": "consonant", "n": "consonant"}
"""Letters whose own name closes with a consonant: 엘, 알, 엠, 엔."""

_ENDINGS: tuple[tuple[re.Pattern[str], End], ...] = (
    (re.compile(r"(l|[^aeiou\W\d_]le|[aeiou]le)$"), "ㄹ"),  # wheel, table, module
    (re.compile(r"(m|n|ng|[aeiou][mn]e)$"), "consonant"),  # arm, down, going, frame, line
    (re.compile(r"(ck|(?<![aeiou])[aeiou][kpt]|oo[kt]|c|b)$"), "consonant"),  # stop, robot, look
)
_FINAL_RIEUL = 8
"""Number of ㄹ among the 28 ways in which a syllable can end, in Unicode's order."""
_WORD = re.compile(r"[A-Za-z]+$")


def end_of(word: str) -> End:
    """How a word ends when it is read aloud in Korean."""
    read = word.rstrip(_CLOSING)
    if not read:
        return "vowel"
    last = read[-1]
    if "가" <= last <= "힣":
        final = (ord(last) - ord("가")) % 28
        if final == _FINAL_RIEUL:
            return "ㄹ"
        return "consonant" if final else "vowel"
    if last in _DIGITS:
        return _DIGITS[last]
    if (found := _WORD.search(read)) is None:
        return "vowel"  # %: 퍼센트; _, *, ...: unread
    return _end_of_latin(found.group())


def _end_of_latin(word: str) -> End:
    if len(word) == 1 or word.isupper():  # spelled: GPU, VLM
        return _LETTERS.get(word[-1].lower(), "vowel")
    lower = word.lower()
    for pattern, end in _ENDINGS:
        if pattern.search(lower):
            return end
    return "vowel"


def with_particle(word: str, pair: str) -> str:
    """The word with the one particle of a pair that fits it.

    A pair names the form after a consonant first, as in 은/는, 이/가, 을/를, 과/와; 으로/로 takes
    its second form after ㄹ too.
    """
    after_consonant, after_vowel = pair.split("/")
    end = end_of(word)
    is_short = end == "vowel" or (end == "ㄹ" and after_consonant == "으로")
    return f"{word}{after_vowel if is_short else after_consonant}"
