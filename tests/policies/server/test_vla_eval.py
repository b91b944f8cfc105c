"""Policies behind vla-eval's model servers, against a small server of its protocol."""

from __future__ import annotations

import numpy as np
import pytest

from heedmap.data.observation import Observation, of_frame
from heedmap.errors import PolicyError
from heedmap.testbed.specimens.world import FrameCase
from tests.policies.server.servers import (
    Question,
    Queued,
    asking,
    audited,
    check_verdicts,
    heeds,
    ignores,
    vla_eval_server,
)

NAMED = "?protocol=vla-eval"


def test_a_policy_that_heeds_obeys_and_one_that_ignores_is_named() -> None:
    with vla_eval_server(heeds) as (one, _), vla_eval_server(ignores) as (other, _):
        check_verdicts(audited(f"server:{one}{NAMED}"), audited(f"server:{other}{NAMED}"))


def test_actions_are_the_policys_own_and_the_protocol_is_found(case: FrameCase) -> None:
    wrist = np.full((20, 40, 3), 200, np.uint8)
    observation = Observation(
        {"agentview": case.frame, "wrist": wrist}, np.array([0.25, -1], np.float32)
    )
    questions: list[Question] = []

    def behaviour(question: Question) -> np.ndarray:
        questions.append(question)
        return heeds(question)

    with (
        vla_eval_server(behaviour) as (address, seen),
        asking(f"server:{address.removeprefix('ws://')}?steps=2") as policy,
    ):
        scores = policy([observation], ["go left"])
        assert policy.loaded is not None
        assert policy.loaded.choices["protocol"] == "vla-eval"
    (question,) = questions
    own = Question({"agentview": case.frame, "wrist": wrist}, observation.state, "go left")
    assert scores.tolist() == [heeds(own)[:2].reshape(-1).tolist()]
    for camera, image in own.images.items():
        assert np.array_equal(question.images[camera], image)
    assert question.state is not None
    assert question.state.tolist() == [0.25, -1]
    assert seen == ["hello", "episode_start", "observation", "episode_end"]


def test_a_queue_of_actions_is_emptied_before_every_question(case: FrameCase) -> None:
    """Else the second answer would be what is left of the first one's chunk."""
    with (
        vla_eval_server(Queued(heeds)) as (address, _),
        asking(f"server:{address}{NAMED}") as policy,
    ):
        frame = of_frame(case.frame)
        turns = policy([frame] * 3, ["go left", "go right", "go left"])[:, 0]
    assert turns.tolist() == [1, -1, 1]


def test_what_the_server_would_fill_with_zeros_is_said(case: FrameCase) -> None:
    with vla_eval_server(heeds, observation_params={"send_state": True}) as (address, _):
        with (
            asking(f"server:{address}{NAMED}") as policy,
            pytest.raises(PolicyError, match="wants a state and would take zeros"),
        ):
            policy([of_frame(case.frame)], ["go"])
        with asking(f"server:{address}{NAMED}&state=") as policy:
            policy([of_frame(case.frame)], ["go"])
    with (
        vla_eval_server(heeds, observation_params={"send_wrist_image": True}) as (address, _),
        asking(f"server:{address}{NAMED}") as policy,
        pytest.raises(PolicyError, match="wants the wrist's camera"),
    ):
        policy([of_frame(case.frame)], ["go"])


def test_another_version_is_refused(case: FrameCase) -> None:
    with (
        vla_eval_server(heeds, protocol_version=2) as (address, _),
        asking(f"server:{address}{NAMED}") as policy,
        pytest.raises(PolicyError, match="version 2 of vla-eval's protocol, expected 1"),
    ):
        policy([of_frame(case.frame)], ["go"])
