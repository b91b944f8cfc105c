"""Bad input: one clear sentence, a non-zero exit, and nothing half-written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Cli, Ran

POLICY = "factories:random_monavla"
LEFT, RIGHT = "left=go to the left", "right=go to the right"


def assert_refused(ran: Ran, *words: str) -> None:
    """One sentence on standard error, without a traceback, that holds these words."""
    assert ran.code == 1, ran
    assert ran.out == ""
    lines = ran.err.strip().splitlines()
    assert len(lines) == 1, ran.err
    assert lines[0].startswith("error: ")
    for word in words:
        assert word in lines[0], (word, lines[0])


def audit(cli: Cli, *arguments: str | Path, policy: str = POLICY) -> Ran:
    return cli("audit", policy, "--out", "run", *arguments)


@pytest.fixture(autouse=True)
def nothing_is_half_written(tmp_path: Path):
    before = {path.name for path in tmp_path.iterdir()}
    yield
    left = {path.name for path in tmp_path.iterdir()} - before
    assert left <= {"__pycache__", "factories.py", "hall.png", "given"}, left


def test_missing_frame(cli: Cli) -> None:
    ran = audit(cli, "--frame", "none.png", "--instruction", LEFT, "--instruction", RIGHT)
    assert_refused(ran, "none.png does not exist", "give the path")


def test_corrupt_png(cli: Cli, frame: Path) -> None:
    frame.write_bytes(frame.read_bytes()[:200])
    ran = audit(cli, "--frame", frame, "--instruction", LEFT, "--instruction", RIGHT)
    assert_refused(ran, "cannot be read as an image", "intact PNG or JPEG")


def test_no_frame(cli: Cli) -> None:
    ran = audit(cli, "--instruction", LEFT, "--instruction", RIGHT)
    assert_refused(ran, "No frame was given", "--frame FILE")


def test_one_instruction_only(cli: Cli, frame: Path) -> None:
    ran = audit(cli, "--frame", frame, "--instruction", LEFT)
    assert_refused(ran, "at least two; got 1", "Add another")


def test_two_equal_names(cli: Cli, frame: Path) -> None:
    ran = audit(cli, "--frame", frame, "--instruction", LEFT, "--instruction", "left=go back")
    assert_refused(ran, "Two instructions are named 'left'")


def test_an_instruction_over_the_length_limit(cli: Cli, frame: Path) -> None:
    long = "right=" + "go " * 300
    ran = audit(cli, "--frame", frame, "--instruction", LEFT, "--instruction", long)
    assert_refused(ran, "304 tokens", "at most 256", "shorten it")


def test_an_unknown_specimen_with_a_did_you_mean(cli: Cli, frame: Path) -> None:
    arguments = ("--frame", frame, "--instruction", LEFT, "--instruction", RIGHT)
    ran = audit(cli, *arguments, policy="specimen:exp42_counterfactual@sound")
    assert_refused(ran, "did you mean 'exp42_counterfactual_pta@sound'?", "specimens list")
    ran = audit(cli, *arguments, policy="specimen:exp42_counterfactual_pta")
    assert_refused(ran, "did you mean 'exp42_counterfactual_pta@")


def test_a_factory_that_raises(cli: Cli, frame: Path) -> None:
    arguments = ("--frame", frame, "--instruction", LEFT, "--instruction", RIGHT)
    ran = audit(cli, *arguments, policy="factories:raises")
    assert_refused(ran, "'factories:raises' raised RuntimeError: no such checkpoint")
    ran = audit(cli, *arguments, policy="factories:returns_a_module")
    assert_refused(ran, "returned a Linear, expected (run, module)")
    ran = audit(cli, *arguments, policy="factories:none")
    assert_refused(ran, "has no function 'none'")
    ran = audit(cli, *arguments, policy="no_such_module:f")
    assert_refused(ran, "'no_such_module' cannot be imported")
    ran = audit(cli, *arguments, policy="exp42")
    assert_refused(ran, "'exp42' is not a policy; give 'specimen:NAME@WIRING'")


def test_an_output_folder_that_cannot_be_written(cli: Cli, frame: Path, tmp_path: Path) -> None:
    (tmp_path / "given").write_text("a file")
    ran = cli(
        *("audit", POLICY, "--out", "given/run", "--frame", frame),
        *("--instruction", LEFT, "--instruction", RIGHT),
    )
    assert_refused(ran, "given/run cannot be written")
    ran = cli("demo", "--out", "given")
    assert_refused(ran, "given exists and is not a folder")
    ran = cli("specimens", "case", "--seed", "0", "--out", "given/case")
    assert_refused(ran, "cannot be written to given/case")


def test_declared_regions_beyond_the_sequence(cli: Cli, frame: Path) -> None:
    arguments = ("--frame", frame, "--instruction", LEFT, "--instruction", RIGHT)
    ran = audit(cli, *arguments, "--declared", "image=0:64,text=250:+len")
    assert_refused(ran, "'text' ends at position 257", "257 positions (0-256)")
    ran = audit(cli, *arguments, "--declared", "image=0-64")
    assert_refused(ran, "'image=0-64' cannot be read", "name=start:stop")


def test_an_expectation_for_nobody(cli: Cli, frame: Path) -> None:
    arguments = ("--frame", frame, "--instruction", LEFT, "--instruction", RIGHT)
    ran = audit(cli, *arguments, "--expect", "up=left")
    assert_refused(ran, "expected for the instruction 'up'", "left, right")


def test_a_report_of_nothing(cli: Cli) -> None:
    assert_refused(cli("report", "none"), "none is not a heedmap result")


def test_a_case_folder_that_is_not_there(cli: Cli) -> None:
    assert_refused(audit(cli, "--case", "none"), "case folder none does not exist")


BOTH = ("--instruction", LEFT, "--instruction", RIGHT)


def test_an_expectation_that_is_no_action(cli: Cli, frame: Path) -> None:
    ran = audit(cli, "--frame", frame, *BOTH, "--expect", "left=up")
    assert_refused(ran, "up", "left, right, forward")


def test_a_sign_expected_of_a_discrete_head(cli: Cli, frame: Path) -> None:
    ran = audit(cli, "--frame", frame, *BOTH, "--expect", "left=dim1:+")
    assert_refused(ran, "dim1:+")


def test_a_paraphrase_of_no_instruction(cli: Cli, frame: Path) -> None:
    ran = audit(cli, "--frame", frame, *BOTH, "--paraphrase", "back=go back")
    assert_refused(ran, "the instruction 'back'", "left, right")


def test_a_recorded_instruction_that_was_not_given(cli: Cli, frame: Path) -> None:
    ran = audit(cli, "--frame", frame, *BOTH, "--recorded", "back")
    assert_refused(ran, "'back' is said to be", "left, right")


def test_cases_beside_a_frame(cli: Cli, frame: Path) -> None:
    ran = audit(cli, "--cases", "given", "--frame", frame)
    assert_refused(ran, "--cases brings frames")


def test_a_folder_without_cases(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "given").mkdir()
    ran = audit(cli, "--cases", "given")
    assert_refused(ran, "given holds no case folders", "--count")


@pytest.mark.parametrize(
    "command",
    [("audit", "x", "--cases", "given"), ("exam", "given", "--policy", "x"), ("needed", "given")],
)
def test_one_case_where_a_folder_of_them_is_due(
    command: tuple[str, ...], cli: Cli, tmp_path: Path
) -> None:
    (tmp_path / "given").mkdir()
    (tmp_path / "given" / "instructions.yaml").write_text("[]")
    assert_refused(cli(*command), "given is one case; give the folder that holds it")


def test_a_folder_of_nothing_is_no_data_set_of_an_exam(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "given").mkdir()
    ran = cli("exam", "given", "--policy", "x")
    assert_refused(ran, "a folder of cases is given as --cases, or as DATASET")


def test_names_from_outside_are_no_commands_to_a_terminal(cli: Cli) -> None:
    ran = cli("words", "esc\x1b[31mname\u202e.foo")
    assert ran.code == 1
    assert "\x1b" not in ran.err
    assert "\u202e" not in ran.err
    assert "esc\ufffd[31mname.foo" in ran.err
