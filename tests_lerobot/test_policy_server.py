"""LeRobot's own policy server on loopback takes what heedmap sends, and its answers are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
import torch
from lerobot.async_inference import policy_server
from lerobot.async_inference.configs import PolicyServerConfig
from lerobot.transport import services_pb2_grpc

from heedmap import audit, load_policy
from heedmap.data.observation import Observation
from heedmap.data.trials import Trial
from heedmap.errors import PolicyError
from heedmap.record.record import PolicyResult
from tests_lerobot import tiny


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Of a server; its logs are written where it runs."""
    monkeypatch.chdir(tmp_path)
    own = PolicyServerConfig(host="127.0.0.1", port=8080, inference_latency=1e-6)
    server = grpc.server(futures.ThreadPoolExecutor(2))
    services_pb2_grpc.add_AsyncInferenceServicer_to_server(policy_server.PolicyServer(own), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"server:grpc://127.0.0.1:{port}"
    server.stop(None).wait()


def test_actions_are_those_of_the_policy_in_process(
    address: str, checkpoint: Callable[[str], Path]
) -> None:
    folder = checkpoint("act")
    behind = load_policy(f"{address}?policy=act&checkpoint={folder}&steps=4")
    own = load_policy(f"lerobot:{folder}")
    for observation in tiny.frames().values():
        expected = own([observation], ["go left"])
        found = behind([observation], ["go left"])
        assert torch.allclose(found.to(expected.dtype), expected, atol=1e-5)
    behind.close()


class Planted:
    """In the place of a policy's class: turns where it is told, or never."""

    def __init__(self, heeds: bool) -> None:
        self._heeds = heeds
        self.config: Any = None

    def from_pretrained(self, place: str) -> Planted:
        config = tiny.get_policy_class("act").config_class
        self.config = config.from_pretrained(place)
        return self

    def to(self, device: str) -> Planted:
        return self

    def predict_action_chunk(self, batch: dict[str, Any]) -> torch.Tensor:
        (text,) = batch["task"]
        turn = float("left" in text) - float("right" in text) if self._heeds else 0.5
        bright = batch["observation.images.top"].mean()
        return torch.stack([torch.tensor(turn), bright, torch.tensor(0.0)]).expand(1, 4, 3)


@pytest.mark.parametrize("heeds", [True, False])
def test_a_policy_that_heeds_obeys_and_one_that_ignores_is_named(
    heeds: bool,
    address: str,
    checkpoint: Callable[[str], Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(policy_server, "get_policy_class", lambda kind: Planted(heeds))
    behind = load_policy(f"{address}?policy=act&checkpoint={checkpoint('act')}")
    trials = [
        Trial(name, observation, tiny.INSTRUCTIONS, {"left": "dim0:+", "right": "dim0:-"})
        for name, observation in tiny.frames(8).items()
    ]
    result = audit(behind, trials[0].observation, tiny.INSTRUCTIONS, trials=trials)
    behind.close()
    (found,) = result.record.policies
    assert isinstance(found, PolicyResult)
    status = "holds" if heeds else "fails"
    assert found.verdict.rungs["obeyed"].status == status
    assert found.verdict.cause == ("none" if heeds else "unused")


def test_what_the_server_cannot_do_is_one_sentence(
    address: str, checkpoint: Callable[[str], Path], tmp_path: Path
) -> None:
    (observation,) = tiny.frames(1).values()
    image = {"elsewhere": np.zeros((8, 8, 3), np.uint8)}
    for query, seen, told in (
        (f"policy=act&checkpoint={tmp_path / 'none'}", observation, "gave no answer"),
        (f"policy=wall&checkpoint={checkpoint('act')}", observation, "wall not supported"),
        (
            f"policy=act&checkpoint={checkpoint('act')}",
            Observation(image, observation.state),
            "gave no actions, and its log says why; it got the cameras elsewhere,",
        ),
    ):
        behind = load_policy(f"{address}?{query}")
        with pytest.raises(PolicyError, match=told) as caught:
            behind([seen], ["go left"])
        assert "\n" not in str(caught.value)
        behind.close()
