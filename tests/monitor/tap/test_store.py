"""The recording on disk: what is written is read again, and its size is bounded."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed

from heedmap.errors import TapError
from heedmap.monitor.tap.recording import read_run
from heedmap.monitor.tap.step import Step
from heedmap.monitor.tap.store import Store, read_steps
from tests.monitor.tap.servers import (
    Quiet,
    ask,
    connected,
    heeds,
    observation,
    policy,
    serving,
    tapping,
    unpacked,
    until,
)

NUMBERS = st.one_of(st.none(), st.lists(st.floats(allow_nan=False), max_size=4).map(tuple))
STEPS = st.builds(
    Step,
    client=st.integers(1, 9),
    episode=st.integers(0, 9),
    step=st.integers(0, 2**40),
    time_s=st.floats(0, 1e9),
    words=st.one_of(st.none(), st.text(max_size=40)),
    cameras=st.lists(st.text(max_size=9), max_size=2).map(tuple),
    thumbnails=st.lists(st.binary(max_size=50), max_size=2).map(tuple),
    state=NUMBERS,
    action=NUMBERS,
    chunk_shape=st.lists(st.integers(0, 99), max_size=3).map(tuple),
    latency_ms=st.one_of(st.none(), st.floats(0, 1e6)),
    error=st.one_of(st.none(), st.text(max_size=20)),
    findings=st.lists(st.sampled_from(["empty", "changed"]), max_size=2).map(tuple),
)


@settings(max_examples=20, deadline=None)
@given(st.lists(STEPS, max_size=9), st.integers(1, 4), st.booleans())
def test_steps_are_read_as_they_were_written(
    tmp_path_factory: pytest.TempPathFactory, steps: list[Step], a_part: int, is_killed: bool
) -> None:
    folder = tmp_path_factory.mktemp("run")
    store = Store(folder, 2**22, a_part)
    for step in steps:
        store.append(step)
    if is_killed:
        os.close(store._journal)
    else:
        store.close_part()
    assert list(read_steps(folder)) == steps


def test_half_a_character_is_kept_as_a_question_mark(tmp_path: Path) -> None:
    store = Store(tmp_path, 2**22)
    store.append(Step(1, 0, 0, 0.0, "half \ud800", cameras=("\ud800",)))
    store.close_part()
    (step,) = read_steps(tmp_path)
    assert (step.words, step.cameras) == ("half ?", ("?",))


def test_the_folder_stays_within_its_bound_and_keeps_the_newest(tmp_path: Path) -> None:
    most, picture = 2**18, bytes(range(256)) * 4
    step = Step(1, 0, 0, 0.0, "turn left", ("front",), (), (1.0,), (0.5,), (8, 7), 3.0)
    store = Store(tmp_path, most)
    most_seen = 0
    for number in range(1000):
        noise = number.to_bytes(4, "big") + bytes((byte * (number + 1)) % 251 for byte in picture)
        store.append(replace(step, step=number, thumbnails=(noise,), words=f"turn {number} " * 20))
        if number % 20 == 0:
            most_seen = max(most_seen, sum(each.stat().st_size for each in tmp_path.iterdir()))
    store.close_part()
    assert most_seen <= most
    kept = list(read_steps(tmp_path))
    assert [each.step for each in kept] == list(range(store.removed.steps, 1000))
    assert store.removed.thumbnails > 0
    assert not kept[0].thumbnails
    assert kept[-1].thumbnails


def test_oldest_parts_go_once_no_thumbnail_is_left(tmp_path: Path) -> None:
    store = Store(tmp_path, 2**16, steps_a_part=20)
    for number in range(400):
        text = "".join(chr(0x4E00 + (number * 7919 + at * 104729) % 20000) for at in range(200))
        store.append(Step(1, 0, number, 0.0, text))
    store.close_part()
    steps = [step.step for step in read_steps(tmp_path)]
    assert 0 < store.removed.steps < 400
    assert steps == list(range(store.removed.steps, 400))
    assert sum(each.stat().st_size for each in tmp_path.iterdir()) <= 2**16


def test_a_damaged_part_is_named(tmp_path: Path) -> None:
    store = Store(tmp_path, 2**22)
    store.append(Step(1, 0, 0, 0.0, "x"))
    store.close_part()
    (part,) = tmp_path.glob("*.parquet")
    part.write_bytes(part.read_bytes()[:-5])
    with pytest.raises(TapError, match=r"steps-000001.parquet of the recording cannot be read"):
        list(read_steps(tmp_path))


def test_of_a_part_that_is_closed_its_journal_is_not_read_again(tmp_path: Path) -> None:
    """A process may be killed between the two."""
    store = Store(tmp_path, 2**22)
    store.append(Step(1, 0, 0, 0.0, "x"))
    (journal,) = tmp_path.glob("*.journal")
    content = journal.read_bytes()
    store.close_part()
    journal.write_bytes(content)
    assert len(list(read_steps(tmp_path))) == 1


def test_a_full_disk_stops_the_recording_and_not_the_robot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(_: int, data: bytes) -> int:
        return 7 if room.pop() else len(data)

    room = [True] * 9 + [False] * 3
    asked = [observation(number) for number in range(8)]
    seen: list[Quiet] = []
    answers: list[dict[str, Any]] = []
    with (
        pytest.raises(TapError, match="No space left on device; choose a folder with room"),
        serving(policy(heeds)) as server,
        tapping(server, tmp_path / "run") as tapped,
    ):
        seen.append(tapped.seen)
        monkeypatch.setattr("heedmap.monitor.tap.store.os.write", write)
        with connected(tapped.address) as connection:
            answers += [unpacked(ask(connection, each)) for each in asked]
    assert [answer["actions"][0, 0] for answer in answers] == [1.0] * 8
    assert len(seen[0].steps) == 8
    assert len(seen[0].failures) == 1
    assert len(list(read_steps(tmp_path / "run"))) < 8


def test_what_was_seen_is_kept_where_the_forwarding_process_is_killed(tmp_path: Path) -> None:
    before = psutil.Process().children()
    with (
        pytest.raises(TapError, match="The process that forwards ended"),
        serving(policy(heeds)) as server,
        tapping(server, tmp_path / "run") as tapped,
    ):
        with connected(tapped.address) as connection:
            for number in range(5):
                ask(connection, observation(number))
            (forwarder,) = set(psutil.Process().children()) - set(before)
            until(lambda: len(tapped.seen.steps) == 5)
            forwarder.kill()
            with pytest.raises(ConnectionClosed):
                connection.recv(timeout=5)
        until(lambda: read_run(tmp_path / "run").about.ended is not None)
    assert len(list(read_steps(tmp_path / "run"))) == 5
