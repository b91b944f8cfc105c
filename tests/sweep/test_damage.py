"""Whatever is deleted, cut, swapped or flipped in a run is named, and measured again."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from heedmap.data.images import png_bytes
from heedmap.errors import RecordError
from heedmap.sweep.engine import run_sweep
from heedmap.sweep.local import LocalEngine
from heedmap.sweep.result import result_of
from heedmap.sweep.store import RunFolder
from heedmap.sweep.summary import summarise
from heedmap.testbed.specimens.cases import frame_case
from tests.sweep.runs import assert_same, grid, plan_of, ran, told

SIDES = {"left": "go to the left", "right": "go to the right"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, RunFolder]:
    """The grid's file, and its run of two cells."""
    folder = tmp_path_factory.mktemp("made")
    path = grid(folder)
    return path, ran(path, folder / "run")


@pytest.fixture
def run(made: tuple[Path, RunFolder], tmp_path: Path) -> Path:
    shutil.copytree(made[1].path, tmp_path / "run")
    return tmp_path / "run"


def files_of(folder: Path) -> list[Path]:
    """All but what one process tells the next about who writes."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return sorted(path for path in found if not path.name.startswith("."))


def delete(path: Path) -> None:
    path.unlink()


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def flip(path: Path, seed: int = 0) -> None:
    content = bytearray(path.read_bytes())
    bit = random.Random(f"{path.name} {seed}").randrange(8 * len(content))
    content[bit // 8] ^= 1 << bit % 8
    path.write_bytes(bytes(content))


def swap(path: Path) -> None:
    """With the same table's part of the other cell; other files are left alone."""
    others = [other for other in path.parent.iterdir() if other.suffix == path.suffix]
    others = [other for other in others if other != path]
    if path.parent.name != "run" and others:
        ours, theirs = path.read_bytes(), others[0].read_bytes()
        path.write_bytes(theirs)
        others[0].write_bytes(ours)


@pytest.mark.parametrize("damage", [delete, cut, flip, swap])
def test_damage_to_any_file_is_never_read_as_right(
    damage: Callable[[Path], None], made: tuple[Path, RunFolder], run: Path
) -> None:
    whole = summarise(made[1]).model_dump() | {"run": str(run)}
    for path in files_of(run):
        contents = {each: each.read_bytes() for each in files_of(run)}
        damage(path)
        changed = [each for each in contents if not is_as(each, contents[each])]
        is_verified = not changed or bool(told("verify", run)[0])
        assert is_verified, f"verify passes {path}"
        try:
            found = summarise(RunFolder.open(run)).model_dump()
        except RecordError:
            pass
        else:  # not in what a summary reads; or a cell that does not count any more
            assert found == whole or found["done"] < whole["done"], path
        for each, content in contents.items():
            each.write_bytes(content)


def test_no_flipped_bit_of_a_cells_checksums_passes(run: Path) -> None:
    """A name with another letter would leave a part of the cell unread."""
    path = next(path for path in files_of(run) if path.parent.name == "checksums")
    content = path.read_bytes()
    for seed in range(150):
        flip(path, seed)
        with pytest.raises(RecordError, match="checksums/"):
            RunFolder.open(run).read("cases")
        path.write_bytes(content)


def is_as(path: Path, content: bytes) -> bool:
    return path.is_file() and path.read_bytes() == content


def test_the_same_command_names_what_is_damaged_and_measures_it_again(
    made: tuple[Path, RunFolder], run: Path
) -> None:
    grid_file, whole = made
    flip(run / "frames" / "p00-s0-f00000.parquet")
    cut(run / "plan.json")
    with pytest.raises(RecordError, match=r"plan\.json"):
        RunFolder.open(run)
    code, printed, errors = told("sweep", grid_file, "--out", run)
    assert code == 0
    assert "2 of 2 cells" in printed
    assert "measured again: p00-s0-f00000: frames/p00-s0-f00000.parquet" in errors
    assert_same(whole, RunFolder.open(run))
    assert told("verify", run) == (0, f"{run}: 15 files are as they were written.\n", "")


@pytest.mark.parametrize("name", ["plan.json", "manifest.json"])
def test_plan_or_manifest_that_is_lost_is_written_anew(
    name: str, made: tuple[Path, RunFolder], run: Path
) -> None:
    before = (run / name).read_bytes()
    (run / name).unlink()
    with pytest.raises(RecordError, match="plan"):
        RunFolder.open(run)
    folder = RunFolder.begin(run, made[1].plan)
    assert (run / name).read_bytes() == before
    done: list[int] = []
    run_sweep(folder, LocalEngine(), on_progress=lambda totals: done.append(totals.done))
    assert done == [2], "no cell is measured again"


def test_a_report_of_a_run_is_verified_like_its_tables(run: Path) -> None:
    assert told("report", run)[0] == 0
    assert told("verify", run)[0] == 0
    flip(run / "report.html")
    code, _, errors = told("verify", run)
    assert code == 1
    assert "report.html" in errors


def test_a_runs_frames_must_be_those_that_were_measured(tmp_path: Path) -> None:
    """Else a stranger's plan could bring any picture of this machine into a report."""
    frame = tmp_path / "f0.png"
    frame.write_bytes(png_bytes(frame_case(0).frame))
    path = grid(tmp_path, frames=["f0.png"], instructions={"sides": SIDES})
    folder = ran(path, tmp_path / "run")
    assert result_of(folder).frame_png["f0"]
    frame.write_bytes(png_bytes(255 - frame_case(0).frame))
    code, _, errors = told("report", folder.path)
    assert code == 1
    assert "is not the one that was measured" in errors


def test_an_older_run_can_be_gone_on_with(made: tuple[Path, RunFolder], run: Path) -> None:
    """One of schema 1: no manifest, no checksums, one cell missing."""
    older = plan_of(made[0]).model_copy(update={"schema_version": 1})
    (run / "plan.json").write_text(older.model_dump_json(indent=1))
    (run / "manifest.json").unlink()
    shutil.rmtree(run / "checksums")
    (run / "cells" / "p00-s0-f00002.parquet").unlink()
    code, printed, _ = told("sweep", made[0], "--out", run)
    assert code == 0
    assert "2 of 2 cells" in printed
    assert_same(made[1], RunFolder.open(run))
    code, _, errors = told("verify", run)
    assert code == 1
    assert "an older heedmap wrote them" in errors


def test_cells_of_another_run_are_not_taken_for_this_ones(
    made: tuple[Path, RunFolder], run: Path, tmp_path: Path
) -> None:
    """The same cell under another plan: whole, with checksums that fit, and foreign."""
    (tmp_path / "other").mkdir()
    other = ran(grid(tmp_path / "other", count=4, seed=1), tmp_path / "other" / "run")
    for path in other.path.glob("*/p00-s0-f00000.*"):
        shutil.copyfile(path, run / path.relative_to(other.path))
    with pytest.raises(RecordError, match="belongs to another plan"):
        summarise(RunFolder.open(run))
    assert told("verify", run)[0] == 1
    code, _, errors = told("sweep", made[0], "--out", run)
    assert code == 0
    assert "measured again: p00-s0-f00000" in errors
    assert_same(made[1], RunFolder.open(run))


def test_lost_checksums_are_noticed(run: Path) -> None:
    (run / "checksums" / "p00-s0-f00000.json").unlink()
    code, _, errors = told("verify", run)
    assert code == 1
    assert "cells/p00-s0-f00000.parquet (it has no checksums; the same" in errors
    code, _, errors = told("report", run)
    assert code == 0
    assert "holds 1 of 2 cells" in errors


def test_a_run_without_its_plan_or_manifest_says_how_to_get_it_back(run: Path) -> None:
    plan, manifest = (run / "plan.json").read_bytes(), run / "manifest.json"
    (run / "plan.json").unlink()
    for command in ("verify", "report", "summary"):
        code, _, errors = told(command, run)
        assert (code, len(errors.splitlines())) == (1, 1)
        assert "has lost its plan.json; run the same 'heedmap sweep' command again" in errors
    (run / "plan.json").write_bytes(plan)
    manifest.unlink()
    code, _, errors = told("verify", run)
    assert code == 1
    assert "has no manifest.json, so nothing tells whether its plan is what" in errors


def test_links_that_somebody_put_there_are_told_and_not_followed(
    made: tuple[Path, RunFolder], run: Path, tmp_path: Path
) -> None:
    (tmp_path / "precious").write_text("years of work")
    (run / "notes").symlink_to(tmp_path / "precious")
    (run / "cells" / ".part-p00-s0-f00000.parquet-x").symlink_to(tmp_path / "precious")
    (run / "loop").symlink_to(run)
    code, printed, errors = told("verify", run)
    assert code == 0
    assert "files are as they were written" in printed
    assert "does not follow (cells/.part-p00-s0-f00000.parquet-x, loop, notes)" in errors
    assert told("sweep", made[0], "--out", run)[0] == 0
    assert_same(made[1], RunFolder.open(run))
    assert (tmp_path / "precious").read_text() == "years of work"


def test_nothing_is_written_or_removed_through_links(
    made: tuple[Path, RunFolder], run: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    (run / "frames").rename(outside)
    (run / "frames").symlink_to(outside)
    (outside / ".part-p00-s0-f00000.parquet-x").write_text("theirs")
    before = {path.name: path.read_bytes() for path in outside.iterdir()}
    for command in (("sweep", made[0], "--out", run), ("merge", run, made[1].path)):
        code, _, errors = told(*command)
        assert code == 1
        assert "is a link" in errors
    assert {path.name: path.read_bytes() for path in outside.iterdir()} == before


def test_a_folder_with_hidden_files_of_others_is_no_new_run(
    made: tuple[Path, RunFolder], tmp_path: Path
) -> None:
    (tmp_path / ".part-mine").write_text("mine")
    with pytest.raises(RecordError, match=r"holds files that are no sweep \(\.part-mine\)"):
        RunFolder.begin(tmp_path, made[1].plan)
