"""`sweep`, `merge`, `summary` and `query` as a user runs them."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from heedmap.errors import InputError, RecordError
from heedmap.sweep.merge import merge
from heedmap.sweep.outcome import failed
from heedmap.sweep.query import query
from heedmap.sweep.store import RunFolder
from heedmap.sweep.summary import summarise
from tests.sweep.runs import TWINS, assert_same, grid, plan_of, ran, told, with_part

SPECIMENS = ["specimen:exp42_counterfactual_pta@sound", "specimen:exp41c_scratch_pta@monavla"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """Two policies of which one heeds; and a third that fails."""
    folder = tmp_path_factory.mktemp("run")
    path = grid(folder, [*SPECIMENS, "does_not_load"], 3, interventions=["exchange", "cut"])
    return ran(path, folder / "run")


def test_the_plan_is_told_without_running_it(tmp_path: Path) -> None:
    path = grid(tmp_path, TWINS, count=6)
    code, printed, _ = told("sweep", path, "--dry-run", "--no-measure", "--num-shards", "2")
    assert code == 0
    for line in (
        "Policies: 2 (",
        "Frames: 6",
        "own (of their own, 6 frames)",
        "of 6 in all shards",
    ):
        assert line in printed
    assert "Estimate" not in printed
    code, printed, _ = told("sweep", path, "--dry-run")
    assert "Cells: 6 of 2 frames at most" in printed
    assert "Estimate: 0." in printed
    assert not (tmp_path / "grid-run").exists()


def test_shards_merged_are_the_whole_run(tmp_path: Path) -> None:
    path = grid(tmp_path, TWINS, count=3, frames_per_cell=1)
    whole = ran(path, tmp_path / "whole")
    for shard in ("0", "1"):
        shards = ("--num-shards", "2", "--shard-id", shard)
        code, printed, err = told("sweep", path, "--out", tmp_path / "run", *shards)
        assert code == 0, err
        assert "3 of 3 cells" in printed
    parts = [tmp_path / f"run-shard-{shard}-of-2" for shard in (0, 1)]
    code, printed, _ = told("merge", tmp_path / "run", *parts)
    assert code == 0
    assert "6 of 6 cells" in printed
    assert_same(whole, RunFolder.open(tmp_path / "run"))
    assert told("merge", tmp_path / "run", *parts)[0] == 0, "the same again is no conflict"
    # A part that says something else for the same cell is refused by its name.
    theirs = RunFolder.open(parts[0])
    another = theirs.part_of(theirs.plan.cells[1], "frames")
    assert another is not None
    with_part(theirs, theirs.plan.cells[0], "frames", another)
    with pytest.raises(RecordError, match=r"p00-s0-f00000 \(table frames\)"):
        merge(tmp_path / "run", parts)


def test_what_was_measured_counts_before_what_failed(tmp_path: Path) -> None:
    good = ran(grid(tmp_path), tmp_path / "good")
    bad = RunFolder.begin(tmp_path / "bad", good.plan)
    for cell in good.plan.cells:
        bad.commit(failed(good.plan, cell, "Error", "no memory").with_timing("local", "main", 1))
    for order in ([good.path, bad.path], [bad.path, good.path]):
        out = tmp_path / f"merged-{order[0].name}"
        assert merge(out, order).failed == 0
        assert_same(good, RunFolder.open(out))


def test_runs_of_two_grids_are_not_merged(tmp_path: Path) -> None:
    one = RunFolder.begin(tmp_path / "one", plan_of(grid(tmp_path)))
    two = RunFolder.begin(tmp_path / "two", plan_of(grid(tmp_path, count=6)))
    with pytest.raises(RecordError, match="of another plan"):
        merge(tmp_path / "out", [one.path, two.path])


def test_a_shard_that_there_is_not_is_refused(tmp_path: Path) -> None:
    code, _, err = told("sweep", grid(tmp_path), "--num-shards", "2", "--shard-id", "2")
    assert code == 1
    assert "counts from 0" in err


def test_the_summary_tells_the_ladder_over_frames(run: RunFolder) -> None:
    found = summarise(run)
    heeds, overwritten = found.policies
    assert heeds.cause == "none"
    assert (heeds.rungs["used"].holds, heeds.rungs["used"].measured) == (3, 3)
    assert heeds.figures["following"].value == 1.0
    assert overwritten.rungs["present"].holds == 0
    assert overwritten.rungs["present"].share is not None
    assert overwritten.worst[0].fails == "present"
    assert heeds.worst == (), "it follows every instruction on all of them"
    assert [cell.cell for cell in found.failed] == ["p02-s0-f00000", "p02-s0-f00002"]


def test_the_summary_is_printed_in_three_forms(run: RunFolder, tmp_path: Path) -> None:
    code, printed, _ = told("summary", run.path, "--result", tmp_path / "result")
    assert code == 0
    assert "6 of 6 cells, 2 failed" in printed
    assert "p02-s0-f00000" in printed
    assert (tmp_path / "result" / "record.json").is_file()
    code, printed, _ = told("summary", run.path, "--lang", "ko")
    assert "오류를 냈습니다" in " ".join(printed.split())
    code, printed, _ = told("summary", run.path, "--json")
    assert json.loads(printed)["policies"][0]["cause"] == "none"
    assert "the file is broken" in json.loads(printed)["failed"][0]["error"]
    code, printed, _ = told("summary", run.path, "--markdown", "--worst", "1")
    assert "| `exp42_counterfactual_pta@sound` | ✓ 3/3 | ✓ 3/3 |" in printed
    worst = printed.partition("## Worst frames first")[2].partition("##")[0]
    assert "`exp42_counterfactual_pta@sound`" not in worst, (
        "all of its frames are as they should be"
    )
    assert worst.count("@monavla` |") == 1


def test_a_run_is_reported_and_compared_like_a_result(run: RunFolder, tmp_path: Path) -> None:
    code, printed, _ = told("compare", run.path)
    assert code == 0
    assert "Differences from exp42_counterfactual_pta@sound" in printed
    code, _, _ = told("figure", run.path, "actions", "--out", tmp_path / "actions.svg")
    assert code == 0
    assert (tmp_path / "actions.svg").read_text().startswith("<svg")


def test_a_query_is_shown_as_table_csv_and_json(run: RunFolder) -> None:
    sql = "select policy, count(*) as n, avg(lift) as lift from cases group by all order by all"
    code, printed, _ = told("query", run.path, sql)
    assert code == 0
    assert "2 rows" in printed
    rows = json.loads(told("query", run.path, sql, "--json")[1])
    assert [row["n"] for row in rows] == [9, 9]
    assert rows[0]["lift"] is None, "not measured is null"
    read = list(csv.DictReader(told("query", run.path, sql, "--csv")[1].splitlines()))
    assert [row["n"] for row in read] == ["9", "9"]


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("select nothing from cases", "cases (cell, policy, set, frame, instruction"),
        ("select * from case", "Tables: cells; frames; cases"),
        ("selec", "Tables: cells; frames; cases"),
        ("select * from read_csv('/etc/passwd')", "disabled"),
        ("copy cases to 'stolen.csv'", "disabled"),
        ("set enable_external_access = true", "locked"),
        (f"select {', '.join(['1'] * 1_001)}", "1,001 columns"),
        ("select * from folder", "does not exist"),  # a variable of the code that asks
    ],
)
def test_a_query_that_cannot_be_run_is_told_in_a_sentence(
    sql: str, what: str, run: RunFolder
) -> None:
    with pytest.raises(InputError) as caught:
        query(run, sql)
    assert what in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_no_run_is_refused(tmp_path: Path) -> None:
    for name in ("summary", "query"):
        more = ["select 1"] if name == "query" else []
        code, _, err = told(name, tmp_path, *more)
        assert code == 1
        assert "is not the folder of a sweep" in err
