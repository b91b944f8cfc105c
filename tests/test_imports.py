"""What need not be installed or imported is not: the light parts stay light."""

from __future__ import annotations

import subprocess
import sys

import pytest


def run_python(code: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.parametrize(
    "module",
    [
        "heedmap",
        "heedmap.record.record",
        "heedmap.report.page.render",
        "heedmap.report.forensics.findings",
        "heedmap.sweep.pooled",
    ],
)
def test_results_and_reports_need_no_torch(module: str) -> None:
    done = run_python(f"import sys, {module}; print('torch' in sys.modules)")
    assert (done.stdout.strip(), done.stderr) == ("False", "")


def test_help_works_with_the_runtime_dependencies_alone() -> None:
    """No package of the extras `specimens`, `test` or `dev` may be needed."""
    extras = ("minigrid", "gymnasium", "beartype", "hypothesis", "pytest", "ruff", "pyright")
    start = "from heedmap.cli.main import main\nmain()\n"
    code = f"import sys\nfor name in {extras!r}: sys.modules[name] = None\n"
    done = run_python(f"{code}sys.argv = ['heedmap', '--help']\n{start}")
    assert done.returncode == 0, done.stderr
    assert "audit" in done.stdout
    specimen = "specimen:exp42_counterfactual_pta@sound"
    done = run_python(f"{code}sys.argv = ['heedmap', 'doctor', {specimen!r}]\n{start}")
    assert done.returncode == 0, done.stderr
    assert "visible: holds" in done.stdout
    # The same guard, where the extra really is needed: one sentence on what to install.
    drive = ["heedmap", "specimens", "drive", specimen.removeprefix("specimen:")]
    done = run_python(f"{code}sys.argv = {drive!r}\n{start}")
    assert done.returncode == 1
    assert "pip install 'PATH-TO-CLONE[specimens]'" in done.stderr
