"""GR00T's servers behind a tap: all forms are read, planted faults named, questions are safe."""

from __future__ import annotations

import itertools
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgpack
import numpy as np
import pytest
import zmq

from heedmap.monitor.tap.address import server_address
from heedmap.monitor.tap.recording import Recording, read_run
from heedmap.monitor.tap.shadow import Shadow
from heedmap.monitor.tap.step import Step
from tests.command_line import run_heedmap
from tests.monitor.tap.servers import Tapped, found, tapping, until
from tests.monitor.tap.test_command import process
from tests.monitor.tap.zmq_servers import (
    WORDS_KEY,
    flat_observation,
    grouped_observation,
    replying,
    zmq_client,
)
from tests.policies.server.gr00t_servers import Gr00tForm, gr00t_server
from tests.policies.server.servers import Behaviour, heeds, ignores

LEFT, RIGHT = "turn left", "turn right"
OLD = Gr00tForm("n1.5", state=("arm", "hand"))
FORMS = [OLD, *(Gr00tForm(name, state=("arm", "hand")) for name in ("n1.6", "n1.7"))]


def asked_of(form: Gr00tForm, number: int, words: str) -> dict[str, Any]:
    return flat_observation(number, [words]) if form is OLD else grouped_observation(number, words)


def steps_of(
    folder: Path, texts: Sequence[str], form: Gr00tForm = OLD, *, resets: int = 0, **options: Any
) -> list[Step]:
    """The recorded steps of one client, which resets the policy every so many steps."""
    with (
        gr00t_server(heeds, form) as (server, _),
        tapping(server, folder, **options) as tapped,
        zmq_client(tapped.address, is_latest=form.is_latest) as client,
    ):
        client.call("ping")
        for number, words in enumerate(texts):
            if resets and number % resets == 0:
                client.call("reset", {"options": None})
            client.call("get_action", asked_of(form, number, words))
    assert tapped.tap.told.about.unreadable == 0
    steps = list(read_run(folder).steps())
    assert steps == tapped.seen.steps, "what is read is what was seen"
    return steps


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_words_pictures_state_and_actions_of_every_form_are_recorded(
    tmp_path: Path, form: Gr00tForm
) -> None:
    steps = steps_of(tmp_path / "run", [LEFT] * 3, form, trained=(LEFT,))
    assert [step.words for step in steps] == [LEFT] * 3
    assert {step.findings for step in steps} == {()}
    (cameras,) = {step.cameras for step in steps}
    assert cameras == ("video.front",) if form is OLD else ("observation/video/front",)
    assert all(step.thumbnails[0].startswith(b"\xff\xd8") for step in steps)
    sent = flat_observation(1)
    state = np.concatenate([sent["state.arm"][0], sent["state.hand"][0]])
    assert steps[1].state == pytest.approx(state)
    assert {step.chunk_shape for step in steps} == {(3, 2)}
    assert steps[1].action is not None
    assert sorted(steps[1].action) == pytest.approx(sorted(_expected(1)))
    assert all(step.latency_ms is not None and 0 < step.latency_ms < 5000 for step in steps)


def _expected(number: int) -> tuple[float, float]:
    return 1.0, float(flat_observation(number)["video.front"].mean() / 255)


def test_a_reset_begins_an_episode(tmp_path: Path) -> None:
    form = FORMS[1]
    steps = steps_of(tmp_path / "run", [LEFT] * 4 + [RIGHT] * 4, form, resets=4)
    assert [step.episode for step in steps] == [1] * 4 + [2] * 4
    assert {step.findings for step in steps} == {()}


FAULTS = {
    "empty after step three": ([LEFT] * 3 + [""] * 3, "empty", [3, 4, 5]),
    "stale for ten steps": (
        [LEFT] * 12 + [RIGHT] * 3 + [LEFT] * 10 + [RIGHT] * 3,
        "went_back",
        list(range(15, 25)),
    ),
    "junk appended": ([f"{LEFT} demo 0"] * 2, "appended", [0, 1]),
}


@pytest.mark.parametrize("name", FAULTS)
def test_planted_faults_of_the_client_are_named(tmp_path: Path, name: str) -> None:
    texts, code, expected = FAULTS[name]
    form = FORMS[len(texts) % 2]
    assert found(steps_of(tmp_path / "run", texts, form, trained=(LEFT, RIGHT)), code) == expected


def talk(answer: Callable[[dict[str, Any]], Any], folder: Path, *asked: Any) -> Tapped:
    """A tap between a client that asks so and a server that answers any map with another."""

    def replies(parts: list[bytes]) -> list[bytes]:
        return [msgpack.packb(answer(msgpack.unpackb(parts[0]))) or b""]

    with (
        replying(replies) as server,
        tapping(server, folder) as tapped,
        zmq_client(tapped.address) as client,
    ):
        for data in asked:
            client.call("get_action", data)
    return tapped


def test_missing_words_errors_characters_and_batches_are_said(tmp_path: Path) -> None:
    tapped = talk(
        lambda _: {"error": "Traceback ...\nValueError: no image"},
        tmp_path / "run",
        flat_observation(0, None),
        flat_observation(1, []),
        flat_observation(2, "put it"),
        grouped_observation(3, LEFT, robots=3),
    )
    steps = tapped.seen.steps
    assert [step.words for step in steps] == [None, None, str(list("put it")), LEFT]
    assert found(steps, "missing") == [0, 1]
    assert found(steps, "characters") == [2]
    assert {(step.error, step.action) for step in steps} == {("ValueError: no image", None)}
    assert tapped.tap.told.about.batched == 1
    ran = run_heedmap("tap", "--read", "run", cwd=tmp_path)
    assert "1 message holds the observations of several robots" in ran.out


@pytest.mark.parametrize("data", [None, 3, {"video.front": {"__ndarray_class__": True}}, {}])
def test_what_cannot_be_read_passes_and_nothing_breaks(tmp_path: Path, data: Any) -> None:
    tapped = talk(
        lambda _: [{"action.turn": {"__ndarray_class__": 1, "as_npy": b"x"}}], tmp_path, data
    )
    assert tapped.tap.told.about.messages == 2
    assert tapped.tap.told.about.unreadable == 1
    assert all(step.words is None and step.action is None for step in tapped.seen.steps)


def shadowed(
    behaviour: Behaviour, folder: Path, form: Gr00tForm = OLD, *, is_anyway: bool = False
) -> tuple[Recording, list[bytes], list[str]]:
    """What a tap with shadow questions recorded, the client's answers, and what was asked."""
    with gr00t_server(behaviour, form) as (server, endpoints):
        shadow = Shadow(server_address(server), (RIGHT,), 4, is_anyway=is_anyway)
        with (
            tapping(server, folder, shadow) as tapped,
            zmq_client(tapped.address, is_latest=form.is_latest) as client,
        ):
            answers: list[bytes] = []
            for number in range(20):
                answers.append(client.call("get_action", asked_of(form, number, LEFT)))
                time.sleep(0.01)
            until(lambda: len(tapped.tap.told.story.readings) >= 2 or shadow.refusal is not None)
    return read_run(folder), answers, endpoints


@pytest.mark.parametrize(
    ("form", "behaviour", "moves"),
    [
        pytest.param(FORMS[0], heeds, True, id="n1.5"),
        pytest.param(FORMS[1], ignores, False, id="n1.6, ignores"),
        pytest.param(FORMS[2], heeds, True, id="n1.7"),
    ],
)
def test_the_meter_tells_a_policy_that_heeds_and_the_client_sees_nothing_of_it(
    tmp_path: Path, form: Gr00tForm, behaviour: Behaviour, moves: bool
) -> None:
    recording, answers, endpoints = shadowed(behaviour, tmp_path / "run", form)
    assert recording.about.shadow is None
    assert {reading.same for reading in recording.readings} == {0.0}
    distances = [reading.distance for reading in recording.readings]
    assert distances == pytest.approx([np.sqrt(2) if moves else 0.0] * len(distances))
    with (
        gr00t_server(behaviour, form) as (server, _),
        zmq_client(server, is_latest=form.is_latest) as client,
    ):
        direct = [client.call("get_action", asked_of(form, n, LEFT)) for n in range(20)]
    assert answers == direct, "bit for bit what a client without a tap gets"
    assert set(endpoints) == {"get_action"}, "a tap never resets what the client's steps left"


def test_a_server_with_state_is_asked_no_more_unless_that_is_wanted(tmp_path: Path) -> None:
    def counting() -> Behaviour:
        counted = itertools.count()
        return lambda question: heeds(question) + np.float32(next(counted))

    recording, _, endpoints = shadowed(counting(), tmp_path / "run")
    assert recording.about.shadow == "has_state"
    assert recording.readings == ()
    assert len(endpoints) == 20 + 4
    recording, _, _ = shadowed(counting(), tmp_path / "anyway", is_anyway=True)
    assert recording.about.shadow == "asked_anyway"
    assert recording.readings


def test_without_pyzmq_everything_passes_and_shadow_questions_are_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with gr00t_server(heeds, OLD) as (server, _):
        monkeypatch.setitem(sys.modules, "zmq", None)
        monkeypatch.delitem(sys.modules, "heedmap.monitor.tap.zmq_line", raising=False)
        options = ("--out", "run", "--shadow-every", "2", "--exchange", RIGHT)
        ran = run_heedmap("tap", server, *options, cwd=tmp_path)
    assert ran.code == 1
    said = " ".join(ran.err.split())
    assert "This needs the package 'zmq', which is not installed; install it with: pip" in said


@pytest.mark.parametrize(
    ("server", "protocol"), [("ws://127.0.0.1:1", "gr00t"), ("tcp://127.0.0.1:1", "openpi")]
)
def test_a_protocol_of_the_other_wire_is_refused(
    tmp_path: Path, server: str, protocol: str
) -> None:
    ran = run_heedmap("tap", server, "--out", "run", "--protocol", protocol, cwd=tmp_path)
    assert ran.code == 1
    assert f"--protocol {protocol} is not spoken at {server}" in " ".join(ran.err.split())


def test_words_under_a_name_of_the_users_are_found(tmp_path: Path) -> None:
    from heedmap.monitor.tap.messages import Keys

    data = {**flat_observation(0), "annotation.other": ["stop"]}
    with (
        gr00t_server(heeds, OLD) as (server, _),
        tapping(server, tmp_path / "run", keys=Keys(prompt="annotation.other")) as tapped,
        zmq_client(tapped.address) as client,
    ):
        client.call("get_action", data)
    assert [step.words for step in tapped.seen.steps] == ["stop"]
    assert WORDS_KEY != "annotation.other"


@pytest.mark.apart
@pytest.mark.parametrize("which", ["observes", "forwards"])
def test_a_killed_process_loses_no_answered_step(tmp_path: Path, which: str) -> None:
    """Whichever of the two is killed: the client gets no answer, and the port is free again."""
    with (
        gr00t_server(heeds, OLD) as (server, _),
        process(server, tmp_path / "run") as (tap, at),
        zmq_client(at) as client,
    ):
        for number in range(40):
            client.call("get_action", flat_observation(number))
        time.sleep(0.5)
        (forwarder,) = Path(f"/proc/{tap.pid}/task/{tap.pid}/children").read_text().split()
        os.kill(tap.pid if which == "observes" else int(forwarder), signal.SIGKILL)
        assert tap.wait(20) != 0
        client.patience(0.5)
        with pytest.raises(zmq.Again):
            client.call("get_action", flat_observation(40))
        place = ("127.0.0.1", int(at.rpartition(":")[2]))
        until(lambda: _is_refused(place))
        assert _is_refused(place)
    recording = read_run(tmp_path / "run")
    assert (recording.about.ended is None) == (which == "observes")
    assert [step.step for step in recording.steps()] == list(range(40))


def _is_refused(place: tuple[str, int]) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(place) != 0
