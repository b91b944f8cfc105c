"""The page of a drive: what it says in both languages, and that it shows text only as text."""

from __future__ import annotations

from pathlib import Path

import pytest

from heedmap.errors import RecordError
from heedmap.monitor.driving.folder import STRIPS, DriveFolder
from heedmap.report.driving.page import render_drive
from heedmap.report.driving.result import Drive, Strip
from tests.monitor.driving.worlds import driven, fork, heeding, policy_of

HOSTILE = '<script>alert(1)</script> "> to the red \x1b[31mlamp'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> DriveFolder:
    place = tmp_path_factory.mktemp("page") / "out"
    driven(policy_of(heeding), place, fork(paraphrase=HOSTILE), every=2, episodes=3)
    return DriveFolder(place)


def test_the_page_has_rates_strips_and_the_curve_in_both_languages(folder: DriveFolder) -> None:
    page = folder.write_page("ko").read_text()
    assert "in 3 of 3 episodes with the right instruction and in 0 of 3" in page
    assert "에피소드 3개 중 올바른 지시문으로는 3개에서, 잘못된 지시문으로는 0개에서" in page
    assert page.count("data:image/jpeg;base64,") == sum(len(s.moments) for s in folder.strips())
    assert "Step of the exchange" in page
    assert "교체한 스텝" in page
    for condition in ("right", "wrong", "paraphrase", "blank"):
        assert f'href="{condition}.mp4"' in page
        assert (folder.path / f"{condition}.mp4").exists()


def test_words_from_outside_are_text(folder: DriveFolder) -> None:
    page = render_drive(folder.read(), folder.strips())
    assert "alert(1)" in page
    assert "<script>alert" not in page
    assert "\x1b" not in page


def test_a_drive_that_has_just_begun_has_a_page(folder: DriveFolder) -> None:
    empty = Drive.of(folder.read().settings, [])
    assert "No episode was driven yet" in render_drive(empty, ())


@pytest.mark.parametrize("content", [b"{}", b"[1]", b'[{"condition": "loud"}]', b"\xff"])
def test_a_damaged_strip_is_one_sentence(
    folder: DriveFolder, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / STRIPS).write_bytes(content)
    with pytest.raises(RecordError, match="is not as heedmap writes it"):
        DriveFolder(tmp_path).strips()


def test_a_picture_that_is_no_picture_is_refused() -> None:
    with pytest.raises(ValueError, match="jpeg"):
        Strip.model_validate(
            {
                **{"condition": "right", "text": "go", "target_step": None, "other_step": None},
                "moments": [{"step": 0, "action": "a", "distance": 0.0, "jpeg": '"><script>'}],
            }
        )
