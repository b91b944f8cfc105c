"""Runs cells in one process: holds one policy at a time, gives back the parts of the tables.

What comes out of a cell depends on nothing but the plan: not on the cells before it, nor on
which worker runs it. So frames are read anew, threads and batches are pinned, and the scale of
continuous actions is taken from the grid's first frames, whatever the cell's own are.
"""

from __future__ import annotations

import gc
import sys
import time
from dataclasses import dataclass, replace

import numpy as np
import torch

from heedmap.auditing.climb import climb
from heedmap.auditing.measures.distance import per_dimension_scale
from heedmap.auditing.plan import Climb
from heedmap.auditing.preparation import evaluating
from heedmap.auditing.upper.measure import UpperOptions, check_trials
from heedmap.data.trials import Trial
from heedmap.errors import HeedmapError, PolicyError, ends_program
from heedmap.phrase import Phrase
from heedmap.policies.base import Policy, weights_sha256
from heedmap.policies.checkpoints.permissions import SAFE, Permissions
from heedmap.policies.registry import load_policy
from heedmap.policies.stages import stage
from heedmap.record.layout import parse_declared
from heedmap.record.tables import TableName
from heedmap.sweep.outcome import Outcome, failed_by, now_utc
from heedmap.sweep.plan import Cell, Plan
from heedmap.sweep.rows import Gathered, parts_of
from heedmap.sweep.sources import trial_at


@dataclass(frozen=True)
class _Held:
    """The policy that is loaded, or why it cannot be."""

    number: int
    policy: Policy | None = None
    weights: str | None = None
    scale: tuple[float, ...] | None = None
    error: BaseException | None = None


class CellRunner:
    """Runs one cell after another; a policy stays loaded until a cell asks for another."""

    def __init__(self, plan: Plan, permissions: Permissions = SAFE) -> None:
        self.plan = plan
        self._permissions = permissions
        self._held: _Held | None = None

    @property
    def calls(self) -> int:
        """Of the policy that is loaded, in all its cells so far; 0 where none is."""
        policy = None if self._held is None else self._held.policy
        return 0 if policy is None else policy.act_calls

    def run(self, cell: Cell) -> Outcome:
        """Measure a cell. An error is its outcome: it is recorded, and the sweep goes on."""
        started, at = now_utc(), time.perf_counter()
        threads = torch.get_num_threads()
        torch.set_num_threads(self.plan.options.threads)
        load_seconds = 0.0
        try:
            held = self._hold(cell.policy)
            load_seconds = time.perf_counter() - at
            outcome = self._measured(cell, held)
        except BaseException as error:  # whatever a policy raises belongs to its cell
            if ends_program(error):
                raise
            outcome = failed_by(self.plan, cell, error)
        finally:
            torch.set_num_threads(threads)
        seconds = time.perf_counter() - at - load_seconds
        return replace(outcome, started_utc=started, seconds=seconds, load_seconds=load_seconds)

    def _measured(self, cell: Cell, held: _Held) -> Outcome:
        if held.error is not None:
            raise held.error
        assert held.policy is not None
        plan, options, policy = self.plan, self.plan.options, held.policy
        trials = [trial_at(ref, plan.sets[cell.set]) for ref in plan.frames_of(cell)]
        check_trials(policy, trials)
        declared = plan.policies[cell.policy].declared
        kept: tuple[TableName, ...] = options.measures
        gathered: dict[TableName, Gathered] = {name: Gathered() for name in kept}
        stages = options.interventions
        climbed = climb(
            policy,
            Climb(
                examined=trials,
                trials=trials if stages else (),
                tables=gathered,
                declared=None if declared is None else parse_declared(declared),
                seed=options.seed,
                options=UpperOptions(
                    stages[-1] if stages else "map", held.scale, batch=options.batch
                ),
                by_frame=True,
            ),
            with_hash=False,
        )
        parts = parts_of(plan, cell, trials, climbed, held.weights, gathered, held.scale)
        return Outcome(cell, "ok", parts)

    def _hold(self, number: int) -> _Held:
        """The policy of that number, loaded once; an error of its loading is kept as well."""
        if self._held is None or self._held.number != number:
            self._held = None  # before the next one is loaded: two may not fit
            gc.collect()
            try:
                self._held = self._loaded(number)
            except BaseException as error:
                if ends_program(error):
                    raise
                self._held = _Held(number, error=error)
        return self._held

    def _loaded(self, number: int) -> _Held:
        planned = self.plan.policies[number]
        if self.plan.folder not in sys.path:
            sys.path.insert(0, self.plan.folder)
        policy = load_policy(planned.spec, self._permissions)
        policy.name = planned.name
        if policy.is_black_box:
            return _Held(number, policy, scale=self._scale(policy, number))
        if self.plan.options.device != "cpu":
            policy.module.to(self.plan.options.device)
        weights = weights_sha256(policy.module)
        with evaluating(policy):
            return _Held(number, policy, weights, self._scale(policy, number))

    @stage(Phrase("measuring the scale of the actions"))
    def _scale(self, policy: Policy, number: int) -> tuple[float, ...] | None:
        """Of continuous actions: as the grid gives it, else their spread on its first frames."""
        if policy.action_names is not None:
            return None
        if (given := self.plan.policies[number].action_scale) is not None:
            return given
        actions = [
            policy([trial.observation], [text])[0].double().cpu().numpy()
            for trial in self._first_trials()
            for text in trial.instructions.values()
        ]
        if not actions:
            raise PolicyError(
                "The scale of the actions of '{policy}' cannot be measured: none of the grid's "
                "first frames can be read. Give it: action_scale under the policy.",
                policy=policy.name,
            )
        return tuple(per_dimension_scale(np.stack(actions)).tolist())

    def _first_trials(self) -> list[Trial]:
        """The grid's first frames; one that cannot be read is left out, and fails in its cell."""
        found: list[Trial] = []
        for each in self.plan.sets:
            for number in each.frames[: self.plan.options.scale_frames]:
                try:
                    found.append(trial_at(self.plan.frames[number], each))
                except HeedmapError:
                    continue
                if len(found) == self.plan.options.scale_frames:
                    return found
        return found
