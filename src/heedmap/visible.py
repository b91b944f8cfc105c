"""Names and texts from outside, made safe to print.

They may hold anything: line breaks, marks that turn the direction of what follows, escape
codes of terminals. Whatever they hold must show as text; errors, the terminal, logs and pages all
come here.
"""

from __future__ import annotations

import re
import unicodedata

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_ISOLATE, _END_ISOLATE = "\N{FIRST STRONG ISOLATE}", "\N{POP DIRECTIONAL ISOLATE}"
_JOINING = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
"""Of the invisible characters, those that scripts and emoji cannot be written without."""
_FROM_THE_RIGHT = frozenset({"R", "AL", "AN"})
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


def visible(text: str) -> str:
    """The text with its lines and columns, and nothing in it that a terminal would obey."""
    return "".join(each if each in "\n\t" else _shown(each) for each in text)


def _shown(character: str) -> str:
    category = unicodedata.category(character)
    if character.isspace() or category in ("Zl", "Zp"):
        return " "
    if category == "Cf":
        return character if character in _JOINING else ""
    if category == "Cs":
        return _REPLACEMENT  # half a character: no file could be written with it
    return _REPLACEMENT if category == "Cc" else character
