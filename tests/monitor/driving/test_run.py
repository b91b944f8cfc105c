"""Rates of policies of which it is known whether they heed, and what is kept of a drive."""

from __future__ import annotations

from pathlib import Path

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax

from heedmap.auditing.measures.distance import jensen_shannon_bits
from heedmap.errors import HeedmapError, PolicyRunError, RecordError
from heedmap.monitor.driving.driver import Asked, Driver
from heedmap.monitor.driving.folder import LINES, SETTINGS, DriveFolder
from heedmap.report.driving.rates import difference, rate_of, same_actions
from heedmap.report.driving.result import Drive
from heedmap.report.driving.wording import notes, verdict
from tests.monitor.driving.worlds import (
    Fork,
    as_logits,
    confounded,
    driven,
    first_words,
    fork,
    heeding,
    policy_of,
)


def rates(drive: Drive) -> dict[str, float]:
    found = {each: rate_of(drive, each) for each in drive.settings.conditions}
    return {each: rate.value for each, rate in found.items() if rate is not None}


def test_a_policy_that_heeds_reaches_the_target_only_when_told(tmp_path: Path) -> None:
    found = driven(policy_of(heeding), tmp_path / "out")
    assert rates(found) == {"right": 1, "wrong": 0, "paraphrase": 0, "blank": 0}
    apart = difference(found, "wrong")
    assert apart is not None
    assert apart.p_value == pytest.approx(2 / 2**6)
    assert verdict(found) == (
        "Reaches the target in 6 of 6 episodes with the right instruction and in 0 of 6 with a "
        "wrong one."
    )
    assert rate_of(found, "wrong", "other") is None, "its mission is all that it judges"


def test_a_policy_that_ignores_its_instruction_has_equal_rates(tmp_path: Path) -> None:
    found = driven(policy_of(confounded), tmp_path / "out", episodes=8)
    assert len(set(rates(found).values())) == 1
    assert 0 < rates(found)["right"] < 1
    same = same_actions(found, "wrong")
    assert same is not None
    assert same.successes == 8
    assert any("8 of 8 episodes" in note for note in notes(found))
    assert any("was not found" in note for note in notes(found))


def test_a_policy_with_state_is_driven_with_it(tmp_path: Path) -> None:
    found = driven(first_words(), tmp_path / "out", keeps_state=True, episodes=3)
    assert rates(found) == {"right": 1, "wrong": 0, "paraphrase": 0, "blank": 0}


@given(st.lists(st.tuples(st.integers(0, 1), st.sampled_from(["red", "blue"])), max_size=12))
@settings(max_examples=25, deadline=None)
def test_asking_about_episodes_in_any_order_changes_no_answer(
    calls: list[tuple[int, str]],
) -> None:
    """Two episodes of a policy that keeps its first words, asked in any interleaving."""
    from heedmap.data.observation import of_frame

    env, driver = Fork(), Driver(first_words(), keeps_state=True)
    frame, _ = env.reset(seed=0)
    last: dict[int, Asked | None] = {0: None, 1: None}
    first: dict[int, str] = {}
    for episode, text in calls:
        first.setdefault(episode, text)
        last[episode] = asked = Asked(of_frame(frame), text, last[episode])
        (row,) = driver.scores([asked])
        assert row.argmax() == heeding(frame, first[episode])


def test_a_stopped_drive_goes_on_where_it_was(tmp_path: Path) -> None:
    whole = driven(policy_of(heeding), tmp_path / "whole", episodes=6, every=2)
    place = tmp_path / "cut"
    driven(policy_of(heeding), place, episodes=3, every=2)
    lines = (place / LINES).read_bytes()
    (place / LINES).write_bytes(lines[:-40])  # killed while the third was written
    before = Fork.actions_taken
    assert driven(policy_of(heeding), place, episodes=6, every=2) == whole
    driven_again = Fork.actions_taken - before
    driven(policy_of(heeding), tmp_path / "third", episodes=6, every=2)
    assert driven_again < Fork.actions_taken - before - driven_again
    assert driven(policy_of(heeding), place, episodes=6, every=2) == whole


@given(st.integers(0, 400))
@settings(max_examples=20, deadline=None)
def test_a_cut_anywhere_loses_only_what_was_cut(
    tmp_path_factory: pytest.TempPathFactory, at: int
) -> None:
    from heedmap.report.driving.result import Episode

    folder = DriveFolder(tmp_path_factory.mktemp("cut"))
    made = [Episode(seed=seed, runs={}) for seed in range(8)]
    folder.append(made)
    content = (folder.path / LINES).read_bytes()
    (folder.path / LINES).write_bytes(content[:at])
    kept = folder.lines()
    assert kept == made[: content[:at].count(b"\n")]
    folder.append([Episode(seed=99, runs={})])
    assert [each.seed for each in folder.lines()] == [*(each.seed for each in kept), 99]


def test_other_options_and_other_folders_are_refused(tmp_path: Path) -> None:
    driven(policy_of(heeding), tmp_path / "out", episodes=1)
    with pytest.raises(RecordError, match=r"another max steps \(10, now 9\)"):
        driven(policy_of(heeding), tmp_path / "out", max_steps=9)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("all of it")
    with pytest.raises(RecordError, match="holds files that are no drive"):
        driven(policy_of(heeding), tmp_path / "mine")
    assert [path.name for path in (tmp_path / "mine").iterdir()] in (
        ["thesis.txt"],
        [".lock", "thesis.txt"],
        ["thesis.txt", ".lock"],
    )


@pytest.mark.parametrize(
    ("name", "content"),
    [(LINES, b'{"seed": -1, "runs": {}}\n'), (LINES, b"\xff\xfe\n"), (SETTINGS, b"[]")],
)
def test_damaged_files_are_one_sentence(tmp_path: Path, name: str, content: bytes) -> None:
    driven(policy_of(heeding), tmp_path / "out", episodes=1)
    (tmp_path / "out" / name).write_bytes(content)
    with pytest.raises(RecordError, match="is not as heedmap writes it"):
        DriveFolder(tmp_path / "out").read()


def test_the_videos_show_the_first_episode(tmp_path: Path) -> None:
    found = driven(policy_of(heeding), tmp_path / "out", episodes=2)
    run = found.episodes[0].runs["right"]
    with av.open(str(tmp_path / "out" / "right.mp4")) as video:
        frames = [frame.to_ndarray(format="rgb24") for frame in video.decode(video=0)]
    assert len(frames) == run.steps + 1
    lamps = [frame[10, column].astype(int) for frame in frames[:1] for column in (5, -5)]
    assert sorted(int(lamp.argmax()) for lamp in lamps) == [0, 2], "one is red, one is blue"
    strips = {strip.condition: strip for strip in DriveFolder(tmp_path / "out").strips()}
    apart = jensen_shannon_bits(*softmax(as_logits([0, 2]).astype(float), axis=1))
    assert [m.distance for m in strips["right"].moments] == pytest.approx([apart] * 4)
    assert {m.distance for m in strips["blank"].moments} != {0.0}


def test_what_a_policy_raises_is_one_sentence_and_leaves_no_half_episode(tmp_path: Path) -> None:
    def breaks(frame, text):
        raise ZeroDivisionError("of nothing")

    with pytest.raises(PolicyRunError, match="ZeroDivisionError: of nothing"):
        driven(policy_of(breaks), tmp_path / "out")
    assert DriveFolder(tmp_path / "out").lines() == []


def test_an_environment_without_a_wrong_instruction_says_so(tmp_path: Path) -> None:
    class One(Fork):
        def reset(self, *, seed=None, options=None):
            frame, _ = super().reset(seed=seed, options=options)
            return frame, {"mission": "go on"}

    with pytest.raises(HeedmapError, match="gives no wrong instruction; give one"):
        driven(policy_of(heeding), tmp_path / "out", fork(One))
