"""The commands do their job: results land where they were asked for, and can be read."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from heedmap.cli.report import Kind
from heedmap.data.images import png_bytes
from heedmap.data.instructions import load_instructions
from heedmap.ladder.messages import say
from heedmap.record.result import Result
from heedmap.report.figures.kinds import KINDS
from heedmap.testbed.specimens.world import FrameCase
from tests.cli.conftest import FACTORIES, Cli
from tests.command_line import Ran, run_heedmap
from tests.report.forensics.test_read import PER_LAYER, SUMMARY

ARGUMENTS = (
    *("audit", "factories:random_monavla"),
    *("--instruction", "left=navigate to the left toward the red key"),
    *("--instruction", "right=navigate to the right toward the red key"),
    *("--instruction", "forward=navigate straight forward to the red key"),
    *("--declared", "image=0:64,text=64:+len"),
)


@pytest.fixture(scope="module")
def written(case: FrameCase, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ran]:
    """The folder of a result, and what its command said."""
    folder = tmp_path_factory.mktemp("written")
    (folder / "factories.py").write_text(FACTORIES)
    (folder / "hall.png").write_bytes(png_bytes(case.frame))
    options = ("--frame", "hall.png", "--out", "run", "--expect", "left=left")
    return folder / "run", run_heedmap(*ARGUMENTS, *options, cwd=folder)


@pytest.fixture
def run(written: tuple[Path, Ran], tmp_path: Path) -> Path:
    """The result once more, for a test of its own."""
    return shutil.copytree(written[0], tmp_path / "run")


def test_audit_writes_a_result_and_its_report(
    cli: Cli, frame: Path, written: tuple[Path, Ran], run: Path
) -> None:
    _, ran = written
    assert ran.code == 0, ran.err
    assert "The instruction is not in the sequence" in ran.out
    assert "Last Text%" in ran.out
    result = Result.load(run)
    assert result.record.policies[0].declared == "image=0:64,text=64:+len"
    assert result.record.instructions[0].expected_action == "left"
    page = (run / "report.html").read_text()
    assert 'lang="en"' in page
    # Once more: only on purpose.
    assert cli(*ARGUMENTS, "--frame", frame, "--out", "run").code == 1
    assert cli(*ARGUMENTS, "--frame", frame, "--out", "run", "--force").code == 0


def test_audit_without_out_keeps_its_result_and_says_where(
    cli: Cli, frame: Path, tmp_path: Path
) -> None:
    ran = cli(*ARGUMENTS, "--frame", frame)
    assert ran.code == 0, ran.err
    (kept,) = (tmp_path / "heedmap-runs").iterdir()
    assert f"Result: heedmap-runs/{kept.name}\n" in ran.out
    assert f"Report: {kept / 'report.html'}\n" in ran.out
    assert Result.load(kept).record.policies


def test_report_can_be_written_again_in_korean(cli: Cli, run: Path) -> None:
    ran = cli("report", "run", "--lang", "ko")
    assert ran.code == 0, ran.err
    page = (run / "report.html").read_text()
    assert '<html lang="ko"' in page
    assert not list(run.glob("report.ko.html")), "one page has both languages"


@pytest.mark.usefixtures("run")
def test_figures_are_drawn_to_files(cli: Cli, tmp_path: Path) -> None:
    ran = cli("figure", "run", "sequence", "--out", "strip.svg", "--lang", "ko")
    assert ran.code == 0, ran.err
    assert "시퀀스의 위치" in (tmp_path / "strip.svg").read_text()
    ran = cli("figure", "run", "shares", "--out", "shares.png", "--scale", "1")
    assert (tmp_path / "shares.png").read_bytes()[:4] == b"\x89PNG"
    for kind, name, message in (
        ("words", "words.svg", "nothing for the figure 'words'"),
        ("shares", "shares.eps", "ends in '.eps'"),
    ):
        ran = cli("figure", "run", kind, "--out", name)
        assert (ran.code, len(ran.err.strip().splitlines())) == (1, 1)
        assert message in ran.err
        assert not (tmp_path / name).exists()


def test_every_kind_of_figure_can_be_asked_for() -> None:
    assert {kind.value for kind in Kind} == set(KINDS)


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


def test_forensics_on_the_published_tables(cli: Cli) -> None:
    ran = cli("forensics", SUMMARY, PER_LAYER)
    assert ran.code == 0, ran.err
    assert "288 per-layer and 12 summary rows of 4 models" in ran.out
    assert f"1. {say('finding_name_always_zero')}: The region 'text'" in ran.out
    korean = cli("forensics", SUMMARY, PER_LAYER, "--lang", "ko").out
    assert "always_zero" not in korean
    assert f"1. {say('finding_name_always_zero', 'ko')}: " in korean
    assert "What no such table can prove" in ran.out
    as_json = json.loads(cli("forensics", SUMMARY, PER_LAYER, "--json").out)
    assert {"always_zero", "unaccounted"} <= {f["code"] for f in as_json["findings"]}
    assert cli("forensics", "none.csv").code == 1
