"""A LeRobot data set as the cases of a sweep: its own tasks are the instructions."""

from __future__ import annotations

from pathlib import Path

from heedmap.sweep.sources import trial_at
from tests.data.recordings import TASKS, write_lerobot_3
from tests.sweep.runs import grid, plan_of, told


def test_frames_of_several_episodes_with_the_tasks_of_the_set(tmp_path: Path) -> None:
    write_lerobot_3(tmp_path / "set")
    path = grid(tmp_path, frames=[{"cases": "set"}])
    plan = plan_of(path)
    assert [frame.episode for frame in plan.frames] == [
        f"set_episode_{episode:06d}" for episode in (0, 0, 1, 1)
    ]
    assert [each.kind for each in plan.sets] == ["own"]
    assert list(plan.files) == [str(tmp_path / "set/meta/info.json")]
    last = trial_at(plan.frames[-1], plan.sets[0])
    assert last.name == plan.frames[-1].name
    assert last.instructions == {"recorded": TASKS[1], "task_0": TASKS[0]}
    code, printed, _ = told("sweep", path, "--dry-run", "--no-measure")
    assert code == 0
    assert "Frames: 4, from 2 episodes" in printed
    assert "own (of their own, 4 frames)" in printed


def test_frames_that_are_named_and_a_stride(tmp_path: Path) -> None:
    write_lerobot_3(tmp_path / "set")
    frames = [{"cases": "set#episode=1&frames=:", "stride": 2}]
    plan = plan_of(grid(tmp_path, frames=frames))
    assert [frame.place for frame in plan.frames] == [
        f"{tmp_path}/set#episode=1&frames={index}" for index in (0, 2, 4)
    ]
