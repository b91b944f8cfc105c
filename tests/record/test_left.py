"""What killed audits leave is removed by the next one; what is in use or of others is not."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from filelock import FileLock

from heedmap.errors import RecordError
from heedmap.record import left
from heedmap.record.files import only_writer
from heedmap.record.left import IN_USE, HeldFolder
from tests.report.sample import realistic


def test_what_a_killed_audit_left_goes_and_what_is_written_stays(tmp_path: Path) -> None:
    left, written, foreign = (tmp_path / f".run-{name}" for name in ("left", "written", "foreign"))
    for folder in (left, written, foreign):
        (folder / "new").mkdir(parents=True)
    (left / IN_USE).touch()
    with FileLock(written / IN_USE):
        realistic(layers=1, heads=1).save(tmp_path / "run")
        assert {path.name for path in tmp_path.iterdir()} == {"run", written.name, foreign.name}


def test_a_folder_goes_with_its_object_in_whatever_thread_it_ends(tmp_path: Path) -> None:
    held = [HeldFolder("one-", tmp_path), HeldFolder("one-", tmp_path)]
    assert len(list(tmp_path.iterdir())) == 2

    def end() -> None:
        held.clear()
        gc.collect()

    thread = threading.Thread(target=end)
    thread.start()
    thread.join()
    assert list(tmp_path.iterdir()) == []


def test_a_killed_process_leaves_a_folder_until_the_next_is_made(tmp_path: Path) -> None:
    code = (
        "import os, pathlib, signal\n"
        "from heedmap.record.left import HeldFolder\n"
        f"held = HeldFolder('one-', pathlib.Path({str(tmp_path)!r}))\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code], check=False)
    (killed,) = tmp_path.iterdir()
    other = HeldFolder("two-", tmp_path)
    own = HeldFolder("one-", tmp_path)
    assert {*tmp_path.iterdir()} == {own.path, other.path}
    assert not killed.exists()


def test_what_another_user_put_there_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = tmp_path / "one-theirs"
    theirs.mkdir()
    (theirs / IN_USE).write_text("precious")
    monkeypatch.setattr(left.os, "getuid", lambda: os.geteuid() + 1)
    HeldFolder("one-", tmp_path)
    assert (theirs / IN_USE).read_text() == "precious"


@pytest.mark.parametrize("before_it_is_locked", [True, False])
def test_a_folder_that_another_process_takes_for_left_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before_it_is_locked: bool
) -> None:
    seen: list[Path] = []
    acquire = FileLock.acquire

    def acquired(lock: FileLock) -> None:
        seen.append(Path(lock.lock_file).parent)
        is_taken = len(seen) == 1
        if is_taken and before_it_is_locked:
            shutil.rmtree(seen[0])
            raise FileNotFoundError(lock.lock_file)  # as where it goes just before it is opened
        acquire(lock)
        if is_taken and not before_it_is_locked:
            shutil.rmtree(seen[0])

    monkeypatch.setattr(FileLock, "acquire", acquired)
    held = HeldFolder("one-", tmp_path)
    assert [folder.exists() for folder in seen] == [False, True]
    assert held.path == seen[1]


def test_a_folder_has_one_writer_at_a_time(tmp_path: Path) -> None:
    place = tmp_path / "new" / "out"
    refused = pytest.raises(RecordError, match="out is being written by another process; wait")
    with only_writer(place), refused, only_writer(place):
        pass
    with only_writer(place):
        assert place.is_dir()
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordError, match="file cannot be made"), only_writer(tmp_path / "file"):
        pass
