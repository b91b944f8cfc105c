"""Names and texts from outside in Markdown: whatever they hold must show as text."""

from __future__ import annotations

import re

from heedmap.visible import one_line

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_WORD_JOINER = "\N{WORD JOINER}"
_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~$&!])")
_LIVE = re.compile(r"(?<=@)(?=\w)|(?<=:)(?=[/\w])|(?<=www)(?=\.)", re.IGNORECASE)
"""Where a forge would make a mention, a link or an emoji of plain text."""


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
