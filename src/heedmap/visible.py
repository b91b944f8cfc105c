"""Names and texts from outside, made safe to print.

They may hold anything: line breaks, marks that turn the direction of what follows, escape
codes of terminals. Whatever they hold must show as text; errors, the terminal, logs and pages all
come here.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Callable
from typing import Any

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_ISOLATE, _END_ISOLATE = "\N{FIRST STRONG ISOLATE}", "\N{POP DIRECTIONAL ISOLATE}"
_JOINING = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
"""Of the invisible characters, those that scripts and emoji cannot be written without."""
_FROM_THE_RIGHT = frozenset({"R", "AL", "AN"})
HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
"""Categories of characters that show nothing, or something else than themselves."""
MOST_LETTERS = 1_500
"""Of a sentence; what is longer is left out in its middle."""


def sentence(text: str) -> str:
    """A message that may repeat names and errors from outside: one line, nothing to obey."""
    if len(text) > MOST_LETTERS:
        half = MOST_LETTERS // 2
        text = f"{text[:half]} ... {text[-half:]}"
    return visible(re.sub(r"\s*[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]\s*", " ", text.strip()))


def one_line(text: str) -> str:
    """The text without what is no text: breaks become spaces, controls and direction marks go.

    A text that is written from the right is isolated, so that it does not turn its neighbours.
    """
    kept = "".join(_shown(character) for character in text)
    kept = " ".join(kept.split())
    if any(unicodedata.bidirectional(character) in _FROM_THE_RIGHT for character in kept):
        return f"{_ISOLATE}{kept}{_END_ISOLATE}"
    return kept


def whole_characters(text: str) -> str:
    """The text with a sign in place of each half of a character, which no encoding takes."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def whole_texts(value: Any) -> Any:
    """As `whole_characters`, of every text in lists and mappings."""
    if isinstance(value, str):
        return whole_characters(value)
    if isinstance(value, dict):
        return {whole_texts(key): whole_texts(each) for key, each in value.items()}
    return [whole_texts(each) for each in value] if isinstance(value, list | tuple) else value


def visible(text: str) -> str:
    """The text with its lines and columns, and nothing in it that a terminal would obey."""
    return "".join(each if each in "\n\t" else _shown(each) for each in text)


def unobeyed(text: str) -> str:
    """Text for a terminal as it was laid out: only what a terminal would obey is replaced.

    Isolates stay, which `one_line` puts around what is written from the right.
    """
    if text.isprintable():
        return text
    kept = f"\n\t{_ISOLATE}{_END_ISOLATE}"
    return "".join(each if each in kept else _shown(each) for each in text)


def unobeyed_json(
    content: Any, indent: int | None = 1, default: Callable[[Any], Any] | None = None
) -> str:
    """A value as JSON, with letters as they are, but for what is hidden or a terminal would obey.

    These are control characters, those that turn the direction of writing, and halves of
    characters: they are escaped, as JSON does it in ASCII. NaN and infinity, which are no JSON,
    become null.
    """
    text = json.dumps(finite(content), ensure_ascii=False, indent=indent, default=default)
    return text if text.isascii() and "\x7f" not in text else "".join(map(_escaped, text))


def finite(value: Any) -> Any:
    """The value with None in place of NaN and infinity, which are no JSON."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: finite(each) for key, each in value.items()}
    return [finite(each) for each in value] if isinstance(value, list | tuple) else value


def _escaped(character: str) -> str:
    if character == "\n" or unicodedata.category(character) not in HIDDEN:
        return character
    return "\\u007f" if character == "\x7f" else json.dumps(character)[1:-1]


def _shown(character: str) -> str:
    category = unicodedata.category(character)
    if character.isspace() or category in ("Zl", "Zp"):
        return " "
    if category == "Cf":
        return character if character in _JOINING else ""
    if category == "Cs":
        return _REPLACEMENT  # half a character: no file could be written with it
    return _REPLACEMENT if category == "Cc" else character
