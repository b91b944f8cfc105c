"""Trials on the command line: folders of cases, expectations, paraphrases."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from heedmap.record.result import Result
from tests.cli.conftest import Cli
from tests.data.recordings import write_lerobot_2, write_lerobot_3
from tests.data.test_lerobot import change_features

SOUND = "factories:random_sound"
LEFT, RIGHT = (f"{side}=navigate to the {side} toward the red key" for side in ("left", "right"))


@pytest.fixture
def cases(cli: Cli) -> str:
    """Three held-out cases in a folder of folders."""
    ran = cli("specimens", "case", "--seed", "0", "--count", "3", "--out", "cases")
    assert ran.code == 0, ran.err
    return "cases"


def test_all_cases_are_trials_and_the_first_is_examined(
    cli: Cli, cases: str, tmp_path: Path
) -> None:
    ran = cli("audit", SOUND, "--cases", cases, "--out", "run", "--full")
    assert ran.code == 0, ran.err
    record = Result.load(tmp_path / "run").record
    assert [frame.source for frame in record.frames] == ["cases/case-00000/frame.png"]
    assert record.run.arguments["trials"] == ["case-00000", "case-00001", "case-00002"]
    obeyed = record.policies[0].measurements.obeyed
    assert obeyed is not None
    assert (obeyed.trials, obeyed.not_needed) == (3, 0)
    assert obeyed.paraphrase_distance is not None  # they are in the YAML files
    assert obeyed.competent is not None  # so is the recorded instruction
    assert "Obeyed: effect of swapping the instruction" in ran.out


def test_expectations_paraphrases_and_the_recorded_instruction_as_options(
    cli: Cli, frame: Path
) -> None:
    ran = cli(
        *("audit", SOUND, "--frame", frame, "--instruction", LEFT, "--instruction", RIGHT),
        *("--expect", "left=LEFT", "--expect", "right=right", "--recorded", "left"),
        *("--paraphrase", "left=steer to the left toward the red key"),
        *("--paraphrase", "left=drive to the left toward the red key", "--json"),
    )
    assert ran.code == 0, ran.err
    verdict = json.loads(ran.out)["random@sound"]
    evidence = verdict["rungs"]["obeyed"]["evidence"]
    assert evidence["paraphrase_distance"]["n"] == 1
    assert evidence["paraphrase_distance"]["low"] is None  # one frame gives no interval
    assert verdict["needed"]["status"] == "holds"
    assert verdict["competent"]["status"] in ("holds", "fails")


def test_equal_expectations_are_told_as_not_needed(cli: Cli, frame: Path) -> None:
    ran = cli(
        *("audit", SOUND, "--frame", frame, "--instruction", LEFT, "--instruction", RIGHT),
        *("--expect", "left=left", "--expect", "right=left", "--json"),
    )
    assert ran.code == 0, ran.err
    verdict = json.loads(ran.out)["random@sound"]
    assert verdict["cause"] == "not_needed"
    assert verdict["rungs"]["obeyed"]["status"] == "not measured"


def test_a_member_of_the_population_is_named_wrongly(cli: Cli) -> None:
    ran = cli("specimens", "population", "healthy-1")
    assert ran.code == 1
    assert "'healthy-1' is no member of the population; write KIND-SEED" in ran.err


def test_cases_that_lie_together_are_one_episode(cli: Cli, tmp_path: Path) -> None:
    for episode in ("a", "b"):
        ran = cli("specimens", "case", "--seed", "0", "--count", "2", "--out", f"cases/{episode}")
        assert ran.code == 0, ran.err
    ran = cli("audit", SOUND, "--cases", "cases", "--out", "run")
    assert ran.code == 0, ran.err
    record = Result.load(tmp_path / "run").record
    assert record.run.arguments["trials"][0] == "a/case-00000"
    obeyed = record.policies[0].measurements.obeyed
    assert obeyed is not None
    assert obeyed.swap_distance is not None
    assert (obeyed.swap_distance.n, obeyed.swap_distance.clusters) == (4, 2)


def test_a_lerobot_data_set_as_cases(cli: Cli, tmp_path: Path) -> None:
    write_lerobot_3(tmp_path / "set")
    ran = cli("audit", "factories:any_size", "--cases", "set", "--out", "run")
    assert ran.code == 0, ran.err
    assert "4 frames x 2 instructions = 8 pairs of frame and instruction, from set, 2 episodes" in (
        ran.err
    )
    assert "Frames of steps 1–4: 1; of steps 5 and 6: 4." in ran.out
    record = Result.load(tmp_path / "run").record
    assert record.frames[0].source == "set#episode=0&frames=0"
    assert [each.text for each in record.instructions] == ["go to the left", "take the red ball"]
    assert record.run.arguments["trials"][-1] == "set_episode_000001_000002"


def test_the_frames_of_a_data_set_that_are_named_and_its_depth_camera(
    cli: Cli, tmp_path: Path
) -> None:
    write_lerobot_2(tmp_path / "set")
    depth = {"dtype": "video", "info": {"is_depth_map": True}}
    change_features(tmp_path / "set", **{"images.wrist": depth})
    ran = cli("audit", "factories:any_size", "--cases", "set#episode=1&frames=3")
    assert ran.code == 0, ran.err
    assert "1 frame x 2 instructions = 2 pairs of frame and instruction, from set, 1 episode" in (
        ran.err
    )
    assert "note: depth cameras of set are left out: wrist" in ran.err
