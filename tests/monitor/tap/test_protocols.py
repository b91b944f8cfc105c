"""What clients and servers speak: openpi, the evaluation harness, and what cannot be read."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import msgpack
import numpy as np
import pytest
from websockets.sync.client import connect
from websockets.sync.server import ServerConnection

from tests.monitor.tap.servers import (
    found,
    heeds,
    observation,
    packed,
    policy,
    serving,
    tapping,
)
from tests.monitor.tap.test_findings import watched

OPENPI = Path(os.environ.get("HEEDMAP_OPENPI", Path(sys.prefix) / "openpi"))
LEFT, RIGHT = "turn left", "turn right"


def test_what_cannot_be_read_passes_and_is_counted(tmp_path: Path) -> None:
    def answers_anything(connection: ServerConnection) -> None:
        for _ in connection:
            connection.send(b"\xc1 no msgpack")

    sent = [b"\xc1", b"", msgpack.packb([1]), b"\x81" * 5000, packed(observation(1))[:-9]]
    bad_array = {"prompt": LEFT, "x": {b"__ndarray__": True, b"dtype": "|O", b"shape": [1]}}
    sent += [msgpack.packb(bad_array)]
    with (
        serving(answers_anything) as server,
        tapping(server, tmp_path / "run") as tapped,
        connect(tapped.address) as connection,
    ):
        for message in sent:
            assert message is not None
            connection.send(message)
            assert connection.recv() == b"\xc1 no msgpack"
    assert tapped.tap.told.about.unreadable == 2 * len(sent)
    assert tapped.seen.steps == []


def test_an_error_of_the_server_is_recorded(tmp_path: Path) -> None:
    def fails(connection: ServerConnection) -> None:
        connection.send(packed({}))
        connection.recv()
        connection.send("Traceback ...\nValueError: no image")
        connection.close(1011, "Internal server error")

    with (
        serving(fails) as server,
        tapping(server, tmp_path / "run") as tapped,
        connect(tapped.address) as connection,
    ):
        connection.recv()
        connection.send(packed(observation(1)))
        assert connection.recv() == "Traceback ...\nValueError: no image"
    (step,) = tapped.seen.steps
    assert (step.error, step.action) == ("ValueError: no image", None)


def test_an_observation_without_an_answer_is_kept(tmp_path: Path) -> None:
    def leaves(connection: ServerConnection) -> None:
        connection.send(packed({}))
        connection.recv()

    with (
        serving(leaves) as server,
        tapping(server, tmp_path / "run") as tapped,
        connect(tapped.address) as connection,
    ):
        connection.recv()
        connection.send(packed(observation(1)))
        with pytest.raises(Exception, match="1000"):
            connection.recv()
    (step,) = tapped.seen.steps
    assert (step.words, step.latency_ms, step.action) == (LEFT, None, None)


def harness(kind: str, payload: dict[str, Any], seq: int) -> bytes:
    """A message of the evaluation harness, whose arrays have text for keys."""

    def plain(value: np.ndarray) -> dict[str, Any]:
        kept = {"data": value.tobytes(), "dtype": value.dtype.str, "shape": list(value.shape)}
        return {"__ndarray__": True, **kept}

    message = {"type": kind, "payload": payload, "seq": seq, "timestamp": 0.5}
    data = msgpack.packb(message, default=plain)
    assert data is not None
    return data


def test_the_harness_marks_episodes_and_numbers_its_answers(tmp_path: Path) -> None:
    def answers(connection: ServerConnection) -> None:
        for message in connection:
            found = msgpack.unpackb(message)
            if found["type"] == "hello":
                connection.send(harness("hello", {"model_server": "Test"}, found["seq"]))
            elif found["type"] == "observation":
                action = {"actions": np.array([0.5, float(found["seq"])])}
                connection.send(harness("action", action, found["seq"]))

    def seen_by(connection: Any, seq: int, words: str, **more: bool) -> None:
        image = observation(seq)["observation/image"]
        payload = {"images": {"front": image}, "task_description": words, "states": np.ones(3)}
        payload |= more
        connection.send(harness("observation", payload, seq))
        assert msgpack.unpackb(connection.recv())["seq"] == seq

    with (
        serving(answers) as server,
        tapping(server, tmp_path / "run") as tapped,
        connect(tapped.address) as connection,
    ):
        connection.send(harness("hello", {}, 0))
        connection.recv()
        for episode, words in enumerate(([LEFT, LEFT], [RIGHT, RIGHT, LEFT])):
            connection.send(harness("episode_start", {"task": "t"}, 100 + episode))
            for step, text in enumerate(words):
                seen_by(connection, 10 * episode + step, text)
            connection.send(harness("episode_end", {}, 200))
        seen_by(connection, 20, RIGHT, episode_restart=True)
    steps = tapped.seen.steps
    assert [(step.episode, step.words) for step in steps] == [
        *([(1, LEFT)] * 2 + [(2, RIGHT)] * 2),
        *((2, LEFT), (3, RIGHT)),
    ]
    assert [step.action and step.action[1] for step in steps] == [0.0, 1.0, 10.0, 11.0, 12.0, 20.0]
    assert {step.cameras for step in steps} == {("images/front",)}
    assert found(steps, "changed_in_episode") == [4]
    assert tapped.tap.story.warnings == 0, "a planner or a chain of tasks may change them"


@pytest.mark.parametrize("first", ["hello", "observation"])
def test_a_forced_protocol_reads_no_envelope(first: str) -> None:
    steps = watched([{"type": first, "payload": {}, **observation(n)} for n in range(2)])
    assert [step.words for step in steps] == [LEFT, LEFT]


@pytest.mark.filterwarnings("ignore:connect.. must be used as a context:DeprecationWarning")
def test_the_real_client_of_openpi_gets_what_the_server_says(tmp_path: Path) -> None:
    if not (OPENPI / "openpi_client").is_dir():
        assert os.environ.get("CI") != "true", f"{OPENPI} holds no openpi-client; run `make test`"
        pytest.skip(f"openpi-client is not in {OPENPI}; `make test` puts it there")
    sys.path.insert(0, str(OPENPI))
    try:
        from openpi_client.websocket_client_policy import (  # pyright: ignore[reportMissingImports]
            WebsocketClientPolicy,
        )
    finally:
        sys.path.remove(str(OPENPI))
    answers: dict[str, list[dict[str, Any]]] = {}
    with serving(policy(heeds)) as server, tapping(server, tmp_path / "run") as tapped:
        for name, address in (("direct", server), ("tapped", tapped.address)):
            client = WebsocketClientPolicy(address)
            answers[name] = [client.infer(observation(n, LEFT)) for n in range(10)]
            client._ws.close()
    for direct, through in zip(*answers.values(), strict=True):
        np.testing.assert_array_equal(direct["actions"], through["actions"])
    assert [step.words for step in tapped.seen.steps] == [LEFT] * 10
    assert {step.findings for step in tapped.seen.steps} == {()}
