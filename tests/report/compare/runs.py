"""Results with values by trial, made without a model, and what tests ask of a comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from heedmap.ladder.measurements import AttendedFacts
from heedmap.record.record import FrameInfo, PolicyResult
from heedmap.record.result import Result
from heedmap.record.tables import trial_table
from heedmap.report.compare.comparison import Comparison
from heedmap.report.compare.differences import Difference, differences
from tests.ladder.facts import estimate, following, obeyed, used
from tests.report import sample

OLDER = Path(__file__).parents[2] / "fixtures" / "record-v2"
TRIALS = [f"t{index:02d}" for index in range(20)]
Values = Mapping[str, Sequence[float]]
"""Measure to one value a trial of `TRIALS`."""


def measured(policy: PolicyResult, mediated: float, rate: float) -> PolicyResult:
    """With facts of the upper rungs; what is told in whole need not be the trials' mean here."""
    facts = policy.measurements.model_copy(
        update={"used": used(estimate(mediated)), "obeyed": obeyed(following=following(rate))}
    )
    return policy.model_copy(update={"measurements": facts})


def run(by_policy: Mapping[str, Values], *, clusters: Mapping[str, str] | None = None) -> Result:
    """One frame, and values by trial for each policy."""
    cases = [sample.sound_case(name) for name in sample.ACTIONS]
    policies, shares, trials = [], [], []
    for name, values in by_policy.items():
        built = sample.policy(name, cases, layers=2, heads=2)
        means = {measure: float(np.mean(each)) for measure, each in values.items()}
        policies.append(measured(built, means.get("mediated", 0.0), means.get("following", 0.0)))
        shares += sample.random_tables(name, cases, 2, 2)
        named = {
            measure: dict(zip(TRIALS, map(float, each), strict=False))
            for measure, each in values.items()
        }
        trials.append(trial_table(name, clusters or dict(zip(TRIALS, TRIALS, strict=True)), named))
    built = sample.result(policies, shares)
    tables = {"attention": built.attention, "trials": sample.pa.concat_tables(trials)}
    return Result(built.record, tables, built.frame_png)  # pyright: ignore[reportArgumentType]


def with_record(result: Result, **update: object) -> Result:
    record = result.record.model_copy(update=update)
    tables = {"attention": result.attention, "trials": result.trials}
    return Result(record, tables, result.frame_png)  # pyright: ignore[reportArgumentType]


def told(comparison: Comparison, figure: str, policy: str) -> Difference:
    (found,) = (
        each
        for each in differences(comparison)
        if each.figure.name == f"figure_{figure}" and each.policy == policy
    )
    return found


NOISE = np.random.default_rng(0).normal(0.5, 0.2, len(TRIALS))


def attended(result: Result) -> Result:
    facts = AttendedFacts(
        share=0.3,
        last_layer_share=0.2,
        lift=1.5,
        sinks=(),
        value_share=None,
        rollout_share=0.0,
        values_are_zero=False,
        heads_alive_by_layer=(2, 0),
        ivar=None,
    )
    policies = [
        p.model_copy(update={"measurements": p.measurements.model_copy(update={"attended": facts})})
        for p in result.record.policies
    ]
    return with_record(result, policies=tuple(policies))


def rename(result: Result, frame: FrameInfo) -> Result:
    """The only frame under another name, in the record and its tables."""
    policies = [
        p.model_copy(
            update={"cases": tuple(c.model_copy(update={"frame": frame.name}) for c in p.cases)}
        )
        for p in result.record.policies
    ]
    record = result.record.model_copy(update={"frames": (frame,), "policies": tuple(policies)})
    rows = [{**row, "frame": frame.name} for row in result.attention.to_pylist()]
    attention = sample.pa.Table.from_pylist(rows, schema=result.attention.schema)
    png = {frame.name: next(iter(result.frame_png.values()))}
    return Result(record, {"attention": attention, "trials": result.trials}, png)


def keys(comparison: Comparison) -> list[str]:
    return [note.key for note in comparison.notes]


def older() -> Result:
    """A record of schema 2, asked in the words of `sample`."""
    result = Result.load(OLDER)
    asked = run({"a": {}}).record.instructions
    return Result(
        result.record.model_copy(update={"instructions": asked}),
        {"attention": result.attention},
        result.frame_png,
    )
