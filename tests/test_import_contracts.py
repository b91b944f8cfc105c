"""Contracts of pyproject.toml, read by `make check`, see an import in the wrong direction."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LINT = "from importlinter.cli import lint_imports_command as lint; lint(['--no-cache'])"


@pytest.mark.parametrize(
    ("module", "line", "broken"),
    [
        ("errors.py", "return", set()),
        ("errors.py", "from heedmap.report.page import render", {"A room imports"}),
        ("data/images.py", "from heedmap.ladder import verdict", {"A room imports"}),
        ("report/page/story.py", "import torch", {"What reads"}),
        ("record/result.py", "from heedmap.policies import base", {"A room imports", "What reads"}),
        ("new_room.py", "return", {"A room imports"}),
    ],
)
def test_the_contracts_see_a_planted_import(
    module: str, line: str, broken: set[str], tmp_path: Path
) -> None:
    """Inside a function, too; and a room that has no place in the order yet."""
    only_code = shutil.ignore_patterns("weights", "templates", "__pycache__")
    shutil.copytree(ROOT / "src" / "heedmap", tmp_path / "heedmap", ignore=only_code)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / "heedmap" / module).open("a") as file:
        file.write(f"\n\ndef planted():\n    {line}\n")
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-c", LINT],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path},
    )
    ended = [each for each in done.stdout.splitlines() if each.endswith((" KEPT", " BROKEN"))]
    assert len(ended) == 2, done.stdout + done.stderr
    assert done.returncode == (1 if broken else 0)
    told = [each for each in ended if each.endswith(" BROKEN")]
    assert len(told) == len(broken)
    for begin in broken:
        assert any(each.startswith(begin) for each in told), told
