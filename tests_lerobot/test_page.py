"""docs/lerobot.md: its command gives what it shows."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.command_line import run_heedmap
from tests_lerobot import tiny
from tests_lerobot.data_set import write_data_set

PAGE = (Path(__file__).parents[1] / "docs" / "lerobot.md").read_text()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What the page speaks of: a training run and a data set."""
    steps = tmp_path / "outputs" / "train" / "my_smolvla" / "checkpoints"
    tiny.smolvla(steps / "005000" / "pretrained_model")
    (steps / "last").symlink_to("005000")
    write_data_set(tmp_path / "my-data")
    return tmp_path


def plain(text: str) -> str:
    """Words and marks; numbers may differ in their last digits between machines."""
    return re.sub(r"\d+\.\d+", "N", " ".join(text.split()))


def test_the_command_gives_what_the_page_shows(folder: Path) -> None:
    (block,) = re.findall(r"```console\n\$ (heedmap audit .*?)```", PAGE, re.S)
    command, _, shown = block.partition("\n")
    ran = run_heedmap(*shlex.split(command)[1:], cwd=folder)
    assert ran.code == 0, ran.err[-2000:]
    assert plain(ran.out).startswith(plain(shown))
    assert "Traceback" not in ran.err
    assert (folder / "result" / "report.html").exists()
