"""Rates of success by condition, their paired difference, and when an exchange still counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from heedmap.auditing.measures.rate import Rate
from heedmap.auditing.measures.stats import (
    mcnemar_p_value,
    mean_interval,
    rank_correlation,
)
from heedmap.ladder.evidence import Estimate
from heedmap.report.driving.result import Condition, Drive, Exchange, Goal, Steered

RESAMPLES = 1_000
MOST_PHASES = 8
THIRDS = ("first_third", "second_third", "last_third")
"""Of the exchanges of an episode, where the environment names no phases."""

Wanted = Callable[[Exchange, int], bool]
"""Of an exchange, and the third of its episode's exchanges that it is in."""


@dataclass(frozen=True)
class Difference:
    """Success under the right instruction less that under another, on the same episodes."""

    of: Estimate
    p_value: float
    """Exact McNemar test."""


@dataclass(frozen=True)
class Exchanged:
    """Exchanges at one step, or in one phase: how often each goal was reached."""

    at: int | str
    reached: Rate
    kept: Rate
    change: Estimate
    """Of reached less kept, over episodes."""


@dataclass(frozen=True)
class Foretold:
    """Whether the distance of actions foretells that an exchange changes the outcome."""

    over_exchanges: float | None
    """Spearman's correlation of the distance with the change of outcome; None without spread."""
    low: float | None
    high: float | None
    """95 % bootstrap interval over episodes."""
    over_episodes: float | None
    """The same of each episode's means."""
    exchanges: int
    episodes: int


def rate_of(drive: Drive, condition: Condition, goal: Goal = "target") -> Rate | None:
    """How often a goal was reached under a condition; None where that was not run or judged."""
    runs = [each.runs[condition] for each in drive.episodes if condition in each.runs]
    if not runs or (goal == "other" and not drive.settings.judges_other):
        return None
    steps = [run.target_step if goal == "target" else run.other_step for run in runs]
    return Rate.of(sum(step is not None for step in steps), len(runs))


def mean_steps(drive: Drive, condition: Condition) -> float | None:
    """Steps to the target over the runs that reached it; None where none did."""
    steps = [each.runs[condition].target_step for each in drive.episodes if condition in each.runs]
    reached = [step for step in steps if step is not None]
    return float(np.mean(reached)) if reached else None


def difference(drive: Drive, condition: Condition) -> Difference | None:
    """Of the right instruction to another; None where no episode has both."""
    pairs = [
        (each.runs["right"].target_step is not None, each.runs[condition].target_step is not None)
        for each in drive.episodes
        if "right" in each.runs and condition in each.runs
    ]
    if not pairs:
        return None
    apart = np.array([float(right) - float(other) for right, other in pairs])
    return Difference(
        mean_interval(apart, list(map(str, range(len(pairs)))), seed=0, resamples=RESAMPLES),
        mcnemar_p_value(int((apart > 0).sum()), int((apart < 0).sum())),
    )


def same_actions(drive: Drive, condition: Condition) -> Rate | None:
    """How often a run did exactly what it did under the right instruction."""
    same = [
        each.runs["right"].actions_sha256 == each.runs[condition].actions_sha256
        for each in drive.episodes
        if "right" in each.runs and condition in each.runs
    ]
    return Rate.of(sum(same), len(same)) if same else None


def unequal_starts(drive: Drive) -> int:
    """Episodes that did not begin alike under all conditions."""
    starts = [{run.start_sha256 for run in each.runs.values()} for each in drive.episodes]
    return sum(len(each - {None}) > 1 for each in starts)


def curve(drive: Drive) -> list[Exchanged]:
    """By the step of the exchange, first to last."""
    steps = sorted({each.step for found in drive.steered for each in found.exchanges})
    return [_exchanged(drive.steered, step, lambda e, _, at=step: e.step == at) for step in steps]


def phases(drive: Drive) -> list[Exchanged]:
    """By the environment's own phases in their order; by thirds of the exchanges without any."""
    every = [each for found in drive.steered for each in found.exchanges]
    named = list(dict.fromkeys(each.phase for each in every if each.phase is not None))
    if named:
        found = [
            _exchanged(drive.steered, name, lambda e, _, at=name: e.phase == at)
            for name in named[:MOST_PHASES]
        ]
    elif every:
        found = [
            _exchanged(drive.steered, name, lambda _, place, at=third: place == at)
            for third, name in enumerate(THIRDS)
            if any(len(each.exchanges) > third for each in drive.steered)
        ]
    else:
        found = []
    return found


def foretold(drive: Drive) -> Foretold | None:
    """The distance beside the change of outcome; None without exchanges."""
    episodes = [each.exchanges for each in drive.steered if each.exchanges]
    if not episodes:
        return None
    pairs = [np.array([(e.distance, _change(e)) for e in each]) for each in episodes]
    flat, means = np.concatenate(pairs), np.array([each.mean(axis=0) for each in pairs])
    rng = np.random.default_rng(0)
    drawn = []
    for _ in range(RESAMPLES if len(pairs) > 1 else 0):
        sample = np.concatenate([pairs[k] for k in rng.integers(len(pairs), size=len(pairs))])
        rho = rank_correlation(sample[:, 0], sample[:, 1])
        if rho is not None:
            drawn.append(rho)
    found = rank_correlation(flat[:, 0], flat[:, 1])
    has_interval = found is not None and len(drawn) >= RESAMPLES * 0.9
    low, high = np.quantile(drawn, [0.025, 0.975]).tolist() if has_interval else (None, None)
    return Foretold(
        found, low, high, rank_correlation(means[:, 0], means[:, 1]), len(flat), len(pairs)
    )


def _change(exchange: Exchange) -> float:
    return float(exchange.reached) - float(exchange.kept_reached)


def _exchanged(episodes: Sequence[Steered], at: int | str, wanted: Wanted) -> Exchanged:
    """Of the exchanges that are wanted; several of one episode are one cluster."""
    found: list[Exchange] = []
    clusters: list[str] = []
    for number, episode in enumerate(episodes):
        for place, each in enumerate(episode.exchanges):
            if wanted(each, 3 * place // len(episode.exchanges)):
                found.append(each)
                clusters.append(str(number))
    changes = np.array([_change(each) for each in found])
    return Exchanged(
        at,
        Rate.of(sum(each.reached for each in found), len(found)),
        Rate.of(sum(each.kept_reached for each in found), len(found)),
        mean_interval(changes, clusters, seed=0, resamples=RESAMPLES),
    )
