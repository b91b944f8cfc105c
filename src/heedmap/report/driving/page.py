"""A drive as one HTML page in both languages: rates, the first episode, and the curve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from heedmap.ladder.messages import Language, say
from heedmap.ladder.messages.numbers import unit_name
from heedmap.ladder.thresholds import SIGNIFICANT_P
from heedmap.report.differing import Edit, differing_words
from heedmap.report.driving.chart import drawing_of
from heedmap.report.driving.rates import difference, rate_of
from heedmap.report.driving.result import Condition, Drive, Strip
from heedmap.report.driving.wording import (
    condition_name,
    lead,
    notes,
    rate_text,
    steering,
    steps_text,
    verdict,
)
from heedmap.report.page.bilingual import Bilingual, both, phrase
from heedmap.report.page.environment import environment
from heedmap.visible import one_line


@dataclass(frozen=True)
class ShownRow:
    """One condition: how often each goal was reached."""

    name: Bilingual
    target: Bilingual
    width: float
    """Of the bar, in percent."""
    other: Bilingual
    steps: str


@dataclass(frozen=True)
class ShownMoment:
    """One frame; the meter is in percent of the highest of all strips."""

    step: int
    action: str
    address: str
    distance: str
    meter: float | None


@dataclass(frozen=True)
class ShownStrip:
    """The first episode under one condition."""

    name: Bilingual
    said: Sequence[Edit]
    outcomes: Sequence[Bilingual]
    is_reached: bool
    video: str
    moments: Sequence[ShownMoment]


def render_drive(drive: Drive, strips: Sequence[Strip], language: Language = "en") -> str:
    """The page as text; names and instructions are untrusted, and shown as text only."""
    found = difference(drive, "wrong")
    has_difference = found is not None and found.p_value < SIGNIFICANT_P
    return (
        environment()
        .get_template("drive.html.j2")
        .render(
            language=language,
            lead=both(lambda of: one_line(lead(drive, of))),
            sentence=both(lambda of: one_line(verdict(drive, of))),
            severity="fine" if has_difference else "warning",
            notes=list(map(Bilingual, notes(drive, "en"), notes(drive, "ko"))),
            rows=[_row(drive, each) for each in drive.settings.conditions]
            if drive.episodes
            else [],
            strips=_strips(strips),
            about_strips=both(
                lambda of: say("driving_strip_about", of, unit=unit_name(drive.settings.unit, of))
            ),
            drawing=drawing_of(drive),
            steering=[
                Bilingual(one_line(a), one_line(b))
                for a, b in zip(steering(drive, "en"), steering(drive, "ko"), strict=True)
            ],
        )
    )


def _row(drive: Drive, condition: Condition) -> ShownRow:
    target = rate_of(drive, condition)
    return ShownRow(
        name=both(lambda of: condition_name(condition, of)),
        target=both(lambda of: rate_text(target, of)),
        width=0.0 if target is None else 100 * target.value,
        other=both(lambda of: rate_text(rate_of(drive, condition, "other"), of)),
        steps=steps_text(drive, condition),
    )


def _strips(strips: Sequence[Strip]) -> list[ShownStrip]:
    distances = [m.distance for strip in strips for m in strip.moments if m.distance is not None]
    highest = max(distances, default=0.0) or 1.0
    right = next((strip.text for strip in strips if strip.condition == "right"), "")
    return [
        ShownStrip(
            name=both(lambda of, strip=strip: condition_name(strip.condition, of)),
            said=differing_words(one_line(strip.text), one_line(right))[0] if strip.text else [],
            outcomes=_outcomes(strip),
            is_reached=strip.target_step is not None,
            video=f"{strip.condition}.mp4",
            moments=[
                ShownMoment(
                    step=each.step,
                    action=one_line(each.action),
                    address=f"data:image/jpeg;base64,{each.jpeg}",
                    distance="" if each.distance is None else f"{each.distance:.2f}",
                    meter=None if each.distance is None else 100 * each.distance / highest,
                )
                for each in strip.moments
            ],
        )
        for strip in strips
    ]


def _outcomes(strip: Strip) -> list[Bilingual]:
    found = [phrase("driving_strip_missed")]
    if strip.target_step is not None:
        found = [phrase("driving_strip_reached", steps=strip.target_step)]
    if strip.other_step is not None:
        found.append(phrase("driving_strip_other", steps=strip.other_step))
    return found
