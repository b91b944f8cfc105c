"""The plan of a sweep: what is run, cut into cells that can be redone alone.

It is stored in the run folder; the same command finds it there and goes on. A cell is one
policy, one instruction set and a block of consecutive frames; what comes out of it depends on
nothing else, so that any worker may run it, at any time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from heedmap.data.instructions import CaseInstruction
from heedmap.frozen import Frozen
from heedmap.ladder.evidence import Intervention
from heedmap.sweep.grid import Measure

GLOB = frozenset("*[")
"""What makes a path a pattern. No `?`: behind it settings stand."""

SWEEP_SCHEMA_VERSION = 2
CHECKSUMS_SINCE = 2
"""The schema from which on every cell has checksums."""

FrameKind = Literal["frame", "case", "specimen"]
SetKind = Literal["given", "own", "counterfactuals"]


class PlannedPolicy(Frozen):
    """One policy of the grid, under the name that it has in all tables."""

    name: str
    spec: str
    declared: str | None = None
    action_scale: tuple[float, ...] | None = None
    files: dict[str, str] = Field(default_factory=dict)
    """Of its checkpoint: size and time of change, by path; or a hash."""


class FrameRef(Frozen):
    """Where one frame lies; the worker reads it."""

    name: str
    kind: FrameKind
    place: str
    """A locator of one frame, a case folder, or STYLE:SEED of a specimens' case."""
    episode: str | None = None
    history: int = 0


class PlannedSet(Frozen):
    """Instructions, and the frames that they are put to."""

    name: str
    kind: SetKind
    instructions: tuple[CaseInstruction, ...] = ()
    """Of a `given` set; other frames bring their own."""
    frames: tuple[int, ...]
    """Numbers of frames in the plan."""


class Options(Frozen):
    """How it is measured."""

    measures: tuple[Measure, ...]
    interventions: tuple[Intervention, ...]
    frames_per_cell: int
    seed: int
    threads: int
    batch: int
    device: str
    scale_frames: int


class Cell(Frozen):
    """What is run, stored and redone as one."""

    id: str
    policy: int
    set: int
    first: int
    """Of its frames, counted in the set."""
    count: int


class Plan(Frozen):
    """Everything that a sweep's results depend on."""

    schema_version: int = SWEEP_SCHEMA_VERSION
    versions: dict[str, str]
    folder: str
    """Of the grid's file: policies from Python may be imported from there."""
    options: Options
    policies: tuple[PlannedPolicy, ...]
    frames: tuple[FrameRef, ...]
    files: dict[str, str] = Field(default_factory=dict)
    """Size and time of change of the files that hold frames and instructions, by path."""
    sets: tuple[PlannedSet, ...]

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """By policy, then set, then frames."""
        return tuple(self._cells())

    def _cells(self) -> Iterator[Cell]:
        step = self.options.frames_per_cell
        for policy in range(len(self.policies)):
            for number, each in enumerate(self.sets):
                for first in range(0, len(each.frames), step):
                    count = min(step, len(each.frames) - first)
                    name = f"p{policy:02d}-s{number}-f{first:05d}"
                    yield Cell(id=name, policy=policy, set=number, first=first, count=count)

    def frames_of(self, cell: Cell) -> list[FrameRef]:
        """The cell's frames, in order."""
        numbers = self.sets[cell.set].frames[cell.first : cell.first + cell.count]
        return [self.frames[number] for number in numbers]

    def shard(self, shard_id: int, shards: int) -> tuple[Cell, ...]:
        """A run of cells, about as many as any other shard's, so that few policies are loaded."""
        count = len(self.cells)
        return self.cells[shard_id * count // shards : (shard_id + 1) * count // shards]


def difference(old: Plan, new: Plan) -> str | None:
    """The first thing in which two plans differ, in words; None where nothing does."""
    return _first_difference(old.model_dump(mode="json"), new.model_dump(mode="json"), "")


def _first_difference(old: Any, new: Any, place: str) -> str | None:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in [*old, *(key for key in new if key not in old)]:
            where = f"{place}.{key}" if place else str(key)
            if key not in old or key not in new:
                return f"{where} is {'gone' if key in old else 'new'}"
            if found := _first_difference(old[key], new[key], where):
                return found
        return None
    if isinstance(old, list) and isinstance(new, list):
        for index, (one, two) in enumerate(zip(old, new, strict=False)):
            if found := _first_difference(one, two, f"{place}[{index}]"):
                return found
        return f"{place} has {len(new)} entries, not {len(old)}" if len(old) != len(new) else None
    return None if old == new else f"{place} is {new!r}, not {old!r}"


def stamp(path: Path) -> str:
    """Size and time of change."""
    status = path.stat()
    return f"{status.st_size} bytes, changed {status.st_mtime_ns}"
