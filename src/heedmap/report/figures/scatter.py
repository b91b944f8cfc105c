"""Attention against effect: a point a head, with their rank correlation."""

from __future__ import annotations

import altair as alt

from heedmap.ladder.thresholds import SIGNIFICANT_P
from heedmap.report.figures.figure import Figure, Subject
from heedmap.report.figures.style import INK, SCHEME, data_of

_SIDE_PX = 300
_FULL_EFFECT = 0.05


def scatter(subject: Subject) -> Figure | None:
    """Share on the instruction against the effect of cutting it; None without knockouts."""
    found = subject.policy.measurements.causal_map
    if found is None:
        return None
    cells = [effect for effect in found.by_head if effect.region == "instruction"]
    if not cells:
        return None
    words = subject.words
    names = found.modules or [str(number) for number in range(1 + max(c.layer for c in cells))]
    values = [
        {
            "layer": cell.layer,
            "share": round(cell.share, 4),
            "distance": round(cell.distance, 5),
            "tested": words(
                "beyond_random"
                if cell.p_adjusted is not None and cell.p_adjusted < SIGNIFICANT_P
                else "not_beyond_random"
            ),
            "tip": f"{words('layer')} {names[cell.layer]}, {words('head_axis')} {cell.head}: "
            f"{cell.share:.1%}, {cell.distance:.3f} {subject.unit}",
        }
        for cell in cells
    ]
    full = max([_FULL_EFFECT, *(value["distance"] for value in values)])
    chart = (
        alt.Chart(data_of(values))
        .mark_point(size=55, opacity=0.85, filled=True, stroke="#808080", strokeWidth=0.6)
        .encode(
            x=alt.X(
                "share:Q", title=words("heads_share"), axis=alt.Axis(format=".0%", tickCount=5)
            ).scale(domain=[0, 1]),
            y=alt.Y(
                "distance:Q",
                title=words("effect_axis", unit=subject.unit),
                axis=alt.Axis(format=".2f", tickCount=5),
            ).scale(domain=[0, full]),
            color=alt.Color(
                "layer:Q",
                title=words("layer_axis"),
                scale=alt.Scale(scheme=SCHEME),
                legend=alt.Legend(
                    format="d", tickMinStep=1, gradientLength=120, gradientThickness=9
                ),
            ),
            shape=alt.Shape(
                "tested:N",
                title=None,
                scale=alt.Scale(
                    domain=[words("beyond_random"), words("not_beyond_random")],
                    range=["diamond", "circle"],
                ),
                legend=alt.Legend(orient="top", direction="vertical", symbolFillColor=INK),
            ),
            description=alt.Description("tip:N"),
        )
        .properties(width=_SIDE_PX, height=_SIDE_PX * 2 // 3, title=_correlation(subject))
    )
    caption = words("scatter_caption", frames=found.examples, heads=len(cells))
    return subject.figure("scatter", chart, caption, correlation=_correlation(subject))


def _correlation(subject: Subject) -> str:
    found = subject.policy.measurements.causal_map
    share = None if found is None else found.predicts.share
    if share is None:
        return subject.words("not_ranked")
    return subject.words("ranked", correlation=f"{share:+.2f}")
