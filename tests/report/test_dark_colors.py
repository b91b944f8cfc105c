"""Colours of regions on a dark page: lighter there, and the figures' own elsewhere."""

from __future__ import annotations

import re
from pathlib import Path

import heedmap.report.page
from heedmap.report.figures.colors import COLORS

CSS = Path(heedmap.report.page.__file__).parent / "templates" / "report.css"


def luminance(color: str) -> float:
    """Relative luminance, 0..1, as WCAG 2 defines it."""
    parts = [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, two: str) -> float:
    light, dark = sorted((luminance(one), luminance(two)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_every_colour_of_a_region_stands_out_from_a_dark_page() -> None:
    css = CSS.read_text(encoding="utf-8")
    pages = re.findall(r"--page: (#\w{3,6});.*?--deep: (#\w{6}); --leaf: (#\w{6})", css, re.DOTALL)
    own = (COLORS["image"], COLORS["action"])
    assert [found[1:] == own for found in pages] == [True, False, False, True]  # light and print
    for page, deep, leaf in pages[1:3]:
        shown = {**COLORS, "image": deep, "action": leaf}
        assert min(contrast(color, page) for color in shown.values()) > 4.5
        assert all(contrast(color, page) < 4.5 for color in own), "no need to replace these"
    for color, name in zip(own, ("deep", "leaf"), strict=True):
        assert f'svg [fill="{color}"] {{ fill: var(--{name}); }}' in css
        assert f'svg [stroke="{color}"] {{ stroke: var(--{name}); }}' in css
