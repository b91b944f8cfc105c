"""A run as the result of one audit, for all that reads those: reports, comparisons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from heedmap.auditing.policy_result import policy_result
from heedmap.data.cases import CASE_FRAME
from heedmap.data.frames import FramePngs
from heedmap.data.images import pixels_sha256
from heedmap.data.observation import NamedFrame, Observation
from heedmap.errors import FrameError, RecordError
from heedmap.record.provenance import describe_frame, describe_run
from heedmap.record.record import Case, Instruction, PolicyResult, Record
from heedmap.record.result import Result
from heedmap.record.tables import SCHEMAS, TableName
from heedmap.sweep.plan import FrameRef, Plan, stamp
from heedmap.sweep.pooled import Pooled, pool
from heedmap.sweep.sources import trial_at
from heedmap.sweep.store import RunFolder


def result_of(folder: RunFolder) -> Result:
    """All that was measured, with the frames read again from where they lie.

    Of several instruction sets, each gives a policy of its own, named with the set. Raises
    RecordError where nothing was measured, FrameError for a frame that is gone.
    """
    pooled = list(pool(folder))
    if not pooled:
        raise RecordError(
            "No cell of {folder} was measured; see 'heedmap summary'.", folder=folder.path
        )
    several = len({each.set for each in pooled}) > 1
    names = {
        (each.policy, each.set): f"{each.policy} [{each.set}]" if several else each.policy
        for each in pooled
    }
    frames = _frames(folder, pooled)
    options = folder.plan.options
    record = Record(
        run=describe_run({"command": "sweep", "run": str(folder.path)}, options.seed),
        frames=tuple(describe_frame(index, frame) for index, frame in enumerate(frames)),
        instructions=_instructions(pooled),
        policies=tuple(_policy(each, names[each.policy, each.set]) for each in pooled),
    )
    return Result(record, _tables(folder, names), FramePngs(frames))


def _frames(folder: RunFolder, pooled: Sequence[Pooled]) -> list[NamedFrame]:
    wanted = {trial.name for each in pooled for trial in each.trials}
    measured = folder.read("frames", ["frame", "pixels_sha256"]).to_pylist()
    hashes = {row["frame"]: row["pixels_sha256"] for row in measured}
    found: dict[str, NamedFrame] = {}
    for each in folder.plan.sets:
        for ref in (folder.plan.frames[number] for number in each.frames):
            if ref.name in wanted and ref.name not in found:
                seen = trial_at(ref, each).observation
                _check_same_frame(ref, seen, hashes.get(ref.name), folder.plan)
                found[ref.name] = NamedFrame(ref.name, ref.place, seen, episode=ref.episode)
    return list(found.values())


def _check_same_frame(ref: FrameRef, seen: Observation, sha256: str | None, plan: Plan) -> None:
    """Raise FrameError unless this is the frame that was measured.

    A run may come from a stranger, whose plan could name any image of this machine. Runs of
    schema 1 tell only size and time of change of the frames' files.
    """
    if sha256 is not None:
        is_same = pixels_sha256(seen.pixels) == sha256
    else:
        path = Path(ref.place.partition("#")[0])
        files = {str(path), str(path / CASE_FRAME)} & plan.files.keys()
        is_same = ref.kind == "specimen" or any(plan.files[f] == stamp(Path(f)) for f in files)
    if not is_same:
        raise FrameError(
            "The frame '{ref}' at {place} is not the one that was measured; put that back, or run "
            "the sweep again into a new folder.",
            ref=ref.name,
            place=ref.place,
        )


def _instructions(pooled: Sequence[Pooled]) -> tuple[Instruction, ...]:
    """By name, as the first frame has them; every frame may have other words for them."""
    found: dict[str, Instruction] = {}
    for each in pooled:
        for trial in each.trials:
            for name, text in trial.instructions.items():
                expected = trial.expected.get(name)
                found.setdefault(name, Instruction(name=name, text=text, expected_action=expected))
    return tuple(found.values())


def _policy(pooled: Pooled, name: str) -> PolicyResult:
    stored = [row["record"] for row in pooled.cases if row["record"] is not None]
    return policy_result(
        pooled.details,
        name,
        pooled.weights_sha256,
        pooled.measurements,
        tuple(Case.model_validate_json(text) for text in stored),
        {(r["frame"], r["instruction"]): r["attention_sha256"] for r in pooled.cases},
    )


def _tables(folder: RunFolder, names: Mapping[tuple[str, str], str]) -> dict[TableName, pa.Table]:
    """The tables of an audit, from those of the run, which keeps no trail."""
    trials = folder.read("trials").rename_columns({"frame": "trial"})
    read: dict[TableName, pa.Table] = {
        "attention": folder.read("attention"),
        "positions": folder.read("positions"),
        "trials": trials,
    }
    found: dict[TableName, pa.Table] = {}
    for name, table in read.items():
        schema = SCHEMAS[name]
        both = zip(table["policy"].to_pylist(), table["set"].to_pylist(), strict=True)
        policy = pa.array([names[each] for each in both], pa.string())
        place = table.schema.get_field_index("policy")
        found[name] = table.set_column(place, "policy", policy).select(schema.names).cast(schema)
    return found
