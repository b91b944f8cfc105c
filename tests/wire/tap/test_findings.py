"""Faults of clients that we plant are each named, and a client without them gets no warning."""

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

from heedmap.errors import TapError
from heedmap.ladder.messages import LANGUAGES
from heedmap.policies.openpi_protocol import packed
from heedmap.wire.tap.conversation import Conversation
from heedmap.wire.tap.messages import Keys
from heedmap.wire.tap.step import Step
from heedmap.wire.tap.story import story_of
from heedmap.wire.tap.terminal import fix_of, line_of, sentence_of
from heedmap.wire.tap.watch import FINDINGS, Watch
from tests.wire.tap.servers import (
    Quiet,
    ask,
    connected,
    heeds,
    observation,
    policy,
    recorded,
    serving,
    tapping,
)

OPENPI = Path(os.environ.get("HEEDMAP_OPENPI", Path(sys.prefix) / "openpi"))
LEFT, RIGHT = "turn left", "turn right"


def steps_of(folder: Path, asked: list[dict[str, Any]], **options: Any) -> list[Step]:
    """The recorded steps of one client of a policy that heeds."""
    with serving(policy(heeds)) as server:
        recording, seen = recorded(folder, server, [asked], **options)
    steps = list(recording.steps())
    assert steps == seen.steps, "what is read is what was seen"
    return steps


def watched(asked: list[dict[str, Any]], **options: Any) -> list[Step]:
    """The steps of one client with their findings, without a wire."""
    talk, watch = Conversation(1, Keys(), "openpi"), Watch(**options)
    steps: list[Step] = []
    for number, message in enumerate(asked):
        talk.from_client(packed(message), number, float(number))
        answers = talk.from_server(packed(heeds(message)), number, number + 0.5)
        steps += map(watch.look, answers)
    assert [step.step for step in steps] == list(range(len(asked)))
    return steps


def found(steps: list[Step], code: str) -> list[int]:
    """The steps with a finding."""
    return [step.step for step in steps if code in step.findings]


def test_a_healthy_client_gets_no_warning(tmp_path: Path) -> None:
    steps = steps_of(tmp_path / "run", [observation(n) for n in range(30)], trained=(LEFT,))
    assert [step.words for step in steps] == [LEFT] * 30
    assert {step.findings for step in steps} == {()}
    assert {step.cameras for step in steps} == {("observation/image",)}
    assert all(step.thumbnails[0].startswith(b"\xff\xd8") for step in steps)
    assert steps[3].state == pytest.approx(observation(3)["observation/state"])
    assert steps[0].action is not None
    assert steps[0].action[0] == 1.0
    assert {step.chunk_shape for step in steps} == {(2, 2)}
    assert all(step.latency_ms is not None and 0 < step.latency_ms < 5000 for step in steps)


def test_words_that_are_gone_after_the_third_step_are_named_once(tmp_path: Path) -> None:
    asked = [observation(n, LEFT if n < 3 else "") for n in range(10)]
    steps = steps_of(tmp_path / "run", asked)
    assert found(steps, "empty") == list(range(3, 10))
    assert found(steps, "changed") == [], "that they are gone says it"
    story = story_of(steps)
    assert (story.runs["empty"], story.steps["empty"]) == (1, 7)
    assert story.warnings == 1


def test_observations_without_words_are_named() -> None:
    steps = watched([observation(n, None) for n in range(3)])
    assert found(steps, "missing") == [0, 1, 2]
    assert {step.words for step in steps} == {None}


def test_words_that_go_back_for_ten_steps_are_named() -> None:
    words = [LEFT] * 5 + [RIGHT] * 3 + [LEFT] * 10 + [RIGHT] * 5
    steps = watched([observation(n, text) for n, text in enumerate(words)])
    assert found(steps, "went_back") == list(range(8, 18))
    assert story_of(steps).warnings == 1
    new_tasks = [LEFT] * 12 + [RIGHT] * 12 + [LEFT] * 12
    asked = [observation(n, text) for n, text in enumerate(new_tasks)]
    steps = watched(asked)
    assert found(steps, "went_back") == []
    assert found(steps, "changed") == [12, 24]
    assert story_of(steps).warnings == 0


def test_an_observation_that_stays_for_ten_steps_is_named() -> None:
    asked = [observation(4 if 4 <= n < 14 else n, LEFT if n < 8 else RIGHT) for n in range(20)]
    steps = watched(asked)
    assert found(steps, "same_observation") == list(range(6, 14))
    assert story_of(steps).runs["same_observation"] == 1


def test_an_answer_from_before_the_change_of_words_is_named(tmp_path: Path) -> None:
    answers = [heeds(observation(n, LEFT if n < 8 else RIGHT)) for n in range(12)]

    def stale(_: dict[str, Any]) -> dict[str, Any]:
        at = given.pop(0)
        return answers[4 if 5 <= at < 8 else at]

    given = list(range(12))
    asked = [observation(n, LEFT if n < 5 else RIGHT) for n in range(12)]
    with serving(policy(stale)) as server:
        steps = list(recorded(tmp_path / "run", server, [asked])[0].steps())
    assert found(steps, "same_answer") == [5, 6, 7]


def test_words_outside_training_come_with_the_nearest() -> None:
    asked = [observation(n, "Turn left now") for n in range(3)]
    asked += [observation(9, "Turn left."), observation(10, "고양이")]
    steps = watched(asked, trained=(RIGHT, LEFT))
    assert found(steps, "outside_training") == [0, 1, 2, 4]
    assert [step.nearest for step in steps] == [LEFT] * 3 + [None] * 2
    assert "nearest in training: “turn left”" in line_of(story_of(steps).odds[0])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("turn left seed_3", "appended"),
        ("turn left 3f9a01bc77", "appended"),
        ("t u r n l e f t", "characters"),
        ("turn {direction}", "placeholder"),
        ("Sure! Here is the instruction: turn left", "preamble"),
        ("turn left </s>", "markup"),
        ("turn left and put it on the", "cut_short"),
        ("turn_left_then_stop", "identifier"),
        ("turn\x00 left", "garbled"),
    ],
)
def test_junk_is_named(text: str, code: str) -> None:
    asked = [observation(n, LEFT if n < 2 else text) for n in range(4)]
    steps = watched(asked)
    assert found(steps, code) == [2, 3]
    assert story_of(steps).runs[code] == 1


def test_every_finding_has_its_sentence_and_what_to_do() -> None:
    for language in LANGUAGES:
        texts = [(sentence_of(code, language), fix_of(code, language)) for code in FINDINGS]
        assert len(set(texts)) == len(FINDINGS)


def test_clients_have_their_own_words(tmp_path: Path) -> None:
    """Two clients that talk in turn are not one whose words change."""
    with (
        serving(policy(heeds)) as server,
        tapping(server, tmp_path / "run") as tapped,
        connected(tapped.address) as one,
        connected(tapped.address) as two,
    ):
        for number in range(5):
            ask(one, observation(number, LEFT))
            ask(two, observation(number, RIGHT))
    steps = tapped.seen.steps
    assert {(step.client, step.words) for step in steps} == {(1, LEFT), (2, RIGHT)}
    assert {step.findings for step in steps} == {()}


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

    def seen_by(connection: Any, seq: int, words: str) -> None:
        image = observation(seq)["observation/image"]
        payload = {"images": {"front": image}, "task_description": words, "states": np.ones(3)}
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
    steps = tapped.seen.steps
    assert [(step.episode, step.words) for step in steps] == [
        *([(1, LEFT)] * 2 + [(2, RIGHT)] * 2),
        (2, LEFT),
    ]
    assert [step.action and step.action[1] for step in steps] == [0.0, 1.0, 10.0, 11.0, 12.0]
    assert {step.cameras for step in steps} == {("images/front",)}
    assert found(steps, "changed_in_episode") == [4]


@pytest.mark.parametrize("first", ["hello", "observation"])
def test_a_forced_protocol_reads_no_envelope(tmp_path: Path, first: str) -> None:
    asked = [{"type": first, "payload": {}, **observation(n)} for n in range(2)]
    steps = steps_of(tmp_path / "run", asked, protocol="openpi")
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


def test_a_folder_without_a_recording_is_refused(tmp_path: Path) -> None:
    from heedmap.wire.tap.recording import read_run

    with pytest.raises(TapError, match="holds no recording of a tap"):
        read_run(tmp_path)


def test_an_onlooker_is_told_each_run_of_steps_once(tmp_path: Path) -> None:
    asked = [observation(n, "" if n in (2, 3, 6) else LEFT) for n in range(9)]
    with serving(policy(heeds)) as server:
        seen: Quiet = recorded(tmp_path / "run", server, [asked])[1]
    assert [(odd.first, odd.last) for odd in seen.begun if odd.code == "empty"] == [(2, 3), (6, 6)]
