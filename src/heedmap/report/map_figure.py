"""Where the instruction is used, as one SVG: attention, effect of cutting, patching."""

from __future__ import annotations

from typing import Any

import altair as alt

from heedmap.evidence import CausalMap
from heedmap.report.figures import COLORS, to_svg
from heedmap.report.texts import TEXTS
from heedmap.sentence import Language

_CELL_PX = 26
_SIDE_PX = 190
_MOST_HEADS_WITH_FIGURES = 8
_FULL_AT_LEAST = {"share": 1.0, "distance": 0.1}
"""Where the colour is full, so that a largest effect of nothing does not look like one."""


def causal_map_svg(found: CausalMap, language: Language = "en") -> str | None:
    """Heat maps by layer and head, and the curve of patching; None where there is neither."""
    words = TEXTS[language]
    parts: list[alt.Chart | alt.LayerChart] = []
    cells = [
        {"layer": e.layer, "head": e.head, "share": e.share, "distance": e.distance}
        for e in found.by_head
        if e.region == "instruction"
    ]
    if cells:
        parts.append(_heat(cells, "share", words["map_share"], ".0%", words))
        title = words["map_effect"].format(unit=found.unit)
        parts.append(_heat(cells, "distance", title, ".2f", words))
    if found.patched:
        parts.append(_curve(found, words))
    if not parts:
        return None
    chart = alt.hconcat(*parts, spacing=36).resolve_scale(color="independent")
    return to_svg(chart)


def _heat(
    cells: list[dict[str, Any]], value: str, title: str, form: str, words: dict[str, str]
) -> alt.Chart | alt.LayerChart:
    """One cell a head, with its figure where there is room for it."""
    layers = max(cell["layer"] for cell in cells) + 1
    heads = max(cell["head"] for cell in cells) + 1
    width = min(max(heads * _CELL_PX, 110), 330)
    base = alt.Chart(alt.Data(values=cells)).encode(
        x=alt.X("head:O", title=words["head_axis"], axis=alt.Axis(labelAngle=0)),
        y=alt.Y("layer:O", title=words["layer_axis"]),
    )
    full = max([cell[value] for cell in cells] + [_FULL_AT_LEAST[value]])
    opacity = alt.Scale(domain=[0, full], range=[0.04, 1])
    squares = base.mark_rect(color=COLORS["instruction"]).encode(
        opacity=alt.Opacity(f"{value}:Q", scale=opacity, legend=None)
    )
    size = {"height": layers * _CELL_PX, "title": title}
    if heads > _MOST_HEADS_WITH_FIGURES:
        return squares.properties(width=width, **size)
    is_dark = f"datum.{value} > {full / 2}"
    figures = base.mark_text(fontSize=10).encode(
        text=alt.Text(f"{value}:Q", format=form),
        color=alt.condition(is_dark, alt.value("#ffffff"), alt.value("#808080")),
    )
    return alt.LayerChart(layer=[squares, figures]).properties(width=heads * 40, **size)


def _curve(found: CausalMap, words: dict[str, str]) -> alt.Chart:
    values = [{"layer": p.layer, "share": p.recovered_share} for p in found.patched]
    return (
        alt.Chart(alt.Data(values=values))
        .mark_line(
            point={"size": 30, "filled": True, "color": COLORS["action"]},
            color=COLORS["action"],
            strokeWidth=1.8,
        )
        .encode(
            x=alt.X(
                "layer:Q",
                title=words["layer_axis"],
                axis=alt.Axis(format="d", tickMinStep=1, grid=False),
            ),
            y=alt.Y("share:Q", title=None, axis=alt.Axis(format=".0%")).scale(domain=[0, 1]),
        )
        .properties(width=_SIDE_PX, height=130, title=words["map_patched"])
    )
