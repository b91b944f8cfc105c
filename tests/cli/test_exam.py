"""The command `exam` as a person runs it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from heedmap.cli.exam import FOUND
from heedmap.data.images import png_bytes
from heedmap.data.instructions import CaseInstruction, dump_instructions
from tests.auditing.exam.world import trials
from tests.cli.conftest import Cli

POLICIES = """
from tests.auditing.exam.world import RULES, looked_up

def follows():
    return looked_up(RULES["follows"])

def no_effect():
    return looked_up(RULES["no_effect"])
"""


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    """The small world as a folder of cases, and policies beside it."""
    (tmp_path / "examined.py").write_text(POLICIES)
    for trial in trials(12):
        folder = tmp_path / "cases" / trial.name
        folder.mkdir(parents=True)
        (folder / "frame.png").write_bytes(png_bytes(trial.observation.frame))
        entries = [
            CaseInstruction(
                name=name,
                text=text,
                expert_action=trial.expected[name],
                recorded=name == trial.recorded,
            )
            for name, text in trial.instructions.items()
        ]
        (folder / "instructions.yaml").write_text(dump_instructions(entries))
    return tmp_path / "cases"


def test_a_policy_without_effect_fails_the_build(cli: Cli, cases: Path, tmp_path: Path) -> None:
    given = ("exam", "cases", "--policy", "examined:no_effect")
    ran = cli(*given, "--out", "run", "--json", "exam.json", "--fail-on", "problem")
    assert ran.code == FOUND
    assert "The instruction has no effect" in ran.out
    stored = json.loads((tmp_path / "exam.json").read_text())
    assert stored["verdict"] == "no_effect"
    assert stored["dataset"] == "cases"
    assert json.loads((tmp_path / "run/exam.json").read_text()) == stored
    assert {path.name for path in (tmp_path / "run").iterdir()} == {
        "exam.json",
        "exam.html",
        "answers.parquet",
    }


def test_a_policy_that_follows_passes_and_json_is_all_on_standard_output(
    cli: Cli, cases: Path
) -> None:
    ran = cli("exam", "cases", "--policy", "examined:follows", "--json", "-", "--fail-on", "note")
    assert ran.code == 0
    assert json.loads(ran.out)["verdict"] == "follows"


def test_frames_and_kinds_are_chosen(cli: Cli, cases: Path) -> None:
    given = ("--policy", "examined:follows", "--json", "-")
    ran = cli("exam", "cases", *given, "--frames", "6", "--kinds", "trained, blank")
    stored = json.loads(ran.out)
    assert stored["frames"] == 6
    assert {k["kind"] for k in stored["kinds"] if k["missing"] is None} == {"trained", "blank"}


def test_korean_is_printed_where_asked_for(cli: Cli, cases: Path) -> None:
    ran = cli("exam", "cases", "--policy", "examined:follows", "--lang", "ko")
    assert "지시문을 따릅니다" in ran.out


PAGE = (Path(__file__).parents[2] / "docs" / "exam.md").read_text()


def test_the_page_shows_what_its_commands_print(cli: Cli) -> None:
    commands = [line for line in re.findall(r"^\$ heedmap (.*)$", PAGE, re.M) if "[" not in line]
    given = [line.split() for line in commands if "DATASET" not in line]
    shown = re.findall(r"```text\n(.*?)```", PAGE, re.S)
    assert len(given) == len(shown) + 1 == 3
    assert cli(*given[0]).code == 0
    for words, expected in zip(given[1:], shown, strict=True):
        ran = cli(*words)
        assert ran.code == 0
        assert said(ran.out) == said(expected)


def said(printed: str) -> list[str]:
    """The words above the table, without figures: another torch may give others."""
    return re.sub(r"[\d.]+", "#", printed[: printed.index("Kind ")]).split()


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("cases", "--kinds", "colour,taste"), "'taste' is no kind of change"),
        (("nowhere",), "does not exist"),
        (("cases/f0/frame.png",), "came with no instruction"),
        (("cases/f0",), "is one case; give the folder that holds it"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(
    cli: Cli, cases: Path, arguments: tuple[str, ...], why: str
) -> None:
    ran = cli("exam", *arguments, "--policy", "examined:follows")
    assert ran.code == 1
    assert why in ran.err
    assert "Traceback" not in ran.err
    assert ran.err.count("\n") == 1
