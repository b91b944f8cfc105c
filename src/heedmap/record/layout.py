"""Which position of the sequence is what: declared by a script, or measured.

A layout names every position exactly once. *Declared* regions are what a script assumes;
*measured* ones come from intervention (see `auditing/lower/layout.py`), and from the
mask of the action row. Where the two disagree, the declared numbers do not mean what their
names say.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from heedmap.errors import RegionError
from heedmap.record.regions import UNDECLARED


@dataclass(frozen=True)
class Layout:
    """Regions that cover positions 0..length-1 exactly: no gap, no overlap.

    Raises RegionError on construction when they do not.
    """

    length: int
    regions: Mapping[str, tuple[int, ...]]

    def __post_init__(self) -> None:
        count = np.zeros(self.length, dtype=int)
        for name, positions in self.regions.items():
            beyond = [p for p in positions if not 0 <= p < self.length]
            if beyond:
                raise RegionError(
                    "The region '{name}' holds position {beyond}, but the sequence has {length} "
                    "positions (0-{last}).",
                    name=name,
                    beyond=beyond[0],
                    length=self.length,
                    last=self.length - 1,
                )
            np.add.at(count, list(positions), 1)
        if (count != 1).any():
            position = int(np.flatnonzero(count != 1)[0])
            raise RegionError(
                "Position {position} lies in {count} regions, expected exactly 1; regions must "
                "cover the sequence without gap or overlap.",
                position=position,
                count=count[position],
            )


@dataclass(frozen=True)
class DeclaredRegion:
    """A half-open range of positions; `from_text` marks a stop of start + token count."""

    name: str
    start: int
    stop: int
    adds_token_count: bool


@dataclass(frozen=True)
class DeclaredRegions:
    """Regions as written, such as `image=0:64,text=64:+len`; see `parse_declared`."""

    written: str
    regions: tuple[DeclaredRegion, ...]

    def layout(self, length: int, token_count: int | None) -> Layout:
        """The layout of one sequence; undeclared positions become `undeclared`.

        Raises RegionError when a region lies beyond the sequence, overlaps another, or
        needs a token count that the policy cannot give.
        """
        named: dict[str, tuple[int, ...]] = {}
        for region in self.regions:
            stop = region.stop
            if region.adds_token_count:
                if token_count is None:
                    raise RegionError(
                        "The declared region '{region}' uses '+len', but this policy does not "
                        "tell how many tokens an instruction has; give numbers instead.",
                        region=region.name,
                    )
                stop = region.start + token_count
            if stop > length:
                raise RegionError(
                    "The declared region '{region}' ends at position {end}, but the sequence has "
                    "{length} positions (0-{last}); change --declared.",
                    region=region.name,
                    end=stop - 1,
                    length=length,
                    last=length - 1,
                )
            named[region.name] = tuple(range(region.start, stop))
        declared = {position for positions in named.values() for position in positions}
        rest = tuple(p for p in range(length) if p not in declared)
        return Layout(length, {**named, UNDECLARED: rest})


def parse_declared(written: str) -> DeclaredRegions:
    """Read `name=start:stop` parts, joined by commas; `stop` may be `+len` (token count).

    Raises RegionError with the part that cannot be read.
    """
    regions: list[DeclaredRegion] = []
    for part in written.split(","):
        match = re.fullmatch(r"\s*(\w+)\s*=\s*(\d{1,9})\s*:\s*(\d{1,9}|\+len)\s*", part)
        if match is None:
            raise RegionError(
                "The declared region '{part}' cannot be read; expected name=start:stop, such as "
                "image=0:64,text=64:+len.",
                part=part.strip(),
            )
        name, start, stop = match.groups()
        if name == UNDECLARED or name in {region.name for region in regions}:
            raise RegionError(
                "The region name '{name}' is declared twice, or is heedmap's own.", name=name
            )
        if stop != "+len" and int(stop) <= int(start):
            raise RegionError(
                "The declared region '{part}' is empty: stop <= start.", part=part.strip()
            )
        end = 0 if stop == "+len" else int(stop)
        regions.append(DeclaredRegion(name, int(start), end, stop == "+len"))
    return DeclaredRegions(written, tuple(regions))
