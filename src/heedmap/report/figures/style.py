"""The look that all figures share, and how they become SVG, PDF and PNG.

Amounts are drawn in `cividis`, made for colour-blind readers and for grey print.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import altair as alt
import vl_convert

from heedmap.ladder.messages import Language
from heedmap.record.regions import in_order
from heedmap.report.figures.colors import COLORS, OTHER_COLOR
from heedmap.report.wording import region_name
from heedmap.visible import unobeyed

SCHEME = "cividis"

INK = "#767676"
"""Axes and text: readable on a white and on a black page."""
FAINT = "#80808040"
_FONT = "system-ui, 'Noto Sans', 'Noto Sans CJK KR', sans-serif"

_UNSEEN = "\N{ZERO WIDTH NON-JOINER}"
_NAMES = re.compile(
    "constructor|toString|toLocaleString|valueOf|hasOwnProperty|isPrototypeOf"
    "|propertyIsEnumerable|__(proto|defineGetter|defineSetter|lookupGetter|lookupSetter)__"
)

Spec = dict[str, Any]
"""Vega-Lite as JSON has it."""
Chart = alt.TopLevelMixin | Spec
"""A chart of altair, or a composition."""


def layered(charts: Sequence[Chart], **properties: Any) -> Spec:
    """Charts on one another."""
    return _composed("layer", charts, properties)


def beside(charts: Sequence[Chart], **properties: Any) -> Spec:
    """Charts from left to right."""
    return _composed("hconcat", charts, properties)


def stacked(charts: Sequence[Chart], **properties: Any) -> Spec:
    """Charts from top to bottom."""
    return _composed("vconcat", charts, properties)


def _composed(way: str, charts: Sequence[Chart], properties: Spec) -> Spec:
    """Of specifications, with the rows that all share once.

    altair's own compositions copy everything in them anew at every step, which takes longer than
    drawing it.
    """
    parts = [_part(chart) for chart in charts]
    data = parts[0].get("data")
    if data is None or any(part.get("data") != data for part in parts):
        return {way: parts, **properties}
    bare = [{key: value for key, value in part.items() if key != "data"} for part in parts]
    return {"data": data, way: bare, **properties}


def scales(**resolved: Literal["shared", "independent"]) -> Spec:
    """For `resolve`: which scales the parts of a composition share."""
    return {"scale": resolved}


def _part(chart: Chart) -> Spec:
    if isinstance(chart, dict):
        return chart
    return chart.to_dict(validate=False, context={"top_level": False})


def data_of(values: Sequence[Mapping[str, Any]]) -> alt.Data:
    """Rows for a chart, as one text: altair would copy rows anew at every step."""
    text = json.dumps(_drawable(list(values)), ensure_ascii=False)
    return alt.Data(values=text, format=alt.DataFormat(type="json"))


def _drawable(part: Any) -> Any:
    """With texts that may hold anything as the renderer takes them: a control character ends it.

    Vega looks groups up by name in JavaScript's objects, which all have a "constructor" and others.
    """
    if isinstance(part, str):
        text = unobeyed(part)
        return text + _UNSEEN if _NAMES.fullmatch(text) else text
    if isinstance(part, Mapping):
        return {key: _drawable(value) for key, value in part.items()}
    return [_drawable(each) for each in part] if isinstance(part, list | tuple) else part


def color_of(region: str) -> str:
    """A region's colour; the image's for every camera."""
    return COLORS.get(region, COLORS.get(region.split(":")[0], OTHER_COLOR))


def region_scale(regions: Iterable[str], language: Language) -> alt.Scale:
    """Names of regions in a language to their colours, in the order of columns."""
    known = in_order(regions)
    return alt.Scale(
        domain=[region_name(region, language) for region in known],
        range=[color_of(region) for region in known],
    )


def amount_scale(full: float) -> alt.Scale:
    """From nothing to `full`, dark to light."""
    return alt.Scale(scheme=SCHEME, domain=[0, full])


_SIZE_PX = 12
_TEXT = {
    "labelColor": INK,
    "titleColor": INK,
    "labelFont": _FONT,
    "titleFont": _FONT,
    "labelFontSize": _SIZE_PX,
    "titleFontSize": _SIZE_PX,
}
_CONFIG = {
    "padding": {"left": 12, "right": 12, "top": 5, "bottom": 5},  # browsers' fonts may be wider
    "background": "transparent",
    "font": _FONT,
    "axis": {
        **_TEXT,
        "domainColor": INK,
        "tickColor": INK,
        "gridColor": FAINT,
        "titleFontWeight": "normal",
        "labelLimit": 0,
    },
    "legend": {**_TEXT, "orient": "bottom", "titleFontWeight": "normal", "labelLimit": 0},
    "header": {**_TEXT, "labelFontWeight": "bold", "labelLimit": 0},
    "view": {"stroke": FAINT, "continuousWidth": 300, "continuousHeight": 300},
    "title": {
        "color": INK,
        "fontSize": _SIZE_PX,
        "subtitleFontSize": _SIZE_PX,
        "anchor": "start",
        "subtitleColor": INK,
    },
}


def spec_of(chart: Chart, *, validate: bool = False) -> dict[str, Any]:
    """The chart in the common look, as Vega-Lite; its background is transparent.

    `validate` checks it against the schema, which takes as long as drawing it.
    """
    spec = {**_drawable(_part(chart)), "config": _CONFIG, "$schema": alt.SCHEMA_URL}
    if validate:
        alt.Root.validate(spec)
    return spec


def to_svg(spec: dict[str, Any]) -> str:
    """SVG text of a Vega-Lite specification; nothing is fetched."""
    return vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])


def to_png(spec: dict[str, Any], scale: float) -> bytes:
    """PNG of a specification on white; `scale` 1 is 72 pixels an inch. Nothing is fetched."""
    return vl_convert.vegalite_to_png(_on_white(spec), scale=scale, allowed_base_urls=[])


def to_pdf(spec: dict[str, Any]) -> bytes:
    """PDF of a specification on white, its text as text. Nothing is fetched."""
    return vl_convert.vegalite_to_pdf(_on_white(spec), allowed_base_urls=[])


def _on_white(spec: dict[str, Any]) -> dict[str, Any]:
    return {**spec, "config": {**spec["config"], "background": "white"}}
