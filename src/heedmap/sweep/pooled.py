"""From the parts of a run to what one audit over all of its frames would say: no torch.

Rungs 1-4 add up by `heedmap.ladder.pooling`; rungs 5 and 6 are computed again over all trials, from
the values and responses in the tables, by the very code that an audit uses.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from heedmap.auditing.measures.distance import ActionMetric
from heedmap.auditing.upper.obeyed import measure_obedience
from heedmap.auditing.upper.responses import Request, Responses
from heedmap.auditing.upper.use_facts import use_facts
from heedmap.data.observation import Observation
from heedmap.data.trials import Trial
from heedmap.errors import RecordError
from heedmap.ladder.judge import judge
from heedmap.ladder.measurements import Measurements
from heedmap.ladder.pooling import (
    AttendedCase,
    all_presence,
    any_bypass,
    mean_attended,
    pooled_behaviour,
    worst_tokens,
    worst_visibility,
)
from heedmap.ladder.upper import may_be_rounding
from heedmap.ladder.verdict import Verdict
from heedmap.sweep.details import CellDetails, LowerFacts
from heedmap.sweep.plan import Cell
from heedmap.sweep.store import RunFolder

Row = dict[str, Any]
_UNSEEN = Observation({})
"""Of trials that are read back: what was done on them is known, not what was seen."""


@dataclass(frozen=True)
class Pooled:
    """One policy under one instruction set, over all frames that were measured."""

    policy: str
    set: str
    weights_sha256: str | None
    details: CellDetails
    """Of its first cell."""
    trials: tuple[Trial, ...]
    frames: tuple[Row, ...]
    """Rows of the table `frames`, one a trial."""
    cases: tuple[Row, ...]
    by_trial: dict[str, dict[str, float]]
    """Values by measure and name of frame."""
    measurements: Measurements

    @cached_property
    def verdict(self) -> Verdict:
        """The ladder, judged over all frames."""
        return judge(self.measurements)

    @property
    def clusters(self) -> dict[str, str]:
        """By name of frame."""
        return {trial.name: trial.cluster for trial in self.trials}


def pool(folder: RunFolder) -> Iterator[Pooled]:
    """Every policy and set of which a cell was measured, in the plan's order.

    Raises RecordError when the cells of a policy were not measured on the same weights.
    """
    statuses = folder.statuses()
    for policy in range(len(folder.plan.policies)):
        for number in range(len(folder.plan.sets)):
            cells = [c for c in folder.plan.cells if (c.policy, c.set) == (policy, number)]
            if measured := [cell for cell in cells if statuses.get(cell.id) == "ok"]:
                yield _pooled(folder, measured)


def _pooled(folder: RunFolder, cells: Sequence[Cell]) -> Pooled:
    heads = folder.rows("cells", cells)
    policy, name = heads[0]["policy"], heads[0]["set"]
    details = [CellDetails.model_validate_json(row["details"]) for row in heads]
    weights = {row["weights_sha256"] for row in heads}
    if len(weights) > 1 or len({each.action_scale for each in details}) > 1:
        raise RecordError(
            "The cells of '{policy}' were measured on different weights or scales of actions, so "
            "they do not add up; run the sweep again with a new --out.",
            policy=policy,
        )
    frames, cases = folder.rows("frames", cells), folder.rows("cases", cells)
    trials = _trials(frames, cases)
    by_trial: dict[str, dict[str, float]] = {}
    for row in folder.rows("trials", cells):
        by_trial.setdefault(row["measure"], {})[row["frame"]] = row["value"]
    responses = _responses(folder.rows("responses", cells), trials)
    seed = folder.plan.options.seed
    return Pooled(
        policy=policy,
        set=name,
        weights_sha256=heads[0]["weights_sha256"],
        details=details[0],
        trials=trials,
        frames=tuple(frames),
        cases=tuple(cases),
        by_trial=by_trial,
        measurements=_measurements(details, frames, cases, trials, by_trial, responses, seed),
    )


def _measurements(
    details: Sequence[CellDetails],
    frames: Sequence[Row],
    cases: Sequence[Row],
    trials: Sequence[Trial],
    by_trial: dict[str, dict[str, float]],
    responses: Responses,
    seed: int,
) -> Measurements:
    first = details[0]
    scale = first.action_scale
    metric = ActionMetric.continuous(np.array(scale)) if scale else ActionMetric.discrete()
    obeyed = None
    if responses.found:
        obeyed = measure_obedience(responses, metric, first.action_names, seed).facts
    behaviour = pooled_behaviour([d.behaviour for d in details if d.behaviour])
    trail = next((d.trail for d in details if d.trail is not None), None)
    if behaviour is not None and behaviour.responds:
        trail = None  # it is told apart on another frame
    if first.is_black_box:
        return Measurements.of_black_box(obeyed, behaviour, trail, first.unread)
    used = None
    is_told = obeyed is None or not may_be_rounding(obeyed.action_change)
    if is_told and (measured := by_trial.get("dependence")):
        counted = sum(trial.is_needed is not False for trial in trials)
        clusters = {trial.name: trial.cluster for trial in trials}
        left_out = counted - len(measured)
        knockouts = next((d.knockouts for d in details if d.knockouts), None)
        used = use_facts(by_trial, clusters, metric.unit, seed, left_out, knockouts)
    seen = [LowerFacts.model_validate_json(row["measurements"]) for row in frames]
    attended = next((each.attended for each in seen if each.attended is not None), None)
    if attended is not None:
        attended = mean_attended(attended, list(_attended_cases(cases)))
    return Measurements(
        stacks=first.stacks,
        tokens=worst_tokens([each.tokens for each in seen]),
        presence=all_presence([each.presence for each in seen]),
        visibility=worst_visibility([each.visibility for each in seen]),
        attended=attended,
        bypass=any_bypass([each.bypass for each in details]),
        used=used,
        obeyed=obeyed,
        causal_map=next((d.causal_map for d in details if d.causal_map and is_told), None),
        patches=first.patches,
        behaviour=behaviour,
        trail=trail,
    )


def _attended_cases(cases: Sequence[Row]) -> Iterator[AttendedCase]:
    """Of the cases that have an instruction to attend to."""
    names = list(AttendedCase.__dataclass_fields__)
    for row in cases:
        if row["share"] is not None:
            yield AttendedCase(**{name: row[name] for name in names})


def _trials(frames: Sequence[Row], cases: Sequence[Row]) -> tuple[Trial, ...]:
    by_frame: dict[str, list[Row]] = {}
    for row in cases:
        by_frame.setdefault(row["frame"], []).append(row)
    return tuple(
        Trial(
            name=frame["frame"],
            observation=_UNSEEN,
            instructions={row["instruction"]: row["text"] for row in by_frame[frame["frame"]]},
            expected={
                row["instruction"]: row["expected_action"]
                for row in by_frame[frame["frame"]]
                if row["expected_action"] is not None
            },
            recorded=frame["recorded"],
            episode=frame["episode"],
        )
        for frame in frames
    )


def _responses(rows: Sequence[Row], trials: Sequence[Trial]) -> Responses:
    number = {trial.name: index for index, trial in enumerate(trials)}
    found = tuple(
        (
            Request(number[row["frame"]], row["kind"], row["instruction"], row["text"]),
            np.array(row["scores"]),
        )
        for row in rows
    )
    return Responses(tuple(trials), found)
