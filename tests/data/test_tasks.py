"""Cases of a LeRobot data set: which frames, and which tasks are put to them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from heedmap.data.counterfactuals import load_table
from heedmap.data.tasks import (
    case_at,
    case_places,
    data_set_trials,
    is_data_set,
    other_tasks,
)
from heedmap.errors import FrameError, InstructionError
from tests.data.recordings import (
    TASKS,
    rlds_episode,
    write_episode,
    write_lerobot_2,
    write_lerobot_3,
    write_rlds,
)


def test_frames_of_several_episodes_with_the_tasks_of_the_set(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    write_lerobot_3(folder)
    assert is_data_set(folder)
    assert not is_data_set(tmp_path)
    places = case_places(folder)
    assert [each.name for each in places] == [
        f"set_episode_{episode:06d}_{index:06d}" for episode in (0, 1) for index in (0, 2)
    ]
    last = case_at(places[-1].place)
    assert last.name == places[-1].name
    assert last.episode == places[-1].episode == "set_episode_000001"
    assert last.instructions == {"recorded": TASKS[1], "task_0": TASKS[0]}
    assert last.recorded == "recorded"
    assert last.observation.state is not None
    assert last.observation.state.tolist() == [1, 2]


def test_frames_that_are_named(tmp_path: Path) -> None:
    write_lerobot_2(tmp_path)
    by_index = case_places(f"{tmp_path}#episode=1&frames=-1,0")
    assert [each.place for each in by_index] == [
        f"{tmp_path}#episode=1&frames={index}" for index in (5, 0)
    ]
    (by_time,) = case_places(f"{tmp_path}#t=0.2")
    assert by_time.place == f"{tmp_path}#episode=0&frames=2"


def test_episodes_are_spread_over_a_large_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write_lerobot_2(tmp_path)
    monkeypatch.setattr("heedmap.data.tasks.EPISODES", 1)
    assert {each.episode[-1] for each in case_places(tmp_path)} == {"0"}


def test_other_tasks_are_of_other_words_and_of_all_degrees_of_likeness() -> None:
    tasks = {
        0: "put the red cube in the box",
        1: "Put a red cube in the box.",  # the same words
        2: "put the blue cube in the box",
        3: "put the box in the red cube",  # the same words in another order are another task
        4: "open the drawer",
        5: "close the lid",
        6: "put the red cube on the box",
        7: "",
    }
    found = other_tasks(tasks[0], tasks)
    assert len(found) == 3
    first, _, last = found
    assert first == 3
    assert last in (4, 5)
    assert other_tasks(tasks[4], {4: tasks[4]}) == {}


def test_one_task_alone_has_its_words_exchanged(tmp_path: Path) -> None:
    write_lerobot_2(tmp_path)
    tasks = tmp_path / "meta/tasks.jsonl"
    place = case_places(tmp_path)[0].place
    tasks.write_text(json.dumps({"task_index": 0, "task": TASKS[0]}))
    assert "go to the right" in case_at(place).instructions.values()
    tasks.write_text(json.dumps({"task_index": 0, "task": "wave"}))
    with pytest.raises(InstructionError, match="No counterfactual of 'wave' is known"):
        case_at(place)
    tasks.write_text("")
    with pytest.raises(FrameError, match="has no task; give frames that have one"):
        case_at(place)


def test_a_table_of_words_goes_before_the_tasks(tmp_path: Path) -> None:
    write_lerobot_2(tmp_path)
    table = tmp_path / "words.yaml"
    table.write_text("- {group: side, language: en, sets: [[left, north]]}")
    trial = case_at(case_places(tmp_path)[0].place, table=load_table(table))
    assert trial.instructions == {"recorded": TASKS[0], "side_north": "go to the north"}


def test_frames_of_any_data_set_with_their_own_instructions(tmp_path: Path) -> None:
    write_lerobot_3(tmp_path / "set")
    found = data_set_trials(str(tmp_path / "set"), 3)
    assert [each.name[-8:] for each in found] == ["0_000000", "0_000002", "1_000000"]
    assert [each.instructions["recorded"] for each in found] == [TASKS[0], TASKS[0], TASKS[1]]
    named = data_set_trials(f"{tmp_path}/set#episode=1&frames=0,1,2", 1)
    assert [each.episode for each in named] == ["set_episode_000001"] * 3
    (tmp_path / "rlds").mkdir()
    shard = tmp_path / "rlds" / "set-train.tfrecord-00000-of-00001"
    write_rlds(shard, [rlds_episode(0), rlds_episode(1)])
    rlds = data_set_trials(str(tmp_path / "rlds"), 4)
    assert len({each.cluster for each in rlds}) == 2
    assert all(each.instructions["recorded"] for each in rlds)
    with pytest.raises(FrameError, match="does not exist"):
        data_set_trials(str(tmp_path / "nowhere"), 4)


def test_frames_without_an_instruction_are_no_data_set(tmp_path: Path) -> None:
    write_episode(tmp_path / "told.h5")
    with pytest.raises(FrameError, match="came with no instruction"):
        data_set_trials(f"{tmp_path}/told.h5#0", 4)
