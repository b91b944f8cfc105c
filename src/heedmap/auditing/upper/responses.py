"""What a policy does on every frame under every instruction, and under the controls.

The controls: paraphrases, which should change nothing; made-up words of equal number;
no words at all; two contradicting instructions joined. Plain values, no torch: `respond` gathers
them, and a sweep reads them back from its tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from jaxtyping import Float

from heedmap.auditing.measures.distance import ActionMetric, spread_over_frames
from heedmap.data.trials import Trial
from heedmap.ladder.thresholds import ROUNDING_SHARE

Scores = Float[np.ndarray, " action"]
"""The action's scores of one example."""

Kind = Literal["asked", "paraphrase", "nonsense", "blank", "contradictory"]


@dataclass(frozen=True)
class Request:
    """One text given to the policy on one trial; `name` is the instruction that it belongs to."""

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
        """Bits for discrete heads; for continuous ones, scaled by their spread over the frames.

        In the action's own units where the frames do not move it, or there is one frame only.
        """
        if action_names is not None:
            return ActionMetric.discrete()
        by_text: dict[str, list[Scores]] = {}
        for request, scores in self.found:
            if request.kind == "asked":
                by_text.setdefault(request.text, []).append(scores)
        actions = [np.stack(rows) for rows in by_text.values()]
        floor = ROUNDING_SHARE * max(float(np.abs(rows).max(initial=0.0)) for rows in actions)
        scale = spread_over_frames(actions, floor)
        if scale is None:
            return ActionMetric.in_own_units(actions[0].shape[-1])
        return ActionMetric.continuous(scale)
