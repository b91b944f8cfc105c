"""What is wrong with a grid is told by line and key; what it names is found."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from heedmap.data.images import png_bytes
from heedmap.errors import InputError
from heedmap.sweep.grid_file import GridFile
from heedmap.sweep.plan import difference
from heedmap.sweep.planning import make_plan
from heedmap.testbed.specimens.cases import frame_case
from tests.sweep.runs import grid, plan_of

GOOD = """policies:
  - specimen:exp42_counterfactual_pta@sound
frames:
  - specimen_cases:
      count: 3
"""
SET = "instructions:\n  sides:\n    left: go left\n    right: go right\n"


def error_of(folder: Path, text: str) -> str:
    path = folder / "grid.yaml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        make_plan(GridFile(path))
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "line", "key", "told"),
    [
        (GOOD + "measure: [attention]\n", 6, "measure", "did you mean 'measures'"),
        (
            GOOD.replace("count: 3", "counts: 3"),
            5,
            "frames[0].specimen_cases.counts",
            "did you mean 'count'",
        ),
        (GOOD.replace("count: 3", "count: 0"), 5, "frames[0].specimen_cases.count", "got 0"),
        (GOOD + "batch: many\n", 6, "batch", "valid integer"),
        (GOOD + "seed: 1\nseed: 2\n", 7, "seed", "twice"),
        (GOOD + "interventions: [cut]\n", 6, "interventions", "each needs those before it"),
        (GOOD + "interventions: [exchange, cuts]\n", 6, "interventions[1]", "'cuts'"),
        (GOOD.replace("specimen:exp42", "specimen:exp44"), 2, "policies[0]", "did you mean"),
        (GOOD.replace("specimen:exp42", "specimen:exp5*"), 2, "policies[0]", "no specimen matches"),
        (GOOD.replace("specimen:exp42_counterfactual_pta@sound", "x"), 2, "policies[0]", "policy"),
        (GOOD.replace("specimen:", "kosmos2:runs/*/"), 2, "policies[0]", "nothing matches"),
        (GOOD.replace("specimen:", "kosmos2:runs/"), 2, "policies[0]", "does not exist"),
        (GOOD + "  - missing.png\n", 6, "frames[1]", "does not exist"),
        (GOOD + "  - shots/*.png\n", 6, "frames[1]", "nothing matches"),
        (GOOD + "  - {cases: here}\n", 6, "frames[1]", "holds no case folders"),
        (GOOD + "  - {path: a.png, cases: b}\n", 6, "frames[1]", "exactly one of"),
        (GOOD + "  - {specimen_cases: {count: 2}}\n", 6, "frames[1]", "named 'case-0'"),
        (GOOD + SET, 6, "instructions", "instructions of their own"),
        (GOOD + "instructions:\n  sides:\n    left: go left\n", 6, "instructions", "two"),
        (GOOD + "instructions:\n  sides: there.yaml\n", 7, "instructions.sides", "not exist"),
        ("policies: [\n", 2, "", "expected"),
        ("- policies\n", 1, "", "a grid is a mapping"),
        ("frames: []\n", 1, "policies", "this key is needed"),
    ],
    ids=range(23),
)
def test_an_error_names_line_and_key(
    text: str, line: int, key: str, told: str, tmp_path: Path
) -> None:
    message = error_of(tmp_path, text)
    assert message.startswith(f"grid.yaml, line {line}{f', {key}' if key else ''}"), message
    assert told in message
    assert "\n" not in message


def test_a_grid_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.yaml does not exist"):
        GridFile(tmp_path / "none.yaml")


def test_globs_over_specimens_and_checkpoints(tmp_path: Path) -> None:
    for run in ("exp1", "exp2"):
        (tmp_path / "runs" / run).mkdir(parents=True)
        (tmp_path / "runs" / run / "last.ckpt").write_bytes(b"weights")
    policies = ["specimen:*@sound", "kosmos2:runs/*/last.ckpt?wiring=monavla"]
    plan = plan_of(grid(tmp_path, policies))
    names = [policy.name for policy in plan.policies]
    assert len(names) == 6
    assert names[-2:] == ["kosmos2:exp1/last", "kosmos2:exp2/last"]
    assert plan.policies[-1].spec.endswith("runs/exp2/last.ckpt?wiring=monavla")
    assert list(plan.policies[-1].files) == [str(tmp_path / "runs/exp2/last.ckpt")]


def test_a_changed_checkpoint_is_another_plan(tmp_path: Path) -> None:
    checkpoint = tmp_path / "last.ckpt"
    checkpoint.write_bytes(b"weights")
    path = grid(tmp_path, ["kosmos2:last.ckpt"])
    before = plan_of(path)
    assert difference(before, plan_of(path)) is None
    checkpoint.write_bytes(b"other weights")
    told = difference(before, plan_of(path))
    assert told is not None
    assert told.startswith(f"policies[0].files.{checkpoint} is '13 bytes")


def test_folders_of_images_and_episodes_with_a_stride(tmp_path: Path) -> None:
    (tmp_path / "shots").mkdir()
    for number in range(3):
        (tmp_path / "shots" / f"s{number}.png").write_bytes(png_bytes(frame_case(number).frame))
    with h5py.File(tmp_path / "drive.h5", "w") as file:
        file["observations/images"] = np.stack([frame_case(n).frame for n in range(10)])
    frames = ["shots", {"path": "drive.h5", "first": 1, "stride": 3, "count": 2}]
    sets = {"sides": {"left": "go left", "right": {"text": "go right", "expert_action": "right"}}}
    plan = plan_of(grid(tmp_path, frames=frames, instructions=sets))
    names = [frame.name for frame in plan.frames]
    assert names == ["s0", "s1", "s2", "drive_000001", "drive_000004"]
    assert [frame.episode for frame in plan.frames] == [None, None, None, "drive", "drive"]
    assert plan.sets[0].frames == (0, 1, 2, 3, 4)
    assert str(tmp_path / "drive.h5") in plan.files


def test_cells_cover_every_frame_of_every_policy_once(tmp_path: Path) -> None:
    plan = plan_of(grid(tmp_path, ["sound", "overwritten"], count=5))
    assert [cell.id for cell in plan.cells] == [
        f"p{policy:02d}-s0-f{first:05d}" for policy in range(2) for first in (0, 2, 4)
    ]
    per_policy = [f.name for cell in plan.cells[:3] for f in plan.frames_of(cell)]
    assert per_policy == [f"case-{number}" for number in range(5)]
    for shards in (1, 2, 4, 6):
        parts = [plan.shard(number, shards) for number in range(shards)]
        assert [cell for part in parts for cell in part] == list(plan.cells)


def test_sets_may_be_files(tmp_path: Path) -> None:
    (tmp_path / "sides.yaml").write_text(
        "- {name: left, text: go left, expert_action: left}\n- {name: right, text: go right}\n"
    )
    (tmp_path / "a.png").write_bytes(png_bytes(frame_case(0).frame))
    path = grid(tmp_path, frames=["a.png"], instructions={"sides": "sides.yaml"})
    (asked,) = plan_of(path).sets
    assert [each.text for each in asked.instructions] == ["go left", "go right"]
    assert asked.instructions[0].expert_action == "left"
