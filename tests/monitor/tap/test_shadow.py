"""Shadow questions: they tell whether the words matter, and change nothing for the client."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgpack
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.sync.client import connect
from websockets.sync.server import ServerConnection

from heedmap.monitor.tap.address import server_address
from heedmap.monitor.tap.messages import Answer
from heedmap.monitor.tap.recording import Recording, read_run
from heedmap.monitor.tap.shadow import Shadow, _Spread, distance_of
from tests.command_line import run_heedmap
from tests.monitor.tap.servers import (
    Handle,
    ask,
    connected,
    heeds,
    observation,
    packed,
    policy,
    serving,
    tapping,
    unpacked,
    until,
)

LEFT, RIGHT = "turn left", "turn right"
STEPS = 24


def ignores(message: dict[str, Any]) -> dict[str, Any]:
    return heeds({**message, "prompt": ""})


def shadowed(
    handle: Handle, folder: Path, *, every: int = 4, is_anyway: bool = False
) -> tuple[Recording, list[bytes]]:
    """What a tap with shadow questions recorded, and the answers that its client got."""
    with serving(handle) as server:
        shadow = Shadow(server_address(server), (RIGHT, "stop"), every, is_anyway=is_anyway)
        with tapping(server, folder, shadow) as tapped, connected(tapped.address) as connection:
            answers = []
            for number in range(STEPS):
                answers.append(ask(connection, observation(number, LEFT)))
                time.sleep(0.01)
            until(lambda: len(tapped.tap.told.story.readings) >= 4 or shadow.refusal is not None)
    return read_run(folder), answers


@pytest.mark.parametrize(("answer", "moves"), [(heeds, True), (ignores, False)])
def test_the_meter_tells_a_policy_that_heeds_from_one_that_does_not(
    tmp_path: Path, answer: Callable[[dict[str, Any]], dict[str, Any]], moves: bool
) -> None:
    recording, answers = shadowed(policy(answer), tmp_path / "run")
    assert recording.about.shadow is None
    assert {reading.exchanged for reading in recording.readings} == {RIGHT, "stop"}
    assert {reading.same for reading in recording.readings} == {0.0}
    turned = [each.distance for each in recording.readings if each.exchanged == RIGHT]
    assert turned == pytest.approx([np.sqrt(2) if moves else 0.0] * len(turned))
    direct = [packed(answer(observation(number, LEFT))) for number in range(STEPS)]
    assert answers == direct, "bit for bit what a client without a tap gets"
    assert [step.words for step in recording.steps()] == [LEFT] * STEPS


def counts(shared: bool) -> Handle:
    """A server whose answers carry a counter: of all connections, or of each its own."""
    total = itertools.count()

    def handle(connection: ServerConnection) -> None:
        connection.send(packed({"name": "test"}))
        own = total if shared else itertools.count()
        for message in connection:
            answer = heeds(unpacked(message))
            answer["actions"] = answer["actions"] + np.float32(next(own))
            connection.send(packed(answer))

    return handle


@pytest.mark.parametrize("shared", [True, False])
def test_a_server_with_state_is_asked_no_more(tmp_path: Path, shared: bool) -> None:
    recording, answers = shadowed(counts(shared), tmp_path / "run")
    assert recording.about.shadow == "has_state"
    assert recording.readings == ()
    if not shared:
        expected = [heeds(observation(n, LEFT))["actions"] + np.float32(n) for n in range(STEPS)]
        got = [unpacked(answer)["actions"] for answer in answers]
        np.testing.assert_array_equal(got, expected)
    ran = run_heedmap("tap", "--read", "run", cwd=tmp_path)
    assert "No shadow questions: the server answers one observation in different ways" in ran.out


def test_a_server_that_knows_its_clients_apart_is_not_asked(tmp_path: Path) -> None:
    numbers = itertools.count()

    def handle(connection: ServerConnection) -> None:
        connection.send(packed({"name": "test"}))
        number = next(numbers)
        for message in connection:
            answer = heeds(unpacked(message))
            connection.send(packed({"actions": answer["actions"] + np.float32(number)}))

    recording, _ = shadowed(handle, tmp_path / "run")
    assert recording.about.shadow == "differs_by_connection"
    assert recording.readings == ()


def test_state_that_shows_later_ends_the_questions(tmp_path: Path) -> None:
    asked, drifts = itertools.count(), threading.Event()

    def slowly(message: dict[str, Any]) -> dict[str, Any]:
        off = next(asked) if drifts.is_set() else 0
        return {"actions": heeds(message)["actions"] + np.float32(off)}

    with serving(policy(slowly)) as server:
        shadow = Shadow(server_address(server), (RIGHT,), 1)
        with (
            tapping(server, tmp_path / "run", shadow) as tapped,
            connected(tapped.address) as connection,
        ):
            ask(connection, observation(0, LEFT))
            until(lambda: bool(tapped.tap.told.story.readings))
            drifts.set()
            ask(connection, observation(1, LEFT))
            until(lambda: shadow.refusal is not None)
    recording = read_run(tmp_path / "run")
    assert recording.about.shadow == "found_later"
    assert [reading.step for reading in recording.readings] == [0]


def test_noise_is_asked_about_only_where_that_is_wanted(tmp_path: Path) -> None:
    random = np.random.default_rng(0)

    def draws(message: dict[str, Any]) -> dict[str, Any]:
        return {"actions": heeds(message)["actions"] + random.normal(0, 0.01, (2, 2))}

    recording, _ = shadowed(policy(draws), tmp_path / "run")
    assert recording.about.shadow == "has_state"
    recording, _ = shadowed(policy(draws), tmp_path / "anyway", is_anyway=True)
    assert recording.about.shadow == "asked_anyway"
    turned = [each for each in recording.readings if each.exchanged == RIGHT]
    assert all(0 < each.same < 0.1 < each.distance for each in turned)


def test_the_harness_is_asked_in_an_episode_of_the_taps_own(tmp_path: Path) -> None:
    began: list[Any] = []

    def plain(value: np.ndarray) -> dict[str, Any]:
        kept = {"data": value.tobytes(), "dtype": value.dtype.str, "shape": list(value.shape)}
        return {"__ndarray__": True, **kept}

    def message(kind: str, payload: dict[str, Any], seq: int) -> bytes:
        whole = {"type": kind, "payload": payload, "seq": seq, "timestamp": 0.0}
        data = msgpack.packb(whole, default=plain)
        assert data is not None
        return data

    def handle(connection: ServerConnection) -> None:
        for data in connection:
            found = msgpack.unpackb(data)
            if found["type"] == "episode_start":
                began.append(found["payload"])
            else:
                turn = float("left" in found["payload"]["task_description"])
                connection.send(message("action", {"actions": np.array([turn])}, found["seq"]))

    with serving(handle) as server:
        shadow = Shadow(server_address(server), (RIGHT,), 1)
        with tapping(server, tmp_path / "run", shadow) as tapped, connect(tapped.address) as client:
            client.send(message("episode_start", {"task": 3}, 0))
            for seq in range(1, 10):
                image = observation(seq)["observation/image"]
                asked = {"images": {"front": image}, "task_description": LEFT}
                client.send(message("observation", asked, seq))
                assert msgpack.unpackb(client.recv())["seq"] == seq
            until(lambda: bool(tapped.tap.told.story.readings))
    readings = read_run(tmp_path / "run").readings
    assert began == [{"task": 3}] * 2
    assert {reading.distance for reading in readings} == {1.0}


def test_a_server_that_refuses_the_tap_costs_the_client_nothing(tmp_path: Path) -> None:
    numbers = itertools.count()

    def handle(connection: ServerConnection) -> None:
        if next(numbers) == 0:
            policy(heeds)(connection)

    recording, answers = shadowed(handle, tmp_path / "run")
    assert recording.about.shadow == "no_answer"
    assert len(answers) == STEPS


FLOATS = st.lists(st.floats(-1e3, 1e3), min_size=3, max_size=3).map(tuple)


@settings(max_examples=40)
@given(FLOATS, FLOATS)
def test_a_distance_is_symmetric_and_nothing_between_equals(
    one: tuple[float, ...], other: tuple[float, ...]
) -> None:
    first, second = Answer(one), Answer(other)
    assert distance_of(first, first) == 0.0
    assert distance_of(first, second) == distance_of(second, first)
    doubled = distance_of(first, second, np.full(3, 0.5))
    assert doubled == pytest.approx(2 * (distance_of(first, second) or 0.0))


def test_what_cannot_be_compared_has_no_distance() -> None:
    assert distance_of(Answer((1.0,)), Answer((1.0, 2.0))) is None
    assert distance_of(Answer((float("nan"),)), Answer((1.0,))) is None
    assert distance_of(Answer(None), Answer(None)) is None
    assert distance_of(Answer((1.0,)), Answer((2.0,)), np.zeros(1)) is None
    assert distance_of(Answer((1.0, 1.0)), Answer((2.0, 2.0)), np.array([0.0, 0.5])) == 2.0


@settings(max_examples=30)
@given(st.lists(FLOATS, min_size=10, max_size=20))
def test_the_scale_is_the_standard_deviation(actions: list[tuple[float, ...]]) -> None:
    spread = _Spread()
    for number, action in enumerate(actions):
        assert (spread.scale() is None) == (number < 10)
        spread.add(np.array(action))
    found = spread.scale()
    assert found is not None
    np.testing.assert_allclose(found, np.std(actions, axis=0), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("options", [("--shadow-every", "2"), ("--exchange", "turn left")])
def test_half_of_the_options_is_refused(tmp_path: Path, options: tuple[str, str]) -> None:
    ran = run_heedmap("tap", "ws://127.0.0.1:1", "--out", "run", *options, cwd=tmp_path)
    assert ran.code == 1
    assert "--shadow-every and --exchange belong together" in ran.err
