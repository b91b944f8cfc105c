"""`doctor`, `specimens score` and `--json`: what a training repository's CI would run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from heedmap.testbed.scoreboard import run
from heedmap.testbed.scoreboard.run import Score
from heedmap.testbed.specimens.planted import short_list
from tests.cli.conftest import Cli
from tests.report.sample import monavla_case, policy

INSTRUCTIONS = (
    *("--instruction", "left=navigate to the left toward the red key"),
    *("--instruction", "right=navigate to the right toward the red key"),
)


def test_doctor_fails_where_a_lower_rung_does(cli: Cli, frame: Path) -> None:
    ran = cli("doctor", "factories:random_monavla", "--frame", frame, *INSTRUCTIONS)
    assert ran.code == 1
    assert "present: fails" in ran.out
    assert "length leak: Insert the image embeddings" in " ".join(ran.err.split())


def test_doctor_passes_on_a_healthy_specimen_with_its_own_example(cli: Cli) -> None:
    ran = cli("doctor", "specimen:exp42_counterfactual_pta@sound", "--json")
    assert ran.code == 0, ran.err
    verdict = json.loads(ran.out)["exp42_counterfactual_pta@sound"]
    assert verdict["cause"] == "none"
    assert verdict["rungs"]["visible"]["status"] == "holds"


def test_doctor_asks_for_a_frame_where_the_policy_has_none(cli: Cli) -> None:
    ran = cli("doctor", "factories:pair", *INSTRUCTIONS)
    assert ran.code == 1
    assert "No frame was given" in ran.err


def test_a_factory_may_give_a_function_and_its_module(cli: Cli, frame: Path) -> None:
    ran = cli("audit", "factories:pair", "--frame", frame, *INSTRUCTIONS, "--json")
    assert ran.code == 0, ran.err
    verdict = json.loads(ran.out)["factories:pair"]
    assert (verdict["cause"], verdict["bypass"]["status"]) == ("none", "none")
    assert list(verdict["rungs"]) == [
        *("tokenised", "present", "visible", "attended", "used", "obeyed")
    ]


def test_json_leaves_standard_output_to_the_json(cli: Cli, frame: Path, tmp_path: Path) -> None:
    policy = "factories:random_monavla"
    ran = cli("audit", policy, "--frame", frame, *INSTRUCTIONS, "--json", "--out", "run")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["random@monavla"]["cause"] == "overwritten"
    assert (tmp_path / "run" / "report.html").is_file()


def test_a_policy_that_raises_is_told_in_one_sentence(cli: Cli, frame: Path) -> None:
    ran = cli("audit", "factories:fails", "--frame", frame, *INSTRUCTIONS)
    assert ran.code == 1
    assert "The policy 'factories:fails' raised ValueError: no camera" in ran.err
    assert "Traceback" not in ran.err


def test_score_tells_right_from_wrong(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """One plant named rightly and one not; the real plants are judged in test_scoreboard."""
    result = policy("p", [monavla_case("left")], layers=1, heads=1, attention_identical=True)
    assert result.verdict.cause == "length_leak"
    plants = {plant.name: plant for plant in short_list()}

    def scores(*names: str) -> list[Score]:
        return [Score(plants[name], result) for name in names]

    monkeypatch.setattr(run, "score_plants", lambda *_, **__: scores("length_leak"))
    ran = cli("specimens", "score", "--page", "board.md")
    assert ran.code == 0
    assert "Right: 1 of 1 (100 %" in ran.out
    assert "False alarms: 0 of 0 healthy." in " ".join(ran.out.split())
    page = Path("board.md").read_text()
    assert "| length leak | length leak | 1 |" in page
    assert "Made by `heedmap specimens score`" in page
    monkeypatch.setattr(run, "score_plants", lambda *_, **__: scores("length_leak", "healthy"))
    ran = cli("specimens", "score", "--json")
    assert ran.code == 1
    told = json.loads(ran.out)
    assert [row["right"] for row in told["rows"]] == [True, False]
    assert (told["false_alarms"], told["healthy"]) == (1, 1)
