"""What a prompt's token ids can hold."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby


def lone_ids(ids: Iterable[int]) -> list[int]:
    """Ids without the runs of equal ones: padding, and the places of an image."""
    runs = [(each, sum(1 for _ in run)) for each, run in groupby(ids)]
    return [each for each, length in runs if length == 1]
