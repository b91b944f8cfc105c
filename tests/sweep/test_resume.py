"""Stopping at any moment loses at most the cell in hand, and the same command goes on."""

from __future__ import annotations

import errno
import fcntl
import os
import random
import signal
import stat
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from heedmap.errors import RecordError
from heedmap.record.files import sync
from heedmap.sweep.engine import Totals, run_sweep
from heedmap.sweep.local import LocalEngine
from heedmap.sweep.plan_file import LOCK_FILE, PLAN_FILE
from heedmap.sweep.store import RunFolder
from tests.record.test_folders import everything, killed_at
from tests.sweep.runs import TWINS, assert_same, command, grid, plan_of, ran, told


def cells_in(folder: Path) -> int:
    return len(list((folder / "cells").glob("*.parquet")))


def wait_for_cells(folder: Path, count: int) -> None:
    deadline = time.monotonic() + 120
    while cells_in(folder) < count:
        assert time.monotonic() < deadline, "the sweep makes no progress"
        time.sleep(0.01)


@pytest.mark.apart
def test_killed_at_random_and_gone_on_with_gives_the_same(tmp_path: Path) -> None:
    path = grid(tmp_path, TWINS, count=6)
    whole = ran(path, tmp_path / "whole")
    out, chance = tmp_path / "killed", random.Random(3)
    for count in (1, 3):
        with command("sweep", path, "--out", out) as process:
            wait_for_cells(out, count)
            time.sleep(chance.uniform(0, 0.5))  # somewhere in a later cell
            process.send_signal(signal.SIGKILL)
        assert process.returncode == -signal.SIGKILL
        assert count <= cells_in(out) < 6
    code, printed, _ = told("sweep", path, "--out", out)
    assert code == 0
    assert "6 of 6 cells" in printed
    assert_same(whole, RunFolder.open(out))


def heeds_ctrl_c() -> None:
    """A shell's background jobs, and what they start, are deaf to it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.apart
def test_ctrl_c_keeps_what_is_done_and_says_how_to_go_on(tmp_path: Path) -> None:
    path, out = grid(tmp_path, count=60), tmp_path / "run"
    with command("sweep", path, "--out", out, "--workers", "2", preexec_fn=heeds_ctrl_c) as process:
        wait_for_cells(out, 1)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "The same command resumes the run" in err
    assert "Traceback" not in err
    assert 1 <= cells_in(out) < 30


@pytest.mark.apart
def test_workers_end_with_the_process_that_began_them(tmp_path: Path) -> None:
    path, out = grid(tmp_path, TWINS, count=60), tmp_path / "run"
    with command("sweep", path, "--out", out, "--workers", "2") as process:
        wait_for_cells(out, 1)
        below = psutil.Process(process.pid).children(recursive=True)
        process.kill()
    assert len(below) >= 2
    deadline = time.monotonic() + 30
    while any(each.is_running() and each.status() != "zombie" for each in below):
        assert time.monotonic() < deadline, "a worker outlives its sweep"
        time.sleep(0.05)


def test_what_a_stopped_cell_left_does_not_count(tmp_path: Path) -> None:
    """Parts without their checksums, and a part half written, as a kill leaves them."""
    path = grid(tmp_path)
    whole = ran(path, tmp_path / "whole")
    torn = ran(path, tmp_path / "torn")
    (torn.path / "checksums" / "p00-s0-f00002.json").unlink()
    (torn.path / "frames" / "p00-s0-f00002.parquet").write_bytes(b"PAR1 cut sh")
    (torn.path / "cases" / ".part-p00-s0-f00002.parquet").write_bytes(b"PAR1")
    assert len(torn.read("frames")) == 2
    seen: list[int] = []
    run_sweep(torn, LocalEngine(), on_progress=lambda totals: seen.append(totals.done))
    assert seen == [1, 2]
    assert_same(whole, torn)
    assert not list(torn.path.glob("*/.part-*"))


def test_another_plan_is_refused_by_what_differs(tmp_path: Path) -> None:
    out = tmp_path / "run"
    RunFolder.begin(out, plan_of(grid(tmp_path)))
    other = plan_of(grid(tmp_path, seed=5))
    with pytest.raises(RecordError, match=r"options\.seed is 5, not 0") as caught:
        RunFolder.begin(out, other)
    assert "another --out" in str(caught.value)


def test_two_sweeps_do_not_write_one_folder(tmp_path: Path) -> None:
    path = grid(tmp_path)
    folder = RunFolder.begin(tmp_path / "run", plan_of(path))
    with folder.writing():
        code, _, err = told("sweep", path, "--out", tmp_path / "run")
    assert code == 1
    assert f"is being written by process {os.getpid()}" in err
    with folder.writing():  # let go of: the next one may
        pass


def test_nor_where_somebody_removed_the_lock(tmp_path: Path) -> None:
    folder = RunFolder.begin(tmp_path / "run", plan_of(grid(tmp_path)))
    with folder.writing():
        (folder.path / LOCK_FILE).unlink()
        with (
            pytest.raises(RecordError, match=f"written by process {os.getpid()}"),
            RunFolder.open(folder.path).writing(),
        ):
            pass


@pytest.mark.parametrize("refused", [errno.EBADF, errno.EINVAL])
def test_a_disk_that_locks_no_folders_is_written_by_one_all_the_same(
    refused: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def not_of_folders(handle: int, *operation: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(refused, os.strerror(refused))
        flock(handle, *operation)

    def never(handle: int) -> None:
        raise OSError(refused, os.strerror(refused))

    flock = fcntl.flock
    monkeypatch.setattr("fcntl.flock", not_of_folders)
    folder = RunFolder.begin(tmp_path / "run", plan_of(grid(tmp_path)))
    with folder.writing(), pytest.raises(RecordError), RunFolder.open(folder.path).writing():
        pass
    monkeypatch.setattr("heedmap.record.files.os.fsync", never)
    sync(folder.path)
    with pytest.raises(OSError, match=os.strerror(refused)):
        sync(folder.path / PLAN_FILE)


def test_a_folder_of_other_things_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(RecordError, match="files that are no sweep"):
        RunFolder.begin(tmp_path, plan_of(grid(tmp_path)))


def test_a_full_disk_ends_in_one_sentence_and_keeps_what_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = grid(tmp_path)
    folder = RunFolder.begin(tmp_path / "run", plan_of(path))
    real, calls = os.fsync, 0

    def full_after_six(handle: int) -> None:
        nonlocal calls
        calls += 1
        if calls > 6:  # the parts of the first cell are 6 or more
            raise OSError(errno.ENOSPC, "No space left on device")
        real(handle)

    with monkeypatch.context() as patched:
        patched.setattr("heedmap.sweep.store.os.fsync", full_after_six)
        with pytest.raises(RecordError, match=r"is full .* run the same command again"):
            run_sweep(folder, LocalEngine())
    assert not list(folder.path.glob("*/.part-*"))
    done = len(folder.statuses())
    assert done < 2
    assert run_sweep(folder, LocalEngine()) == Totals(2, 2, 0, 2 * (2 - done))
    assert_same(folder, ran(path, tmp_path / "whole"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
def test_a_disk_that_really_is_full(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no disk can be mounted here")
    try:
        code, _, err = told("sweep", grid(tmp_path, count=12), "--out", disk / "run")
        assert code == 1
        assert "is full" in err
        assert "Traceback" not in err
        folder = RunFolder.open(disk / "run")
        assert 0 < len(folder.statuses()) < 6
        assert len(folder.read("frames")) == 2 * len(folder.statuses())
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)  # tables may be mapped still


@pytest.mark.parametrize("moment", range(4))
@pytest.mark.parametrize("is_swept_again", [False, True])
def test_a_report_that_was_killed_at_any_moment_is_written_by_the_next_call(
    moment: int, is_swept_again: bool, tmp_path: Path
) -> None:
    folder, undisturbed = (
        RunFolder.begin(tmp_path / name, plan_of(grid(tmp_path))) for name in ("run", "other")
    )
    undisturbed.add_report("a page")
    killed_at(moment, lambda: folder.add_report("a page"))
    if is_swept_again:
        with folder.writing():
            pass
        (folder.path / LOCK_FILE).unlink(missing_ok=True)
    folder.add_report("a page")
    assert everything(folder.path) == everything(undisturbed.path)
