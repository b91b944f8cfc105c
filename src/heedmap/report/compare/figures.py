"""Curves of attention over the layers, and differences with their intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from heedmap.ladder.messages import Language, words_in
from heedmap.record.regions import is_image
from heedmap.report.compare.comparison import Comparison, Entry
from heedmap.report.compare.differences import Difference
from heedmap.report.compare.wording import difference_text, figure_text
from heedmap.report.figures.figure import PANELS_WIDTH_PX
from heedmap.report.figures.style import INK, Chart, data_of
from heedmap.report.tables import layer_rows
from heedmap.report.wording import percent, region_name
from heedmap.visible import one_line

_REGIONS = ("image", "instruction")
_MOST_INSTRUCTIONS = 6
_HUES = ("#2f7fc1", "#e0700a", "#1c9c79", "#c062a8", "#7a6ff0", "#a8850c", "#d23b3b", "#808080")
"""Of policies: readable on white and on black; dashes differ too."""
_CERTAIN, _OPEN = "#e0700a", "#2f7fc1"
_CHARACTER_PX = 6.6
"""Of a label, with room for wider fonts than the one it is measured in."""
_DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3])
_ROW_PX = 22
_PANELS_A_ROW = 2


def curves(comparison: Comparison, language: Language = "en") -> Chart | None:
    """A row of panels a region, a column an instruction, a line a policy; means over frames."""
    has_one_depth = len({e.policy.layers for e in comparison.entries if e.policy.layers}) == 1
    values = [
        value
        for entry in comparison.entries
        for value in _curve(entry, language, relative=not has_one_depth)
    ]
    if not values:
        return None
    words = words_in(language)
    names = list(dict.fromkeys(value["instruction"] for value in values))[:_MOST_INSTRUCTIONS]
    depth = words("layer_axis") if has_one_depth else words("depth_axis")
    ticks = alt.Axis(tickMinStep=1 if has_one_depth else 0.25, tickCount=5, grid=False)
    domain = [entry.name for entry in comparison.entries]
    scale = alt.Scale(domain=domain, range=[_HUES[i % len(_HUES)] for i in range(len(domain))])
    # One further from round to round, so that the ninth policy is not drawn as the first.
    turns = [(i + i // len(_HUES)) % len(_DASHES) for i in range(len(domain))]
    dashes = alt.Scale(domain=domain, range=[_DASHES[turn] for turn in turns])
    legend = alt.Legend(
        orient="bottom", columns=2, columnPadding=40, symbolType="stroke", symbolStrokeWidth=2
    )
    line = (
        alt.Chart(data_of([value for value in values if value["instruction"] in names]))
        .mark_line(point=alt.OverlayMarkDef(size=18, filled=True), strokeWidth=1.8)
        .encode(
            x=alt.X("depth:Q", title=depth, axis=ticks),
            y=alt.Y(
                "share:Q",
                title=words("share_axis"),
                axis=alt.Axis(format=".0%", values=[0, 0.25, 0.5, 0.75, 1]),
            ).scale(domain=[0, 1]),
            color=alt.Color("policy:N", title=None, scale=scale, legend=legend),
            strokeDash=alt.StrokeDash("policy:N", title=None, scale=dashes, legend=legend),
            description=alt.Description("tip:N"),
        )
        .properties(width=max(120, (PANELS_WIDTH_PX - 60) // len(names)), height=130)
    )
    return line.facet(
        row=alt.Row("region:N", title=None, sort=[region_name(r, language) for r in _REGIONS]),
        column=alt.Column("instruction:N", title=None, sort=names),
    )


def _curve(entry: Entry, language: Language, *, relative: bool) -> list[dict[str, Any]]:
    """One value a region, instruction and layer of one policy."""
    found: dict[tuple[str, str, int], list[float]] = {}
    for row in layer_rows(entry.source.result, "measured", entry.policy.name):
        images = [share for region, share in row.shares.items() if is_image(region)]
        if images:
            found.setdefault(("image", row.instruction, row.layer), []).append(sum(images))
        if "instruction" in row.shares:
            key = ("instruction", row.instruction, row.layer)
            found.setdefault(key, []).append(row.shares["instruction"])
    last = max(1, entry.policy.layers - 1)
    words = words_in(language)
    values: list[dict[str, Any]] = []
    for (region, instruction, layer), shares in found.items():
        share = sum(shares) / len(shares)
        name = region_name(region, language)
        values.append(
            {
                "policy": entry.name,
                "instruction": instruction,
                "region": name,
                "depth": layer / last if relative else layer,
                "share": round(share, 5),
                "tip": f"{one_line(entry.name)}, {words('layer')} {layer}: {name} {percent(share)}",
            }
        )
    return values


def forest(items: Sequence[Difference], language: Language = "en") -> Chart | None:
    """A panel a figure, a row a policy: the difference, its interval, and a line at 0."""
    known = [each for each in items if each.difference is not None]
    if not known:
        return None
    names = list(dict.fromkeys(each.policy for each in items))
    figures = list(dict.fromkeys(each.figure for each in known))
    panels = [
        _panel(
            [each for each in known if each.figure is figure],
            names,
            language,
            has_names=index % _PANELS_A_ROW == 0,
        )
        for index, figure in enumerate(figures)
    ]
    starts = range(0, len(panels), _PANELS_A_ROW)
    rows = [alt.hconcat(*panels[i : i + _PANELS_A_ROW], spacing=24) for i in starts]
    return alt.vconcat(*rows, spacing=14)


def _panel(
    items: Sequence[Difference], names: Sequence[str], language: Language, *, has_names: bool
) -> alt.LayerChart | alt.FacetChart:
    """One figure, on an axis of its own."""
    words = words_in(language)
    is_share = items[0].figure.form == "percent"
    kinds = [words(key) for key in ("legend_beyond", "legend_across", "legend_none")]
    values = [_point(each, 100 if is_share else 1, kinds, language) for each in items]
    reach = max(
        [abs(end) for value in values for end in (value["x"], value["low"], value["high"]) if end]
        or [1.0]
    )
    x = alt.X(
        "x:Q",
        title=words("axis_points" if is_share else "axis_distance"),
        axis=alt.Axis(tickCount=4, format="+.3~g", labelOverlap="greedy", labelSeparation=6),
    ).scale(domain=[-1.08 * reach, 1.08 * reach], nice=False)
    room = _CHARACTER_PX * max(map(len, names)) if has_names else 0.0
    y = alt.Y(
        "policy:N",
        sort=list(names),
        title=None,
        axis=alt.Axis(ticks=False, domain=False, labels=has_names, minExtent=room),
    )
    color = alt.Color(
        "kind:N",
        title=None,
        scale=alt.Scale(domain=kinds, range=[_CERTAIN, _OPEN, INK]),
        legend=alt.Legend(columnPadding=40),
    )
    base = alt.Chart(data_of(values)).encode(y=y.scale(domain=list(names)), color=color)
    sure = base.transform_filter("datum.low != null")
    unsure = base.transform_filter("datum.low == null")
    tip = alt.Description("tip:N")
    zero = alt.Chart(data_of([{"x": 0}])).mark_rule(color=INK, strokeDash=[3, 3], aria=False)
    layers = [
        zero.encode(x=alt.X("x:Q")),
        sure.mark_rule(strokeWidth=2, aria=False).encode(x=alt.X("low:Q"), x2=alt.X2("high:Q")),
        sure.mark_point(size=55, filled=True, opacity=1).encode(x=x, description=tip),
        unsure.mark_point(size=55, strokeWidth=1.5).encode(x=x, description=tip),
    ]
    return alt.layer(*layers).properties(
        title=figure_text(items[0], language), width=180, height=_ROW_PX * len(names)
    )


def _point(
    item: Difference, factor: int, kinds: Sequence[str], language: Language
) -> dict[str, Any]:
    """One mark; `kinds` are the words for what its interval says."""
    kind = 2 if item.low is None else 0 if item.is_beyond_chance else 1
    x, low, high = (
        None if value is None else round(value * factor, 5)
        for value in (item.difference, item.low, item.high)
    )
    tip = f"{one_line(item.policy)}: {difference_text(item, language)}"
    return {
        "policy": item.policy,
        "x": x,
        "low": low,
        "high": high,
        "kind": kinds[kind],
        "tip": tip,
    }
