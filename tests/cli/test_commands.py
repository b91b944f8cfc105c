"""The commands do their job: results land where they were asked for, and can be read."""

from __future__ import annotations

import json
from pathlib import Path

from heedmap.inputs.instructions import load_instructions
from heedmap.result import Result
from tests.cli.conftest import Cli
from tests.forensics.test_read import PER_LAYER, SUMMARY

ARGUMENTS = (
    *("audit", "factories:random_monavla"),
    *("--instruction", "left=navigate to the left toward the red key"),
    *("--instruction", "right=navigate to the right toward the red key"),
    *("--instruction", "forward=navigate straight forward to the red key"),
    *("--declared", "image=0:64,text=64:+len"),
)


def test_audit_writes_a_result_and_its_report(cli: Cli, frame: Path, tmp_path: Path) -> None:
    ran = cli(*ARGUMENTS, "--frame", frame, "--out", "run", "--expect", "left=left")
    assert ran.code == 0, ran.err
    assert "The instruction is not in the sequence" in ran.out
    assert "Last Text%" in ran.out
    result = Result.load(tmp_path / "run")
    assert result.record.policies[0].declared == "image=0:64,text=64:+len"
    assert result.record.instructions[0].expected_action == "left"
    page = (tmp_path / "run" / "report.html").read_text()
    assert 'lang="en"' in page
    # Once more: only on purpose.
    assert cli(*ARGUMENTS, "--frame", frame, "--out", "run").code == 1
    assert cli(*ARGUMENTS, "--frame", frame, "--out", "run", "--force").code == 0


def test_audit_without_out_writes_nothing(cli: Cli, frame: Path, tmp_path: Path) -> None:
    before = set(tmp_path.iterdir())
    ran = cli(*ARGUMENTS, "--frame", frame)
    assert ran.code == 0
    assert "Nothing was written" in ran.err
    assert set(tmp_path.iterdir()) - before <= {tmp_path / "__pycache__"}


def test_report_can_be_written_again_in_korean(cli: Cli, frame: Path, tmp_path: Path) -> None:
    cli(*ARGUMENTS, "--frame", frame, "--out", "run")
    ran = cli("report", "run", "--lang", "ko")
    assert ran.code == 0, ran.err
    page = (tmp_path / "run" / "report.ko.html").read_text()
    assert 'lang="ko"' in page
    assert "명령" in page


def test_a_case_can_be_written_and_audited(cli: Cli, tmp_path: Path) -> None:
    ran = cli("specimens", "case", "--seed", "4", "--out", "case", "--style", "goal")
    assert ran.code == 0, ran.err
    entries = load_instructions(tmp_path / "case" / "instructions.yaml")
    assert [entry.expert_action for entry in entries] == ["left", "right", "forward"]
    assert all(entry.text.startswith("go to the") for entry in entries)
    ran = cli("audit", "factories:random_monavla", "--case", "case", "--out", "run")
    assert ran.code == 0, ran.err
    named = {i.name: i.expected_action for i in Result.load(tmp_path / "run").record.instructions}
    assert named == {"left": "left", "right": "right", "forward": "forward"}


def test_version(cli: Cli) -> None:
    ran = cli("--version")
    assert (ran.code, ran.out.strip()) == (0, "0.1.0")


def test_forensics_on_the_seeds_tables(cli: Cli) -> None:
    ran = cli("forensics", SUMMARY, PER_LAYER)
    assert ran.code == 0, ran.err
    assert "288 per-layer and 12 summary rows of 4 models" in ran.out
    assert "[always_zero]" in ran.out
    assert "What no such table can prove" in ran.out
    as_json = json.loads(cli("forensics", SUMMARY, PER_LAYER, "--json").out)
    assert {"always_zero", "unaccounted"} <= {f["code"] for f in as_json["findings"]}
    assert cli("forensics", "none.csv").code == 1
