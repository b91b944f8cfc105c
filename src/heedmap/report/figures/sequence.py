"""The sequence as a strip: regions in colour, masked positions hatched, attention as height."""

from __future__ import annotations

from typing import Any

import altair as alt

from heedmap.record.record import Case
from heedmap.record.regions import in_order
from heedmap.report.figures.figure import PANELS_WIDTH_PX, Figure, Subject, runs_of
from heedmap.report.figures.style import Chart, data_of, layered, region_scale, stacked
from heedmap.report.wording import region_name

_HEIGHT_PX = 96
_BAND_SHARE = 0.16
"""Of the panel's largest value: the height of the coloured band below the bars."""
_SHOWN_FROM = 2e-4
"""Smaller shares are less than a line's width."""
_HATCH_PX = 7


def sequence(subject: Subject) -> Figure | None:
    """A panel an instruction, positions from left to right; None without shares by position."""
    attention, words = subject.shares_by_position, subject.words
    chosen = [case for case in subject.cases if case.instruction in attention]
    if not chosen:
        return None
    length = max(case.sequence_length for case in chosen)
    top = max(max(attention[case.instruction].values()) for case in chosen)
    bars: list[dict[str, Any]] = []
    bands: list[dict[str, Any]] = []
    hatches: list[dict[str, Any]] = []
    for case in chosen:
        bars += _bars(case, attention[case.instruction], subject)
        bands += _bands(case, top, subject)
        hatches += _hatches(case, top, length)
    names = [case.instruction for case in chosen]
    chart = _chart(bars, bands, hatches, names, length, top, subject)
    caption = words(
        "sequence_caption",
        layers=subject.policy.layers,
        heads=subject.policy.heads,
        frame=subject.frame.name,
    )
    return subject.figure("sequence", chart, caption)


def _chart(
    bars: list[dict[str, Any]],
    bands: list[dict[str, Any]],
    hatches: list[dict[str, Any]],
    names: list[str],
    length: int,
    top: float,
    subject: Subject,
) -> Chart:
    words = subject.words
    scale = region_scale(in_order(band["key"] for band in bands), subject.language)
    x = alt.Scale(domain=[0, length], nice=False)
    y = alt.Scale(domain=[-_BAND_SHARE * top, top], nice=False)
    ticks = [round(top * part, 3) for part in (0, 0.5, 1)]
    color = alt.Color("region:N", title=None, scale=scale)
    panels: list[Chart] = []
    for name in names:
        is_last = name == names[-1]
        x_title = words("position_axis") if is_last else None
        columns = alt.X("start:Q", scale=x, title=x_title, axis=alt.Axis(grid=False, format="d"))
        rows = alt.Y(
            "low:Q",
            scale=y,
            title=words("share_axis"),
            axis=alt.Axis(values=ticks, format=".1%", grid=False),
        )

        def rectangles(values: list[dict[str, Any]], name: str = name) -> alt.Chart:
            return alt.Chart(data_of([v for v in values if v["name"] == name]))

        marks = [
            rectangles(each)
            .mark_rect(stroke="#ffffff", strokeWidth=width)
            .encode(
                x=columns,
                x2=alt.X2("end:Q"),
                y=rows,
                y2=alt.Y2("high:Q"),
                color=color,
                description=alt.Description("tip:N"),
            )
            for each, width in ((bars, 0), (bands, 0.4))
        ]
        hatch = (
            rectangles(hatches)
            .mark_rule(color="#000000", strokeWidth=0.7, opacity=0.55, aria=False)
            .encode(x=columns, x2=alt.X2("end:Q"), y=rows, y2=alt.Y2("high:Q"))
        )
        layers = [*marks, hatch] if any(h["name"] == name for h in hatches) else marks
        panels.append(layered(layers, width=PANELS_WIDTH_PX, height=_HEIGHT_PX, title=name))
    return stacked(panels, spacing=10)


def _region_by_position(case: Case) -> dict[int, str]:
    held = case.layouts["measured"].regions
    return {position: region for region, positions in held.items() for position in positions}


def _bars(case: Case, attention: dict[int, float], subject: Subject) -> list[dict[str, Any]]:
    words, regions, said = subject.words, _region_by_position(case), subject.word_at(case)
    found: list[dict[str, Any]] = []
    for position, share in sorted(attention.items()):
        if share < _SHOWN_FROM:
            continue
        name = region_name(regions[position], subject.language)
        word = f" “{said[position]}”" if position in said else ""
        found.append(
            {
                "name": case.instruction,
                "start": position + 0.06,
                "end": position + 0.94,
                "low": 0,
                "high": round(share, 5),
                "key": regions[position],
                "region": name,
                "tip": f"{words('position')} {position}{word} ({name}): {share:.1%}",
            }
        )
    return found


def _bands(case: Case, top: float, subject: Subject) -> list[dict[str, Any]]:
    """One rectangle a run of positions of one region, seen or not."""
    words, regions = subject.words, _region_by_position(case)
    visible = set(case.visible_positions)
    keys = [(regions[p], p in visible) for p in range(case.sequence_length)]
    found: list[dict[str, Any]] = []
    for start, end in runs_of(list(keys)):
        region, is_seen = keys[start]
        name = region_name(region, subject.language)
        seen = words("is_visible") if is_seen else words("is_masked")
        found.append(
            {
                "name": case.instruction,
                "start": start,
                "end": end,
                "low": -_BAND_SHARE * top,
                "high": -0.02 * top,
                "key": region,
                "region": name,
                "tip": f"{words('position')} {start}-{end - 1}: {name}, {seen}",
            }
        )
    return found


def _hatches(case: Case, top: float, length: int) -> list[dict[str, Any]]:
    """Slanted lines over the positions that no action row may see."""
    visible = set(case.visible_positions)
    step = _HATCH_PX * length / PANELS_WIDTH_PX
    seen: list[object] = [position in visible for position in range(case.sequence_length)]
    found: list[dict[str, Any]] = []
    for start, end in runs_of(seen):
        if seen[start]:
            continue
        count = max(1, int((end - start) / step))
        width = (end - start) / count
        found += [
            {
                "name": case.instruction,
                "start": start + width * number,
                "end": start + width * (number + 1),
                "low": -_BAND_SHARE * top,
                "high": -0.02 * top,
            }
            for number in range(count)
        ]
    return found
