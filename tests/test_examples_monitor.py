"""examples/train_with_monitor.py as a person runs it, with few steps."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from heedmap.monitor.history import read_history

SCRIPT = Path(__file__).parents[1] / "examples" / "train_with_monitor.py"


def test_the_curve_of_used_rises(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--steps", "40", "--every", "40", "--trials", "2", "--out", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", [str(SCRIPT), *options])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(SCRIPT), run_name="__main__")
    assert ended.value.code == 0
    printed = capsys.readouterr().out
    assert "used (bits)" in printed
    assert "heedmap: 2 readings, " in printed.splitlines()[-1]
    before, after = read_history(tmp_path / "history.jsonl")
    assert (before.step, after.step) == (0, 40)
    assert abs(before.metrics["heedmap/used_mediated_bits"]) < 0.001
    assert after.metrics["heedmap/used_mediated_bits"] > 0.2
    assert (before.cause, after.cause) == ("unused", "none")


@pytest.mark.apart
def test_without_text_it_ends_before_the_first_step(tmp_path: Path) -> None:
    """In a process of its own, as a person runs it."""
    options = ["--wiring", "monavla", "--trials", "1", "--out", str(tmp_path)]
    command = [sys.executable, str(SCRIPT), *options]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert ran.returncode == 1
    assert ran.stderr.startswith("heedmap: stopped at step 0: The instruction is not in the seq")
    assert "Training would continue without text" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert len(read_history(tmp_path / "history.jsonl")) == 1
