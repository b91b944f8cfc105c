"""Other people's simulators and policies: one sentence each, or a drive that is true."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from heedmap.errors import HeedmapError
from heedmap.monitor.driving.folder import LINES, DriveFolder
from heedmap.monitor.driving.load import load_environment
from heedmap.report.driving.result import Drive
from heedmap.report.driving.wording import notes
from tests.cli.conftest import Cli, cli
from tests.monitor.driving import hostile
from tests.monitor.driving.worlds import confounded, driven, heeding, policy_of

__all__ = ["cli"]

HERE = "tests.monitor.driving.hostile"
FORK = "tests.monitor.driving.worlds:Fork"


def drive_in(name: str, folder: Path, policy=None, *, every: int = 0) -> Drive:
    maker = load_environment(f"{HERE}:{name}", {})
    policy = policy or policy_of(confounded)
    return driven(policy, folder, maker, episodes=1, max_steps=4, every=every)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("ResetRaises", r"raised ValueError: asset missing: cup\.xml, at step 0 .* seed 0; mend"),
        ("StepRaises", "raised RuntimeError: simulation unstable, at step 1 of"),
        ("StepExits", "raised SystemExit: 0, at step 0 of"),
        ("FourOfFive", "raised ValueError: not enough values to unpack"),
        ("FloatPicture", r"gives no picture .*: an array \(16, 18, 3\) of float64; give"),
        ("TwoSpaces", "of the kind MultiDiscrete; Discrete and Box can be driven"),
        ("ManyActions", r"has 5000 actions \(0, 1, 2, 3, 4, 5, 6, 7, \.\.\.\), but"),
        ("NoNumbers", "takes 0 numbers a step"),
        ("LongWords", r"right instruction is one of 7\d\d\d letters, expected a text of at most"),
        ("NoSteps", "max_steps is None, expected a whole number from 1"),
        ("NoView", r"look\(\) gave a str, expected a View"),
        ("NoTexts", "texts are a NoneType, expected a mapping"),
        ("NumberForWords", "right instruction is a int, expected a text"),
        ("GreyPicture", r"picture that is none \(an array \(32, 32\) of uint8\), expected uint8"),
        ("NanState", r"state that is none \(an array \(2,\) with NaN or infinity\)"),
        ("no_such_factory", "cannot be made"),
    ],
)
def test_what_is_wrong_with_an_environment_is_one_sentence(
    tmp_path: Path, name: str, said: str
) -> None:
    with pytest.raises(HeedmapError, match=said) as raised:
        drive_in(name, tmp_path / "out")
    assert "\n" not in str(raised.value)
    if (tmp_path / "out").exists():
        assert DriveFolder(tmp_path / "out").lines() == [], "no half episode is kept"


def test_a_simulator_that_draws_into_one_array_is_seen_at_each_step(tmp_path: Path) -> None:
    plain = driven(policy_of(heeding), tmp_path / "a", load_environment(FORK, {}), every=2)
    maker = load_environment(f"{HERE}:OneBuffer", {})
    assert driven(policy_of(heeding), tmp_path / "b", maker, every=2) == plain
    (a, b) = (DriveFolder(tmp_path / name).strips() for name in "ab")
    assert a == b


def test_a_policy_that_writes_into_its_frames_is_steered_as_any_other(tmp_path: Path) -> None:
    maker = load_environment(FORK, {})
    found = driven(hostile.writes_into_frames(), tmp_path / "out", maker, every=2, episodes=2)
    assert {each.how for each in found.steered} == {"copied"}


def test_actions_of_many_and_of_huge_numbers_are_kept(tmp_path: Path) -> None:
    found = drive_in("Hand", tmp_path / "out", hostile.huge(), every=2)
    folder = DriveFolder(tmp_path / "out")
    assert folder.read() == found
    assert len(folder.strips()[0].moments[0].action) == 500
    assert all(each.distance > 1e9 for each in found.steered[0].exchanges)
    assert folder.write_page().is_file()


def test_starts_that_differ_for_one_seed_are_said(tmp_path: Path) -> None:
    maker = load_environment(f"{HERE}:OwnStart", {})
    found = driven(policy_of(heeding), tmp_path / "out", maker, episodes=3)
    (said,) = [note for note in notes(found) if "does not begin alike" in note]
    assert "of 3 episodes what was seen first differs" in said
    plain = driven(policy_of(heeding), tmp_path / "plain", episodes=2)
    assert not any("begin alike" in note for note in notes(plain))


@pytest.mark.parametrize(
    ("policy", "options", "said"),
    [
        (f"{HERE}:exits", (), "raised SystemExit: 0"),
        (f"{HERE}:heeds", ("--right", ""), "--right is empty; give an instruction"),
        (f"{HERE}:heeds", ("--right", "go", "--wrong", "go"), "is the right one of the episode"),
        (f"{HERE}:heeds", ("--paraphrase", "x" * 2_001), "is one of 2001 letters"),
    ],
)
def test_bad_words_and_a_policy_that_exits_are_one_sentence(
    cli: Cli, tmp_path: Path, policy: str, options: tuple[str, ...], said: str
) -> None:
    done = cli("drive", policy, "--env", FORK, *options, "--out", str(tmp_path / "out"))
    assert done.code == 1
    assert said in done.err.replace("\n", " ")
    assert "Traceback" not in done.err
    assert not (tmp_path / "out" / LINES).exists()


def test_what_a_simulator_prints_is_no_result(cli: Cli, tmp_path: Path) -> None:
    call = ("drive", f"{HERE}:heeds", "--env", f"{HERE}:Loud", "--episodes", "1", "--json")
    done = cli(*call, "--out", str(tmp_path / "out"))
    assert json.loads(done.out)["episodes"] == 1
    assert "{simulator}" in done.err


def test_one_action_of_the_environment_may_stand_for_several_of_the_policy(
    cli: Cli, tmp_path: Path
) -> None:
    call = ("drive", f"{HERE}:heeds", "--env", FORK, "--episodes", "1", "--actions", "0,0,2")
    done = cli(*call, "--json", "--out", str(tmp_path / "out"))
    assert done.code == 0, done.err
    assert json.loads(done.out)["conditions"]["right"]["target"]["successes"] == 1
