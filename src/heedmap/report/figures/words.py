"""The instruction word by word: attention on it, and how far hiding it moves the action."""

from __future__ import annotations

from typing import Any

import altair as alt

from heedmap.ladder.evidence import CausalMap
from heedmap.report.figures.colors import COLORS
from heedmap.report.figures.figure import Figure, Subject
from heedmap.report.figures.style import INK, Chart, beside, data_of, layered, stacked

_PANEL_PX = 250
_ROW_PX = 17
_FULL_EFFECT = 0.1
_FULL_SHARE = 0.02


def words(subject: Subject) -> Figure | None:
    """Two panels an instruction; None where no word was hidden."""
    found = subject.policy.measurements.causal_map
    if found is None or not found.by_word:
        return None
    texts, values = subject.words, _values(found, subject)
    effect = max([_FULL_EFFECT, *(v["distance"] for v in values), *(v["random"] for v in values)])
    share = max([_FULL_SHARE, *(value["share"] for value in values)])
    rows = [
        _row([v for v in values if v["instruction"] == name], name, share, effect, found, subject)
        for name in dict.fromkeys(value["instruction"] for value in values)
    ]
    chart = stacked(rows, spacing=14)
    caption = texts("words_caption", frame=found.by_word[0].trial)
    return subject.figure("words", chart, caption)


def _row(
    values: list[dict[str, Any]],
    name: str,
    share: float,
    effect: float,
    found: CausalMap,
    subject: Subject,
) -> Chart:
    texts = subject.words
    size = {"width": _PANEL_PX, "height": _ROW_PX * len(values)}
    order = [value["word"] for value in values]
    y = alt.Y("word:N", sort=order, title=None, axis=alt.Axis(ticks=False))
    base = alt.Chart(data_of(values))
    on_it = (
        base.mark_bar(color=COLORS["instruction"])
        .encode(
            y=y,
            x=alt.X(
                "share:Q", title=texts("share_axis"), axis=alt.Axis(format=".0%", tickCount=4)
            ).scale(domain=[0, share]),
            description=alt.Description("share_tip:N"),
        )
        .properties(title=name, **size)
    )
    bare = alt.Y("word:N", sort=order, title=None, axis=alt.Axis(labels=False, ticks=False))
    x_title = texts("effect_axis", unit=subject.unit)
    x = alt.X("distance:Q", title=x_title, axis=alt.Axis(format=".2f", tickCount=4)).scale(
        domain=[0, effect]
    )
    moved = base.mark_bar(color=COLORS["image"]).encode(
        y=bare, x=x, description=alt.Description("effect_tip:N")
    )
    control = base.mark_tick(color=INK, thickness=2, size=_ROW_PX - 4).encode(
        y=bare, x=alt.X("random:Q"), description=alt.Description("random_tip:N")
    )
    return beside([on_it, layered([moved, control], title=" ", **size)], spacing=16)


def _values(found: CausalMap, subject: Subject) -> list[dict[str, Any]]:
    """One row a position, named by the word that moves it where the record has it."""
    texts, values = subject.words, list[dict[str, Any]]()
    said = {
        case.instruction: subject.word_at(case)
        for case in subject.policy.cases
        if case.frame == found.by_word[0].trial
    }
    for number, effect in enumerate(found.by_word):
        position = f"{texts('position')} {effect.position}"
        word = said.get(effect.instruction, {}).get(effect.position)
        label = position if word is None else f"{word} ({effect.position})"
        values.append(
            {
                "instruction": effect.instruction,
                "word": label,
                "number": number,
                "share": round(effect.share, 5),
                "distance": round(effect.distance, 5),
                "random": round(effect.random_distance, 5),
                "share_tip": f"{label}: {effect.share:.1%}",
                "effect_tip": f"{label}: {effect.distance:.3f} {subject.unit}",
                "random_tip": f"{texts('random_edges')}: {effect.random_distance:.3f}",
            }
        )
    return values
