"""The overview of a training run's checkpoints as one self-contained HTML page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import altair as alt

from heedmap.ladder.evidence import Estimate
from heedmap.ladder.messages import Language, say, words_in
from heedmap.ladder.messages.numbers import amount, unit_name
from heedmap.phrase import Phrase
from heedmap.record.files import write_whole
from heedmap.report.figures.style import Chart, data_of
from heedmap.report.page.bilingual import Bilingual, both, phrase
from heedmap.report.page.drawings import Drawing, drawn
from heedmap.report.page.environment import environment
from heedmap.report.run_rows import RunRow, lost_at

_COLOURS = ("#e0700a", "#2f7fc1", "#1c9c79")
_PANEL_PX = (640, 130)


def write_run_page(rows: Sequence[RunRow], path: Path, run: str, language: Language = "en") -> None:
    """Write the overview, whole or not at all. Raises RecordError when it cannot be written."""
    write_whole(path, render_run(rows, run, language).encode(), Phrase("report"))


def render_run(rows: Sequence[RunRow], run: str, language: Language = "en") -> str:
    """The page as text; `run` is what the training run is called. Names are shown as text only."""
    lost = lost_at(rows)
    return (
        environment()
        .get_template("run.html.j2")
        .render(
            language=language,
            run=run,
            rows=[_cells(row) for row in rows],
            lost=None if lost is None else _lost(*lost),
            drawings=_drawings(rows),
        )
    )


def lost_text(before: RunRow, after: RunRow, language: Language | None = None) -> str:
    """That the instruction was lost, and between which steps."""
    return say("checkpoint_lost", language, before=before.step, after=after.step)


def _lost(before: RunRow, after: RunRow) -> Bilingual:
    return both(lambda language: lost_text(before, after, language))


def _cells(row: RunRow) -> dict[str, Any]:
    """What the template shows of a row."""
    return {
        "step": row.step,
        "link": f"{row.folder}/report.html",
        "is_good": row.follows,
        "headline": both(row.headline),
        "sentence": both(row.sentence),
        "followed": both(row.rate),
        "exchange": both(lambda language: row.distances(language)[0]),
        "paraphrase": both(lambda language: row.distances(language)[1]),
    }


def _drawings(rows: Sequence[RunRow]) -> list[Drawing]:
    """How far the action moves, and how often it is as expected; none where nothing is known."""
    found: list[Drawing] = []
    for kind, caption, values_of in (
        ("checkpoints_distances", "checkpoints_distances_caption", _distances),
        ("checkpoints_followed", "checkpoints_followed_caption", _followed),
    ):
        english, korean = (_chart(values_of(rows, of), of) for of in ("en", "ko"))
        if english is not None and korean is not None:
            title, alt_text = (phrase(f"{kind}_{part}") for part in ("title", "alt"))
            drawing = drawn(english, korean, kind)
            found.append(Drawing(kind, title, phrase(caption), alt_text, drawing))
    return found


def _distances(rows: Sequence[RunRow], language: Language) -> list[dict[str, Any]]:
    words = words_in(language)
    return [
        _value(row.step, words(key), found, amount(found.value, row.unit or "", language))
        | {"axis": unit_name(row.unit or "", language)}
        for row in rows
        for key, found in (("of_exchange", row.exchange), ("of_paraphrase", row.paraphrase))
        if found is not None
    ]


def _followed(rows: Sequence[RunRow], language: Language) -> list[dict[str, Any]]:
    name = say("as_expected", language)
    return [
        _value(row.step, name, row.followed, row.rate(language)) | {"axis": name}
        for row in rows
        if row.followed is not None
    ]


def _value(step: int, name: str, found: Estimate, text: str) -> dict[str, Any]:
    low = found.value if found.low is None else found.low
    high = found.value if found.high is None else found.high
    tip = f"{step}: {name} {text}"
    return {"step": step, "name": name, "value": found.value, "low": low, "high": high, "tip": tip}


def _chart(values: list[dict[str, Any]], language: Language) -> Chart | None:
    """A line a name over the steps, with 95 % intervals; a panel a unit. None without values."""
    if not values:
        return None
    names = list(dict.fromkeys(value["name"] for value in values))
    scale = alt.Scale(domain=names, range=list(_COLOURS[: len(names)]))
    steps = alt.X(
        "step:Q", title=say("step_axis", language), axis=alt.Axis(tickMinStep=1, grid=False)
    )
    legend = alt.Legend() if len(names) > 1 else None
    colour = alt.Color("name:N", title=None, scale=scale, legend=legend)
    panels: list[Any] = []
    for axis in dict.fromkeys(value["axis"] for value in values):
        base = alt.Chart(data_of([value for value in values if value["axis"] == axis]))
        interval = base.mark_rule(strokeWidth=1).encode(
            x=steps, y=alt.Y("low:Q", title=axis), y2="high:Q", color=colour
        )
        line = base.mark_line(point=alt.OverlayMarkDef(size=30, filled=True)).encode(
            x=steps, y=alt.Y("value:Q"), color=colour, description=alt.Description("tip:N")
        )
        width, height = _PANEL_PX
        panels.append(alt.layer(interval, line).properties(width=width, height=height))
    return alt.vconcat(*panels)
