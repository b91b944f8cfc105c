"""An exam as one self-contained HTML page in both languages, in the look of the report."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from heedmap.auditing.exam.result import AnswerRow, Exam, KindReading, Taken
from heedmap.data.images import png_bytes
from heedmap.ladder.messages import Language
from heedmap.ladder.messages.numbers import unit_name
from heedmap.report.differing import Edit, differing_words
from heedmap.report.exam.chart import drawing_of
from heedmap.report.exam.wording import (
    distance_text,
    effect_text,
    kind_name,
    kind_sentence,
    lead,
    notes,
    policy_sentence,
    scale_text,
    share_text,
    should_text,
)
from heedmap.report.page.bilingual import Bilingual, both, phrase
from heedmap.report.page.environment import environment
from heedmap.visible import one_line

MOST_FRAMES = 12
"""Frames in the page; all answers are in the table beside it."""
MOST_LETTERS = 300
"""Of a text."""
_SHOWN_PX = 240
"""Small frames are enlarged by a whole factor, to about this width."""


@dataclass(frozen=True)
class ShownKind:
    """One kind as the page shows it."""

    name: Bilingual
    should: Bilingual
    variants: int
    effect: str
    share: str
    verdict: str
    short: Bilingual
    sentence: Bilingual
    is_good: bool | None


@dataclass(frozen=True)
class ShownAnswer:
    """One variant on one frame, both texts in pieces."""

    kind: Bilingual
    variant: Sequence[Edit]
    expected: str
    action: str
    distance: str
    is_right: bool | None


@dataclass(frozen=True)
class ShownFrame:
    """One frame with its picture and its answers, those not as they should first."""

    name: str
    url: str
    width: int
    height: int
    own: str
    own_action: str
    count: Bilingual
    answers: Sequence[ShownAnswer]


def render_exam(taken: Taken, language: Language = "en") -> str:
    """The page as text; names, instructions and paths are untrusted, and shown as text only."""
    exam = taken.exam
    return (
        environment()
        .get_template("exam.html.j2")
        .render(
            language=language,
            lead=both(lambda of: one_line(lead(exam, of))),
            sentence=both(lambda of: one_line(policy_sentence(exam, of))),
            severity=exam.severity,
            notes=list(map(Bilingual, notes(exam, "en"), notes(exam, "ko"))),
            scale=both(lambda of: scale_text(exam, of)),
            effect=both(lambda of: phrase_of_effect(exam, of)),
            kinds=[_kind(each, exam) for each in exam.kinds],
            drawing=drawing_of(exam),
            frames=[_frame(taken, name, rows) for name, rows in worst_frames(taken.rows)],
        )
    )


def phrase_of_effect(exam: Exam, language: Language) -> str:
    """The heading of the effects, with their unit."""
    found = phrase("exam_effect", unit=unit_name(exam.unit, language))
    return found.en if language == "en" else found.ko


def worst_frames(rows: Sequence[AnswerRow]) -> list[tuple[str, list[AnswerRow]]]:
    """Frames by their share of answers not as they should, controls left out; the first few."""
    by_frame: dict[str, list[AnswerRow]] = {}
    for row in rows:
        by_frame.setdefault(row.frame, []).append(row)
    ranked = sorted(by_frame.items(), key=lambda item: -_wrong(item[1]) / _counted(item[1]))
    return ranked[:MOST_FRAMES]


def _wrong(rows: Sequence[AnswerRow]) -> int:
    return sum(row.as_it_should is False for row in rows)


def _counted(rows: Sequence[AnswerRow]) -> int:
    return max(1, sum(row.as_it_should is not None for row in rows))


def _kind(reading: KindReading, exam: Exam) -> ShownKind:
    return ShownKind(
        name=both(lambda of: kind_name(reading.kind, of)),
        should=both(lambda of: should_text(reading, of)),
        variants=reading.variants,
        effect=effect_text(reading, exam),
        share=share_text(reading),
        verdict=reading.verdict,
        short=phrase(f"exam_short_{reading.verdict}"),
        sentence=both(lambda of: kind_sentence(reading, exam, of)),
        is_good=_is_good(reading),
    )


def _is_good(reading: KindReading) -> bool | None:
    """None where it is neither."""
    if reading.verdict in ("read", "changes", "kept"):
        return True
    return False if reading.verdict in ("unread", "wrong", "sensitive") else None


def _frame(taken: Taken, name: str, rows: Sequence[AnswerRow]) -> ShownFrame:
    pixels = taken.observations[name].pixels
    height, width = pixels.shape[:2]
    scale = max(1, _SHOWN_PX // width)
    first = rows[0]
    ordered = sorted(rows, key=lambda row: (row.as_it_should is None, bool(row.as_it_should)))
    return ShownFrame(
        name=one_line(name),
        url=f"data:image/png;base64,{base64.b64encode(png_bytes(pixels)).decode()}",
        width=width * scale,
        height=height * scale,
        own=_text(first.instruction),
        own_action=one_line(first.own_action),
        count=phrase("exam_frame_count", wrong=_wrong(rows), total=_counted(rows)),
        answers=[_answer(row, taken.exam.unit) for row in ordered],
    )


def _answer(row: AnswerRow, unit: str) -> ShownAnswer:
    _, variant = differing_words(_text(row.instruction), _text(row.variant))
    return ShownAnswer(
        kind=both(lambda of: kind_name(row.kind, of)),
        variant=variant,
        expected=one_line(row.expected or ""),
        action=one_line(row.action),
        distance=distance_text(row.distance, unit),
        is_right=row.as_it_should,
    )


def _text(text: str) -> str:
    shown = text if len(text) <= MOST_LETTERS else f"{text[:MOST_LETTERS]} …"
    return one_line(shown) or "“”"
