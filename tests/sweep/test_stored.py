"""A run that schema 1 stored still loads, and says what it said."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from heedmap.errors import RecordError
from heedmap.sweep.pooled import pool
from heedmap.sweep.query import query
from heedmap.sweep.store import RunFolder
from heedmap.sweep.summary import summarise
from heedmap.sweep.tables import RUN_TABLES

STORED = Path(__file__).parent.parent / "fixtures" / "sweep-v1"


def test_a_stored_run_of_schema_1_loads() -> None:
    folder = RunFolder.open(STORED)
    assert folder.plan.schema_version == 1
    assert list(folder.statuses().values()) == ["ok", "ok", "failed", "failed"]
    assert all(len(folder.read(name)) > 0 for name in RUN_TABLES)
    (pooled,) = pool(folder)
    assert pooled.policy == "exp42_counterfactual_pta@sound"
    assert pooled.verdict.cause == "none"
    assert pooled.measurements.used is not None
    assert pooled.measurements.used.mediated.value > 0.9
    found = summarise(folder)
    assert found.policies[0].rungs["obeyed"].holds == 4
    assert len(found.failed) == 2
    (row,) = query(folder, "select count(*) as n from cases where is_right").to_pylist()
    assert row["n"] == 12


def test_a_newer_schema_is_refused_by_its_number(tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(STORED, run)
    plan = json.loads((run / "plan.json").read_text()) | {"schema_version": 99}
    (run / "plan.json").write_text(json.dumps(plan))
    with pytest.raises(RecordError, match="sweep schema 99"):
        RunFolder.open(run)


def test_a_broken_plan_or_part_is_told_in_a_sentence(tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(STORED, run)
    (run / "frames" / "p00-s0-f00000.parquet").write_bytes(b"PAR1 cut short")
    with pytest.raises(RecordError, match="cannot be read"):
        RunFolder.open(run).read("frames")
    (run / "plan.json").write_text('{"schema_version": 1}')
    with pytest.raises(RecordError, match="is no plan of a sweep: versions"):
        RunFolder.open(run)
    (run / "plan.json").write_text("{")
    with pytest.raises(RecordError, match="cannot be read"):
        RunFolder.open(run)
