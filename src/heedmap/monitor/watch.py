"""The monitor: audits a policy in training every N steps, and may stop the run.

It is called from a loop, or by the callbacks of this package. A reading is an audit of a few fixed
trials; the run goes on bit for bit as it would have gone without it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import torch
from torch import nn

from heedmap.auditing.climb import climb
from heedmap.auditing.exchange_only import ExchangeOnly
from heedmap.auditing.plan import Climb
from heedmap.auditing.upper.measure import UpperOptions, check_trials
from heedmap.data.trials import Trial
from heedmap.errors import HeedmapError, InstructionLostError, MonitorError, first_line_of
from heedmap.ladder.causes import RungName
from heedmap.ladder.evidence import Intervention
from heedmap.ladder.messages import say
from heedmap.monitor.history import append_reading, curve_of
from heedmap.monitor.pace import Clock, Pace
from heedmap.monitor.ranks import from_first_rank, is_first_rank, refuse_sharded
from heedmap.monitor.reading import Reading, read_off
from heedmap.monitor.untouched import untouched
from heedmap.phrase import phrase_of
from heedmap.policies.base import Policy
from heedmap.record.record import PolicyResult

LOGGER = logging.getLogger("heedmap.monitor")

PolicyOf = Callable[[nn.Module], Policy]
"""Makes the policy from the module in training."""


class Cost(NamedTuple):
    """What watching has cost so far."""

    readings: int
    seconds: float
    share: float
    """Of the time since the first reading began, 0..1."""


@dataclass(frozen=True)
class _Outcome:
    """What the first rank found, for all ranks to know; empty where there is no reading."""

    reading: Reading | None = None
    error: str | None = None


class Monitor:
    """Audits a policy in training on fixed trials, and stops a run that trains without text.

    `policy` is the policy around the very module that is trained, or a function that makes it
    from the module. `trials` are the frames with their instructions; the lower rungs are measured
    on the first one, the upper rungs on all.

    Args of the constructor:
        every_steps: optimizer steps from one reading to the next. The first one is taken at the
            first call, which should come before the first update.
        until: how far the audit goes: "exchange" (the cheapest) measures whether the instruction is
            obeyed, "cut" also whether it is used, "map" also where in the network.
        whole_every: how many readings it is from one that measures all of this to the next. The
            others only exchange instructions, in one batch, as long as the action responds.
        stop_when: rungs that stop the run where they fail; () never stops it.
        most_cost_share: bound on the share of the time (0..1) that a reading takes of the time
            since the last one; readings that come too early are passed by. None: no bound.
        seed: of the audits' perturbations and bootstrap, and of torch's, NumPy's and Python's
            generators while one runs, whatever state they are in outside.
        action_scale: of every dimension of continuous actions, the unit of distances.
            Give it for continuous heads: the spread of the actions, taken otherwise, changes in
            training, and the unit of the curve with it.
        history: a file to which every reading is added as a line of JSON.
        strict: raise what an audit could not measure, where otherwise a warning is logged once.
        verbose: print each reading and what it says as a line, besides logging it.
        clock: seconds, for measuring the cost.

    Raises InstructionError or FrameError when the trials do not fit the policy, MonitorError when
    there is none, or the module is sharded over several processes.
    """

    def __init__(
        self,
        policy: Policy | PolicyOf,
        trials: Sequence[Trial],
        *,
        every_steps: int = 500,
        until: Intervention = "cut",
        whole_every: int = 1,
        stop_when: Sequence[RungName] = ("present", "visible"),
        most_cost_share: float | None = 0.05,
        seed: int = 0,
        action_scale: Sequence[float] | None = None,
        history: Path | str | None = None,
        strict: bool = False,
        verbose: bool = False,
        clock: Clock = time.perf_counter,
    ) -> None:
        if not trials:
            raise MonitorError(
                "A monitor needs at least one trial to watch the policy on; got none."
            )
        if whole_every < 1:
            raise MonitorError(
                "whole_every is the readings from one whole audit to the next, 1 or more: "
                "{whole_every}.",
                whole_every=whole_every,
            )
        self.trials = tuple(trials)
        self.until: Intervention = until
        self.whole_every = whole_every
        self.stop_when = tuple(stop_when)
        self.seed = seed
        self.action_scale = action_scale
        self.history = None if history is None else Path(history)
        self.strict = strict
        self.verbose = verbose
        self.readings: tuple[Reading, ...] = ()
        """What was found so far, on every rank."""
        self.stopped: str | None = None
        """Why the run was stopped; None where it was not."""
        self._pace = Pace(every_steps, most_cost_share, clock)
        self._policy_of = None if isinstance(policy, Policy) else policy
        self._policy: Policy | None = None
        self._module: nn.Module | None = None
        self._exchange_only: ExchangeOnly | None = None
        self._since_whole: int | None = None
        """Readings since the last whole audit; None: there was none."""
        self._said: set[str] = set()
        if isinstance(policy, Policy):
            self._take_policy(policy)

    def at(self, step: int, module: nn.Module | None = None) -> Reading | None:
        """The reading at this step, where one is due; otherwise None, after comparing two numbers.

        `step` is the count of optimizer steps done. `module` is needed only where the policy is
        made by a function. Where several processes train, all of them must call this at the same
        steps: the first one reads, the others wait for what it found.

        Raises InstructionLostError when a rung of `stop_when` fails, before which the reading was
        kept; MonitorError when the audit changed a weight; with `strict` whatever HeedmapError
        the audit raised.
        """
        if not self._pace.is_due(step):
            return None
        outcome, error = _Outcome(), None
        if is_first_rank():
            try:
                outcome = _Outcome(self._look(step, module))
            except Exception as raised:  # the other ranks must not wait for ever
                outcome, error = _Outcome(error=first_line_of(raised)), raised
        outcome = from_first_rank(outcome)
        if error is not None:
            raise error
        if outcome.error is not None:
            raise MonitorError(
                "The monitor failed on the first process: {error}", error=outcome.error
            )
        if outcome.reading is not None:
            self._keep(outcome.reading)
        return outcome.reading

    def curve(self) -> pa.Table:
        """All readings as an Arrow table: `step`, `seconds`, `cause`, one column a metric."""
        return curve_of(self.readings)

    @property
    def cost(self) -> Cost:
        """Readings, their seconds, and their share of the run so far."""
        return Cost(len(self.readings), self._pace.spent_s, self._pace.cost_share)

    def finish(self) -> str:
        """What watching cost, as one line, which is logged: to be called when training ends."""
        cost = self.cost
        line = say(
            "training_cost",
            readings=cost.readings,
            seconds=f"{cost.seconds:.1f}",
            share=f"{100 * cost.share:.1f} %",
        )
        self._say(line)
        return line

    def _look(self, step: int, module: nn.Module | None) -> Reading | None:
        """One reading; None where it costs too much now, or fails (with a warning)."""
        if not self._pace.can_afford:
            line = say(
                "training_put_off",
                seconds=f"{self._pace.last_s:.2g}",
                step=step,
                share=f"{100 * self._pace.next_share:.0f} %",
                most=str(self._pace.most_cost_share),
            )
            self._warn_once("dear", line)
            return None
        policy = self._policy_for(module)
        refuse_sharded(policy.module)
        try:
            with self._pace.taking(), untouched(policy.module, self.seed):
                found = self._audit(policy)
        except MonitorError:
            raise
        except (HeedmapError, torch.OutOfMemoryError) as error:
            if self.strict:
                raise
            why = phrase_of(error) or str(error)
            self._warn_once("failed", say("training_no_reading", step=step, error=why))
            return None
        reading = read_off(found, step, self._pace.last_s)
        if self.history is not None:
            append_reading(self.history, reading)
        return reading

    def _audit(self, policy: Policy) -> PolicyResult:
        scale = None if self.action_scale is None else tuple(self.action_scale)
        options = UpperOptions(self.until, scale)
        if (found := self._by_exchange(policy, options)) is not None:
            return found
        self._since_whole = 0
        plan = Climb(
            examined=self.trials[:1],
            trials=self.trials,
            tables={},
            seed=self.seed,
            options=options,
        )
        return climb(policy, plan, with_hash=False).result

    def _by_exchange(self, policy: Policy, options: UpperOptions) -> PolicyResult | None:
        """A reading between two whole ones; None where a whole one is due, or needed."""
        if self._since_whole is None or self._since_whole + 1 >= self.whole_every:
            return None
        if self._exchange_only is None:
            self._exchange_only = ExchangeOnly(policy, self.seed)
        found = self._exchange_only.read(self.trials, options)
        self._since_whole += 1
        return found

    def _policy_for(self, module: nn.Module | None) -> Policy:
        """The policy as given, or made of the module (again where it is another one)."""
        if self._policy_of is not None:
            if module is None and self._module is None:
                raise MonitorError(
                    "The monitor was given a function that makes the policy from the module; give "
                    "the module, too: monitor.at(step, module)."
                )
            if module is not None and module is not self._module:
                self._module = module
                self._take_policy(self._policy_of(module))
        assert self._policy is not None
        return self._policy

    def _take_policy(self, policy: Policy) -> None:
        check_trials(policy, self.trials)
        self._policy, self._exchange_only, self._since_whole = policy, None, None

    def _keep(self, reading: Reading) -> None:
        self.readings = (*self.readings, reading)
        sentence, _ = reading.said()
        self._say(say("training_step", step=reading.step, sentence=sentence))
        if reading.is_bypassed(self.stop_when):
            line = say("training_bypassed", step=reading.step, sentence=sentence)
            self._warn_once("bypass", line)
            return
        if reading.lost(self.stop_when) is None:
            return
        self.stopped = reading.stop_message()
        raise InstructionLostError(self.stopped)

    def _say(self, line: str) -> None:
        if is_first_rank():
            LOGGER.info(line)
            if self.verbose:
                print(line, flush=True)

    def _warn_once(self, kind: str, line: str) -> None:
        """The first of its kind as a warning, the rest as debug messages."""
        if is_first_rank():
            LOGGER.log(logging.DEBUG if kind in self._said else logging.WARNING, line)
        self._said.add(kind)
