"""Shares of all regions over the layers, stacked to 100 %: declared above, measured below."""

from __future__ import annotations

from typing import Any

import altair as alt

from heedmap.record.regions import in_order
from heedmap.record.tables import LayoutKind
from heedmap.report.figures.figure import PANELS_WIDTH_PX, Figure, Subject
from heedmap.report.figures.style import INK, data_of, region_scale
from heedmap.report.tables import layer_rows
from heedmap.report.wording import region_name

_KINDS: tuple[LayoutKind, ...] = ("declared", "measured")
_HEIGHT_PX = 130


def shares(subject: Subject) -> Figure | None:
    """A row of panels a layout, a column an instruction; means over heads and frames."""
    values = _values(subject)
    if not values:
        return None
    words = subject.words
    kinds = [kind for kind in _KINDS if any(value["kind"] == kind for value in values)]
    names = list(dict.fromkeys(value["instruction"] for value in values))
    width = max(110, (PANELS_WIDTH_PX - 60) // len(names))
    notes = (
        alt.Chart()
        .transform_filter("datum.note != null")
        .mark_text(color=INK, fontSize=12, aria=False)
        .encode(text=alt.Text("note:N"), x=alt.XValue(width / 2), y=alt.YValue(-7))
    )
    chart = (
        alt.layer(_bars(values, subject), notes, data=data_of(values))
        .properties(width=width, height=_HEIGHT_PX)
        .facet(
            row=alt.Row("layout:N", title=None, sort=[words(kind) for kind in kinds]),
            column=alt.Column("instruction:N", title=None, sort=names),
        )
    )
    caption = words(
        "shares_caption", heads=subject.policy.heads, frames=len(subject.result.record.frames)
    )
    return subject.figure("shares", chart, caption)


def _bars(values: list[dict[str, Any]], subject: Subject) -> alt.Chart:
    words = subject.words
    regions = in_order(value["key"] for value in values)
    return (
        alt.Chart()
        .mark_bar(stroke="#ffffff", strokeWidth=0.4)
        .encode(
            x=alt.X("layer:O", title=words("layer_axis"), axis=_layer_axis(values)).scale(
                paddingInner=0.08, paddingOuter=0.05
            ),
            y=alt.Y(
                "share:Q",
                title=words("share_axis"),
                stack="zero",
                axis=alt.Axis(format=".0%", values=[0, 0.25, 0.5, 0.75, 1]),
            ).scale(domain=[0, 1]),
            color=alt.Color("region:N", title=None, scale=region_scale(regions, subject.language)),
            order=alt.Order("rank:Q"),
            description=alt.Description("tip:N"),
        )
    )


def _layer_axis(values: list[dict[str, Any]]) -> alt.Axis:
    """Every layer's number up to 12 of them, then every fourth."""
    last = max(value["layer"] for value in values)
    shown = list(range(0, last + 1, 1 if last < 12 else 4))
    return alt.Axis(labelAngle=0, values=shown)


def _values(subject: Subject) -> list[dict[str, Any]]:
    """One value per layout, instruction, layer and region, mean over frames."""
    words, language = subject.words, subject.language
    sums: dict[tuple[LayoutKind, str, int, str], list[float]] = {}
    for kind in _KINDS:
        for row in layer_rows(subject.result, kind, subject.policy.name):
            for region, share in row.shares.items():
                sums.setdefault((kind, row.instruction, row.layer, region), []).append(share)
    have = {key[:2] for key in sums if key[3] in ("text", "instruction", "mixed")}
    ranks = {region: rank for rank, region in enumerate(in_order(key[3] for key in sums))}
    values: list[dict[str, Any]] = []
    noted: set[tuple[LayoutKind, str]] = set()
    for (kind, instruction, layer, region), found in sums.items():
        panel = (kind, instruction)
        is_missing = kind == "measured" and panel not in have and panel not in noted
        noted.add(panel)
        share = sum(found) / len(found)
        name = region_name(region, language)
        values.append(
            {
                "kind": kind,
                "layout": words(kind),
                "instruction": instruction,
                "layer": layer,
                "key": region,
                "rank": ranks[region],
                "region": name,
                "share": round(share, 5),
                "note": words("no_instruction") if is_missing else None,
                "tip": f"{words('layer')} {layer}: {name} {share:.1%}",
            }
        )
    return values
