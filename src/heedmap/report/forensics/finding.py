"""One finding of a published table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing that the figures show. `rows` are the figures, `count` how many there are."""

    code: str
    sentence: str
    rows: tuple[str, ...]
    count: int
