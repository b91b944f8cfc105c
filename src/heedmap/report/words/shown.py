"""Texts from outside as they are shown: on one line, with what cannot be seen written out."""

from __future__ import annotations

import re
import unicodedata

from heedmap.visible import HIDDEN, one_line

MOST_SHOWN = 300
"""Characters of a text; more are left out in the middle."""
SPACE = "␣"
_ODD_SPACES = re.compile(r"^ +| +$|(?<= ) +")


def shown(text: str) -> str:
    """The text on one line: control and invisible characters escaped, odd spaces marked."""
    if len(text) > MOST_SHOWN:
        half = MOST_SHOWN // 2
        text = f"{text[:half]} … {text[-half:]}"
    kept = "".join(_written(character) for character in text)
    marked = _ODD_SPACES.sub(lambda found: SPACE * len(found.group()), kept)
    return one_line(marked) if marked else f"“{marked}”"


def _written(character: str) -> str:
    if character == " " or unicodedata.category(character) not in HIDDEN:
        return character
    return character.encode("unicode_escape", "backslashreplace").decode()
