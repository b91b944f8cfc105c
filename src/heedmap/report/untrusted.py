"""Names and texts from outside, made safe to print.

They may hold anything: line breaks, marks that turn the direction of what follows, escape
codes of terminals, Markdown, HTML. Whatever they hold must show as text.
"""

from __future__ import annotations

import re
import unicodedata

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_ISOLATE, _END_ISOLATE = "\N{FIRST STRONG ISOLATE}", "\N{POP DIRECTIONAL ISOLATE}"
_WORD_JOINER = "\N{WORD JOINER}"
_JOINING = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
"""Of the invisible characters, those that scripts and emoji cannot be written without."""
_FROM_THE_RIGHT = frozenset({"R", "AL", "AN"})
_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~$&!])")
_LIVE = re.compile(r"(?<=@)(?=\w)|(?<=:)(?=[/\w])|(?<=www)(?=\.)", re.IGNORECASE)
"""Where a forge would make a mention, a link or an emoji of plain text."""


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


def markdown_code(text: str) -> str:
    """As a code span that is safe in a table: nothing in it is read as Markdown or HTML.

    In a code span a forge makes no mentions, links or emoji either. A bar is escaped, as
    tables ask for it; a backslash before it would undo that, and is kept apart.
    """
    line = one_line(text) or _REPLACEMENT
    line = re.sub(r"\\(?=\|)", r"\\ ", line).replace("|", r"\|")
    longest = max((len(run) for run in re.findall(r"`+", line)), default=0)
    fence = "`" * (longest + 1)
    # One space on either side is taken off again: needed where backticks are at the ends.
    pad = " " if line[0] in "` " or line[-1] in "` " else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def markdown_text(text: str) -> str:
    """As text that is safe in a table; for sentences of ours that hold names from outside."""
    escaped = _MARKUP.sub(r"\\\1", _LIVE.sub(_WORD_JOINER, one_line(text)))
    # Entities are never structure, whatever the reader of the table makes of backslashes.
    return escaped.replace(r"\|", "&#124;").replace(r"\<", "&lt;").replace(r"\>", "&gt;")
