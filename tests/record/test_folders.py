"""What heedmap did not write is never removed, and a result is replaced as one."""

from __future__ import annotations

import json
import multiprocessing
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from heedmap.errors import HeedmapError, RecordError
from heedmap.record.folders import check_writable, result_folder
from heedmap.record.manifest import MANIFEST_FILE, manifest_of_folder
from heedmap.record.reading import verify_result
from heedmap.record.result import Result
from tests.report import sample

OLDER = Path(__file__).parents[1] / "fixtures" / "record-v2"
FRAMES = ("case", "another")


@pytest.fixture
def result() -> Result:
    return sample.realistic(layers=2, frames=FRAMES[:1])


def everything(folder: Path) -> dict[str, bytes | str]:
    """All that lies in a folder; of a link, where it leads."""
    return {
        str(path.relative_to(folder)): str(path.readlink())
        if path.is_symlink()
        else path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


def an_empty_record(folder: Path) -> None:
    (folder / "record.json").write_text("{}")
    (folder / "thesis.tex").write_text("years of work")


def a_file_beside_a_result(folder: Path) -> None:
    sample.realistic(layers=2, frames=FRAMES[:1]).save(folder, overwrite=True)
    (folder / "thesis.tex").write_text("years of work")


def a_file_among_the_frames(folder: Path) -> None:
    sample.realistic(layers=2, frames=FRAMES[:1]).save(folder, overwrite=True)
    (folder / "frames" / "holiday.png").write_bytes(b"a picture")


def a_folder_beside_a_result(folder: Path) -> None:
    sample.realistic(layers=2, frames=FRAMES[:1]).save(folder, overwrite=True)
    (folder / "notes").mkdir()


def a_link_in_place_of_a_table(folder: Path) -> None:
    sample.realistic(layers=2, frames=FRAMES[:1]).save(folder, overwrite=True)
    target = folder.parent / "elsewhere.parquet"
    (folder / "trials.parquet").rename(target)
    (folder / "trials.parquet").symlink_to(target)


def a_file_beside_an_older_result(folder: Path) -> None:
    shutil.copytree(OLDER, folder, dirs_exist_ok=True)
    (folder / "data.parquet").write_text("not ours")


def an_older_record_that_claims_a_file(folder: Path) -> None:
    claimed = {"schema_version": 2, "policies": [1], "frames": [{"file": "thesis.tex"}]}
    (folder / "record.json").write_text(json.dumps(claimed))
    (folder / "thesis.tex").write_text("years of work")


def a_manifest_that_claims_a_file(folder: Path) -> None:
    (folder / "thesis.tex").write_text("years of work")
    (folder / MANIFEST_FILE).write_bytes(manifest_of_folder("result", folder).encode())


def a_damaged_manifest(folder: Path) -> None:
    sample.realistic(layers=2, frames=FRAMES[:1]).save(folder, overwrite=True)
    (folder / MANIFEST_FILE).write_text("{}")


@pytest.mark.parametrize(
    ("plant", "named"),
    [
        (an_empty_record, "record.json, thesis.tex"),
        (a_file_beside_a_result, "thesis.tex"),
        (a_file_among_the_frames, "frames/holiday.png"),
        (a_folder_beside_a_result, "notes"),
        (a_link_in_place_of_a_table, "trials.parquet"),
        (a_file_beside_an_older_result, "data.parquet"),
        (an_older_record_that_claims_a_file, "thesis.tex"),
        (a_manifest_that_claims_a_file, "thesis.tex"),
        (a_damaged_manifest, "manifest.json"),
    ],
)
def test_a_folder_with_anything_else_in_it_is_refused_by_name(
    plant: Callable[[Path], None], named: str, result: Result, tmp_path: Path
) -> None:
    folder = tmp_path / "d"
    folder.mkdir()
    plant(folder)
    before = everything(tmp_path)
    with pytest.raises(RecordError, match=named):
        check_writable(folder, overwrite=True)
    with pytest.raises(RecordError, match=named):
        result.save(folder, overwrite=True)
    assert everything(tmp_path) == before


def test_what_came_while_the_result_was_written_is_kept(tmp_path: Path) -> None:
    folder = tmp_path / "d"
    with (
        pytest.raises(RecordError, match=r"late\.txt would be lost"),
        result_folder(folder, overwrite=True) as staging,
    ):
        (staging / "record.json").write_text("{}")
        folder.mkdir()
        (folder / "late.txt").write_text("written meanwhile")
    assert everything(tmp_path) == {"d/late.txt": b"written meanwhile"}


def test_results_of_all_ages_are_replaced_on_purpose(result: Result, tmp_path: Path) -> None:
    folder = tmp_path / "d"
    shutil.copytree(OLDER, folder)
    (folder / "report.html").write_text("a page of then")
    with pytest.raises(RecordError, match="already holds a result"):
        result.save(folder)
    result.save(folder, overwrite=True)
    result.save_report(folder, "a page")
    result.save(folder, overwrite=True, report=lambda: "another page")
    assert (folder / "report.html").read_text() == "another page"
    assert Result.load(folder).record == result.record


def test_a_link_to_a_result_stays_a_link(result: Result, tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    result.save(real)
    link.symlink_to(real)
    result.save(link, overwrite=True, report=lambda: "page")
    assert link.is_symlink()
    assert (real / "report.html").read_text() == "page"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "real"]


def test_a_report_that_fails_costs_no_result(result: Result, tmp_path: Path) -> None:
    def report() -> str:
        raise HeedmapError("no page today")

    with pytest.raises(HeedmapError, match="no page today"):
        result.save(tmp_path / "d", report=report)
    assert Result.load(tmp_path / "d").record == result.record


def test_a_report_is_not_put_beside_another_result(result: Result, tmp_path: Path) -> None:
    folder = tmp_path / "d"
    sample.realistic(layers=2, frames=FRAMES).save(folder)
    before = everything(folder)
    with pytest.raises(RecordError, match="replaced by another result"):
        result.save_report(folder, "page of the first")
    assert everything(folder) == before


def replace_many_times(folder: Path, frames: int, times: int) -> None:
    mine = sample.realistic(layers=2, frames=FRAMES[:frames])
    for _ in range(times):
        mine.save(folder, overwrite=True, report=lambda: f"page of {frames} frames")


def test_two_processes_at_once_leave_the_page_of_the_record(tmp_path: Path) -> None:
    folder, context = tmp_path / "d", multiprocessing.get_context("spawn")
    both = [context.Process(target=replace_many_times, args=(folder, n, 8)) for n in (1, 2)]
    for process in both:
        process.start()
    while any(process.is_alive() for process in both):
        for process in both:
            process.join(timeout=0.05)
    assert [process.exitcode for process in both] == [0, 0]
    frames = len(Result.load(folder).record.frames)
    assert (folder / "report.html").read_text() == f"page of {frames} frames"
    assert [path.name for path in tmp_path.iterdir()] == ["d"]


def test_a_path_through_a_folder_that_is_not_there_reaches_no_other(
    result: Result, tmp_path: Path
) -> None:
    """The plant that was tried: `nope/../thesis` was replaced whole, without --force."""
    thesis = tmp_path / "thesis"
    thesis.mkdir()
    (thesis / "thesis.tex").write_text("years of work")
    for overwrite in (False, True):
        with pytest.raises(RecordError, match=r"thesis\.tex would be lost"):
            result.save(tmp_path / "nope" / ".." / "thesis", overwrite=overwrite)
    assert everything(tmp_path) == {"thesis/thesis.tex": b"years of work"}


def test_the_current_folder_is_not_replaced(
    result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    for place in (Path("."), Path(".."), Path("/")):
        with pytest.raises(RecordError, match="the folder that you are in"):
            result.save(place, overwrite=True)


@pytest.mark.parametrize("name", ["report.html", "attention.parquet", "record.json"])
def test_what_a_user_changed_in_a_result_is_not_lost(
    name: str, result: Result, tmp_path: Path
) -> None:
    folder = tmp_path / "d"
    result.save(folder, report=lambda: "the page")
    (folder / name).write_text("my own words")
    with pytest.raises(RecordError, match=f"{name} would be lost"):
        result.save(folder, overwrite=True)
    assert (folder / name).read_text() == "my own words"


def test_a_report_of_the_users_own_is_not_written_over(result: Result, tmp_path: Path) -> None:
    folder = tmp_path / "d"
    result.save(folder)
    (folder / "report.html").write_text("my own page")
    with pytest.raises(RecordError, match=r"report\.html is not as heedmap wrote it"):
        result.save_report(folder, "a page")
    assert (folder / "report.html").read_text() == "my own page"


def test_what_a_killed_report_left_stands_in_no_way(result: Result, tmp_path: Path) -> None:
    folder = tmp_path / "d"
    result.save(folder)
    (folder / ".part-report.html-abc").write_text("half a pa")
    result.save(folder, overwrite=True)
    assert not list(folder.glob(".part-*"))


def read_until(folder: Path, first: Path, stop: Path, mixed: Path) -> None:
    """Reads the result again and again; how often two audits were mixed goes into `mixed`."""
    count = 0
    while not stop.exists():
        found = Result.load(folder)
        frames = {frame.name for frame in found.record.frames}
        count += frames != set(found.attention["frame"].to_pylist())
        first.touch()
    mixed.write_text(str(count))


def test_readers_never_see_two_results_in_one(tmp_path: Path) -> None:
    folder = tmp_path / "d"
    first, stop, mixed = tmp_path / "first", tmp_path / "stop", tmp_path / "mixed"
    replace_many_times(folder, 1, 1)
    reader = multiprocessing.get_context("spawn").Process(
        target=read_until, args=(folder, first, stop, mixed)
    )
    reader.start()
    while not first.exists():  # a new process imports for seconds before it reads
        assert reader.is_alive()
        time.sleep(0.01)
    for _ in range(12):
        replace_many_times(folder, 2, 1)
        replace_many_times(folder, 1, 1)
    stop.touch()
    reader.join(timeout=60)
    assert (reader.exitcode, mixed.read_text()) == (0, "0")


class Killed(BaseException):
    """In place of a kill, after which nothing is cleaned up."""


def killed_at(moment: int, run: Callable[[], object]) -> None:
    """Run, and end before (0, 2, ...) or after (1, 3, ...) the next file gets its name."""
    replace, unlink, moves = Path.replace, Path.unlink, 0
    is_dead = False

    def replacing(self: Path, target: Path) -> None:
        nonlocal moves, is_dead
        moves += 1
        for when in (2 * moves - 2, 2 * moves - 1):
            if when == moment:
                is_dead = True
                raise Killed
            if when % 2 == 0:
                replace(self, target)

    def unlinking(self: Path, missing_ok: bool = False) -> None:
        if not is_dead:
            unlink(self, missing_ok=missing_ok)

    with pytest.MonkeyPatch.context() as patched, pytest.raises(Killed):
        patched.setattr(Path, "replace", replacing)
        patched.setattr(Path, "unlink", unlinking)
        run()


@pytest.mark.parametrize("moment", range(4))
def test_a_report_that_was_killed_at_any_moment_is_written_by_the_next_call(
    moment: int, result: Result, tmp_path: Path
) -> None:
    """Before and after the manifest and the report get their names."""
    folder, undisturbed = tmp_path / "d", tmp_path / "e"
    for each in (folder, undisturbed):
        result.save(each)
        result.save_report(each, "the first page")
    result.save_report(undisturbed, "the last page")
    killed_at(moment, lambda: result.save_report(folder, "the second page"))
    assert Result.load(folder).record == result.record
    result.save_report(folder, "the last page")
    assert everything(folder) == everything(undisturbed)


@pytest.mark.parametrize("moment", range(4))
def test_nor_does_it_keep_a_result_from_being_replaced(
    moment: int, result: Result, tmp_path: Path
) -> None:
    folder = tmp_path / "d"
    result.save(folder)
    killed_at(moment, lambda: result.save_report(folder, "a page"))
    result.save(folder, overwrite=True)
    assert verify_result(folder).damaged == ()
    assert not list(folder.glob(".part-*"))


def test_a_page_of_the_users_own_is_no_page_that_was_killed(result: Result, tmp_path: Path) -> None:
    folder = tmp_path / "d"
    result.save(folder)
    killed_at(0, lambda: result.save_report(folder, "a page"))
    (folder / "report.html").write_text("my own page")
    with pytest.raises(RecordError, match=r"report\.html is not as heedmap wrote it"):
        result.save_report(folder, "a page")
    assert (folder / "report.html").read_text() == "my own page"
