"""From what a policy showed on a cell's frames to the rows of the run's tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from heedmap.auditing.measures.following import parse_expectation
from heedmap.auditing.plan import Climbed
from heedmap.data.images import pixels_sha256
from heedmap.data.trials import Trial
from heedmap.ladder.judge import judge
from heedmap.ladder.measurements import Measurements
from heedmap.ladder.verdict import LOWER_RUNGS
from heedmap.record.record import Case
from heedmap.record.tables import TableName
from heedmap.sweep.details import CellDetails, LowerFacts
from heedmap.sweep.outcome import cell_columns
from heedmap.sweep.plan import Cell, FrameRef, Plan
from heedmap.sweep.tables import COMMIT, RunTable, part


class Gathered:
    """Rows of an audit's table, held in memory: a cell is small."""

    def __init__(self) -> None:
        self._held: list[pa.Table] = []

    def add(self, table: pa.Table) -> None:
        """Rows of one case."""
        self._held.append(table)

    def with_columns(self, columns: Mapping[str, str]) -> pa.Table | None:
        """All rows, with these columns the same in every row; None where there are none."""
        if not self._held:
            return None
        table = pa.concat_tables(self._held)
        kept = {name: table[name] for name in table.column_names if name not in columns}
        same = {k: pa.array([value] * len(table), pa.string()) for k, value in columns.items()}
        return pa.table({**same, **kept})


def parts_of(
    plan: Plan,
    cell: Cell,
    trials: Sequence[Trial],
    climbed: Climbed,
    weights: str | None,
    gathered: Mapping[TableName, Gathered],
    scale: tuple[float, ...] | None,
) -> dict[RunTable, bytes]:
    """Every part of a cell that was measured; `cells` last."""
    columns = cell_columns(plan, cell)
    frames = [{**columns, **row} for row in _frames(trials, plan.frames_of(cell), climbed.frames)]
    parts: dict[RunTable, bytes] = {
        "frames": part("frames", frames),
        "cases": part("cases", [{**columns, **row} for row in _cases(trials, climbed)]),
        "responses": part("responses", [{**columns, **row} for row in _responses(climbed)]),
    }
    names: tuple[Literal["attention", "positions"], ...] = ("attention", "positions")
    for name in names:
        if name in gathered and (table := gathered[name].with_columns(columns)) is not None:
            parts[name] = part(name, table)
    parts["trials"] = part("trials", [{**columns, **row} for row in _trials(trials, climbed)])
    row = {
        **columns,
        "first": cell.first,
        "frames": cell.count,
        "status": "ok",
        "cause": climbed.result.verdict.cause,
        "weights_sha256": weights,
        "details": _details(climbed, scale).model_dump_json(),
    }
    parts[COMMIT] = part(COMMIT, [row])
    return parts


def _details(climbed: Climbed, scale: tuple[float, ...] | None) -> CellDetails:
    result, measured = climbed.result, climbed.result.measurements
    return CellDetails(
        **result.described(),
        action_scale=scale,
        is_black_box=measured.by_exchange_only,
        stacks=measured.stacks,
        bypass=measured.bypass,
        patches=measured.patches,
        knockouts=None if measured.used is None else measured.used.knockouts,
        causal_map=measured.causal_map,
        behaviour=measured.behaviour,
        trail=measured.trail,
        unread=measured.unread,
    )


def _frames(
    trials: Sequence[Trial], refs: Sequence[FrameRef], frames: Mapping[str, Measurements]
) -> Iterator[dict[str, Any]]:
    for trial, ref in zip(trials, refs, strict=True):
        row: dict[str, Any] = {
            "frame": trial.name,
            "source": ref.place,
            "pixels_sha256": pixels_sha256(trial.observation.pixels),
            "cluster": trial.cluster,
            "episode": trial.episode,
            "recorded": trial.recorded,
            "needed": trial.is_needed,
        }
        measured = frames.get(trial.name)
        if measured is not None:
            verdict = judge(measured)
            row |= {rung: verdict.rungs[rung].status for rung in LOWER_RUNGS}
            row["cause"] = None if verdict.first_failing is None else verdict.cause
            row["measurements"] = LowerFacts(
                tokens=measured.tokens,
                presence=measured.presence,
                visibility=measured.visibility,
                attended=measured.attended,
            ).model_dump_json()
        yield row


def _cases(trials: Sequence[Trial], climbed: Climbed) -> Iterator[dict[str, Any]]:
    by_name = {(case.frame, case.instruction): case for case in climbed.result.cases}
    names = climbed.result.action_names
    for number, trial in enumerate(trials):
        for name, text in trial.instructions.items():
            case = by_name.get((trial.name, name))
            values = None if case is None else np.array(case.action.values)
            if values is None and climbed.upper.responses is not None:
                values = climbed.upper.responses.asked(number)[name]
            expected = trial.expected.get(name)
            right = None
            if expected is not None and values is not None:
                right = parse_expectation(expected, names).is_met(values)
            yield {
                "frame": trial.name,
                "instruction": name,
                "text": text,
                "expected_action": expected,
                "action": None if names is None or values is None else names[int(values.argmax())],
                "action_values": None if values is None else values.tolist(),
                "is_right": right,
                **(_seen(case, climbed) if case is not None else {}),
            }


def _seen(case: Case, climbed: Climbed) -> dict[str, Any]:
    """What only a policy shows that can be looked into."""
    key = (case.frame, case.instruction)
    facts = climbed.cases[key]
    visible, total = case.layouts["measured"].image_counts
    probabilities = case.action.probabilities
    return {
        "token_count": case.token_count,
        "sequence_length": case.sequence_length,
        "image_visible": visible,
        "image_total": total,
        "instruction_positions": facts.visibility.instruction_total,
        "instruction_reachable": facts.visibility.instruction_reachable,
        "probabilities": None if probabilities is None else list(probabilities.values()),
        **(vars(facts.attended) if facts.attended is not None else {}),
        "attention_sha256": climbed.digests[key],
        "record": case.model_dump_json(),
    }


def _responses(climbed: Climbed) -> Iterator[dict[str, Any]]:
    if (responses := climbed.upper.responses) is None:
        return
    for request, scores in responses.found:
        yield {
            "frame": responses.trials[request.trial].name,
            "kind": request.kind,
            "instruction": request.name,
            "text": request.text,
            "scores": scores.tolist(),
        }


def _trials(trials: Sequence[Trial], climbed: Climbed) -> Iterator[dict[str, Any]]:
    clusters = {trial.name: trial.cluster for trial in trials}
    for measure, values in climbed.upper.by_trial.items():
        for name, value in values.items():
            yield {
                "frame": name,
                "cluster": clusters[name],
                "measure": measure,
                "value": float(value),
            }
