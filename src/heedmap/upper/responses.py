"""What a policy does on every frame under every instruction, and under the controls.

The controls: paraphrases, which should change nothing; made-up words of equal number;
no words at all; two contradicting instructions joined.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from heedmap.errors import PolicyError
from heedmap.inputs.trials import Trial
from heedmap.lower.tokens import MADE_UP_WORDS
from heedmap.measures.distance import ActionMetric, per_dimension_scale
from heedmap.upper.runner import Runner, Scores

Kind = Literal["asked", "paraphrase", "nonsense", "blank", "contradictory"]


@dataclass(frozen=True)
class Request:
    """One text put to the policy on one trial; `name` is the instruction that it stands for."""

    trial: int
    kind: Kind
    name: str
    text: str


@dataclass(frozen=True)
class Responses:
    """Scores of all requests that the policy could take."""

    trials: tuple[Trial, ...]
    found: tuple[tuple[Request, Scores], ...]

    def asked(self, trial: int) -> dict[str, Scores]:
        """Scores under the instructions themselves, by name."""
        names = self.trials[trial].instructions
        return {name: self._by_request[trial, "asked", name][0] for name in names}

    def control(self, trial: int, kind: Kind, name: str) -> list[Scores]:
        """Scores under a control of one instruction; empty where there was none."""
        return self._by_request.get((trial, kind, name), [])

    @cached_property
    def _by_request(self) -> dict[tuple[int, Kind, str], list[Scores]]:
        found: dict[tuple[int, Kind, str], list[Scores]] = {}
        for request, scores in self.found:
            found.setdefault((request.trial, request.kind, request.name), []).append(scores)
        return found

    def metric(self, action_names: tuple[str, ...] | None) -> ActionMetric:
        """Bits for discrete heads; for continuous ones, scaled by all actions seen."""
        if action_names is not None:
            return ActionMetric.discrete()
        return ActionMetric.continuous(
            per_dimension_scale(np.stack([s for r, s in self.found if r.kind == "asked"]))
        )


def respond(runner: Runner, trials: Sequence[Trial]) -> Responses:
    """Run everything. Raises PolicyError when an instruction itself cannot be run."""
    requests = [request for number, trial in enumerate(trials) for request in _of(number, trial)]
    examples = [(trials[r.trial].observation, r.text) for r in requests]
    found = list(zip(requests, runner.scores(examples), strict=True))
    for request, scores in found:
        if scores is None and request.kind == "asked":
            raise PolicyError(
                f"The policy '{runner.policy.name}' could not act on the frame "
                f"'{trials[request.trial].name}' under the instruction '{request.text}'; leave it "
                f"out, or give a shorter one."
            )
    return Responses(tuple(trials), tuple((r, s) for r, s in found if s is not None))


def _of(number: int, trial: Trial) -> Iterator[Request]:
    pairs = list(trial.pairs())
    for name, text in trial.instructions.items():
        yield Request(number, "asked", name, text)
        for other in trial.paraphrases.get(name, ()):
            yield Request(number, "paraphrase", name, other)
        words = len(text.split())
        nonsense = (MADE_UP_WORDS[index % len(MADE_UP_WORDS)] for index in range(words))
        yield Request(number, "nonsense", name, " ".join(nonsense))
        yield Request(number, "blank", name, "")
    for one, two in pairs:
        joined = f"{trial.instructions[one]} {trial.instructions[two]}"
        yield Request(number, "contradictory", one, joined)
