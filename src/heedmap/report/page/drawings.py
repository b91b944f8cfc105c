"""Figures inside the page: drawn once, with the words of both languages, and lighter.

A figure is drawn with English words. What reads differently in the Korean specification is
put beside it, so that the page can switch without a second drawing. Marks lose the roles that a
screen reader would read one by one: the figure has an alternative text of its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from xml.etree import ElementTree

from altair.utils.schemapi import debug_mode
from markupsafe import Markup

from heedmap.ladder.messages import Language
from heedmap.record.record import PolicyResult
from heedmap.record.result import Result
from heedmap.report.figures.figure import Figure, Subject
from heedmap.report.figures.kinds import figures_of
from heedmap.report.figures.style import Chart, spec_of, to_svg
from heedmap.report.page.bilingual import Bilingual

_SVG = "http://www.w3.org/2000/svg"
_XLINK = "{http://www.w3.org/1999/xlink}href"
_NO_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""Characters that XML has no place for; names may hold them."""
_NAMED = re.compile(r'<(?:clipPath|linearGradient|radialGradient) id="([^"]+)"')
_LONG_NUMBER = re.compile(r"(\d+\.\d{2})\d+")
KEPT = 256
"""Drawings of some 30 kB each: a page that is written again draws only what is new."""


@dataclass(frozen=True)
class Drawing:
    """One figure as the page shows it."""

    kind: str
    title: Bilingual
    caption: Bilingual
    alt: Bilingual
    svg: Markup


def drawings_of(result: Result, policy: PolicyResult) -> list[Drawing]:
    """Every figure that the result has of a policy, on its first frame."""
    frame = result.record.frames[0]
    number = [each.name for each in result.record.policies].index(policy.name)
    with debug_mode(False):  # tests check every kind of figure against the schema
        english = figures_of(Subject(result, policy, frame, "en"))
        korean = figures_of(Subject(result, policy, frame, "ko"))
        return [
            _drawing(one, other, f"p{number}-{one.kind}")
            for one, other in zip(english, korean, strict=True)
        ]


def _drawing(english: Figure, korean: Figure, key: str) -> Drawing:
    return Drawing(
        kind=english.kind,
        title=Bilingual(english.title, korean.title),
        caption=Bilingual(english.caption, korean.caption),
        alt=Bilingual(english.alt, korean.alt),
        svg=drawn(english.chart, korean.chart, key),
    )


def drawing_of_chart(
    key: str,
    chart_of: Callable[[Language], Chart | None],
    title: Bilingual,
    caption: Bilingual,
    alt: Bilingual,
) -> Drawing | None:
    """The one chart of a page, in both languages; None where there is none. `key` as below."""
    english, korean = chart_of("en"), chart_of("ko")
    if english is None or korean is None:
        return None
    return Drawing(key, title, caption, alt, drawn(english, korean, key))


def drawn(english: Chart, korean: Chart, key: str) -> Markup:
    """One drawing for both languages, of the same chart made in each; `key` as in `page_svg`."""
    return _drawn(json.dumps(spec_of(english)), json.dumps(spec_of(korean)), key)


@lru_cache(maxsize=KEPT)
def _drawn(english: str, korean: str, key: str) -> Markup:
    spec, other = json.loads(english), json.loads(korean)
    return page_svg(to_svg(spec), dict(_differing(spec, other)), key)


def _differing(one: Any, other: Any) -> Iterator[tuple[str, str]]:
    """Strings at the same place of two specifications that differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        # Data sets are named by their content, and so differ by name: they go in order.
        same = one.keys() == other.keys()
        others = [other[key] for key in one] if same else list(other.values())
        yield from _differing(list(one.values()), others)
    elif isinstance(one, list) and isinstance(other, list):
        for first, second in zip(one, other, strict=False):
            yield from _differing(first, second)
    elif isinstance(one, str) and isinstance(other, str) and one != other:
        if one.startswith("[{"):  # the rows of a data set, see `data_of`
            yield from _differing(json.loads(one), json.loads(other))
        else:
            yield one, other


def page_svg(svg: str, vocabulary: dict[str, str], key: str) -> Markup:
    """The drawing with both languages in it, shorter numbers, and tips instead of roles.

    `key` is not used for another drawing of the page: names inside a drawing begin with it.
    """
    ElementTree.register_namespace("", _SVG)
    cleaned = _NO_XML.sub("\N{REPLACEMENT CHARACTER}", svg)
    root = ElementTree.fromstring(_with_own_names(cleaned, key))
    root.set("aria-hidden", "true")
    root.set("focusable", "false")
    for element in root.iter():
        tip = element.attrib.pop("aria-label", None)
        role = element.attrib.pop("role", None)
        for name in ("aria-roledescription", "aria-hidden"):
            if element is not root:
                element.attrib.pop(name, None)
        if tip is not None and role == "graphics-symbol" and element.tag.endswith("path"):
            element.set("data-tip", tip)
            if tip in vocabulary:
                element.set("data-tip-ko", vocabulary[tip])
        for name in ("d", "transform"):
            if name in element.attrib:
                element.set(name, _LONG_NUMBER.sub(r"\1", element.attrib[name]))
        if element.tag == f"{{{_SVG}}}text" and element.text in vocabulary:
            _translate(element, vocabulary[element.text])
        if element.tag == f"{{{_SVG}}}image" and (url := element.attrib.pop(_XLINK, None)):
            element.set("href", url)
            element.set("style", "image-rendering: pixelated")
    return Markup(ElementTree.tostring(root, encoding="unicode"))


def _with_own_names(svg: str, key: str) -> str:
    """Gradients and clips are numbered through by the process that drew; here, by the drawing."""
    for number, name in enumerate(dict.fromkeys(_NAMED.findall(svg))):
        svg = svg.replace(f'id="{name}"', f'id="{key}-{number}"')
        svg = svg.replace(f"url(#{name})", f"url(#{key}-{number})")
    return svg


def _translate(element: ElementTree.Element, korean: str) -> None:
    english = element.text
    element.text = None
    for language, text in (("en", english), ("ko", korean)):
        span = ElementTree.SubElement(element, f"{{{_SVG}}}tspan", {"class": language})
        span.text = text
