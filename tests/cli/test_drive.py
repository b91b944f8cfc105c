"""`heedmap drive` as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Cli, cli

__all__ = ["cli"]

SPECIMEN = "specimen:exp42_counterfactual_pta@sound"


def test_a_specimen_is_driven_and_goes_on(cli: Cli, tmp_path: Path) -> None:
    options = ("--env", "babyai", "--exchange-every", "3", "--out", str(tmp_path / "out"))
    done = cli("drive", SPECIMEN, *options, "--episodes", "2")
    assert done.code == 0
    assert "Reaches the target in 2 of 2 episodes with the right instruction" in done.out
    assert "Before the first turn" in done.out
    more = cli("drive", SPECIMEN, *options, "--episodes", "3", "--json")
    content = json.loads(more.out)
    assert content["episodes"] == 3
    assert content["conditions"]["right"]["target"]["successes"] == 3
    assert {path.suffix for path in (tmp_path / "out").iterdir()} >= {".mp4", ".jsonl", ".json"}
    korean = cli("drive", SPECIMEN, *options, "--episodes", "3", "--lang", "ko")
    assert "에피소드 3개 중 올바른 지시문으로는 3개에서" in korean.out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--env", "NoSuchEnv-v0"), "The environment 'NoSuchEnv-v0' cannot be made"),
        (("--env", "no_such_module:make"), "The module 'no_such_module' cannot be imported"),
        (("--env", "babyai", "--wrong", "go"), "'babyai' has its own instructions"),
        (("--env", "babyai", "--conditions", "wrong"), "Rates need the right instruction"),
        (("--env", "babyai", "--conditions", "right,loud"), "'loud' is no condition"),
        (("--env", "CartPole-v1"), "The environment says no instruction"),
        (("--env", "CartPole-v1", "--actions", "0,x"), "--actions is '0,x'"),
        (("--env", "CartPole-v1", "--actions", "0,7"), "has no action 7"),
    ],
)
def test_bad_input_is_one_sentence(
    cli: Cli, tmp_path: Path, options: tuple[str, ...], said: str
) -> None:
    done = cli("drive", SPECIMEN, *options, "--out", str(tmp_path / "out"))
    assert done.code == 1
    assert said in done.err.replace("\n", " ")
    assert "Traceback" not in done.err
    assert not (tmp_path / "out").exists()
