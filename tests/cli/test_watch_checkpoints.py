"""`heedmap watch-checkpoints` on a run whose checkpoints follow, ignore, or cannot be read."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from heedmap.record.record import RECORD_FILE
from heedmap.record.result import Result
from tests.cli.conftest import Cli
from tests.command_line import Ran
from tests.data.recordings import write_lerobot_3

POLICIES = """
from functools import partial
from pathlib import Path
import torch
from heedmap import CallablePolicy

def made(step):
    content = Path(f"run/{step}.ckpt").read_text()
    side = torch.nn.Embedding(2, 3)
    side.weight.data = {"follows": torch.eye(3)[:2] * 5, "ignores": torch.zeros(2, 3)}[content]

    def run(frames, texts):
        bright = torch.stack([torch.tensor(frame).float().mean((0, 1)) / 255 for frame in frames])
        return side(torch.tensor([int("right" in text) for text in texts])) + bright

    return CallablePolicy("p", run, side, action_names=["left", "right", "forward"])

at_1, at_2, at_3, at_10 = (partial(made, step) for step in (1, 2, 3, 10))
"""
ASKED = (
    *("--frame", "set#frames=0,2", "--instruction", "left=go left", "--instruction"),
    *("right=go right", "--paraphrase", "left=drive left", "--expect", "left=left"),
    *("--expect", "right=right", "--until", "exchange", "--settle", "0"),
)
Run = Path


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """An empty run, beside the frames and the policies of its checkpoints."""
    (tmp_path / "steps.py").write_text(POLICIES)
    write_lerobot_3(tmp_path / "set")
    (tmp_path / "run").mkdir()
    return tmp_path / "run"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the pages of single checkpoints, which take longer than their audits."""
    monkeypatch.setattr("heedmap.report.page.render.render_html", lambda *_: "<html></html>")
    monkeypatch.setattr("heedmap.report.run_page._drawings", lambda _: [])


def write(run: Run, **contents: str) -> None:
    """Checkpoints `stepN="follows"`, or other content."""
    for name, content in contents.items():
        (run / f"{name.removeprefix('step')}.ckpt").write_text(content)


def watch(cli: Cli, *more: str, asked: tuple[str, ...] = ASKED) -> Ran:
    policy = ("--checkpoints", "*.ckpt", "--policy", "steps:at_{step}")
    return cli("watch-checkpoints", "run", *policy, *asked, *more)


def test_a_line_and_a_page_each_and_an_overview(cli: Cli, run: Run, tmp_path: Path) -> None:
    write(run, step10="follows", step2="ignores")
    ran = watch(cli, "--once")
    assert ran.code == 0, ran.err
    two, ten, overview = ran.out.splitlines()
    assert two.startswith("step 2: Fails step ")
    assert ten.startswith("step 10: Follows the instruction; action as expected 100 % (4 of 4);")
    assert "bits, by paraphrase 0.00 bits" in ten
    assert "2 frames x 2 instructions = 4 pairs of frame and instruction, from set" in ran.err
    made = tmp_path / "run-heedmap"
    assert overview == f"Overview: {made / 'index.html'}"
    page = (made / "index.html").read_text()
    assert 'href="000002/report.html"' in page
    assert 'href="000010/report.html"' in page
    assert (made / "000010/report.html").is_file()
    assert Result.load(made / "000010").record.run.arguments["watched"]["step"] == 10


@pytest.mark.usefixtures("quick")
def test_a_loss_is_an_exit_code_of_its_own(cli: Cli, run: Run, tmp_path: Path) -> None:
    write(run, step1="follows", step2="ignores", step3="ignores")
    ran = watch(cli, "--once")
    assert ran.code == 4
    assert "step 3: Fails step" in ran.out, "all that are there are audited"
    assert "The instruction was lost between step 1 and step 2." in ran.err
    assert "lost between step 1 and step 2" in (tmp_path / "run-heedmap/index.html").read_text()
    assert watch(cli, "--once", "--fail-on", "never").code == 0
    watching = watch(cli, "--out", "other")
    assert watching.code == 4
    assert "step 2: Fails step" in watching.out
    assert "step 3" not in watching.out, "watching ends where the instruction is lost"


@pytest.mark.usefixtures("quick")
def test_a_last_checkpoint_that_fails(cli: Cli, run: Run) -> None:
    write(run, step1="ignores")
    assert watch(cli, "--once", "--fail-on", "failing").code == 4
    write(run, step2="follows")
    assert watch(cli, "--until-step", "2", "--fail-on", "failing").code == 0


@pytest.mark.usefixtures("quick")
def test_what_was_audited_is_kept_and_what_was_written_anew_is_not(
    cli: Cli, run: Run, tmp_path: Path
) -> None:
    write(run, step1="ignores", step2="ignores")
    assert watch(cli, "--once").code == 0
    records = [tmp_path / f"run-heedmap/00000{step}/{RECORD_FILE}" for step in (1, 2)]
    before = [path.read_bytes() for path in records]
    write(run, step2="follows")
    ran = watch(cli, "--once")
    assert "step 1: Fails step" in ran.out
    assert "step 2: Follows the instruction" in ran.out
    after = [path.read_bytes() for path in records]
    assert [one == other for one, other in zip(before, after, strict=True)] == [True, False]
    (run / "1.ckpt").unlink()  # training keeps the last ones only
    ran = watch(cli, "--once")
    assert ran.code == 0, ran.err
    assert 'href="000001/report.html"' in (tmp_path / "run-heedmap/index.html").read_text()


@pytest.mark.usefixtures("quick")
def test_results_of_other_questions_are_not_mixed(cli: Cli, run: Run) -> None:
    write(run, step1="follows")
    assert watch(cli, "--once").code == 0
    told = "was made with another policy or other frames, instructions or options; choose another"
    others = (("--seed", "1"), ("--policy", "steps:at_{step}?name=p"), ("--allow-partial",))
    for more in others:
        ran = watch(cli, "--once", *more)
        assert ran.code == 1
        assert told in ran.err
    assert watch(cli, "--once").code == 0, "the same ones are still taken"


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("case", [True, False])
def test_results_of_frames_with_the_same_name_are_not_mixed(cli: Cli, run: Run, case: bool) -> None:
    write(run, step1="follows")
    names = ("left", "right")
    texts = "".join(
        f"- {{name: {name}, text: go {name}, expert_action: {name}}}\n" for name in names
    )
    folder = run.parent / "cases/one"
    folder.mkdir(parents=True)
    (folder / "instructions.yaml").write_text(texts)
    given = ("--case", str(folder)) if case else ("--cases", str(folder.parent))
    asked = (*given, "--until", "exchange", "--settle", "0", "--once")
    for shade, code in ((10, 0), (200, 1)):
        Image.new("RGB", (32, 32), (shade, 0, 0)).save(folder / "frame.png")
        ran = watch(cli, asked=asked)
        assert ran.code == code, ran.err
    assert "was made with another policy or other frames" in ran.err


@pytest.mark.usefixtures("quick")
def test_a_checkpoint_that_cannot_be_audited_is_named_and_tried_again(cli: Cli, run: Run) -> None:
    write(run, step1="damaged", step2="follows")
    ran = watch(cli, "--once")
    assert ran.code == 3
    assert "step 1: not audited: The factory 'steps:at_1' raised KeyError" in ran.err
    assert "step 2: Follows the instruction" in ran.out
    write(run, step1="follows")
    assert watch(cli, "--once").code == 0


@pytest.mark.usefixtures("quick")
def test_an_empty_checkpoint_is_named_and_passed(cli: Cli, run: Run) -> None:
    (run / "1.ckpt").mkdir()
    write(run, step2="follows")
    ran = watch(cli, "--once")
    assert ran.code == 3
    assert "step 1: not audited: The checkpoint run/1.ckpt has no files" in ran.err
    assert "step 2: Follows the instruction" in ran.out


@pytest.mark.usefixtures("quick")
def test_one_that_was_spoilt_loses_its_verdict(cli: Cli, run: Run, tmp_path: Path) -> None:
    write(run, step1="follows", step2="ignores")
    assert watch(cli, "--once").code == 4
    write(run, step2="damaged")
    assert watch(cli, "--once").code == 3
    overview = tmp_path / "run-heedmap/index.html"
    assert "000001/report.html" in overview.read_text()
    assert "000002/report.html" not in overview.read_text()
    write(run, step1="damaged")
    assert watch(cli, "--once").code == 3
    assert not overview.exists()


@pytest.mark.usefixtures("quick")
def test_tasks_of_a_data_set_show_a_loss_without_expected_actions(cli: Cli, run: Run) -> None:
    tasks = run.parent / "set/meta/tasks.parquet"
    table = pq.read_table(tasks)
    texts = pa.array(["go to the left", "go to the right"])
    pq.write_table(table.set_column(1, table.column_names[1], texts), tasks)
    write(run, step1="follows", step2="ignores")
    asked = ("--cases", "set", "--until", "exchange", "--settle", "0", "--once")
    ran = watch(cli, asked=asked)
    assert ran.code == 4, ran.err
    assert "4 frames x 2 instructions = 8 pairs" in ran.err
    assert "The instruction was lost between step 1 and step 2." in ran.err


@pytest.mark.usefixtures("quick")
def test_options_that_cannot_be_used(cli: Cli, run: Run) -> None:
    write(run, step1="follows")
    for more, told in (
        (("--action-scale", "1,x"), "is no list of positive numbers"),
        (("--policy", "steps:at_1"), "is the same policy at every step"),
        (("--checkpoints", ""), "The pattern '' cannot be used"),
        (("--checkpoints", "**.ckpt"), "The pattern '**.ckpt' cannot be used"),
        (("--interval", "inf"), "--interval inf is no time to wait"),
        (("--settle", "inf"), "--settle inf is no time to wait"),
    ):
        ran = watch(cli, "--once", *more)
        assert ran.code == 1
        assert told in ran.err
        assert "Traceback" not in ran.err
    ran = cli("watch-checkpoints", "run", *ASKED, "--once")
    assert "has no checkpoints with a number in their path (looked for checkpoints/" in ran.err
