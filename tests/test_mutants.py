"""`benchmarks.mutants` tells changes that a test notices from those that none does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TOY = """
def larger(one, two):
    return one if one > two else two


def half(number):
    return number / 2


def forever(number):
    while number > 0:
        number -= 1
    return number


def unheard(number):
    return number + 1
"""
TEST = """
from toy import forever, half, larger


def test_larger():
    assert larger(1, 2) == 2
    assert larger(2, 1) == 2


def test_half():
    assert half(0) == 0


def test_forever():
    assert forever(2) == 0
"""


@pytest.mark.apart
def test_changes_are_noticed_or_not(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "toy.py").write_text(TOY)
    (tmp_path / "test_toy.py").write_text(TEST)
    given = ("--here", "--files", "src/toy.py", "--tests", "test_toy.py", "--seconds", "1")
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks.mutants", *given],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(tmp_path / "src")])},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ran.returncode == 1, ran.stderr[-2000:]
    told = ran.stdout
    assert "unnoticed: toy.x_half__mutmut_1" in told
    assert "no test: toy.x_unheard__mutmut_1" in told
    assert "+    return number - 1" in told
    assert "if one >= two else two" in told, "of equal numbers either is right"
    lines = [line for line in told.splitlines() if line.startswith("| src/toy.py |")]
    changes, noticed, unnoticed, untried = map(int, lines[0].split("|")[2:6])
    assert noticed >= 3, "a loop without end among them"
    assert changes == noticed + unnoticed + untried
