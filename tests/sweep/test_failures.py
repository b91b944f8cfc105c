"""A cell that fails is recorded with its error, and the sweep goes on."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from heedmap.data.images import png_bytes
from heedmap.sweep.engine import run_sweep
from heedmap.sweep.local import LocalEngine
from heedmap.sweep.store import RunFolder
from heedmap.testbed.specimens.cases import frame_case
from tests.sweep.runs import grid, plan_of, ran, told


def test_a_planted_failing_policy_is_told_by_the_exit_code(tmp_path: Path) -> None:
    path, out = grid(tmp_path, ["does_not_load", "plain"]), tmp_path / "run"
    code, printed, err = told("sweep", path, "--out", out)
    assert code == 3, err
    assert "4 of 4 cells" in printed
    assert "2 of them failed" in printed
    rows = RunFolder.open(out).read("cells").to_pylist()
    assert [row["status"] for row in rows] == ["failed", "failed", "ok", "ok"]
    assert rows[0]["error_type"] == "PolicyError"
    assert "the file is broken" in rows[0]["error"]
    assert rows[0]["weights_sha256"] is None
    code, _, _ = told("sweep", path, "--out", out)
    assert code == 3, "a failed cell is still a failed cell"


def test_only_the_cell_of_a_frame_that_fails_is_lost_until_it_is_run_again(tmp_path: Path) -> None:
    dark = frame_case(2).frame * np.uint8(0)
    for number in range(4):
        frame = dark if number == 2 else frame_case(number).frame
        (tmp_path / f"f{number}.png").write_bytes(png_bytes(frame))
    sides = {"left": "go to the left", "right": "go to the right"}
    path = grid(
        tmp_path,
        ["fails_on_dark_frames"],
        frames=["f*.png"],
        instructions={"sides": sides},
    )
    folder = ran(path, tmp_path / "run")
    ok, failed = folder.read("cells").to_pylist()
    assert (ok["status"], failed["status"]) == ("ok", "failed")
    assert "ValueError: it is too dark" in failed["error"]
    assert folder.read("frames")["frame"].to_pylist() == ["f0", "f1"]
    # Again, and again in vain; a frame that came another time is another plan.
    assert run_sweep(folder, LocalEngine()).frames == 0
    assert run_sweep(folder, LocalEngine(), retry_failed=True).failed == 1
    assert len(folder.statuses()) == 2


def test_a_frame_that_cannot_be_read_fails_its_cell(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png_bytes(frame_case(0).frame))
    (tmp_path / "b.png").write_bytes(b"no image")
    sides = {"left": "go to the left", "right": "go to the right"}
    path = grid(
        tmp_path, frames=["a.png", "b.png"], instructions={"sides": sides}, frames_per_cell=1
    )
    folder = RunFolder.begin(tmp_path / "run", plan_of(path))
    totals = run_sweep(folder, LocalEngine())
    assert (totals.done, totals.failed) == (2, 1)
    assert "b.png" in folder.read("cells").to_pylist()[1]["error"]
