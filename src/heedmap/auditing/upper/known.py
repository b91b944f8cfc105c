"""What runs that an audit has made already gave: the same input is not run for it again."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

from heedmap.auditing.trails import Trails
from heedmap.auditing.upper.responses import Scores
from heedmap.data.observation import Observation
from heedmap.policies.base import ActionScores
from heedmap.tracing.shared_prefix.kept import KeptTrunks


@dataclass(frozen=True)
class KnownRuns:
    """Scores by input. Runs of one example each, watched or plain, with nothing changed in them."""

    once: dict[Hashable, Scores] = field(default_factory=dict)
    again: dict[Hashable, Scores] = field(default_factory=dict)
    """Of runs that were made a second time."""
    trunks: KeptTrunks | None = None
    """What layers were given in such runs."""

    def of(self, observation: Observation, text: str) -> Scores | None:
        """Of a first run; None where there was none."""
        return self.once.get(given(observation, text)) if self.once else None

    def note(self, observation: Observation, text: str, scores: ActionScores | None) -> None:
        """Keep a run's scores, of shape (1, action); others are left out, to be run plainly."""
        if (row := _row(scores)) is not None:
            self.once.setdefault(given(observation, text), row)

    def note_trails(self, trails: Trails) -> None:
        """Keep the scores of all runs that were recorded, the repeated one as a second time."""
        for observation, text, run in trails.runs():
            self.note(observation, text, run.scores)
        if trails.repetition is not None:
            text, run = trails.repetition
            if (row := _row(run.scores)) is not None:
                self.again.setdefault(given(trails.observation, text), row)


def given(observation: Observation, text: str) -> Hashable:
    """The same for the same input."""
    return observation.sha256, text


def _row(scores: ActionScores | None) -> Scores | None:
    if scores is None or scores.shape[:-1] != (1,) or not scores.isfinite().all():
        return None
    return scores[0].detach().double().cpu().numpy()
