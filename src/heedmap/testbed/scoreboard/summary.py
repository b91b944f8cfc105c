"""What came of scoring: accuracy, false alarms, confusion, two baselines, and a correlation.

Baselines say only whether a policy follows its instruction, so that is what all three are
compared on. Their best threshold is chosen on the very policies that are scored, which
flatters them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from heedmap.auditing.measures.stats import rank_correlation, wilson_interval
from heedmap.frozen import Frozen
from heedmap.ladder.causes import Cause
from heedmap.testbed.scoreboard.rules import Rated, Read, rate_rules
from heedmap.testbed.scoreboard.run import Score

READINGS = ("share", "lift", "ivar", "value_norm", "rollout")


class Row(Frozen):
    """One plant."""

    plant: str
    planted: Cause
    named: Cause
    right: bool
    bypass: str | None
    share: float | None
    ivar: float | None
    mediated: float | None
    following: float | None


class Correlation(Frozen):
    """Spearman's rank correlation with the knockout's effect, over policies that use it."""

    reading: str
    policies: int
    median: float | None
    lowest: float | None
    highest: float | None


class Across(Frozen):
    """Spearman's rank correlation, over policies, of an attention figure with `mediated`."""

    reading: str
    policies: int
    correlation: float | None


class Summary(Frozen):
    """All that the scoreboard says."""

    rows: tuple[Row, ...]
    right: int
    low: float
    """Wilson 95 % interval of the share of exact causes."""
    high: float
    false_alarms: int
    healthy: int
    causes: int
    """Different causes planted, `none` not counted."""
    rated: tuple[Rated, ...]
    correlations: tuple[Correlation, ...]
    across: tuple[Across, ...]

    @property
    def confusion(self) -> dict[tuple[Cause, Cause], int]:
        """Counts by planted and named cause."""
        return dict(Counter((row.planted, row.named) for row in self.rows))


def summarise(scores: Sequence[Score]) -> Summary:
    """From scores to figures."""
    right = sum(score.is_right for score in scores)
    low, high = wilson_interval(right, len(scores))
    alarms, healthy = false_alarms(scores)
    return Summary(
        rows=tuple(_row(score) for score in scores),
        right=right,
        low=low,
        high=high,
        false_alarms=alarms,
        healthy=healthy,
        causes=len({s.plant.cause for s in scores} - {"none"}),
        rated=_rated(scores),
        correlations=tuple(_correlation(scores, reading) for reading in READINGS),
        across=tuple(_across(scores, reading) for reading in ("share", "ivar")),
    )


def false_alarms(scores: Sequence[Score]) -> tuple[int, int]:
    """Healthy plants with a named fault, and healthy plants in all."""
    healthy = [score for score in scores if score.plant.is_healthy]
    return sum(score.named != "none" for score in healthy), len(healthy)


def _row(score: Score) -> Row:
    measured = score.result.measurements
    following = measured.obeyed.following if measured.obeyed else None
    return Row(
        plant=score.plant.name,
        planted=score.plant.cause,
        named=score.named,
        right=score.is_right,
        bypass=score.verdict.bypass.module,
        share=measured.attended.share if measured.attended else None,
        ivar=measured.attended.ivar if measured.attended else None,
        mediated=measured.used.mediated.value if measured.used else None,
        following=following.rate.value if following else None,
    )


def _rated(scores: Sequence[Score]) -> tuple[Rated, ...]:
    return rate_rules(
        [
            Read(
                follows=score.plant.follows,
                is_said_to=score.named in ("none", "indirect_only", "bypass"),
                share=_attended(score, "share"),
                ivar=_attended(score, "ivar"),
            )
            for score in scores
        ]
    )


def _attended(score: Score, name: str) -> float:
    """0 where the instruction has no position in the sequence, as in the published tables."""
    facts = score.result.measurements.attended
    return 0.0 if facts is None else getattr(facts, name) or 0.0


def _correlation(scores: Sequence[Score], reading: str) -> Correlation:
    """Over policies whose action depends on the instruction in the sequence."""
    found: list[float] = []
    for score in scores:
        mapped = score.result.measurements.causal_map
        value = getattr(mapped.predicts, reading) if mapped else None
        if score.verdict.rungs["used"].status == "holds" and value is not None:
            found.append(value)
    return Correlation(
        reading=reading,
        policies=len(found),
        median=float(np.median(found)) if found else None,
        lowest=min(found, default=None),
        highest=max(found, default=None),
    )


def _across(scores: Sequence[Score], reading: str) -> Across:
    """Over all policies in whose sequence something of the instruction is present."""
    pairs = [
        (value, used.mediated.value)
        for score in scores
        if (facts := score.result.measurements.attended) is not None
        and (used := score.result.measurements.used) is not None
        and (value := getattr(facts, reading)) is not None
    ]
    columns = np.array(pairs, dtype=float).reshape(-1, 2)
    return Across(
        reading=reading,
        policies=len(pairs),
        correlation=rank_correlation(columns[:, 0], columns[:, 1]),
    )
