"""The heed meter: how far the action moves when the instruction is exchanged on one observation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from heedmap.ladder.messages import Language, say
from heedmap.ladder.messages.numbers import ABSENT
from heedmap.monitor.tap.recording import Reading
from heedmap.monitor.tap.story import Story, Told

MOST_POINTS = 400
WIDTH, HEIGHT = 640.0, 120.0
REFUSALS = (
    *("has_state", "differs_by_connection", "no_answer", "no_prompt", "found_later"),
    "asked_anyway",
)
"""Why no shadow questions are asked, or no more."""


@dataclass(frozen=True)
class Curve:
    """A client's readings as points of a drawing of `WIDTH` x `HEIGHT`."""

    client: int
    exchanged: str
    same: str
    first: int
    last: int
    highest: str
    """The distance at the top, as a figure."""


def curve_of(story: Story, client: int) -> Curve:
    """A client's readings; of many, as many as a drawing can show, evenly spread."""
    own = [reading for reading in story.readings if reading.client == client]
    steps = sorted({reading.step for reading in own})
    steps = steps[:: -(-len(steps) // MOST_POINTS)]
    exchanged = {step: _mean(own, step, "distance") for step in steps}
    same = {step: _mean(own, step, "same") for step in steps}
    highest = max((*exchanged.values(), *same.values()), default=0.0)
    span = max(1, steps[-1] - steps[0])

    def points(values: dict[int, float]) -> str:
        top = highest or 1.0
        return " ".join(
            f"{WIDTH * (step - steps[0]) / span:.1f},{HEIGHT * (1 - value / top):.1f}"
            for step, value in values.items()
        )

    place = (points(exchanged), points(same), steps[0], steps[-1])
    return Curve(client, *place, f"{highest:.3g}")


def _mean(readings: list[Reading], step: int, name: str) -> float:
    return float(np.mean([getattr(each, name) for each in readings if each.step == step]))


def meter_text(reading: Reading | None, language: Language = "en") -> str:
    """A reading in a few characters."""
    if reading is None:
        return ABSENT
    figures = {"exchanged": f"{reading.distance:.3g}", "same": f"{reading.same:.3g}"}
    return say("tap_meter_short", language, **figures)


def meter_sentences(told: Told, language: Language = "en") -> Iterator[str]:
    """What the shadow questions found, by what was said in place of the client's words."""
    readings = told.story.readings
    for text in dict.fromkeys(reading.exchanged for reading in readings):
        own = [reading for reading in readings if reading.exchanged == text]
        scaled = [each.scaled for each in own if each.scaled is not None]
        values = {
            "words": text,
            "count": len(own),
            "distance": f"{np.median([each.distance for each in own]):.3g}",
            "same": f"{np.median([each.same for each in own]):.3g}",
        }
        yield say("tap_meter", language, **values)
        if scaled:
            yield say("tap_meter_scaled", language, distance=f"{np.median(scaled):.3g}")
    refusal = refusal_text(told.about.shadow, language)
    if refusal is not None:
        yield refusal


def refusal_text(code: str | None, language: Language = "en") -> str | None:
    """Why no shadow questions are asked, or no more; None where there is no such reason."""
    return say(f"tap_shadow_{code}", language) if code in REFUSALS else None
