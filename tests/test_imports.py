"""What need not be installed or imported is not: the light parts stay light."""

from __future__ import annotations

import subprocess
import sys

import pytest


def run_python(code: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


WITHOUT = """
import sys
for name in {extras!r}:
    sys.modules[name] = None
from heedmap.cli.main import main
for sys.argv in {commands!r}:
    try:
        main()
    except SystemExit as ended:
        print(ended.code, file=sys.stderr)
"""
"""Commands where some packages are not there, and the exit code of each."""


@pytest.mark.parametrize(
    "module",
    [
        "heedmap",
        "heedmap.record.record",
        "heedmap.report.page.render",
        "heedmap.report.forensics.findings",
        "heedmap.sweep.result",
        "heedmap.report.words.page",
        "heedmap.report.words.sources",
    ],
)
def test_results_and_reports_need_no_torch(module: str) -> None:
    done = run_python(f"import sys, {module}; print('torch' in sys.modules)")
    assert (done.stdout.strip(), done.stderr) == ("False", "")


@pytest.mark.parametrize("module", ["heedmap.monitor.tap.page", "heedmap.report.words.page"])
def test_pages_without_a_chart_need_nothing_that_draws(module: str) -> None:
    done = run_python(f"import sys, {module}; print({{'altair', 'vl_convert'}} & {{*sys.modules}})")
    assert (done.stdout.strip(), done.stderr) == ("set()", "")


@pytest.mark.apart
def test_help_works_with_the_runtime_dependencies_alone() -> None:
    """No package of the extras `specimens`, `test` or `dev` may be needed."""
    extras = ("minigrid", "gymnasium", "beartype", "hypothesis", "pytest", "ruff", "pyright")
    extras = (*extras, "msgpack", "websockets")
    specimen = "specimen:exp42_counterfactual_pta@sound"
    commands = [
        ["heedmap", "--help"],
        ["heedmap", "doctor", specimen],
        # Here the extra really is needed: one sentence on what to install.
        ["heedmap", "specimens", "drive", specimen.removeprefix("specimen:")],
        ["heedmap", "tap", "ws://127.0.0.1:1", "--out", "run"],
    ]
    done = run_python(WITHOUT.format(extras=extras, commands=commands))
    codes = [line for line in done.stderr.splitlines() if line.isdigit()]
    assert codes == ["0", "0", "1", "1"], done.stderr
    helped, _, checked = done.stdout.partition("tokenised:")
    assert "audit" in helped
    assert "visible: passes" in checked
    assert "pip install 'PATH-TO-CLONE[specimens]'" in done.stderr
    assert "pip install 'PATH-TO-CLONE[server]'" in done.stderr
