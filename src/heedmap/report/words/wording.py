"""What can be wrong with a single text. Each check is a pure function: True where it applies."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import lru_cache

from heedmap.report.words.texts import plain_form

MOST_CHARACTERS = 2_000
"""Of a longer text only its begin and its end are looked at."""
_PLACEHOLDER = re.compile(
    r"\{\s*+\w*+\s*+\}|\$\{?\w+\}|%s|[<\[](?:task|object|obj|item|instruction|target|goal|prompt|name|colou?r|"
    r"location|place|text|language|subject|receptacle)[ _-]?\w{0,12}[>\]]",
    re.IGNORECASE,
)
_UNWRITTEN = frozenset({"todo", "tbd", "fixme", "xxx", "placeholder", "lorem"})
_NOTHING = {
    *("none", "null", "nan", "n a", "na", "unknown", "undefined", "default", "dummy", "test"),
    *("task", "instruction", "no instruction", "no language", "language instruction"),
    *("task description", "no task", "default task", "dummy task", "test task"),
}
"""Whole texts, in their plain form, that stand for a text."""
_TEXT = r"(?:instruction|sentence|version|command|paraphrase|rewording|translation)s?\b"
_PREAMBLE = re.compile(
    r"\s*[\"'“`*#]*(?:(?:sure|certainly|of course|absolutely)\s*[,!.:]"
    r"|(?:(?:okay|ok|great|alright)\s*[,!.:]\s*)?here(?:.s| is| are)\s+"
    rf"(?:[^\s,:]+ ){{0,4}}(?:{_TEXT}|(?:task|output|answer|text|result|prompt)s?\s*:)"
    r"|as an? (?:ai|language model)\b|i(?:.m| am) sorry\b|i can(?:not|.t)\b"
    rf"|(?:the )?(?:rephrased|paraphrased?|rewritten|revised|modified)\s+(?:task\b|{_TEXT})"
    r"|(?:the )?(?:new|original) (?:instruction|sentence|version)\b"
    r"|(?:instruction|output|answer|response|user|assistant|system|human|paraphrase)\s*:)",
    re.IGNORECASE,
)
_MARKUP = re.compile(
    r"</?[A-Za-z][^<>]{0,200}>|<\|[^|<>]{0,60}\|>|\[/?INST\]|```|\*\*|^\s*(?:#{1,6}|[-*>])\s"
    r"|^\s*\d{1,3}[.)]\s|\\[nrt\"u]|&(?:amp|lt|gt|quot|nbsp|#\d{1,6});|^\s*[\[{].*[\]}]\s*$"
    r"|^\s*[\"“].*[\"”]\s*$|^\s*'.*'\s*$|\bIn: What action should\b",
    re.DOTALL,
)
_MARKUP_SIGNS = frozenset("<>[]{}`*#-\\&\"“':0123456789")
"""Without one of these nothing is markup."""
_MOJIBAKE = re.compile("\N{REPLACEMENT CHARACTER}|Ã[\x80-\xbf]|â(?:\x80|€)|ï¿½|Â[\xa0-\xbf]")
_LIST_OF_CHARACTERS = re.compile(r"\s*\[\s*(?:(['\"])\S?\s?\1\s*,\s*){3,}")
_IDENTIFIER = re.compile(
    r"[^\W_]+(?:_[^\W_]+)+|[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*-v\d+|[a-z0-9]+(?:[A-Z][a-z0-9]+){2,}"
    r"|(?:[A-Z][a-z0-9]+){3,}|[\w.-]+(?:/[\w.-]+)+"
)
_SETTING = "view|initstate|init|noise|seed|copy|demo|episode|rollout|variant|perturb(?:ation)?"
_APPENDED = re.compile(
    rf"(?<=\w)[\s_]++(?:(?:{_SETTING})[\s_]*-?\d+(?:[\s_.]+-?\d+){{2,}}|initstate[\s_]*-?\d+"
    rf"|(?:{_SETTING})_-?\d+|[^\W\d]\w*=[\w.+-]+"
    r"|(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{8,}|[#@$%^&*~|+=]{2,})\W*$",
    re.IGNORECASE,
)
_ENDS_ODDLY = re.compile(r"(?:[\da-f]|=[\w.+-]+|[^\w\s.!?])\W*$", re.IGNORECASE)
"""What is not worth a longer search: most texts."""
_NUMBERED = re.compile(r"(?P<before>.*\w)[\s_]+[^\W\d_]+[\s_]*\d[\w\s.-]*$", re.DOTALL)
_NUMBERS = re.compile(
    r"(?P<before>.*[^\W\d_])[\s_]+(?:\d{8,}|-?\d+(?:[\s_]+-?\d+){2,})\W*$", re.DOTALL
)
_OPEN_ENDS = frozenset({"a", "the", "and", "or", "of", "to", "with", "from", "into"})
"""Neither "by", as in "stand by", nor "an", with which requests in German end: "halte an"."""
_NO_SPACES = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "THAI", "LAO", "KHMER", "MYANMAR")
"""Scripts that write a sentence in one word, or a request in one."""
_LATIN = frozenset({"LATIN"})
_KANA = frozenset({"HIRAGANA", "KATAKANA"})
_NAMED_OTHERWISE = {
    **dict.fromkeys(("FEMININE", "MASCULINE", "MICRO"), "LATIN"),
    **{"KATAKANA-HIRAGANA": "KATAKANA", "IDEOGRAPHIC": "CJK"},
}
"""Letters whose names do not begin with their script."""
_MANY, _MOSTLY = 4, 0.8


def is_empty(text: str) -> bool:
    """No letter, no digit and no symbol, such as an emoji, in it."""
    return not plain_form(text)


def is_characters(text: str) -> bool:
    """A sentence that fell apart: single letters with spaces, or a printed list of them."""
    if _LIST_OF_CHARACTERS.match(text):
        return True
    pieces = text.split()
    if len(text) > 3 * len(pieces) or any(_script(piece[0]) in _NO_SPACES for piece in pieces):
        return False
    if len(pieces) < _MANY:
        return len(text.strip()) == 1 and text.strip().isalpha()
    single = sum(len(piece) == 1 and piece.isalpha() for piece in pieces)
    return single >= _MOSTLY * len(pieces)


def is_placeholder(text: str) -> bool:
    """A slot of a template that nobody filled, or a word that stands for a missing text."""
    form = plain_form(text)
    if form in _NOTHING or not _UNWRITTEN.isdisjoint(form.split()):
        return True
    return any(sign in text for sign in "{}%<[") and _PLACEHOLDER.search(text) is not None


def is_preamble(text: str) -> bool:
    """What a language model writes before its answer, or a label in front of it."""
    return _PREAMBLE.match(text) is not None


def has_appended(text: str) -> bool:
    """A setting as programs write it, a hash or signs at its end, which no speaker would say."""
    if not is_identifier(text) and _ENDS_ODDLY.search(text):
        return _APPENDED.search(text) is not None
    return False


def before_numbers(text: str) -> list[str]:
    """What is before a word with a number, and before many numbers, at its end.

    Where that is an instruction too, the rest was appended: "open the drawer table 1". No
    instruction is longer than MOST_CHARACTERS, and the search takes the square of the length.
    """
    if len(text) > MOST_CHARACTERS or not any(map(str.isdigit, text)):
        return []
    found = (pattern.match(text) for pattern in (_NUMBERED, _NUMBERS))
    return [each["before"] for each in found if each is not None]


def has_markup(text: str) -> bool:
    """Tags, Markdown, special tokens, escapes or quotation marks around all of it."""
    return not _MARKUP_SIGNS.isdisjoint(text) and _MARKUP.search(text) is not None


def is_garbled(text: str) -> bool:
    """Bytes that were decoded wrongly, control characters, or invisible ones."""
    return _MOJIBAKE.search(text) is not None or (
        not text.isprintable()
        and any(
            unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co") and not character.isspace()
            for character in text
        )
    )


def is_identifier(text: str) -> bool:
    """A name of a task, as programs write it, instead of a sentence."""
    return _IDENTIFIER.fullmatch(text.strip()) is not None


def is_one_word(text: str) -> bool:
    """One word, in a script that parts words."""
    form = plain_form(text)
    is_alone = len(form) > 1 and " " not in form and not is_identifier(text)
    return is_alone and _script(form[0]) not in _NO_SPACES


def is_cut_short(text: str) -> bool:
    """It ends with a word that needs another, and no punctuation; a capital A is a name."""
    pieces = text.split()
    return len(pieces) > 1 and pieces[-1] != "A" and pieces[-1].casefold() in _OPEN_ENDS


def has_odd_whitespace(text: str) -> bool:
    """Spaces at its ends, several in a row, tabs or line breaks."""
    return bool(text.strip()) and text != " ".join(text.split())


SINGLE: dict[str, Callable[[str], bool]] = {
    "characters": is_characters,
    "empty": is_empty,
    "placeholder": is_placeholder,
    "preamble": is_preamble,
    "appended": has_appended,
    "cut_short": is_cut_short,
    "markup": has_markup,
    "garbled": is_garbled,
    "identifier": is_identifier,
    "whitespace": has_odd_whitespace,
    "one_word": is_one_word,
}
"""The check behind each code."""
HIDES = {
    "characters": ("one_word", "whitespace", "markup", "cut_short"),
    "placeholder": ("one_word", "markup", "identifier", "cut_short"),
    "preamble": ("markup", "cut_short"),
}
"""What is not said of a text of which this is."""


def codes_of(text: str) -> list[str]:
    """The codes of everything that is wrong with a text, without what another one explains."""
    if len(text) > MOST_CHARACTERS:
        text = text[: MOST_CHARACTERS // 2] + text[-MOST_CHARACTERS // 2 :]
    found = [code for code, applies in SINGLE.items() if applies(text)]
    hidden = {other for code in found for other in HIDES.get(code, ())}
    return [code for code in found if code not in hidden]


def scripts_of(text: str) -> frozenset[str]:
    """The scripts of its letters, such as LATIN and HANGUL; Han letters with kana are JAPANESE."""
    if text.isascii():
        return _LATIN if any(map(str.isalpha, text)) else frozenset()
    found = frozenset(filter(None, map(_script, text)))
    return found if found.isdisjoint(_KANA) else found - _KANA - {"CJK"} | {"JAPANESE"}


def belonging(script: str) -> frozenset[str]:
    """The scripts that a text in this one may have: a Japanese one may be of Han letters alone."""
    return frozenset((script, "CJK") if script == "JAPANESE" else (script,))


def main_script(texts: Iterable[str]) -> str | None:
    """The script that most texts are written in; None without letters."""
    counts: dict[str, int] = {}
    for text in texts:
        for script in scripts_of(text):
            counts[script] = counts.get(script, 0) + 1
    return max(counts, key=lambda script: counts[script]) if counts else None


@lru_cache(maxsize=100_000)
def _script(character: str) -> str:
    """The first word of a letter's name; nothing for what is no letter."""
    if not character.isalpha():
        return ""
    if character.isascii():
        return "LATIN"
    usual = unicodedata.normalize("NFKC", character)[0]  # of half-width and full-width letters
    if not usual.isalpha():
        return ""
    script = unicodedata.name(usual, "OTHER").split()[0]
    return _NAMED_OTHERWISE.get(script, script)
