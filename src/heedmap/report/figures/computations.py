"""What every attention computation of a run reads: of several stacks, cached prefixes and loops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from heedmap.ladder.measurements import Computation
from heedmap.record.regions import UNDECLARED, in_order
from heedmap.report.figures.figure import PANELS_WIDTH_PX, Figure, Subject, runs_of
from heedmap.report.figures.style import data_of, region_scale, scales, stacked
from heedmap.report.figures.trail import band
from heedmap.report.wording import region_name

_HEIGHT_PX = 130
_REST = "rest"


def computations(subject: Subject) -> Figure | None:
    """A bar for each, stacked to 100 %; None where one stack was read as a whole."""
    found = subject.policy.measurements.computations
    reading = [number for number, each in enumerate(found) if each.action_rows]
    if not reading:
        return None
    values = _values(subject, reading)
    words = subject.words
    regions = in_order(value["key"] for value in values)
    bars = (
        alt.Chart(data_of(values))
        .mark_bar(stroke="#ffffff", strokeWidth=0.2)
        .encode(
            x=alt.X("start:Q", title=None, axis=None).scale(nice=False, zero=False),
            x2=alt.X2("end:Q"),
            y=alt.Y(
                "low:Q",
                title=words("share_axis"),
                axis=alt.Axis(format=".0%", values=[0, 0.25, 0.5, 0.75, 1]),
            ).scale(domain=[0, 1]),
            y2=alt.Y2("high:Q"),
            color=alt.Color("region:N", title=None, scale=region_scale(regions, subject.language)),
            description=alt.Description("tip:N"),
        )
        .properties(width=PANELS_WIDTH_PX, height=_HEIGHT_PX)
    )
    spans = band(_spans([found[at] for at in reading]))
    resolve = scales(x="shared", color="independent")
    chart = stacked([bars, spans], spacing=6, resolve=resolve)
    caption = words("computations_caption", shown=len(reading), calls=len(found))
    return subject.figure("computations", chart, caption)


def _values(subject: Subject, reading: list[int]) -> list[dict[str, Any]]:
    found = subject.policy.measurements.computations
    keys = {_key(name) for each in found for name in each.shares}
    ranks = in_order(keys)
    values: list[dict[str, Any]] = []
    for place, number in enumerate(reading):
        each, low = found[number], 0.0
        shares = {_key(name): share for name, share in each.shares.items()}
        for key in ranks:
            share = shares.get(key, 0.0)
            name = region_name(key, subject.language)
            values.append(
                {
                    "start": place - 0.5,
                    "end": place + 0.5,
                    "key": key,
                    "region": name,
                    "low": round(low, 5),
                    "high": round(low + share, 5),
                    "tip": f"{each.module} ({each.call}): {name} {share:.1%}",
                }
            )
            low += share
    return values


def _spans(reading: Sequence[Computation]) -> list[tuple[float, float, str]]:
    """By the number of the call, where modules are called more than once; else by module."""
    is_loop = any(each.call for each in reading)
    names = [str(each.call) if is_loop else each.module for each in reading]
    return [(start - 0.5, end - 0.5, names[start]) for start, end in runs_of(list(names))]


def _key(region: str) -> str:
    return UNDECLARED if region == _REST else region
