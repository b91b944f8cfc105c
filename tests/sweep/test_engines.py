"""The same comes out wherever cells run, also where a worker is killed in the middle."""

from __future__ import annotations

import multiprocessing
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from heedmap.sweep.engine import ATTEMPTS, Totals, Waiting, run_sweep
from heedmap.sweep.local import LocalEngine
from heedmap.sweep.plan import Cell
from heedmap.sweep.store import RunFolder
from tests.sweep.runs import POLICIES, assert_same, grid, plan_of, ran
from tests.sweep.some_policies import FLAG

DYING = f"{POLICIES}:dies_once"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """Run in this process, where nothing dies."""
    folder = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patched:
        (folder / "flag").touch()
        patched.setenv(FLAG, str(folder / "flag"))
        path = grid(folder, [DYING, {"spec": DYING, "name": "twin"}], interventions=["exchange"])
        return ran(path, folder / "run")


def attempts(folder: RunFolder) -> list[int]:
    return folder.read("timings")["attempts"].to_pylist()


def children() -> list[str]:
    """Command lines of all processes below this one."""
    found: list[str] = []
    for each in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            found.append(" ".join(each.cmdline()))
    return found


@pytest.mark.apart
def test_two_workers_one_of_them_killed_give_what_one_process_gives(
    whole: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FLAG, str(tmp_path / "flag"))
    folder = RunFolder.begin(tmp_path / "run", whole.plan)
    assert run_sweep(folder, LocalEngine(2)) == Totals(4, 4, 0, 8)
    assert (tmp_path / "flag").exists(), "nothing was killed"
    assert sorted(attempts(folder)) == [1, 1, 1, 2]
    assert_same(whole, folder)
    assert not multiprocessing.active_children()


@pytest.mark.apart
def test_ray_with_two_actors_one_of_them_killed_gives_the_same(
    whole: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from heedmap.sweep.ray_engine import RayEngine

    monkeypatch.setenv(FLAG, str(tmp_path / "flag"))
    folder = RunFolder.begin(tmp_path / "run", whole.plan)
    assert run_sweep(folder, RayEngine(2, cpus_each=0.5)) == Totals(4, 4, 0, 8)
    assert (tmp_path / "flag").exists(), "nothing was killed"
    assert sorted(attempts(folder)) == [1, 1, 1, 2]
    assert set(folder.read("timings")["engine"].to_pylist()) == {"ray"}
    assert_same(whole, folder)
    assert not [command for command in children() if "ray" in command or "gcs" in command]


@pytest.mark.apart
@pytest.mark.parametrize(
    ("policy", "how"), [("always_dies", "signal 9"), ("ends_its_process", "exit code 0")]
)
def test_a_cell_whose_worker_always_dies_is_recorded_and_the_sweep_goes_on(
    policy: str, how: str, tmp_path: Path
) -> None:
    path = grid(tmp_path, [policy, "plain"], count=2)
    folder = RunFolder.begin(tmp_path / "run", plan_of(path))
    assert run_sweep(folder, LocalEngine(2)) == Totals(2, 2, 1, 2)
    dead, _ = folder.read("cells").to_pylist()
    assert dead["error_type"] == "WorkerDied"
    assert dead["error"] == f"Its worker died {ATTEMPTS} times, last by {how}."


def test_a_worker_keeps_its_policy_as_long_as_it_can() -> None:
    cells = [
        Cell(id=f"{policy}-{first}", policy=policy, set=0, first=first, count=1)
        for policy in (0, 1)
        for first in range(2)
    ]
    waiting = Waiting(list(cells))
    assert waiting.take(None) == cells[0]
    assert waiting.take(1) == cells[2]
    assert waiting.take(1) == cells[3]
    assert waiting.take(1) == cells[1]
    assert waiting.take(1) is None
    assert waiting.give_back(cells[1])
    assert waiting.take(None) == cells[1]
