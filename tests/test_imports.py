"""Imports run one way, from the command line down to the errors; and the light parts stay light."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "heedmap"

# From bottom to top. A module may import from its own rank and from those above it in
# this list, never from one below.
RANKS: list[tuple[str, ...]] = [
    ("errors",),
    (
        "pixels",
        "types",
        "regions",
        "files",
        "evidence",
        "checkpoints",
        "shown",
        "stages",
        "attempts",
    ),
    ("verdict", "inputs", "manifest"),
    ("record", "tables", "case_table"),
    ("provenance", "variants", "folders", "reading", "result", "pooling"),
    ("disagreements",),
    ("ladder", "capture"),
    ("layout", "batches"),
    ("measures", "specimens"),
    ("policies", "facts"),
    ("preparation", "observe", "branching"),
    ("interventions",),
    ("lower",),
    ("upper", "embeddings"),
    ("diagnosis", "black_box"),
    ("climb",),
    ("pipeline", "report", "forensics"),
    ("demo", "scoreboard", "needed", "monitor"),
    ("sweep",),
    ("cli",),
]


def rank_of(part: str) -> int:
    ranks = [index for index, parts in enumerate(RANKS) if part in parts]
    assert ranks, f"heedmap.{part} has no rank yet: give it its place in RANKS"
    return ranks[0]


def imported_parts(path: Path) -> set[str]:
    """The parts of heedmap that a file imports, at its top or inside functions."""
    parts: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        names = [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        parts.update(name.split(".")[1] for name in names if name.startswith("heedmap."))
    return parts


def test_imports_run_one_way() -> None:
    for path in sorted(SOURCE.rglob("*.py")):
        part = path.relative_to(SOURCE).parts[0].removesuffix(".py")
        if part == "__init__":
            continue
        for imported in imported_parts(path):
            assert rank_of(imported) <= rank_of(part), f"{path} imports heedmap.{imported}"


def test_the_guard_sees_an_import_against_the_direction(tmp_path: Path) -> None:
    planted = tmp_path / "errors.py"
    planted.write_text("def f():\n    from heedmap.report.page.render import write_html\n")
    assert any(rank_of(part) > rank_of("errors") for part in imported_parts(planted))


def run_python(code: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.parametrize(
    "module",
    [
        "heedmap",
        "heedmap.record",
        "heedmap.report.page.render",
        "heedmap.forensics.findings",
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
