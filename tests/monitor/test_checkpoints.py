"""Which checkpoints a run has, which are complete, and in which order they come."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import BaseModel

from heedmap.errors import MonitorError
from heedmap.monitor.checkpoints import (
    Checkpoint,
    Layout,
    Settling,
    Watched,
    completed,
    find_checkpoints,
    layout_of,
    step_of,
)
from heedmap.policies.family import Target

OLD_S = 1_000_000_000.0


def write(path: Path, content: str = "x", old: bool = True) -> Path:
    """A file that was changed long ago, or just now."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    if old:
        os.utime(path, (OLD_S, OLD_S))
    return path


def lerobot(run: Path, *steps: int, old: bool = True) -> None:
    """Checkpoints as LeRobot's training script writes them, without its link."""
    for step in steps:
        folder = run / f"checkpoints/{step:06d}"
        write(folder / "pretrained_model/model.safetensors", old=old)
        write(folder / "training_state/training_step.json", old=old)


def link_last(run: Path, step: int) -> None:
    link = run / "checkpoints/last"
    link.unlink(missing_ok=True)
    link.symlink_to(f"{step:06d}")


class Clock:
    """Time that passes only in sleep; something may happen after each."""

    def __init__(self, *events: Callable[[], object]) -> None:
        self.now_s, self.slept_s = 0.0, list[float]()
        self._events = list(events)

    def __call__(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        assert len(self.slept_s) < 50, "it waits for ever"
        self.slept_s.append(seconds)
        self.now_s += seconds
        if self._events:
            self._events.pop(0)()


def steps_of(watched: Watched, clock: Clock, settle: float = 10) -> list[int]:
    settling = Settling(settle, clock, lambda: OLD_S + 1 + clock.now_s)
    return [each.step for each, _ in completed(watched, settling, clock.sleep)]


@pytest.mark.parametrize(
    ("place", "step"),
    [
        ("checkpoints/002000/pretrained_model", 2000),
        ("checkpoint-500", 500),
        ("epoch=3-step=2000.ckpt", 2000),
        ("version_2/step-40-v1.ckpt", 40),
        ("epoch_7.safetensors", 7),
        ("model_step_12.h5", 12),
        ("checkpoints/last/pretrained_model", None),
        ("ckpt-500.h5", 500),
        ("model_1000.pt2", 1000),
        ("timestep8_iter500.pt", 500),
        ("timestep_500.pt", 500),
        ("global_step40/model.pt", 40),
        ("rl_model_700_steps.zip", 700),
        ("iter_0000300-seed1.pt", 300),
        ("epoch=0-val_loss=0.25.ckpt", 0),
        ("epoch=4-val_loss=2.ckpt", 4),
        ("epoch=4-acc=0.5-v1.ckpt", 4),
        ("900-val_loss=1.5e-03.ckpt", 900),
        ("val_loss=0.25.ckpt", None),
        ("epoch1/500.pt", 500),
        ("pi0.5_1000.safetensors", 1000),
    ],
)
def test_the_step_of_a_path(place: str, step: int | None) -> None:
    assert step_of(Path(place)) == step


def test_lerobots_checkpoints_in_the_order_of_numbers(tmp_path: Path) -> None:
    lerobot(tmp_path, 20, 3, 1_000_000)
    link_last(tmp_path, 20)
    layout = layout_of(tmp_path)
    assert layout is not None
    found = find_checkpoints(tmp_path, layout.pattern)
    assert [each.step for each in found] == [3, 20, 1_000_000]
    place = tmp_path / "checkpoints/000003/pretrained_model"
    assert layout.policy_of(found[0]) == f"lerobot:{place}?name=step-3"
    inside = layout_of(tmp_path / "checkpoints", template="mine:{checkpoint}")
    assert inside == Layout("*/pretrained_model", "mine:{checkpoint}")


@pytest.mark.parametrize("path", ["what?/7", "100%3F/7", "a%25?b/7", "{step}/7", "a&b=c+d/7"])
def test_the_path_in_a_policys_name_is_read_as_it_is(path: str) -> None:
    named = Layout("*", "mine:{checkpoint}?name=step-{step}&weights={checkpoint}")
    target = Target(named.policy_of(Checkpoint(7, Path(path))))
    assert (target.path, target.name) == (Path(path), "step-7")

    class Options(BaseModel):
        weights: str

    assert target.options(Options).weights == path


def test_what_cannot_be_watched_is_said(tmp_path: Path) -> None:
    assert layout_of(tmp_path) is None
    write(tmp_path / "a/1.ckpt")
    write(tmp_path / "b/1.ckpt")
    for told, run, pattern, template in (
        ("is no folder", tmp_path / "none", None, None),
        ("is the same policy at every step", tmp_path, None, "specimen:random@sound"),
        ("say which policy a checkpoint is", tmp_path, "*.ckpt", None),
        ("leads out of", tmp_path, "../*.ckpt", "p:{step}"),
        ("are both of step 1", tmp_path, "*/*.ckpt", "p:{step}"),
    ):
        with pytest.raises(MonitorError, match=told):
            steps_of(Watched(run, pattern, template, once=True), Clock())
    with pytest.raises(MonitorError, match="has no checkpoints with a number in their path"):
        steps_of(Watched(tmp_path, once=True), Clock())


def test_those_that_are_there_and_no_others(tmp_path: Path) -> None:
    lerobot(tmp_path, 2, 4, 10)
    clock = Clock()
    assert steps_of(Watched(tmp_path, once=True), clock, settle=0) == [2, 4, 10]
    assert steps_of(Watched(tmp_path, once=True, until_step=4), clock, settle=0) == [2, 4]
    assert clock.slept_s == []


def test_one_that_is_being_written_is_waited_for(tmp_path: Path) -> None:
    """It grows twice, then rests for the time that completes it; the next one comes after it."""
    lerobot(tmp_path, 2)
    weights = tmp_path / "checkpoints/000002/pretrained_model/model.safetensors"

    def grow() -> None:
        write(weights, weights.read_text() + "more")

    clock = Clock(grow, grow)
    assert steps_of(Watched(tmp_path, once=True, interval_s=4), clock) == [2]
    assert clock.slept_s == [4, 4, 4, 4, 4]
    empty = tmp_path / "checkpoints/000003/pretrained_model"
    empty.mkdir(parents=True)
    assert not Settling(0).is_complete(Checkpoint(3, empty))


def test_one_that_is_left_empty_holds_nothing_up(tmp_path: Path) -> None:
    """It is waited for until a later one or LeRobot's link is there, or nobody waits."""
    lerobot(tmp_path, 2)
    empty = tmp_path / "checkpoints/000003/pretrained_model"
    empty.mkdir(parents=True)
    os.utime(empty, (OLD_S, OLD_S))
    assert steps_of(Watched(tmp_path, once=True), Clock()) == [2, 3]
    clock = Clock(lambda: None, lambda: link_last(tmp_path, 3))
    assert steps_of(Watched(tmp_path, until_step=3), clock) == [2, 3]
    (tmp_path / "checkpoints/last").unlink()
    clock = Clock(lambda: None, lambda: lerobot(tmp_path, 4))
    assert steps_of(Watched(tmp_path, until_step=4), clock) == [2, 3, 4]


def test_one_that_rested_long_ago_is_not_waited_for(tmp_path: Path) -> None:
    """Unless a file came into it just now, as a copy with its old times does."""
    file = write(tmp_path / "1/model.safetensors")
    settling = Settling(10, lambda: 0.0, lambda: OLD_S + 11)
    assert not settling.is_complete(Checkpoint(1, file.parent))
    os.utime(file.parent, (OLD_S, OLD_S))
    assert settling.is_complete(Checkpoint(1, file.parent))
    assert settling.is_complete(Checkpoint(1, file))


def test_lerobots_link_says_that_a_checkpoint_is_complete(tmp_path: Path) -> None:
    lerobot(tmp_path, 2, 4, old=False)
    link_last(tmp_path, 2)
    clock = Clock(lambda: link_last(tmp_path, 4))
    assert steps_of(Watched(tmp_path, until_step=4, interval_s=2), clock) == [2, 4]
    assert clock.slept_s == [2]


def test_links_that_lead_nowhere_are_left_out(tmp_path: Path) -> None:
    lerobot(tmp_path, 2)
    (tmp_path / "checkpoints/last").symlink_to("last")
    (tmp_path / "checkpoints/000003").symlink_to("gone")
    assert steps_of(Watched(tmp_path, once=True), Clock()) == [2]
    (tmp_path / "5.ckpt").symlink_to("gone.ckpt")
    write(tmp_path / "4.ckpt")
    assert steps_of(Watched(tmp_path, "*.ckpt", "p:{step}", once=True), Clock()) == [4]


def test_a_run_that_has_not_begun_is_watched_to_its_last_step(tmp_path: Path) -> None:
    clock = Clock(lambda: None, lambda: lerobot(tmp_path, 2), lambda: lerobot(tmp_path, 4, 6))
    assert steps_of(Watched(tmp_path, until_step=5, interval_s=30), clock, settle=0) == [2, 4]
    assert clock.slept_s == [30, 30, 30]


def test_a_checkpoint_that_was_written_anew_has_another_fingerprint(tmp_path: Path) -> None:
    file = write(tmp_path / "1.ckpt")
    before = Checkpoint(1, file).fingerprint
    assert Checkpoint(1, file).fingerprint == before
    os.utime(file)
    assert Checkpoint(1, file).fingerprint != before
