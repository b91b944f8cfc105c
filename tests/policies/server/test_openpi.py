"""Policies behind openpi's websocket protocol, against small servers of ours on loopback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgpack
import numpy as np
import pytest
from websockets.sync.server import ServerConnection

from heedmap.auditing.api import audit
from heedmap.data.observation import Observation, of_frame
from heedmap.errors import PolicyError
from heedmap.policies.registry import load_policy
from heedmap.policies.server import ServerOptions, ServerPolicy
from heedmap.policies.server.messages import openpi_array, packed, unpacked
from heedmap.record.record import PolicyResult
from heedmap.record.result import Result
from heedmap.report.page.render import write_html
from heedmap.testbed.specimens.world import FrameCase
from tests.families_page import saw_rungs
from tests.policies.server.servers import trials, websocket_server

OBJECTS = {b"__ndarray__": True, b"dtype": "|O", b"shape": (1,)}
Answer = Callable[[dict[str, Any]], Any]


def chunk(*action: float) -> dict[str, Any]:
    """A chunk of three steps, the first of them `action`."""
    return {"actions": np.array([action, (9, 9), (9, 9)], dtype=np.float32)}


def heeds(request: dict[str, Any]) -> dict[str, Any]:
    """Turns where it is told; the picture's brightness is its speed."""
    words = request["prompt"].split()
    turn = float("left" in words) - float("right" in words)
    return chunk(turn, request["observation/image"].mean() / 255)


def ignores(request: dict[str, Any]) -> dict[str, Any]:
    return chunk(0.5, request["observation/image"].mean() / 255)


@contextmanager
def serving(answer: Answer) -> Iterator[str]:
    """A server as openpi's: metadata first, then one answer a request."""

    def handle(connection: ServerConnection) -> None:
        connection.send(packed({"name": "test"}, openpi_array))
        for message in connection:
            assert isinstance(message, bytes)
            found = answer(unpacked(message, "client", "openpi's"))
            connection.send(
                found if isinstance(found, str | bytes) else packed(found, openpi_array)
            )

    with websocket_server(handle) as address:
        yield address


def audited(answer: Answer, query: ServerOptions | None = None) -> tuple[PolicyResult, Result]:
    with serving(answer) as address:
        policy = ServerPolicy(address, query)
        own = trials()
        result = audit(policy, own[0].observation, own[0].instructions, trials=own)
        policy.close()
    return result.record.policies[0], result


def test_a_black_box_that_heeds_and_one_that_does_not() -> None:
    found, _ = audited(heeds)
    assert {rung: found.verdict.rungs[rung].status for rung in found.verdict.rungs} == {
        **dict.fromkeys(("tokenised", "present", "visible", "attended"), "not measured"),
        **dict.fromkeys(("used", "obeyed"), "holds"),
    }
    assert found.verdict.cause == "none"
    assert found.verdict.bypass.status == "not measured"
    assert "Only the policy's actions were observed" in found.sentence
    saw_rungs("server", found)
    deaf, _ = audited(ignores)
    assert deaf.verdict.rungs["used"].status == "fails"
    assert deaf.verdict.rungs["obeyed"].status == "fails"
    assert deaf.verdict.cause == "unused"


def test_a_black_box_is_reported_like_others(tmp_path: Path) -> None:
    _, result = audited(heeds)
    result.save(tmp_path / "run")
    again = Result.load(tmp_path / "run")
    assert again.record.policies[0].weights_sha256 is None
    for language in ("en", "ko"):
        write_html(again, tmp_path / f"{language}.html", language)
        assert "server:ws" in (tmp_path / f"{language}.html").read_text()


def test_requests_are_openpis(case: FrameCase) -> None:
    seen: list[dict[str, Any]] = []

    def remember(request: dict[str, Any]) -> dict[str, Any]:
        seen.append(request)
        return chunk(1, 2)

    state = np.array([0.25, -1], dtype=np.float32)
    wide = np.zeros((20, 40, 3), np.uint8) + 200
    observation = Observation({"top": case.frame, "wrist": wide}, state)
    with serving(remember) as address:
        spec = f"server:{address}?images=observation/image,observation/wrist_image&steps=2"
        policy = load_policy(spec)
        scores = policy([observation], ["pick it up"])
    assert scores.tolist() == [[1, 2, 9, 9]]
    (request,) = seen
    assert set(request) == {
        "observation/image",
        "observation/wrist_image",
        "observation/state",
        "prompt",
    }
    assert request["prompt"] == "pick it up"
    assert request["observation/state"].tolist() == [0.25, -1]
    assert request["observation/image"].shape == (224, 224, 3)
    padded = request["observation/wrist_image"]
    # 20x40 px become 112x224, with 56 black rows above and below.
    assert padded[:56].max() == padded[168:].max() == 0
    assert (padded[56:168] == 200).all()


def test_a_server_that_draws_noise_is_refused_unless_answers_are_averaged() -> None:
    rng = np.random.default_rng(0)

    def noisy(request: dict[str, Any]) -> dict[str, Any]:
        turn, speed = heeds(request)["actions"][0]
        return chunk(turn + rng.normal(0, 0.05), speed)

    with pytest.raises(PolicyError, match=r"actions that differ by up to .*repeats=32"):
        audited(noisy)
    found, _ = audited(noisy, ServerOptions(repeats=8))
    assert found.verdict.rungs["used"].status == "holds"
    assert not found.outputs_unchanged


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (lambda _: "Traceback ...\nKeyError: 'observation/joint'", "KeyError: 'observation/joint'"),
        (lambda _: b"\xc1", "no message of openpi's"),
        (lambda _: msgpack.packb([1]), "sent a list"),
        (lambda _: {"action": np.zeros((3, 2))}, r"'actions' \(it holds action\) has none"),
        (lambda _: {"actions": np.zeros(2)}, r"array of float64 and shape \(2,\)"),
        (lambda _: chunk(float("nan"), 0), "not finite"),
        (
            lambda _: msgpack.packb(
                {b"__ndarray__": True, b"data": b"x", b"dtype": "|O", b"shape": (1,)}
            ),
            "plain numbers",
        ),
    ],
)
def test_answers_that_cannot_be_used(answer: Answer, told: str, case: FrameCase) -> None:
    with serving(answer) as address, pytest.raises(PolicyError, match=told):
        ServerPolicy(address)([of_frame(case.frame)], ["go left"])


def test_no_server_and_wrong_cameras_are_told(case: FrameCase) -> None:
    with pytest.raises(PolicyError, match="gave no answer .*start it"):
        load_policy("server:127.0.0.1:9?timeout_s=2")([of_frame(case.frame)], ["go"])
    with pytest.raises(PolicyError, match="setting 'image'"):
        load_policy("server:127.0.0.1:9?image=x")
    with serving(heeds) as address, pytest.raises(PolicyError, match="gets 2 camera"):
        load_policy(f"server:{address}?images=a,b")([of_frame(case.frame)], ["go"])
