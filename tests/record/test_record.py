"""Results are written whole or not at all, and read back as they were."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from heedmap.auditing.api import audit
from heedmap.errors import RecordError
from heedmap.record.folders import check_writable
from heedmap.record.manifest import manifest_of_folder
from heedmap.record.reading import verify_result
from heedmap.record.record import ActionResult, Record
from heedmap.record.result import Result
from heedmap.record.tables import ATTENTION_SCHEMA, share_table
from heedmap.testbed.specimens.world import FrameCase
from tests.conftest import random_policy


@pytest.fixture(scope="module")
def result(case: FrameCase) -> Result:
    return audit(random_policy("sound"), {"case": case.frame}, case.instructions)


def renew_manifest(folder: Path) -> None:
    """As if the files had been written as they are."""
    (folder / "manifest.json").unlink()
    (folder / "manifest.json").write_bytes(manifest_of_folder("result", folder).encode())


def test_a_result_is_read_back_as_it_was_written(result: Result, tmp_path: Path) -> None:
    result.save(tmp_path / "run")
    loaded = Result.load(tmp_path / "run")
    assert loaded.record == result.record
    assert loaded.attention.equals(result.attention)
    assert loaded.frame_png == result.frame_png
    assert pq.read_schema(tmp_path / "run" / "attention.parquet").equals(ATTENTION_SCHEMA)


def test_what_was_not_measured_is_an_empty_table_on_disk_too(
    result: Result, tmp_path: Path
) -> None:
    Result(result.record, {"attention": result.attention}, result.frame_png).save(tmp_path / "run")
    loaded = Result.load(tmp_path / "run")
    assert loaded.attention.equals(result.attention)
    assert (loaded.trials.num_rows, loaded.positions.num_rows) == (0, 0)


def test_a_result_from_before_there_were_trails_is_read(result: Result, tmp_path: Path) -> None:
    result.save(tmp_path / "run")
    (tmp_path / "run" / "trail.parquet").unlink()
    with pytest.raises(RecordError, match=r"damaged: trail\.parquet"):
        Result.load(tmp_path / "run")
    renew_manifest(tmp_path / "run")
    loaded = Result.load(tmp_path / "run")
    assert loaded.trail.num_rows == 0
    assert loaded.trials.equals(result.trials)
    assert verify_result(tmp_path / "run").damaged == ()


def test_a_failed_write_leaves_nothing(
    result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("heedmap.record.result.shutil.copyfile", full_disk)
    with pytest.raises(RecordError, match="No space left"):
        result.save(tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


def test_a_failed_replacement_keeps_the_older_result(
    result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result.save(tmp_path / "run")
    before = (tmp_path / "run" / "record.json").read_bytes()
    monkeypatch.setattr(
        "heedmap.record.result.shutil.copyfile",
        lambda *_: (_ for _ in ()).throw(OSError("planted")),
    )
    with pytest.raises(RecordError, match="planted"):
        result.save(tmp_path / "run", overwrite=True)
    assert (tmp_path / "run" / "record.json").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_result_is_only_replaced_on_purpose(result: Result, tmp_path: Path) -> None:
    result.save(tmp_path / "run")
    with pytest.raises(RecordError, match="already holds a result"):
        result.save(tmp_path / "run")
    result.save(tmp_path / "run", overwrite=True)


def test_a_folder_with_other_files_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(RecordError, match=r"is not a heedmap result: thesis\.tex would be lost"):
        check_writable(tmp_path, overwrite=True)
    assert (tmp_path / "thesis.tex").exists()


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("")
    with pytest.raises(RecordError, match="not a folder"):
        check_writable(tmp_path / "run")
    with pytest.raises(RecordError, match="cannot be written"):
        check_writable(tmp_path / "run" / "below")


def test_what_is_no_result_is_refused(result: Result, tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"has no record\.json"):
        Result.load(tmp_path)
    result.save(tmp_path / "run")
    (tmp_path / "run" / "attention.parquet").write_bytes(b"PAR1 cut short")
    with pytest.raises(RecordError, match=r"damaged: attention\.parquet \(it has 14 bytes"):
        Result.load(tmp_path / "run")
    (tmp_path / "run" / "manifest.json").unlink()
    (tmp_path / "run" / "record.json").write_text('{"schema_version": 1}')
    with pytest.raises(RecordError, match="does not fit record schema"):
        Result.load(tmp_path / "run")


def test_a_record_of_a_newer_schema_is_refused_by_its_number(
    result: Result, tmp_path: Path
) -> None:
    result.save(tmp_path / "run")
    path = tmp_path / "run" / "record.json"
    newer = json.loads(path.read_text()) | {"schema_version": 99}
    path.write_text(json.dumps(newer))
    renew_manifest(tmp_path / "run")
    with pytest.raises(RecordError, match="schema 99"):
        Result.load(tmp_path / "run")


def test_a_record_of_schema_1_is_still_read(result: Result, tmp_path: Path) -> None:
    """It knew nothing of the upper rungs: they are not measured then."""
    result.save(tmp_path / "run")
    path = tmp_path / "run" / "record.json"
    older = json.loads(path.read_text()) | {"schema_version": 1}
    for policy in older["policies"]:
        for name in ("used", "obeyed", "causal_map"):
            del policy["measurements"][name]
        for gate in ("needed", "competent"):
            del policy["verdict"][gate]
    path.write_text(json.dumps(older))
    (path.parent / "manifest.json").unlink()
    read = Result.load(tmp_path / "run").record
    assert read.schema_version == 1
    assert read.policies[0].measurements.used is None
    assert read.policies[0].verdict.competent.status == "not measured"


def test_no_nan_reaches_the_json(result: Result) -> None:
    broken = result.record.model_dump()
    broken["policies"][0]["cases"][0]["action"]["values"] = [float("nan")]
    with pytest.raises(ValueError, match="finite"):
        Record.model_validate(broken)


def test_share_table_by_hand() -> None:
    # Two layers of two heads; the values run over layers first, then heads.
    shares = {"image": np.array([[0.1, 0.2], [0.3, 0.4]])}
    rows = share_table("p", "f", "left", "measured", shares).to_pylist()
    assert [(r["layer"], r["head"], r["share"]) for r in rows] == [
        (0, 0, 0.1),
        (0, 1, 0.2),
        (1, 0, 0.3),
        (1, 1, 0.4),
    ]


@pytest.mark.parametrize(
    ("name", "expected", "is_right"),
    [
        ("LEFT", "left", True),
        ("left", " Left ", True),
        ("left", "right", False),
        ("left", None, None),
        (None, "dim1:+", None),
    ],
)
def test_an_action_is_compared_as_the_ladder_does(
    name: str | None, expected: str | None, is_right: bool | None
) -> None:
    assert ActionResult(name=name, values=(1.0,)).meets(expected) is is_right


@pytest.mark.apart
def test_a_process_that_only_reads_a_result_ends_well(result: Result, tmp_path: Path) -> None:
    """Arrow's threads, begun just before the end, abort about every second such process."""
    result.save(tmp_path / "d")
    code = "from pathlib import Path; import heedmap; heedmap.Result.load(Path('d'))"
    command = [sys.executable, "-c", code]
    ended = [subprocess.run(command, cwd=tmp_path, check=False).returncode for _ in range(6)]
    assert ended == [0] * 6
