"""examples/train_with_monitor.py as a person runs it, with few steps."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from heedmap.monitor.history import read_history

SCRIPT = Path(__file__).parents[1] / "examples" / "train_with_monitor.py"


def run(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


def test_the_curve_of_used_rises(tmp_path: Path) -> None:
    ran = run("--steps", "40", "--every", "40", "--trials", "2", "--out", str(tmp_path))
    assert ran.returncode == 0, ran.stderr
    assert "used (bits)" in ran.stdout
    assert "heedmap: 2 readings, " in ran.stdout.splitlines()[-1]
    before, after = read_history(tmp_path / "history.jsonl")
    assert (before.step, after.step) == (0, 40)
    assert abs(before.metrics["heedmap/used_mediated_bits"]) < 0.001
    assert after.metrics["heedmap/used_mediated_bits"] > 0.2
    assert (before.cause, after.cause) == ("unused", "none")


def test_without_text_it_ends_before_the_first_step(tmp_path: Path) -> None:
    ran = run("--wiring", "monavla", "--trials", "1", "--out", str(tmp_path))
    assert ran.returncode == 1
    assert ran.stderr.startswith("heedmap: stopped at step 0: The instruction is not in the seq")
    assert "Training would continue without text" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert len(read_history(tmp_path / "history.jsonl")) == 1
