"""What an audit puts to a policy, where its rows go, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Protocol, runtime_checkable

import pyarrow as pa

from heedmap.auditing.diagnosis import CaseFacts
from heedmap.auditing.steps import Steps, measure_steps, pairs_of
from heedmap.auditing.trails import Trails
from heedmap.auditing.upper.known import KnownRuns
from heedmap.auditing.upper.measure import UpperFacts, UpperOptions
from heedmap.data.trials import Trial
from heedmap.ladder.behaviour import TrailFacts
from heedmap.ladder.measurements import Measurements
from heedmap.policies.base import Policy
from heedmap.record.layout import DeclaredRegions, parse_declared
from heedmap.record.record import PolicyResult
from heedmap.record.tables import (
    TableName,
    trail_table,
    trial_table,
)
from heedmap.tracing.batches import is_large
from heedmap.tracing.observe import Watch, unwatched_pass


@runtime_checkable
class Rows(Protocol):
    """Takes the rows of one table as they come."""

    def add(self, table: pa.Table) -> None:
        """Rows of one case."""
        ...


@dataclass
class HeldRows:
    """Rows that are kept back until it is known that they are of what is decoded."""

    into: Rows
    _held: list[pa.Table] = field(default_factory=list)
    _are_known: bool = False

    def add(self, table: pa.Table) -> None:
        """Kept back, or passed on."""
        if self._are_known:
            self.into.add(table)
        else:
            self._held.append(table)

    def release(self) -> None:
        """Pass on what was kept back, and all that comes."""
        self._are_known = True
        while self._held:
            self.into.add(self._held.pop(0))


@dataclass
class Climb:
    """What is put to a policy, and where the rows go."""

    examined: Sequence[Trial]
    """Frames that rungs 1-4 are measured on, each under its own instructions."""
    trials: Sequence[Trial]
    """What rungs 5 and 6 are measured on."""
    tables: Mapping[TableName, Rows]
    """Tables that are kept; the rows of others are not made."""
    declared: DeclaredRegions | None = None
    seed: int = 0
    options: UpperOptions = UpperOptions()  # noqa: RUF009 - immutable
    by_frame: bool = False
    """Whether rungs 1-4 are also measured on every frame alone."""
    on_step: Callable[[Policy], None] = lambda policy: None
    """Called after every case, and after every stage of the upper rungs."""

    def holding(self) -> Climb:
        """The same, its rows kept back until `release`."""
        return replace(self, tables={n: HeldRows(rows) for n, rows in self.tables.items()})

    def release(self) -> None:
        """Pass on rows that were kept back."""
        for rows in self.tables.values():
            if isinstance(rows, HeldRows):
                rows.release()

    @property
    def cases(self) -> int:
        """How many cases rungs 1-4 are measured on."""
        return sum(len(frame.instructions) for frame in self.examined)

    @property
    def steps(self) -> int:
        """How often `on_step` is called for one policy."""
        return self.cases + (self.options.stages if self.trials else 0)

    def shares(self, policy: Policy) -> bool:
        """Whether runs are made that start from what layers were given in plain ones."""
        cuts = self.options.until != "exchange"
        return bool(self.trials) and (cuts or is_large(policy.module))

    def declared_for(self, policy: Policy) -> DeclaredRegions | None:
        """The regions that were declared, or those that the policy's scripts assume."""
        if self.declared is not None or policy.default_declared is None:
            return self.declared
        return parse_declared(policy.default_declared)

    def keep_trials(self, policy: Policy, upper: UpperFacts) -> None:
        """Write what the upper rungs found trial by trial."""
        if "trials" in self.tables:
            clusters = {trial.name: trial.cluster for trial in self.trials}
            self.tables["trials"].add(trial_table(policy.name, clusters, upper.by_trial))

    def watch(self, trails: Trails | None, frame: Trial) -> Watch:
        """Around plain passes on this frame: those that the steps are made of are not run again."""
        if "trail" not in self.tables or trails is None:
            return unwatched_pass
        is_same = frame.observation is trails.observation
        texts = next(iter(pairs_of(self.trials[0])), ()) if is_same else ()
        light = trails.light
        return lambda text: light.watching(text) if text in texts else unwatched_pass(text)

    def record_steps(self, trails: Trails | None, known: KnownRuns) -> Steps | None:
        """Every module call of the first trial, before the upper rungs; None where not kept.

        What was run for it is noted in `known`.
        """
        if "trail" not in self.tables or trails is None:
            return None
        found = measure_steps(trails.light, self.trials[0])
        known.note_trails(trails.light)
        trails.light.let_go_of_many()
        return found

    def keep_steps(
        self, trails: Trails | None, trail: TrailFacts | None, recorded: Steps | None
    ) -> None:
        """Write every module call of the first trial; those of a small policy are patched, too.

        They are those `recorded`, unless the instruction was lost between two other texts.
        """
        if "trail" not in self.tables or trails is None:
            return
        texts = None if trail is None else trail.texts
        most_patched = MOST_PATCHED if self.options.until == "map" else 0
        if recorded is None or texts not in (None, recorded[0]) or len(recorded[1]) <= most_patched:
            runs = trails.light if texts is None else trails
            recorded = measure_steps(runs, self.trials[0], texts, most_patched=most_patched)
        if recorded is not None:
            self.tables["trail"].add(trail_table(trails.policy.name, map(asdict, recorded[1])))


@dataclass
class Climbed:
    """What one policy showed, gathered case by case."""

    result: PolicyResult
    upper: UpperFacts
    cases: Mapping[tuple[str, str], CaseFacts] = field(default_factory=dict)
    """Facts of rungs 1-4, by frame and instruction; empty for a black box."""
    frames: Mapping[str, Measurements] = field(default_factory=dict)
    """Rungs 1-4 of every frame alone, where requested."""
    digests: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Of the attention, by frame and instruction."""
    steps: Steps | None = None
    """Module calls, where they were recorded before the upper rungs."""


MOST_PATCHED = 64
"""Module calls up to which an audit patches them, one run each."""
