"""What the audit finds: a code, how grave it is, how many, where, and its sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from heedmap.ladder.messages import Language, Value, say
from heedmap.report.words.texts import Instruction, Source

Severity = Literal["problem", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("problem", "warning", "note")
"""The gravest first."""
MOST_ROWS = 200
"""Of one finding; all are counted."""

CODES: dict[str, Severity] = {
    "unreadable": "problem",
    "change_not_said": "problem",
    "characters": "problem",
    "empty": "problem",
    "placeholder": "problem",
    "preamble": "problem",
    "appended": "problem",
    "truncated": "problem",
    "outside_training": "warning",
    "said_opposes": "warning",
    "said_differs": "warning",
    "form_differs": "warning",
    "cut_short": "warning",
    "markup": "warning",
    "garbled": "warning",
    "identifier": "warning",
    "script": "warning",
    "only_one": "warning",
    "foretold": "warning",
    "variants": "warning",
    "said_differs_trained": "note",
    "said_differs_base": "note",
    "whitespace": "note",
    "one_word": "note",
    "template": "note",
    "same_task": "note",
    "frames_unread": "note",
}
"""Every finding that there is, in the order in which a reader should meet them."""

Beside = Literal["asked", "trained", "other"]
"""What a row's second text is: what the task asks for, the nearest training instruction, or
another text of the same source."""


@dataclass(frozen=True)
class Row:
    """One place, what is said there, and the text that it is held against."""

    place: str
    said: str
    other: str | None = None


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, or worth knowing, of one source."""

    code: str
    source: Source
    count: int
    """How many instructions of the source."""
    rows: tuple[Row, ...]
    beside: Beside = "asked"
    values: Mapping[str, Value] = field(default_factory=dict)
    """What its sentence is filled with, besides `count` and `total`."""
    suites: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """Of a benchmark of several suites: how many of how many tasks, by suite."""

    @property
    def severity(self) -> Severity:
        """How grave it is."""
        return CODES[self.code]

    @property
    def total(self) -> int:
        """Instructions of the source."""
        return len(self.source.instructions)

    def sentence(self, language: Language = "en") -> str:
        """What was found."""
        numbers = {"count": self.count, "total": self.total}
        return say(f"words_found_{self.code}", language, **{**numbers, **self.values})

    def fix(self, language: Language = "en") -> str:
        """What to do about it."""
        return say(f"words_fix_{self.code}", language)


def finding_of(
    code: str,
    source: Source,
    found: Iterable[tuple[Instruction, str | None]],
    beside: Beside = "asked",
    **values: Value,
) -> Iterable[Finding]:
    """A finding about some instructions, each with the text it is held against; none for none.

    Rows with the same texts are shown once, with the first place.
    """
    pairs = list(found)
    if not pairs:
        return
    rows: dict[tuple[str, str | None], Row] = {}
    for each, other in pairs:
        if len(rows) < MOST_ROWS:
            rows.setdefault((each.said, other), Row(each.place, each.said, other))
    shown = tuple(rows.values())
    suites = _suites(source, [each for each, _ in pairs])
    yield Finding(code, source, len(pairs), shown, beside, values, suites)


def unreadable(source: Source) -> Iterable[Finding]:
    """Files of the source that could not be read; each row has why."""
    if source.left_out:
        rows = tuple(Row(place, why) for place, why in source.left_out[:MOST_ROWS])
        yield Finding("unreadable", source, len(source.left_out), rows)


def _suites(source: Source, found: list[Instruction]) -> dict[str, tuple[int, int]]:
    totals: dict[str, int] = {}
    for each in source.instructions:
        totals[each.suite] = totals.get(each.suite, 0) + 1
    counts: dict[str, int] = {}
    for each in found:
        counts[each.suite] = counts.get(each.suite, 0) + 1
    if len(totals) < 2:
        return {}
    return {suite: (count, totals[suite]) for suite, count in sorted(counts.items())}
