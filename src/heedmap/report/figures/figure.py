"""What a figure is, and what it is made from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import pyarrow.compute as pc

from heedmap.ladder.messages import Language, Value, words_in
from heedmap.ladder.messages.numbers import unit_name
from heedmap.record.record import Case, FrameInfo, PolicyResult
from heedmap.record.result import Result
from heedmap.report.figures.style import Chart
from heedmap.report.tables import cases

FigureKind = Literal[
    "shares",
    "computations",
    "heads",
    "sequence",
    "frame",
    "words",
    "actions",
    "scatter",
    "patching",
    "trail",
]
PANELS_WIDTH_PX = 580
"""Of all panels side by side."""


@dataclass(frozen=True)
class Figure:
    """One chart with what it needs to be read: a title, what was measured on, alternative text."""

    kind: FigureKind
    title: str
    caption: str
    alt: str
    chart: Chart


@dataclass(frozen=True)
class Subject:
    """One policy of a result, and the frame that figures of single cases are of."""

    result: Result
    policy: PolicyResult
    frame: FrameInfo
    language: Language = "en"

    @property
    def words(self) -> Callable[..., str]:
        """`say` in the figure's language."""
        return words_in(self.language)

    @property
    def unit(self) -> str:
        """Of distances between actions, in the figure's language; empty without knockouts."""
        found = self.policy.measurements.causal_map
        return "" if found is None else unit_name(found.unit, self.language)

    @property
    def cases(self) -> list[Case]:
        """The policy's cases on the frame, in the record's order of instructions."""
        return [c for c in cases(self.result, self.policy) if c.frame == self.frame.name]

    @cached_property
    def shares_by_position(self) -> dict[str, dict[int, float]]:
        """Attention to every position by instruction, mean over layers; empty if not kept."""
        table = self.result.positions
        own = table.filter(
            (pc.field("policy") == self.policy.name) & (pc.field("frame") == self.frame.name)
        )
        means = own.group_by(["instruction", "position"]).aggregate([("share", "mean")])
        found: dict[str, dict[int, float]] = {}
        for row in means.to_pylist():
            found.setdefault(row["instruction"], {})[row["position"]] = row["share_mean"]
        return found

    def figure(self, kind: FigureKind, chart: Chart, caption: str, **details: Value) -> Figure:
        """A figure with its title and alternative text in the subject's language."""
        alt = self.words(f"{kind}_alt", policy=self.policy.name, **details)
        return Figure(kind, self.words(f"{kind}_title"), caption, alt, chart)

    def word_at(self, case: Case) -> dict[int, str]:
        """The word that moves each position of the instruction, where one was found."""
        found: dict[int, str] = {}
        for entry in case.words:
            for position in entry.positions:
                found.setdefault(position, entry.word)
        return found


def runs_of(keys: list[object]) -> Iterator[tuple[int, int]]:
    """Start and end (exclusive) of every run of equal neighbours."""
    start = 0
    for index in range(1, len(keys) + 1):
        if index == len(keys) or keys[index] != keys[start]:
            yield start, index
            start = index
