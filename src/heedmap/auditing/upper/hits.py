"""Which trials count, and on which of them the action is the expected one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from heedmap.auditing.measures.following import Expectation, parse_expectation
from heedmap.auditing.measures.stats import mean_interval, paired_p_value
from heedmap.auditing.upper.responses import Kind, Responses, Scores
from heedmap.data.trials import Trial
from heedmap.ladder.evidence import Competence, Estimate


@dataclass(frozen=True)
class Hits:
    """Responses and expected actions; trials are known by their numbers.

    Raises InstructionError for an expectation that does not fit the policy's actions.
    """

    responses: Responses
    action_names: tuple[str, ...] | None
    seed: int

    @property
    def trials(self) -> tuple[Trial, ...]:
        """All of them."""
        return self.responses.trials

    @cached_property
    def asked(self) -> list[dict[str, Scores]]:
        """Scores under the instructions, trial by trial."""
        return [self.responses.asked(number) for number in range(len(self.trials))]

    @cached_property
    def wanted(self) -> list[dict[str, Expectation]]:
        """Expected actions of the instructions, where known."""
        return [
            {n: parse_expectation(text, self.action_names) for n, text in trial.expected.items()}
            for trial in self.trials
        ]

    @cached_property
    def counted(self) -> list[int]:
        """Trials not known to be instruction-irrelevant."""
        return [n for n, trial in enumerate(self.trials) if trial.is_needed is not False]

    @cached_property
    def decided(self) -> list[int]:
        """Trials whose instructions are known to ask for different actions."""
        return [n for n, trial in enumerate(self.trials) if trial.is_needed]

    @cached_property
    def incompetent(self) -> list[int]:
        """Of those, the ones on which even the frame's own instruction is not followed."""
        return [n for n in self.decided if self.own_is_met(n) is False]

    @cached_property
    def fair(self) -> list[int]:
        """Trials on which obedience can be judged."""
        return [n for n in self.decided if n not in self.incompetent]

    def is_met(self, number: int, name: str, scores: Scores) -> bool:
        """Whether these scores are the action expected under an instruction."""
        return self.wanted[number][name].is_met(scores)

    def met(self, number: int) -> dict[str, bool]:
        """Whether each instruction is followed, where its expected action is known."""
        return {
            name: self.is_met(number, name, scores)
            for name, scores in self.asked[number].items()
            if name in self.wanted[number]
        }

    def own_is_met(self, number: int) -> bool | None:
        """Whether the instruction that the frame came with is followed; None where unknown."""
        own = self.trials[number].recorded
        if own is None or own not in self.wanted[number]:
            return None
        return self.is_met(number, own, self.asked[number][own])

    def control(self, number: int, kind: Kind, name: str) -> list[Scores]:
        """Scores under a control of one instruction."""
        return self.responses.control(number, kind, name)

    def competence(self) -> Competence | None:
        """How often the frame's own instruction is followed; None where none is known."""
        own = {n: met for n in range(len(self.trials)) if (met := self.own_is_met(n)) is not None}
        rate = self.estimate({n: float(met) for n, met in own.items()})
        if rate is None:
            return None
        asked_for = [self.wanted[n][str(self.trials[n].recorded)].text for n in own]
        most = max(asked_for.count(text) for text in asked_for) / len(asked_for)
        return Competence(rate=rate, chance=most)

    def estimate(self, values: Mapping[int, float], left_out: int = 0) -> Estimate | None:
        """Mean and interval of one value a trial; None without any."""
        if not values:
            return None
        clusters = [self.trials[number].cluster for number in values]
        return mean_interval(
            np.array(list(values.values())), clusters, seed=self.seed, left_out=left_out
        )

    def p_value(self, values: Mapping[int, float]) -> float | None:
        """That the mean is not above 0; None without values or with one cluster."""
        if not values:
            return None
        clusters = [self.trials[number].cluster for number in values]
        return paired_p_value(np.array(list(values.values())), clusters, seed=self.seed)
