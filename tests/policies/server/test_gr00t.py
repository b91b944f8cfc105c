"""Policies behind GR00T's inference servers, against a small server in each of its forms."""

from __future__ import annotations

import numpy as np
import pytest

from heedmap.data.observation import Observation, of_frame
from heedmap.errors import PolicyError
from heedmap.policies.registry import load_policy
from heedmap.testbed.specimens.world import FrameCase
from tests.policies.server.gr00t_servers import Gr00tForm, gr00t_server
from tests.policies.server.servers import (
    Question,
    Remembers,
    asking,
    audited,
    check_verdicts,
    heeds,
    ignores,
)

FORMS = {"n1.5": "", "n1.6": "", "n1.7": "", "wrapper": "&flat=true"}


def test_a_policy_that_heeds_obeys_and_one_that_ignores_is_named() -> None:
    form = Gr00tForm("n1.6")
    with gr00t_server(heeds, form) as (one, _), gr00t_server(ignores, form) as (other, _):
        check_verdicts(audited(f"server:{one}"), audited(f"server:{other}"))


@pytest.mark.parametrize("name", FORMS)
def test_actions_are_the_policys_own_in_every_form(name: str, case: FrameCase) -> None:
    form = Gr00tForm(name, ("front", "wrist"), ("arm", "hand"), (-1, 0))
    before = Observation({"top": case.frame // 2, "wrist": case.frame // 3}, np.zeros(3))
    images = {"top": case.frame, "wrist": 255 - case.frame}
    observation = Observation(images, np.array([0.25, -1, 3], np.float32), (before,))
    questions: list[Question] = []

    def behaviour(question: Question) -> np.ndarray:
        questions.append(question)
        return heeds(question)

    parts = "state.arm:2,state.hand:1" if name == "n1.5" else "arm:2,hand:1"
    with (
        gr00t_server(behaviour, form) as (address, seen),
        asking(f"server:{address}?steps=2&state={parts}{FORMS[name]}") as policy,
    ):
        scores = policy([observation], ["go right"])
        assert policy.loaded is not None
        reset = policy.loaded.choices["reset"]
    (question,) = questions
    assert scores.tolist() == [heeds(question)[:2].reshape(-1).tolist()]
    for camera, image in zip(("front", "wrist"), images.values(), strict=True):
        assert np.array_equal(question.images[camera], image)
    assert question.state is not None
    assert question.state.tolist() == [0.25, -1, 3]
    has_reset = name != "n1.5"
    assert seen[2:] == ["reset"] * has_reset + ["get_action"]
    assert ("before every question" in reset) == has_reset


def test_memory_is_reset_before_every_question(case: FrameCase) -> None:
    with (
        gr00t_server(Remembers(), Gr00tForm("n1.6")) as (address, _),
        asking(f"server:{address}") as policy,
    ):
        turns = policy([of_frame(case.frame)] * 2, ["go left", "go right"])[:, 0]
    assert turns.tolist() == [1, -1]


def test_what_the_policy_takes_is_said(case: FrameCase) -> None:
    state = Observation({"image": case.frame}, np.zeros(3))
    form = Gr00tForm("n1.6", state=("arm", "hand"))
    with gr00t_server(heeds, form) as (address, _):
        for query, observation, told in (
            ("", of_frame(case.frame), r"wants a state \(arm, hand\), and the frame has none"),
            ("", state, r"of its 3 numbers each has: \?state=arm:LENGTH,hand:LENGTH"),
            ("?state=arm:2,hand:2", state, "how many of its 3 numbers"),
            ("?state=arm:x", state, "how many of its 3 numbers"),
            ("?actions=wheel", state, "wheel"),
            ("?images=a,b", state, "gets 2 camera"),
        ):
            written = query or "?"
            spec = f"server:{address}{written}"
            if "actions" in query:
                spec += "&state=arm:2,hand:1"
            with asking(spec) as policy, pytest.raises(PolicyError, match=told):
                policy([observation], ["go"])


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("ftp://127.0.0.1:9", "expected ws://HOST:PORT for openpi and vla-eval"),
        ("ws://127.0.0.1:9?protocol=gr00t", "cannot be asked in the protocol gr00t"),
        ("tcp://127.0.0.1:9?protocol=openpi", "cannot be asked in the protocol openpi"),
        ("ws://", "expected ws://HOST:PORT"),
        ("127.0.0.1:9?protocol=ros", "setting 'protocol' that cannot be used"),
        ("127.0.0.1:9?checkpoint=x", "leave out policy= and checkpoint="),
    ],
)
def test_addresses_and_protocols_that_do_not_fit(place: str, told: str) -> None:
    with pytest.raises(PolicyError, match=told):
        load_policy(f"server:{place}")
