"""Layer by head: attention on the instruction, and the effect of cutting that head."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pyarrow.compute as pc

from heedmap.ladder.evidence import CausalMap
from heedmap.report.figures.figure import Figure, Subject
from heedmap.report.figures.style import INK, Chart, amount_scale, beside, data_of, layered, scales

_CELL_PX = 26
_SMALL_CELL_PX = 11
_MOST_HEADS_WITH_FIGURES = 8
_NAME_PX = 260
"""Of a module's name, at most."""
_FULL_EFFECT = 0.1
"""The colour is full here at least, so that a largest effect of nothing does not look like one."""


def heads(subject: Subject) -> Figure | None:
    """Two maps where knockouts by head were run, or the share alone; None without either."""
    words, found = subject.words, subject.policy.measurements.causal_map
    effects = [] if found is None else _effects(found)
    if found is not None and effects:
        title = words("heads_effect", unit=subject.unit)
        full = max([_FULL_EFFECT, *(cell["distance"] for cell in effects)])
        panels = (
            _map(effects, "share", words("heads_share"), ".0%", 1.0, subject),
            _map(effects, "distance", title, ".2f", full, subject),
        )
        chart = beside(panels, spacing=40, resolve=scales(color="independent"))
        caption = words("heads_caption", frames=found.examples, how=_how(found, subject))
        if found.modules:
            caption = f"{caption} {words('heads_modules')}"
        return subject.figure("heads", chart, caption)
    cells = _shares(subject)
    if not cells:
        return None
    chart = _map(cells, "share", words("heads_share"), ".0%", 1.0, subject)
    frames = len(subject.result.record.frames)
    return subject.figure("heads", chart, words("heads_only_shares", frames=frames))


def _how(found: CausalMap, subject: Subject) -> str:
    kind = found.knockouts.kind if found.knockouts else None
    return subject.words("knockouts_cached" if kind == "cached rows" else "knockouts_whole")


def _effects(found: CausalMap) -> list[dict[str, Any]]:
    return [
        {
            "layer": e.layer,
            "name": found.modules[e.layer] if found.modules else str(e.layer),
            "head": e.head,
            "share": round(e.share, 4),
            "distance": e.distance,
        }
        for e in found.by_head
        if e.region == "instruction"
    ]


def _shares(subject: Subject) -> list[dict[str, Any]]:
    """Measured shares on the instruction, mean over cases; none where it has no position."""
    table = subject.result.attention.filter(
        (pc.field("policy") == subject.policy.name)
        & (pc.field("layout") == "measured")
        & (pc.field("region") == "instruction")
    )
    means = table.group_by(["layer", "head"]).aggregate([("share", "mean")])
    return [
        {
            "layer": row["layer"],
            "name": str(row["layer"]),
            "head": row["head"],
            "share": round(row["share_mean"], 4),
        }
        for row in means.sort_by([("layer", "ascending"), ("head", "ascending")]).to_pylist()
    ]


def _map(
    cells: Sequence[dict[str, Any]],
    value: str,
    title: str,
    form: str,
    full: float,
    subject: Subject,
) -> Chart:
    """One cell a head, with its figure where there is room for it."""
    words = subject.words
    layers = max(cell["layer"] for cell in cells) + 1
    heads = max(cell["head"] for cell in cells) + 1
    with_figures = heads <= _MOST_HEADS_WITH_FIGURES
    side = _CELL_PX if with_figures else _SMALL_CELL_PX
    shown = "%" if form.endswith("%") else ""
    rows = [
        {
            **cell,
            "tip": f"{words('layer')} {cell['name']}, {words('head_axis')} {cell['head']}: "
            + (f"{cell[value]:.1%}" if shown else f"{cell[value]:.3f}"),
        }
        for cell in cells
    ]
    every = 1 if with_figures else 4
    names = list(dict.fromkeys(cell["name"] for cell in sorted(cells, key=_layer)))
    base = alt.Chart(data_of(rows)).encode(
        x=alt.X(
            "head:O",
            title=words("head_axis"),
            axis=alt.Axis(labelAngle=0, values=list(range(0, heads, every)), ticks=False),
        ),
        y=alt.Y(
            "name:O",
            title=words("layer_axis") if names[0].isdigit() else None,
            sort=names,
            axis=alt.Axis(values=names[::every], ticks=False, labelLimit=_NAME_PX),
        ),
    )
    legend = alt.Legend(format=form, gradientLength=150, gradientThickness=9, title=None)
    squares = base.mark_rect().encode(
        color=alt.Color(f"{value}:Q", scale=amount_scale(full), legend=legend),
        description=alt.Description("tip:N"),
    )
    size = {"width": heads * (40 if with_figures else side), "height": layers * side}
    if not with_figures:
        return squares.properties(title=title, **size)
    is_light = f"datum.{value} > {full * 0.55}"
    figures = base.mark_text(fontSize=12, aria=False).encode(
        text=alt.Text(f"{value}:Q", format=form),
        color=alt.condition(is_light, alt.value("#000000"), alt.value("#ffffff")),
    )
    return layered([squares, figures], title=title, **size)


def _layer(cell: Mapping[str, Any]) -> int:
    return cell["layer"]


def patching(subject: Subject) -> Figure | None:
    """What comes of another instruction's action when its states are put in, layer by layer."""
    words, found = subject.words, subject.policy.measurements.causal_map
    if found is None or not found.patched:
        return None
    values = [
        {
            "layer": p.layer,
            "share": round(p.recovered_share, 4),
            "tip": f"{words('layer')} {p.layer}: {p.recovered_share:.0%}",
        }
        for p in found.patched
    ]
    base = alt.Chart(data_of(values)).encode(
        x=alt.X("layer:O", title=words("layer_axis"), axis=alt.Axis(labelAngle=0)),
        y=alt.Y(
            "share:Q", title=words("patching_axis"), axis=alt.Axis(format=".0%", tickCount=5)
        ).scale(domain=[min(0, *(v["share"] for v in values)), 1]),
    )
    line = base.mark_line(color="#00795a", strokeWidth=2, aria=False)
    points = base.mark_point(color="#00795a", filled=True, size=42).encode(
        description=alt.Description("tip:N")
    )
    zero = (
        alt.Chart(data_of([{}]))
        .mark_rule(color=INK, strokeDash=[3, 3], aria=False)
        .encode(y=alt.YDatum(0))
    )
    width = max(180, min(560, len(values) * 26))
    chart = layered([zero, line, points], width=width, height=130)
    return subject.figure("patching", chart, words("patching_caption"))
