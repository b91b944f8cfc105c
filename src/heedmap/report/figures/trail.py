"""Module call by module call: how far outputs differ between runs, and what patching carries."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from typing import Any

import altair as alt
import pyarrow as pa
import pyarrow.compute as pc

from heedmap.record.record import PolicyResult
from heedmap.report.figures.colors import COLORS
from heedmap.report.figures.figure import PANELS_WIDTH_PX, Figure, Subject, runs_of
from heedmap.report.figures.style import INK, Chart, data_of, layered, scales, stacked

MOST_CALLS = 200
"""Calls that are drawn; of more, those of the outer modules."""
_LINES = {
    "instruction": (COLORS["instruction"], "circle"),
    "frame": (COLORS["image"], "square"),
    "paraphrase": (COLORS["special"], "diamond"),
}
_CARRIED_COLOR = COLORS["action"]
_LINEAR_UP_TO = 0.01
"""Below, the axis is linear, so that 0 has a place; above, logarithmic."""
_BAND_PX = 16
_HEADROOM = 3
"""The axis goes up to so many times the largest difference: the mark of the loss is above it."""
_NAMED_SHARE = 0.08
"""Of the width that a part needs for its name to be written under it."""

Call = dict[str, Any]
"""One row of the table."""


def trail(subject: Subject) -> Figure | None:
    """The differences over the calls in order; None where no module call was recorded."""
    table = subject.result.trail.filter(pc.field("policy") == subject.policy.name)
    calls = outer_calls(table)
    if not calls:
        return None
    panels: list[Chart] = [_differences(calls, subject)]
    is_patched = any(call["carried"] is not None for call in calls)
    if is_patched:
        panels.append(_carried(calls, subject))
    panels.append(_parts(calls))
    chart = stacked(panels, spacing=6, resolve=scales(x="shared", color="independent"))
    words = subject.words
    key = "trail_caption_some" if len(calls) < table.num_rows else "trail_caption"
    caption = words(key, calls=table.num_rows, shown=len(calls))
    if is_patched:
        caption = f"{caption} {words('trail_carried_note')}"
    return subject.figure("trail", chart, caption)


def outer_calls(table: pa.Table) -> list[Call]:
    """One policy's calls in order, or those of names of so many parts that few enough are left."""
    calls = sorted(table.to_pylist(), key=lambda call: call["order"])
    parts = [call["module"].count(".") + bool(call["module"]) for call in calls]
    depths = sorted(set(parts))
    few = [d for d in depths if sum(each <= d for each in parts) <= MOST_CALLS]
    deepest = few[-1] if few else min(parts, default=0)
    kept = [call for call, depth in zip(calls, parts, strict=True) if depth <= deepest]
    return kept[:: len(kept) // MOST_CALLS + 1]


def _x(*, with_axis: bool) -> alt.X:
    axis = alt.Axis(labels=False, ticks=False, grid=False) if with_axis else None
    return alt.X("order:Q", title=None, axis=axis).scale(nice=False, zero=False)


def _tip(call: Call, what: str, figure: str) -> str:
    number = f" ({call['call']})" if call["call"] else ""
    return f"{call['module'] or call['kind']}{number}, {what}: {figure}"


def _differences(calls: Sequence[Call], subject: Subject) -> Chart:
    """A line for each thing exchanged, and the call in which the instruction was lost."""
    words = subject.words
    names = {
        "instruction": words("trail_instruction"),
        "frame": words("trail_frame"),
        "paraphrase": words("trail_paraphrase"),
    }
    shown = [name for name in _LINES if any(call[name] is not None for call in calls)]
    values = [
        {
            "order": call["order"],
            "difference": call[name],
            "run": names[name],
            "tip": _tip(call, names[name], f"{call[name]:.2g}"),
        }
        for name in reversed(shown)  # the instruction is drawn last, above the others
        for call in calls
        if call[name] is not None
    ]
    top = _HEADROOM * max((value["difference"] for value in values), default=1.0)
    y = alt.Y(
        "difference:Q",
        title=words("trail_axis"),
        axis=alt.Axis(values=[0, 0.01, 0.1, 1, 10, 100], format="~g"),
    ).scale(type="symlog", constant=_LINEAR_UP_TO, domain=[0, top], nice=False)
    domain = [names[name] for name in shown]
    base = alt.Chart(data_of(values)).encode(
        x=_x(with_axis=True),
        y=y,
        color=alt.Color(
            "run:N",
            title=None,
            scale=alt.Scale(domain=domain, range=[_LINES[name][0] for name in shown]),
            legend=alt.Legend(orient="top"),
        ),
    )
    line = base.mark_line(strokeWidth=1.5, aria=False)
    points = base.mark_point(filled=True, size=26, opacity=1).encode(
        shape=alt.Shape(
            "run:N",
            title=None,
            scale=alt.Scale(domain=domain, range=[_LINES[name][1] for name in shown]),
            legend=None,
        ),
        description=alt.Description("tip:N"),
    )
    layers: list[alt.Chart] = [line, points, *_loss(calls, subject)]
    return layered(layers, width=PANELS_WIDTH_PX, height=150)


def _loss(calls: Sequence[Call], subject: Subject) -> list[alt.Chart]:
    """A line down through the call in which the instruction was lost, with its name."""
    lost = lost_in(calls, subject.policy)
    if lost is None:
        return []
    order = calls[lost]["order"]
    is_late = order - calls[0]["order"] > (calls[-1]["order"] - calls[0]["order"]) / 2
    text = subject.words("trail_lost_here")
    data = data_of([{"order": order, "text": text}])
    base = alt.Chart(data).encode(x=_x(with_axis=True))
    rule = base.mark_rule(color=INK, strokeDash=[4, 3], aria=False)
    name = base.mark_text(
        align="right" if is_late else "left",
        dx=-5 if is_late else 5,
        color=INK,
        fontSize=12,
        fontWeight="bold",
        aria=False,
    ).encode(y=alt.YValue(8), text=alt.Text("text:N"))
    return [rule, name]


def lost_in(calls: Sequence[Call], policy: PolicyResult) -> int | None:
    """Which of these calls lost the instruction; None where none did, or it is not among them."""
    found = policy.measurements.trail
    if found is None or found.module is None:
        return None
    place = found.module, found.call
    return next((i for i, c in enumerate(calls) if (c["module"], c["call"]) == place), None)


def _carried(calls: Sequence[Call], subject: Subject) -> Chart:
    """The share of the action's difference that patching each call carries."""
    what = subject.words("trail_carried")
    values = [
        {
            "order": call["order"],
            "carried": round(call["carried"], 4),
            "tip": _tip(call, what, f"{call['carried']:.0%}"),
        }
        for call in calls
        if call["carried"] is not None
    ]
    shares = [value["carried"] for value in values]
    base = alt.Chart(data_of(values)).encode(
        x=_x(with_axis=True),
        y=alt.Y("carried:Q", title=what, axis=alt.Axis(format=".0%", tickCount=3)).scale(
            domain=[min(0, *shares), max(1, *shares)], nice=False
        ),
    )
    line = base.mark_line(color=_CARRIED_COLOR, strokeWidth=1.5, aria=False)
    points = base.mark_point(color=_CARRIED_COLOR, filled=True, size=26, opacity=1).encode(
        description=alt.Description("tip:N")
    )
    return layered([line, points], width=PANELS_WIDTH_PX, height=60)


def _parts(calls: Sequence[Call]) -> Chart:
    """Which part of the policy the calls belong to."""
    parts = _parts_of([call["module"] for call in calls])
    first, last = calls[0]["order"], calls[-1]["order"]
    return band(
        [
            (
                max(first, calls[start]["order"] - 0.5),
                min(last, calls[end - 1]["order"] + 0.5),
                parts[start],
            )
            for start, end in runs_of(list(parts))
        ]
    )


def band(spans: Sequence[tuple[float, float, str]]) -> Chart:
    """Spans of the x axis side by side, each named where it is wide enough."""
    whole = max(1, spans[-1][1] - spans[0][0])
    bands: list[Call] = []
    for number, (low, high, name) in enumerate(spans):
        room = int((high - low) / whole * PANELS_WIDTH_PX / 6.5)
        text = name if len(name) <= room else name[: max(room - 1, 0)] + "…"
        is_named = len(name) <= room or (high - low) / whole >= _NAMED_SHARE
        place = {"order": low, "end": high, "middle": (low + high) / 2}
        bands.append({**place, "name": text if is_named else "", "shade": number % 2, "tip": name})
    base = alt.Chart(data_of(bands))
    rects = base.mark_rect().encode(
        x=_x(with_axis=False),
        x2=alt.X2("end:Q"),
        y=alt.YValue(0),
        y2=alt.Y2Value(_BAND_PX),
        color=alt.Color(
            "shade:N",
            scale=alt.Scale(domain=[0, 1], range=["#80808060", "#80808025"]),
            legend=None,
        ),
        description=alt.Description("tip:N"),
    )
    names = base.mark_text(fontSize=12, color=INK, aria=False).encode(
        x=alt.X("middle:Q", axis=None), y=alt.YValue(_BAND_PX / 2), text=alt.Text("name:N")
    )
    size = {"width": PANELS_WIDTH_PX, "height": _BAND_PX}
    return layered([rects, names], **size, view={"stroke": None})


def _parts_of(modules: Sequence[str]) -> list[str]:
    """The first part of every name behind what all names share; of the outermost, nothing."""
    split = [module.split(".") for module in modules if module]
    shared = sum(1 for _ in takewhile(lambda at: len(set(at)) == 1, zip(*split, strict=False)))
    longest = max((len(parts) for parts in split), default=1)
    at = min(shared, longest - 1)
    return [".".join(module.split(".")[at : at + 1]) for module in modules]
