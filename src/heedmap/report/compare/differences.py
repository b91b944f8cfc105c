"""How far each policy's key figures are from the baseline's, and how sure that is.

Where both were measured on the same trials, the difference is taken trial by trial: a hard
frame is hard for both, and drops out. Its interval is a bootstrap over episodes, its p a
permutation of signs, two-sided, adjusted for the number of differences. Where nothing
can be paired, the difference has no interval, and a reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np
import pyarrow.compute as pc

from heedmap.auditing.measures.stats import benjamini_hochberg, mean_interval, paired_p_value
from heedmap.ladder.evidence import Estimate
from heedmap.record.record import PolicyResult
from heedmap.report.compare.comparison import Comparison, Entry

OWN_SCALE = "scale units"
"""Distances of continuous actions: in units of each policy's own spread."""


class Trialled(NamedTuple):
    """One value of one trial."""

    value: float
    cluster: str


ByTrial = Mapping[str, Trialled]


@dataclass(frozen=True)
class KeyFigure:
    """One figure that policies are compared by; `name` is a key of the catalogue."""

    name: str
    form: Literal["percent", "plain"]
    whole: Callable[[PolicyResult], float | None]
    """As the record has it; None where it was not measured."""
    by_trial: Callable[[Entry], ByTrial] | None = None
    """None where the record holds one number a policy."""
    unit: Callable[[PolicyResult], str | None] = lambda policy: None


@dataclass(frozen=True)
class Difference:
    """One policy's figure against the baseline's. `low` and `high` only where paired."""

    figure: KeyFigure
    policy: str
    value: float | None
    baseline: float | None
    difference: float | None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    p_adjusted: float | None = None
    """Benjamini-Hochberg over all differences of the comparison."""
    pairs: int = 0
    """Trials that both were measured on, and counted."""
    clusters: int = 0
    unit: str | None = None
    why: str | None = None
    """Key of the reason why there is no interval, or no difference."""

    @property
    def is_beyond_chance(self) -> bool:
        """Whether the interval is all on one side of 0."""
        return self.low is not None and self.high is not None and self.low * self.high > 0


def _value(estimate: Estimate | None) -> float | None:
    return None if estimate is None else estimate.value


def _share(policy: PolicyResult) -> float | None:
    facts = policy.measurements.attended
    return None if facts is None else facts.share


def _lift(policy: PolicyResult) -> float | None:
    facts = policy.measurements.attended
    return None if facts is None else facts.lift


def _mediated(policy: PolicyResult) -> float | None:
    facts = policy.measurements.used
    return None if facts is None else facts.mediated.value


def _swap(policy: PolicyResult) -> float | None:
    facts = policy.measurements.obeyed
    return None if facts is None else _value(facts.swap_distance)


def _following(policy: PolicyResult) -> float | None:
    facts = policy.measurements.obeyed
    return None if facts is None or facts.following is None else facts.following.rate.value


def _counterfactual(policy: PolicyResult) -> float | None:
    facts = policy.measurements.obeyed
    if facts is None or facts.following is None:
        return None
    return _value(facts.following.counterfactual_accuracy)


def _competent(policy: PolicyResult) -> float | None:
    facts = policy.measurements.obeyed
    return None if facts is None or facts.competent is None else facts.competent.rate.value


def _used_unit(policy: PolicyResult) -> str | None:
    facts = policy.measurements.used
    return None if facts is None else facts.unit


def _swap_unit(policy: PolicyResult) -> str | None:
    facts = policy.measurements.obeyed
    return None if facts is None else facts.unit


def _attended_by_frame(entry: Entry) -> ByTrial:
    """The instruction's share on every frame, mean over its instructions, layers and heads.

    Frames go by their pixels: the same one may have another name in another run.
    """
    if entry.policy.measurements.attended is None:
        return {}
    result = entry.source.result
    own = result.attention.filter(
        (pc.field("policy") == entry.policy.name)
        & (pc.field("layout") == "measured")
        & (pc.field("region") == "instruction")
    )
    means = own.group_by("frame").aggregate([("share", "mean")]).to_pylist()
    trials = result.trials
    clusters = dict(zip(trials["trial"].to_pylist(), trials["cluster"].to_pylist(), strict=True))
    pixels = {frame.name: frame.sha256 for frame in result.record.frames}
    return {
        pixels[row["frame"]]: Trialled(row["share_mean"], clusters.get(row["frame"], row["frame"]))
        for row in means
    }


def _kept(measure: str) -> Callable[[Entry], ByTrial]:
    """Values of `trials.parquet`."""

    def read(entry: Entry) -> ByTrial:
        own = entry.source.result.trials.filter(
            (pc.field("policy") == entry.policy.name) & (pc.field("measure") == measure)
        )
        return {row["trial"]: Trialled(row["value"], row["cluster"]) for row in own.to_pylist()}

    return read


def _all_followed(entry: Entry) -> ByTrial:
    """1 where every instruction of a trial is followed: its rate is then exactly 1."""
    kept = _kept("following")(entry)
    return {name: one._replace(value=float(one.value == 1.0)) for name, one in kept.items()}


FIGURES: tuple[KeyFigure, ...] = (
    KeyFigure("figure_attended", "percent", _share, _attended_by_frame),
    KeyFigure("figure_lift", "plain", _lift),
    KeyFigure("figure_mediated", "plain", _mediated, _kept("mediated"), _used_unit),
    KeyFigure("figure_swap", "plain", _swap, _kept("swap_distance"), _swap_unit),
    KeyFigure("figure_following", "percent", _following, _kept("following")),
    KeyFigure("figure_counterfactual", "percent", _counterfactual, _all_followed),
    KeyFigure("figure_competent", "percent", _competent, _kept("competent")),
)
"""In the order of the ladder: attended, used, obeyed, and the gate competent."""


def differences(comparison: Comparison) -> list[Difference]:
    """Every figure of every other policy against the baseline's; by figure, then by policy."""
    found = [
        _difference(figure, comparison, other) for figure in FIGURES for other in comparison.others
    ]
    adjusted = benjamini_hochberg([each.p_value for each in found])
    return [replace(each, p_adjusted=p) for each, p in zip(found, adjusted, strict=True)]


def _difference(figure: KeyFigure, comparison: Comparison, other: Entry) -> Difference:
    base = comparison.baseline
    value, baseline = figure.whole(other.policy), figure.whole(base.policy)
    units = [unit for side in (base, other) if (unit := figure.unit(side.policy)) is not None]
    item = Difference(figure, other.name, value, baseline, None, unit=next(iter(units), None))
    same = comparison.sameness[other.source.label]
    if not same.instructions:
        return replace(item, why="why_instructions")
    if value is None or baseline is None:
        return replace(item, why="why_not_measured")
    if len(set(units)) > 1:
        return replace(item, why="why_unit")
    unpaired = replace(item, difference=value - baseline)
    if figure.by_trial is None:
        return replace(unpaired, why="why_one_number")
    one, two = figure.by_trial(base), figure.by_trial(other)
    if not one or not two:
        return replace(unpaired, why="why_no_trials")
    common = [trial for trial in one if trial in two and trial in same.trials | same.pixels]
    if not common:
        return replace(unpaired, why="why_no_common")
    seed = base.source.result.record.run.seed
    return _paired(item, [(one[trial], two[trial]) for trial in common], seed)


def _paired(item: Difference, pairs: list[tuple[Trialled, Trialled]], seed: int) -> Difference:
    """Mean of the differences trial by trial. Trials are clustered as the baseline has them."""
    apart = np.array([two.value - one.value for one, two in pairs])
    clusters = [one.cluster for one, _ in pairs]
    mean = mean_interval(apart, clusters, seed=seed)
    why = "why_one_cluster" if mean.low is None else None
    if why is None and item.unit == OWN_SCALE:
        why = "why_own_scale"
    return replace(
        item,
        difference=mean.value,
        low=mean.low,
        high=mean.high,
        p_value=_two_sided(apart, clusters, seed),
        pairs=mean.n,
        clusters=mean.clusters,
        why=why,
    )


def _two_sided(apart: np.ndarray, clusters: list[str], seed: int) -> float | None:
    """Twice the smaller of the two one-sided p-values."""
    sides = [paired_p_value(side, clusters, seed=seed) for side in (apart, -apart)]
    known = [side for side in sides if side is not None]
    return min(1.0, 2 * min(known)) if known else None
