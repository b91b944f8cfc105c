"""The steerability curve: the target reached by the step of the exchange, beside the words kept."""

from __future__ import annotations

from typing import Any

import altair as alt

from heedmap.ladder.messages import Language, say
from heedmap.report.driving.rates import curve
from heedmap.report.driving.result import Drive
from heedmap.report.figures.colors import COLORS
from heedmap.report.figures.style import Chart, data_of, layered
from heedmap.report.page.bilingual import phrase
from heedmap.report.page.drawings import Drawing, drawing_of_chart

_WIDTH, _HEIGHT = 520, 200


def drawing_of(drive: Drive) -> Drawing | None:
    """The chart in both languages; None without exchanges."""
    return drawing_of_chart(
        "driving",
        lambda language: chart_of(drive, language),
        title=phrase("driving_curve_title"),
        caption=phrase("driving_curve_caption"),
        alt=phrase("driving_curve_alt"),
    )


def chart_of(drive: Drive, language: Language = "en") -> Chart | None:
    """The chart in one language."""
    values = _values(drive, language)
    if not values:
        return None
    names = [say(key, language) for key in ("driving_exchanged", "driving_kept")]
    colour = alt.Color(
        "words:N",
        title=say("driving_curve_words", language),
        scale=alt.Scale(domain=names, range=[COLORS["instruction"], COLORS["image"]]),
    )
    x = alt.X("step:Q", title=say("driving_curve_step", language), axis=alt.Axis(tickMinStep=1))
    y = alt.Y("value:Q", title=say("driving_curve_share", language), axis=alt.Axis(format=".0%"))
    base = alt.Chart(data_of(values)).encode(x=x, color=colour)
    shape = alt.StrokeDash(
        "words:N",
        title=say("driving_curve_words", language),
        scale=alt.Scale(domain=names, range=[[1, 0], [5, 3]]),
    )
    line = base.mark_line(strokeWidth=2.5, aria=False).encode(
        y=y.scale(domain=[0, 1]), strokeDash=shape
    )
    dots = base.mark_point(filled=True, size=50).encode(
        y=alt.Y("value:Q"), description=alt.Description("tip:N")
    )
    interval = base.mark_rule(aria=False, opacity=0.6).encode(y=alt.Y("low:Q"), y2=alt.Y2("high:Q"))
    return layered([interval, line, dots], width=_WIDTH, height=_HEIGHT)


def _values(drive: Drive, language: Language) -> list[dict[str, Any]]:
    return [
        {
            "step": each.at,
            "words": say(key, language),
            "value": rate.value,
            "low": rate.low,
            "high": rate.high,
            "tip": f"{each.at}: {rate.successes} / {rate.n}",
        }
        for each in curve(drive)
        for key, rate in (("driving_exchanged", each.reached), ("driving_kept", each.kept))
    ]
