"""docs/sweep.md says what the code does, and its commands, the example and the notebook run."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import yaml

from heedmap.sweep.engine import run_sweep
from heedmap.sweep.grid import Asked, FrameEntry, Grid, PolicyEntry, SpecimenCases
from heedmap.sweep.local import LocalEngine
from heedmap.sweep.plan import SWEEP_SCHEMA_VERSION, Plan
from heedmap.sweep.store import RunFolder
from heedmap.sweep.tables import RUN_SCHEMAS, RUN_TABLES
from tests.sweep.runs import ROOT, plan_of, told
from tests.test_docs import first_cells, section

PAGE = (ROOT / "docs" / "sweep.md").read_text()
EXAMPLES = ROOT / "examples"


def test_every_column_is_documented_with_its_type() -> None:
    for name in RUN_TABLES:
        rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \|", section(PAGE, name), re.M)
        assert rows == [(field.name, str(field.type)) for field in RUN_SCHEMAS[name]], name


def test_every_key_of_a_grid_and_of_a_plan_is_documented_and_no_other() -> None:
    models = {
        "Keys of a grid": Grid,
        "Keys of a policy": PolicyEntry,
        "Keys of frames": FrameEntry,
        "Keys of an instruction": Asked,
        "plan.json": Plan,
    }
    for title, model in models.items():
        assert first_cells(section(PAGE, title)) == set(model.model_fields), title
    for key in SpecimenCases.model_fields:
        assert f"`{key}`" in section(PAGE, "Keys of frames")
    assert f"(now {SWEEP_SCHEMA_VERSION})" in PAGE


def test_the_grid_of_the_page_is_one() -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.S)
    content = yaml.safe_load(text)
    content["instructions"]["ways"] = {"a": "turn left", "b": "turn right"}  # a file of the user's
    grid = Grid.model_validate(content)
    assert [entry.brings_instructions for entry in grid.frames] == [False, False, True, True, True]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example's grid with a few frames, where the page's commands look for it."""
    folder = tmp_path_factory.mktemp("page")
    content = yaml.safe_load((EXAMPLES / "grid.yaml").read_text())
    assert plan_of(EXAMPLES / "grid.yaml").cells, "the example as it is"
    content["policies"] = content["policies"][:1]
    content["frames"][0]["specimen_cases"]["count"] = 2
    content["frames_per_cell"] = 1
    (folder / "examples").mkdir()
    (folder / "examples" / "grid.yaml").write_text(yaml.safe_dump(content))
    return folder


@pytest.fixture(scope="module")
def run(small: Path) -> RunFolder:
    folder = RunFolder.begin(small / "first-run", plan_of(small / "examples" / "grid.yaml"))
    run_sweep(folder, LocalEngine())
    return folder


def test_the_commands_of_the_page_run(small: Path, run: RunFolder) -> None:
    """The run itself was made before; its command finds all cells done."""
    commands = re.findall(r"^\$ heedmap (.*)$", PAGE, re.M)
    assert {shlex.split(each)[0] for each in commands} == {"sweep", "summary", "query", "merge"}
    for each in commands:
        if "--dry-run" in each:
            continue  # tests/sweep/test_commands.py
        code, printed, err = told(*shlex.split(each), cwd=small)
        assert code == 0, f"{each}: {err}"
        assert printed
    assert len(RunFolder.open(small / "merged").statuses()) == len(run.plan.cells)
