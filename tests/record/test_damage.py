"""Whatever is deleted, cut, swapped or flipped in a result is named, never read as right."""

from __future__ import annotations

import base64
import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from heedmap.data.images import png_bytes
from heedmap.errors import RecordError
from heedmap.record.manifest import MANIFEST_FILE, Manifest, manifest_of_folder
from heedmap.record.reading import verify_result
from heedmap.record.record import Record
from heedmap.record.result import Result
from heedmap.report.page.render import render_html
from tests.report import sample

OLDER = Path(__file__).parents[1] / "fixtures" / "record-v2"
SECRET = b"the user's own letters"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("written") / "run"
    result = sample.realistic(layers=2, frames=("case", "another"))
    other = np.full((56, 56, 3), 90, np.uint8)
    record = result.record.model_dump()
    info = sample.frame_info(1, "another", "array", other).model_dump()
    record["frames"] = [record["frames"][0], info]
    png = {**result.frame_png, "another": png_bytes(other)}
    tables = {"attention": result.attention}
    Result(Record.model_validate(record), tables, png).save(folder, report=lambda: "the page")  # type: ignore[arg-type]
    return folder


@pytest.fixture
def run(written: Path, tmp_path: Path) -> Path:
    shutil.copytree(written, tmp_path / "run")
    return tmp_path / "run"


def files_of(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def flipped(content: bytes, bit: int) -> bytes:
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def test_a_whole_result_is_verified(run: Path) -> None:
    found = verify_result(run)
    assert (found.damaged, found.unchecked) == ((), ())
    assert found.files == len(files_of(run)) - 1, "all but the manifest itself"


def test_every_single_flipped_bit_is_seen(run: Path) -> None:
    """40 bits of every file; of the manifest, where nothing else would tell, 400."""
    chance = random.Random(0)
    for path in files_of(run):
        content = path.read_bytes()
        bits = range(8 * len(content))
        for bit in chance.sample(bits, min(len(bits), 400 if path.name == MANIFEST_FILE else 40)):
            path.write_bytes(flipped(content, bit))
            assert is_named(run, path), f"bit {bit} of {path.name}"
        path.write_bytes(content)
    assert not verify_result(run).damaged


def is_named(run: Path, path: Path) -> bool:
    """Whether `verify` names the file, and no reader takes it for right."""
    name = path.relative_to(run).as_posix()
    if path.name not in ("report.html", MANIFEST_FILE):  # nobody reads the page but a person
        with pytest.raises(RecordError, match=path.name):
            Result.load(run)
    try:
        damaged = [damage.file for damage in verify_result(run).damaged]
        return len(damaged) == 1 if path.name == MANIFEST_FILE else damaged == [name]
    except RecordError as error:
        return path.name in str(error)


def delete(path: Path) -> None:
    path.unlink()


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("damage", [delete, cut, empty])
def test_every_file_that_is_missing_or_cut_is_named(
    damage: Callable[[Path], None], run: Path
) -> None:
    for path in files_of(run):
        content = path.read_bytes()
        damage(path)
        if path.name == "record.json" and damage is delete:
            with pytest.raises(RecordError, match=r"has no record\.json"):
                Result.load(run)
        else:
            assert is_named(run, path), path.name
        path.write_bytes(content)


def test_frames_that_are_swapped_are_named(run: Path) -> None:
    one, two = sorted((run / "frames").iterdir())
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)
    assert len(verify_result(run).damaged) == 2
    with pytest.raises(RecordError, match="00000.png .*00001.png"):
        Result.load(run)


def test_a_frame_is_compared_with_the_record_too(run: Path) -> None:
    """Also where the manifest was made anew, and in records from before there was one."""
    frame = run / "frames" / "00000.png"
    frame.write_bytes(png_bytes(np.zeros((56, 56, 3), np.uint8)))
    (run / MANIFEST_FILE).unlink()
    (run / MANIFEST_FILE).write_bytes(manifest_of_folder("result", run).encode())
    assert [damage.file for damage in verify_result(run).damaged] == ["frames/00000.png"]
    with pytest.raises(RecordError, match="pixels are not those"):
        Result.load(run)


def test_an_older_result_is_verified_as_far_as_can_be(tmp_path: Path) -> None:
    older = tmp_path / "older"
    shutil.copytree(OLDER, older)
    found = verify_result(older)
    assert (found.damaged, found.unchecked) == ((), ("record.json", "attention.parquet"))
    frame = older / "frames" / "00000.png"
    content, chance = frame.read_bytes(), random.Random(1)
    for bit in chance.sample(range(8 * len(content)), 150):
        frame.write_bytes(flipped(content, bit))
        damaged = [damage.file for damage in verify_result(older).damaged]
        assert damaged in ([], ["frames/00000.png"])
        if not damaged:  # only what a PNG says beside its pixels may differ
            assert sample_pixels(frame.read_bytes()) == sample_pixels(content)


def sample_pixels(png: bytes) -> bytes:
    from heedmap.data.images import decode_image

    return decode_image(png, "the frame").tobytes()


def renamed(run: Path, file: str) -> None:
    """The record of a stranger, who names another file as a frame's copy; manifest to match."""
    path = run / "record.json"
    record = json.loads(path.read_text())
    record["frames"][0]["file"] = file
    path.write_text(json.dumps(record))
    manifest = manifest_of_folder("result", run)
    files = {**manifest.files, file: manifest.files["frames/00000.png"]}
    (run / MANIFEST_FILE).write_bytes(Manifest(kind="result", files=files).encode())


@pytest.mark.parametrize("form", ["absolute", "above", "beside", "dotted"])
def test_a_record_cannot_name_files_outside_its_folder(
    form: str, run: Path, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.png"
    secret.write_bytes(SECRET)
    files = {
        "absolute": str(secret),
        "above": "frames/../../secret.png",
        "beside": "../secret.png",
        "dotted": "frames/./../../secret.png",
    }
    renamed(run, files[form])
    with pytest.raises(RecordError) as caught:
        Result.load(run)
    assert SECRET.decode() not in str(caught.value)


@pytest.mark.parametrize("place", ["frames/00000.png", "frames", "record.json", "trials.parquet"])
def test_links_in_a_result_are_not_followed(place: str, run: Path, tmp_path: Path) -> None:
    """Even to the very content: who follows links of strangers reads what they want read."""
    (run / place).rename(tmp_path / "elsewhere")
    (run / place).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RecordError, match="is a link"):
        Result.load(run)


def test_a_secret_behind_a_link_reaches_no_report(run: Path, tmp_path: Path) -> None:
    """The plant that was tried: before, its bytes stood in the page as base64."""
    honest = render_html(Result.load(run))
    assert base64.b64encode((run / "frames" / "00000.png").read_bytes()).decode() in honest
    secret = tmp_path / "secret.png"
    secret.write_bytes(SECRET)
    (run / "frames" / "00000.png").unlink()
    (run / "frames" / "00000.png").symlink_to(secret)
    with pytest.raises(RecordError):
        Result.load(run)


def test_no_result_is_written_beside_its_folder(tmp_path: Path) -> None:
    built = sample.realistic(layers=2)
    evil = built.record.model_dump()
    evil["frames"][0]["file"] = "../escaped.png"
    with pytest.raises(ValueError, match="frames"):
        Record.model_validate(evil)
    unchecked = built.record.model_copy(
        update={"frames": (built.record.frames[0].model_copy(update={"file": "../escaped.png"}),)}
    )
    with pytest.raises(RecordError):
        Result(unchecked, {"attention": built.attention}, built.frame_png).save(tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_pipes_are_refused_at_once(run: Path) -> None:
    import os

    (run / "trials.parquet").unlink()
    os.mkfifo(run / "trials.parquet")
    with pytest.raises(RecordError, match="not a regular file"):
        Result.load(run)
