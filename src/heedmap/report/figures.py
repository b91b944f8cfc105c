"""Figures as SVG text: drawn without a browser, shown without JavaScript or network.

The colours are Okabe and Ito's (2008), which colour-blind eyes tell apart. Every region
also has its own dash pattern and point shape, so a print in grey tells them apart too.
"""

from __future__ import annotations

from typing import Any

import altair as alt
import vl_convert

from heedmap.errors import RecordError
from heedmap.regions import in_order
from heedmap.report.tables import layer_rows
from heedmap.report.texts import TEXTS
from heedmap.report.wording import region_name
from heedmap.result import Result
from heedmap.sentence import Language
from heedmap.tables import LayoutKind

COLORS = {
    "image": "#0072B2",
    "text": "#D55E00",
    "instruction": "#D55E00",  # what a declared `text` claims to be
    "template": "#56B4E9",
    "state": "#F0E442",
    "mixed": "#E69F00",
    "special": "#CC79A7",
    "action": "#009E73",
    "padding": "#8A8A8A",
    "undeclared": "#8A8A8A",
}
OTHER_COLOR = "#56B4E9"
_DASHES = {
    "image": [1, 0],
    "text": [7, 3],
    "instruction": [7, 3],
    "special": [8, 2, 2, 2],
    "action": [2, 2],
    "padding": [1, 4],
    "undeclared": [1, 4],
}
_OTHER_DASH = [4, 1]
_SHAPES = {
    "image": "circle",
    "text": "square",
    "instruction": "square",
    "special": "triangle-down",
    "action": "triangle-up",
    "padding": "cross",
    "undeclared": "cross",
}
_OTHER_SHAPE = "diamond"

_INK = "#808080"
"""Axes and text: readable on a white and on a black page."""
_FAINT = "#80808040"
_FONT = "system-ui, 'Noto Sans', 'Noto Sans CJK KR', sans-serif"
_PANELS_WIDTH_PX = 690
_KINDS: tuple[LayoutKind, ...] = ("declared", "measured")


def share_curves(result: Result, policy_name: str, language: Language = "en") -> str:
    """Shares (%) over layers as an SVG: a row per layout, a column per instruction.

    Means over heads and frames; one line per region. A layout that no case has is left
    out. Raises RecordError when the result has no policy of this name.
    """
    known = [policy.name for policy in result.record.policies]
    if policy_name not in known:
        raise RecordError(f"The result has no policy '{policy_name}'; it has {', '.join(known)}.")
    words = TEXTS[language]
    values = _values(result, policy_name, language)
    kinds = [kind for kind in _KINDS if any(value["kind"] == kind for value in values)]
    names = list(dict.fromkeys(value["instruction"] for value in values))
    width = max(130, _PANELS_WIDTH_PX // len(names))
    lines = _lines(values, language)
    notes = alt.Chart().transform_filter("datum.note != null").mark_text(color=_INK, fontSize=11)
    notes = notes.encode(
        text=alt.Text("note:N"), x=alt.value(width / 2), y=alt.value(81), tooltip=alt.value(None)
    )
    chart = (
        alt.layer(lines, notes, data=alt.Data(values=values))
        .properties(width=width, height=130)
        .facet(
            row=alt.Row("layout:N", title=None, sort=[words[kind] for kind in kinds]),
            column=alt.Column("instruction:N", title=None, sort=names),
        )
    )
    return to_svg(chart)


def _values(result: Result, policy_name: str, language: Language) -> list[dict[str, Any]]:
    """One value per layout, instruction, layer and region, mean over frames."""
    words = TEXTS[language]
    sums: dict[tuple[LayoutKind, str, int, str], list[float]] = {}
    for kind in _KINDS:
        for row in layer_rows(result, kind):
            if row.policy == policy_name:
                for region, share in row.shares.items():
                    sums.setdefault((kind, row.instruction, row.layer, region), []).append(share)
    have = {key[:2] for key in sums if key[3] in ("text", "instruction", "mixed")}
    values: list[dict[str, Any]] = []
    noted: set[tuple[LayoutKind, str]] = set()
    for (kind, instruction, layer, region), shares in sums.items():
        panel = (kind, instruction)
        is_missing = kind == "measured" and panel not in have and panel not in noted
        noted.add(panel)
        values.append(
            {
                "kind": kind,
                "layout": words[kind],
                "instruction": instruction,
                "layer": layer,
                "key": region,
                "region": region_name(region, language),
                "share": sum(shares) / len(shares),
                "note": words["no_instruction"] if is_missing else None,
            }
        )
    return values


def _lines(values: list[dict[str, Any]], language: Language) -> alt.Chart:
    words = TEXTS[language]
    regions = in_order(value["key"] for value in values)
    names = [region_name(region, language) for region in regions]

    def looks(chosen: dict[str, Any], other: Any) -> alt.Scale:
        return alt.Scale(domain=names, range=[chosen.get(region, other) for region in regions])

    last = max(value["layer"] for value in values)
    x_axis = alt.Axis(format="d", tickMinStep=1, grid=False)
    y_axis = alt.Axis(format=".0%", values=[0, 0.25, 0.5, 0.75, 1])
    return (
        alt.Chart()
        .mark_line(point={"size": 26, "filled": True}, strokeWidth=1.8)
        .encode(
            x=alt.X("layer:Q", title=words["layer_axis"], axis=x_axis).scale(
                domain=[0, max(last, 1)]
            ),
            y=alt.Y("share:Q", title=words["share_axis"], axis=y_axis).scale(domain=[0, 1]),
            color=alt.Color("region:N", title=None, scale=looks(COLORS, OTHER_COLOR)),
            strokeDash=alt.StrokeDash("region:N", title=None, scale=looks(_DASHES, _OTHER_DASH)),
            shape=alt.Shape("region:N", title=None, scale=looks(_SHAPES, _OTHER_SHAPE)),
        )
    )


def to_svg(chart: alt.FacetChart | alt.HConcatChart) -> str:
    """The chart in the page's look, without network or script."""
    text = {"labelColor": _INK, "titleColor": _INK, "labelFont": _FONT, "titleFont": _FONT}
    styled = chart.configure(
        background="transparent",
        font=_FONT,
        axis={**text, "domainColor": _INK, "tickColor": _INK, "gridColor": _FAINT},
        legend={**text, "orient": "bottom", "symbolStrokeWidth": 2, "symbolSize": 60},
        header={**text, "labelFontSize": 12, "labelFontWeight": "bold"},
        view={"stroke": _FAINT},
        title={"color": _INK, "fontSize": 12, "anchor": "start"},
    )
    return vl_convert.vegalite_to_svg(styled.to_dict(), allowed_base_urls=[])
