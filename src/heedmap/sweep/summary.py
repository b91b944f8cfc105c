"""What a run tells of every policy: the ladder over frames, key figures, the worst frames."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from heedmap.auditing.measures.stats import mean_interval
from heedmap.frozen import Frozen
from heedmap.ladder.causes import Cause, RungName
from heedmap.ladder.evidence import Estimate
from heedmap.ladder.thresholds import LEAST_EFFECT
from heedmap.ladder.verdict import LOWER_RUNGS, Status
from heedmap.ladder.wording import verdict_text
from heedmap.sweep.pooled import Pooled, Row, pool
from heedmap.sweep.store import RunFolder


class RungOverFrames(Frozen):
    """One rung: the verdict over all frames, and on how many of them it holds."""

    status: Status
    holds: int
    measured: int
    share: Estimate | None
    """Of the frames on which it was measured; None without any."""


class WorstFrame(Frozen):
    """A frame on which a policy does badly, and by what it is judged."""

    frame: str
    fails: RungName | None
    """The lowest of the rungs 1-4 that fails on it."""
    following: float | None
    """Share of its instructions that are followed."""
    mediated: float | None


class PolicySummary(Frozen):
    """One policy under one instruction set."""

    policy: str
    set: str
    frames: int
    failed_cells: int
    cause: Cause
    sentence: str
    """In the terminal's language, as is the next."""
    fix: str
    rungs: dict[RungName, RungOverFrames]
    bypass: str
    figures: dict[str, Estimate]
    unit: str | None
    """Of the distances among the figures."""
    worst: tuple[WorstFrame, ...]


class FailedCell(Frozen):
    """A cell that could not be measured."""

    cell: str
    policy: str
    set: str
    first: int
    frames: int
    error_type: str
    error: str


class Summary(Frozen):
    """A whole run."""

    run: str
    cells: int
    done: int
    policies: tuple[PolicySummary, ...]
    failed: tuple[FailedCell, ...]


def summarise(folder: RunFolder, worst: int = 5) -> Summary:
    """Pool every policy; `worst` frames are named of each. Raises RecordError as `pool` does."""
    rows = folder.read("cells").to_pylist()
    failed = [row for row in rows if row["status"] == "failed"]
    return Summary(
        run=str(folder.path),
        cells=len(folder.plan.cells),
        done=len(rows),
        policies=tuple(_of_policy(p, failed, worst, folder) for p in pool(folder)),
        failed=tuple(
            FailedCell(**{name: row[name] for name in FailedCell.model_fields}) for row in failed
        ),
    )


def _of_policy(
    pooled: Pooled, failed: Sequence[Row], worst: int, folder: RunFolder
) -> PolicySummary:
    verdict = pooled.verdict
    obeyed, used = pooled.measurements.obeyed, pooled.measurements.used
    unit = obeyed.unit if obeyed is not None else None if used is None else used.unit
    seed = folder.plan.options.seed
    sentence, fix = verdict_text(verdict)
    return PolicySummary(
        policy=pooled.policy,
        set=pooled.set,
        frames=len(pooled.trials),
        failed_cells=sum((f["policy"], f["set"]) == (pooled.policy, pooled.set) for f in failed),
        cause=verdict.cause,
        sentence=sentence,
        fix=fix,
        rungs=_rungs(pooled, unit, seed),
        bypass=verdict.bypass.status,
        figures=dict(_figures(pooled)),
        unit=unit,
        worst=tuple(_worst(pooled)[:worst]),
    )


def _rungs(pooled: Pooled, unit: str | None, seed: int) -> dict[RungName, RungOverFrames]:
    """Of rungs 5 and 6: frames on which cutting has an effect; on which all is followed."""
    by_frame: dict[RungName, dict[str, bool]] = {
        rung: {
            row["frame"]: row[rung] == "holds"
            for row in pooled.frames
            if row[rung] in ("holds", "fails")
        }
        for rung in LOWER_RUNGS
    }
    least = LEAST_EFFECT.get(unit or "", 0.0)
    by_frame["used"] = {name: value >= least for name, value in _mediated(pooled).items()}
    by_frame["obeyed"] = {n: v == 1.0 for n, v in pooled.by_trial.get("following", {}).items()}
    found: dict[RungName, RungOverFrames] = {}
    for rung, judged in pooled.verdict.rungs.items():
        holds = by_frame[rung]
        clusters = [pooled.clusters[name] for name in holds]
        values = np.array([float(each) for each in holds.values()])
        found[rung] = RungOverFrames(
            status=judged.status,
            holds=sum(holds.values()),
            measured=len(holds),
            share=mean_interval(values, clusters, seed=seed) if holds else None,
        )
    return found


FIGURES = ("dependence", "mediated", "beyond_paraphrase", "competent", "following")
"""The key figures, in their order."""


def _figures(pooled: Pooled) -> Iterator[tuple[str, Estimate]]:
    """Those that a verdict rests on."""
    used, obeyed = pooled.measurements.used, pooled.measurements.obeyed
    if used is not None:
        yield "dependence", used.dependence
        yield "mediated", used.mediated
    if obeyed is None:
        return
    if obeyed.beyond_paraphrase is not None:
        yield "beyond_paraphrase", obeyed.beyond_paraphrase
    if obeyed.competent is not None:
        yield "competent", obeyed.competent.rate
    if obeyed.following is not None:
        yield "following", obeyed.following.rate


def _mediated(pooled: Pooled) -> dict[str, float]:
    """By frame; empty where the actions change too little to tell."""
    told = pooled.measurements.used is not None
    return pooled.by_trial.get("mediated", {}) if told else {}


def _worst(pooled: Pooled) -> list[WorstFrame]:
    """A rung that fails first, the lower the worse; then what is followed, then what is used.

    Frames on which no rung fails and every instruction is followed are not among them.
    """
    following, mediated = pooled.by_trial.get("following", {}), _mediated(pooled)
    frames = [
        WorstFrame(
            frame=row["frame"],
            fails=next((rung for rung in LOWER_RUNGS if row[rung] == "fails"), None),
            following=following.get(row["frame"]),
            mediated=mediated.get(row["frame"]),
        )
        for row in pooled.frames
    ]

    def badness(one: WorstFrame) -> tuple[int, float, float]:
        rung = len(LOWER_RUNGS) if one.fails is None else LOWER_RUNGS.index(one.fails)
        return (rung, _or_last(one.following), _or_last(one.mediated))

    wanting = [one for one in frames if one.fails is not None or one.following != 1.0]
    return sorted(wanting, key=badness)


def _or_last(value: float | None) -> float:
    return float("inf") if value is None else value
