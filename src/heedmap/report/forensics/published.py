"""Published figures in one form, whatever file they came from.

Shares are 0..1. `half_step_share` is half of the last printed digit: a figure printed as
46.4 % stands for 46.35 % to 46.45 %. It is 0 where figures were not rounded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

Case = tuple[str, str]
"""Model and instruction."""


@dataclass(frozen=True)
class LayerFigure:
    """One row of a per-layer table."""

    model: str
    instruction: str
    layer: int
    shares: dict[str, float]
    """Region to share, averaged over heads: `image`, `text`, and `pad` where it was given."""
    per_head: dict[str, tuple[float, ...]] = field(default_factory=dict)
    top_positions: tuple[int, ...] = ()

    @property
    def case(self) -> Case:
        """Model and instruction."""
        return self.model, self.instruction


@dataclass(frozen=True)
class SummaryFigure:
    """One row of a summary table."""

    model: str
    instruction: str
    text_len: int | None
    last: dict[str, float]
    mean: dict[str, float]

    @property
    def case(self) -> Case:
        """Model and instruction."""
        return self.model, self.instruction


@dataclass(frozen=True)
class Published:
    """Everything that was read from one file, or from several of the same publication."""

    layers: tuple[LayerFigure, ...]
    summary: tuple[SummaryFigure, ...] = ()
    text_len: dict[Case, int] = field(default_factory=dict)
    seq_len: dict[Case, int] = field(default_factory=dict)
    half_step_share: float = 0.0

    @property
    def models(self) -> list[str]:
        """In the order of first appearance."""
        return list(dict.fromkeys(f.model for f in (*self.layers, *self.summary)))

    def by_case(self) -> dict[Case, list[LayerFigure]]:
        """Per-layer rows of each model and instruction, by layer."""
        cases: dict[Case, list[LayerFigure]] = {}
        for row in self.layers:
            cases.setdefault(row.case, []).append(row)
        return {case: sorted(rows, key=lambda row: row.layer) for case, rows in cases.items()}


def joined(parts: Sequence[Published]) -> Published:
    """Several files of one publication, such as its two tables, as one."""
    return Published(
        layers=tuple(row for part in parts for row in part.layers),
        summary=tuple(row for part in parts for row in part.summary),
        text_len={case: count for part in parts for case, count in part.text_len.items()},
        seq_len={case: count for part in parts for case, count in part.seq_len.items()},
        half_step_share=max((part.half_step_share for part in parts), default=0.0),
    )
