"""Colours of regions, for figures and pages; needs nothing that draws.

Hues are Okabe and Ito's (2008), distinct for colour-blind readers; their lightness is spread,
so that they are distinct in grey print too.
"""

from __future__ import annotations

COLORS = {
    "image": "#00538a",
    "text": "#e0700a",
    "instruction": "#e0700a",  # what a declared `text` claims to be
    "template": "#8fcbf0",
    "state": "#f0e442",
    "mixed": "#e6a100",
    "special": "#d08bb5",
    "action": "#00795a",
    "padding": "#b4b4b4",
    "undeclared": "#d4d4d4",
}
OTHER_COLOR = "#7fb7d9"


def css_class(region: str) -> str:
    """A name that is safe in a style sheet: never one of the user's own."""
    base = region.split(":")[0]
    return base if base in COLORS else "other"
