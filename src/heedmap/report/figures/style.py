"""The look that all figures share, and how they become SVG and PNG.

Hues are Okabe and Ito's (2008), distinct for colour-blind readers; their lightness is spread,
so that they are distinct in grey print too. Amounts are drawn in `cividis`, made for both.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import altair as alt
import vl_convert

from heedmap.ladder.messages import Language
from heedmap.record.regions import in_order
from heedmap.report.wording import region_name

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
SCHEME = "cividis"

INK = "#767676"
"""Axes and text: readable on a white and on a black page."""
FAINT = "#80808040"
_FONT = "system-ui, 'Noto Sans', 'Noto Sans CJK KR', sans-serif"

Chart = alt.TopLevelMixin
"""Any chart of altair."""


def data_of(values: Sequence[Mapping[str, Any]]) -> alt.Data:
    """Rows for a chart, as one text: altair copies rows over and over, and a text only once."""
    text = json.dumps(list(values), ensure_ascii=False)
    return alt.Data(values=text, format=alt.DataFormat(type="json"))


def color_of(region: str) -> str:
    """A region's colour; the image's for every camera."""
    return COLORS.get(region, COLORS.get(region.split(":")[0], OTHER_COLOR))


def css_class(region: str) -> str:
    """A name that is safe in a style sheet: never one of the user's own."""
    base = region.split(":")[0]
    return base if base in COLORS else "other"


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


def spec_of(chart: Chart, *, validate: bool = False) -> dict[str, Any]:
    """The chart in the common look, as Vega-Lite; its background is transparent.

    `validate` checks it against the schema, which takes as long as drawing it.
    """
    text = {"labelColor": INK, "titleColor": INK, "labelFont": _FONT, "titleFont": _FONT}
    styled = chart.configure(
        background="transparent",
        font=_FONT,
        axis={
            **text,
            "domainColor": INK,
            "tickColor": INK,
            "gridColor": FAINT,
            "titleFontWeight": "normal",
            "labelLimit": 0,
        },
        legend={**text, "orient": "bottom", "titleFontWeight": "normal", "labelLimit": 0},
        header={**text, "labelFontSize": 12, "labelFontWeight": "bold", "labelLimit": 0},
        view={"stroke": FAINT},
        title={"color": INK, "fontSize": 12, "anchor": "start", "subtitleColor": INK},
    )
    return styled.to_dict(validate=validate)


def to_svg(spec: dict[str, Any]) -> str:
    """SVG text of a Vega-Lite specification; nothing is fetched."""
    return vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])


def to_png(spec: dict[str, Any], scale: float) -> bytes:
    """PNG of a specification on white; `scale` 1 is 72 pixels an inch. Nothing is fetched."""
    on_white = {**spec, "config": {**spec["config"], "background": "white"}}
    return vl_convert.vegalite_to_png(on_white, scale=scale, allowed_base_urls=[])
