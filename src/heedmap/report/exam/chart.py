"""One horizontal bar a kind: the share of variants that do as they should, with its interval."""

from __future__ import annotations

from typing import Any

import altair as alt

from heedmap.auditing.exam.result import Exam, KindReading
from heedmap.ladder.messages import Language, say
from heedmap.report.exam.wording import kind_name, share_text, should_text
from heedmap.report.figures.colors import COLORS
from heedmap.report.figures.style import INK, Chart, data_of, layered
from heedmap.report.page.bilingual import phrase
from heedmap.report.page.drawings import Drawing, drawing_of_chart

_ROW_PX, _WIDTH_PX = 21, 420
_COLOURS = {"change": COLORS["image"], "keep": COLORS["instruction"], "control": "#b4b4b4"}


def drawing_of(exam: Exam) -> Drawing | None:
    """The chart in both languages; None where no kind was measured."""
    return drawing_of_chart(
        "exam",
        lambda language: chart_of(exam, language),
        title=phrase("exam_chart_title"),
        caption=phrase("exam_chart_caption"),
        alt=phrase("exam_chart_alt"),
    )


def chart_of(exam: Exam, language: Language = "en") -> Chart | None:
    """The chart in one language."""
    values = [_value(each, language) for each in exam.kinds if each.as_it_should is not None]
    if not values:
        return None
    order = [value["kind"] for value in values]
    purposes = list(dict.fromkeys((v["purpose"], v["should"]) for v in values))
    colour = alt.Color(
        "should:N",
        title=say("exam_should", language),
        legend=alt.Legend(columns=1),  # labels of the other language are longer
        scale=alt.Scale(
            domain=[should for _, should in purposes],
            range=[_COLOURS[purpose] for purpose, _ in purposes],
        ),
    )
    y = alt.Y("kind:N", sort=order, title=None, axis=alt.Axis(ticks=False))
    axis = alt.Axis(labelExpr="format(100 * datum.value, 'd') + ' %'", tickCount=5)
    x = alt.X("value:Q", title=say("exam_chart_axis", language), axis=axis).scale(domain=[0, 1])
    base = alt.Chart(data_of(values)).encode(y=y)
    bars = base.mark_bar(opacity=0.6).encode(
        x=x, color=colour, description=alt.Description("tip:N")
    )
    interval = (
        base.transform_filter("datum.low != null")
        .mark_rule(color=INK, strokeWidth=2, aria=False)
        .encode(x=alt.X("low:Q"), x2=alt.X2("high:Q"))
    )
    chance = (
        base.transform_filter("datum.chance != null")
        .mark_tick(color=INK, thickness=2, size=_ROW_PX - 4, aria=False)
        .encode(x=alt.X("chance:Q"))
    )
    return layered([bars, interval, chance], width=_WIDTH_PX, height=_ROW_PX * len(values))


def _value(reading: KindReading, language: Language) -> dict[str, Any]:
    found = reading.as_it_should
    assert found is not None
    name = kind_name(reading.kind, language)
    return {
        "kind": name,
        "purpose": reading.purpose,
        "should": should_text(reading, language),
        "value": round(found.value, 4),
        "low": found.low,
        "high": found.high,
        "chance": reading.chance,
        "tip": f"{name}: {share_text(reading)}",
    }
