"""`trail`: where the instruction was lost, and every module call, as text and as JSON."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests import command_line
from tests.cli.conftest import Cli

INSTRUCTIONS = (
    *("--instruction", "left=navigate to the left toward the red key"),
    *("--instruction", "right=navigate to the right toward the red key"),
)
COLUMNS = {
    *("order", "module", "kind", "call", "depth"),
    *("instruction", "frame", "paraphrase", "same", "carried"),
}


def test_it_names_the_call_in_which_the_instruction_is_lost(cli: Cli, frame: Path) -> None:
    ran = cli("trail", "factories:random_monavla", "--frame", frame, *INSTRUCTIONS)
    assert ran.code == 0, ran.err
    assert ran.out.startswith("The instruction is overwritten at decoder.model (index_put_): ")
    assert "What to do: Insert these values beside the words" in ran.out
    (lost,) = [line for line in ran.out.splitlines() if "lost here" in line]
    assert lost.split()[:5] == [
        "decoder.model",
        "Kosmos2TextTransformer",
        "0",
        "0",
        lost.split()[4],
    ]
    assert float(lost.split()[4]) > 0, "another frame does arrive there"
    assert "decoder.model.layers.0.ffn" not in ran.out
    assert "Carried" not in ran.out.split("Relative difference")[0], "nothing was patched"
    assert "more module calls are not shown; --all shows all." in ran.out


def test_all_shows_every_call(cli: Cli, frame: Path) -> None:
    ran = cli("trail", "factories:random_monavla", "--frame", frame, *INSTRUCTIONS, "--all")
    assert "decoder.model.layers.0.ffn" in ran.out
    assert "not shown" not in ran.out


def test_json_is_complete(cli: Cli, frame: Path) -> None:
    """A policy that follows: all of it comes over at the head, nothing with the image."""
    paraphrase = ("--paraphrase", "left=drive to the left toward the red key")
    arguments = ("--frame", frame, *INSTRUCTIONS, *paraphrase, "--patch", "--json")
    ran = cli("trail", "factories:random_sound", *arguments)
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    assert (found["responds"], found["cause"], found["trail"]) == (True, None, None)
    assert found["sentence"] == "The action depends on the instruction."
    assert found["frame"] == "hall"
    assert found["base"] == "navigate to the left toward the red key"
    steps = {(step["module"], step["call"]): step for step in found["steps"]}
    assert {tuple(step) for step in found["steps"]} == {tuple(found["steps"][0])}
    assert set(found["steps"][0]) == COLUMNS
    whole, image = steps["", 0], steps["image_tokens", 0]
    assert (whole["carried"], image["carried"]) == (1.0, 0.0)
    assert (image["instruction"], image["paraphrase"], image["same"]) == (0.0, 0.0, 0.0)
    assert image["frame"] > 0
    assert whole["paraphrase"] > 0


def test_it_is_said_in_korean_too(cli: Cli, frame: Path) -> None:
    arguments = ("--frame", frame, *INSTRUCTIONS, "--lang", "ko")
    ran = cli("trail", "factories:random_monavla", *arguments)
    assert "권장 조치: " in ran.out
    assert "여기서 사라짐" in ran.out


def test_specimens_have_a_frame_of_their_own_and_others_are_asked_for_one(cli: Cli) -> None:
    ran = cli("trail", "specimen:exp42_counterfactual_pta@sound")
    assert ran.code == 0, ran.err
    assert ran.out.startswith("The action depends on the instruction.")
    ran = cli("trail", "factories:pair", *INSTRUCTIONS)
    assert ran.code == 1
    assert "No frame was given" in ran.err


def test_a_policy_without_a_module_has_no_calls(cli: Cli, frame: Path) -> None:
    ran = cli("trail", "factories:behind_a_server", "--frame", frame, *INSTRUCTIONS)
    assert ran.code == 1
    assert "there are no module calls to follow" in ran.err
    assert "Traceback" not in ran.err


def test_the_page_shows_what_is_printed(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    page = Path(__file__).parents[2] / "docs" / "trail.md"
    shown = re.findall(r"```text\n(.*?)```", page.read_text(), re.DOTALL)[0]
    monkeypatch.setattr(command_line, "WIDTH", 100)
    ran = cli("trail", "specimen:exp43_cross_attn_text@monavla", "--patch")
    assert [line.rstrip() for line in ran.out.splitlines()] == shown.splitlines()
