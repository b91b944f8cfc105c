"""Policies behind LeRobot's policy server, against a small server of its protocol.

`tests_lerobot/test_policy_server.py` asks LeRobot's own.
"""

from __future__ import annotations

import functools
import io
import pickle
import time
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from heedmap.data.observation import Observation, of_frame
from heedmap.errors import PolicyError
from heedmap.policies.registry import load_policy
from heedmap.policies.server.pickles import on_paper, pickled, timed_actions
from heedmap.testbed.specimens.world import FrameCase
from tests.policies.server.lerobot_servers import Pickles, TimedAction, lerobot_server
from tests.policies.server.servers import (
    HANG_UP,
    Question,
    Spoil,
    asking,
    audited,
    check_verdicts,
    heeds,
    ignores,
)

STATE = np.array([0.25, -1], np.float32)


def seen_of(case: FrameCase) -> Observation:
    return Observation({"top": case.frame, "wrist": 255 - case.frame}, STATE)


def pickled_actions(chunk: torch.Tensor, protocol: int = 4) -> bytes:
    return pickle.dumps([TimedAction(0.0, n, each) for n, each in enumerate(chunk)], protocol)


def test_a_policy_that_heeds_obeys_and_one_that_ignores_is_named() -> None:
    with lerobot_server(heeds) as (one, _), lerobot_server(ignores) as (other, _):
        check_verdicts(audited(f"server:{one}", STATE), audited(f"server:{other}", STATE))


def test_actions_are_the_policys_own(case: FrameCase) -> None:
    with (
        lerobot_server(heeds) as (address, calls),
        asking(f"server:{address}&steps=2&device=cuda") as policy,
    ):
        scores = policy([seen_of(case)] * 2, ["go left", "go right"])
        assert policy.loaded is not None
        assert policy.loaded.choices["reset"] == "its protocol has none"
    for row, text in zip(scores, ("go left", "go right"), strict=True):
        own = Question(dict(seen_of(case).images), STATE, text)
        assert row.tolist() == heeds(own)[:2].reshape(-1).tolist()
    names = [name for name, _ in calls]
    assert names == ["Ready", "SendPolicyInstructions", "SendObservations", "SendObservations"]
    setup, first = calls[1][1], calls[2][1]
    assert (setup.policy_type, setup.pretrained_name_or_path) == ("act", "runs/one")
    assert (setup.device, setup.actions_per_chunk) == ("cuda", 2)
    assert set(setup.lerobot_features) == {
        "observation.images.top",
        "observation.images.wrist",
        "observation.state",
    }
    assert first.must_go
    assert np.array_equal(first.observation["wrist"], 255 - case.frame)


def test_images_of_several_parts_arrive_whole() -> None:
    large = np.random.default_rng(0).integers(0, 255, (1000, 1500, 3), dtype=np.uint8)
    with lerobot_server(heeds) as (address, calls), asking(f"server:{address}") as policy:
        policy([Observation({"top": large}, STATE)], ["go"])
    assert np.array_equal(calls[2][1].observation["top"], large)


NO_ANSWERS: dict[str, tuple[Spoil, str]] = {
    "nothing": (lambda _: b"", "gave no actions, and its log says why; it got the cameras top,"),
    "no pickle": (lambda _: b"\xff" * 9, "sent a pickle that is not read"),
    "half of it": (lambda content: content[: len(content) // 2], "is not read"),
    "a text": (lambda _: pickle.dumps("left"), "holds no list"),
    "no actions": (lambda _: pickle.dumps([]), "holds no list"),
    "a bomb": (lambda _: b"cos\nsystem\nS'true'\n\x85R.", "the step STRING"),
    "whole numbers": (lambda _: pickled_actions(torch.ones(2, 2, dtype=torch.int64)), "floating"),
    "two dimensions": (lambda _: pickled_actions(torch.ones(2, 2, 2)), "no tensor of one dim"),
    "unequal": (
        lambda _: pickle.dumps([TimedAction(0, 0, torch.ones(n)) for n in (1, 2)]),
        "of unequal lengths",
    ),
    "not a number": (lambda _: pickled_actions(torch.full((1, 2), float("nan"))), "not finite"),
    "too much": (lambda _: b"\0" * (8 * 2**20 + 1), "RESOURCE_EXHAUSTED"),
    "an end": (lambda _: HANG_UP, r"UNAVAILABLE: gone "),
}


@pytest.mark.parametrize("what", NO_ANSWERS)
def test_answers_that_are_none(what: str, case: FrameCase) -> None:
    spoil, told = NO_ANSWERS[what]
    with (
        lerobot_server(heeds, spoil) as (address, _),
        asking(f"server:{address}") as policy,
        pytest.raises(PolicyError, match=told) as caught,
    ):
        policy([seen_of(case)], ["go"])
    assert "\n" not in str(caught.value)


def test_silence_takes_no_longer_than_is_given(case: FrameCase) -> None:
    with (
        lerobot_server(heeds, lambda _: None) as (address, _),
        asking(f"server:{address}&timeout_s=0.3") as policy,
    ):
        begin = time.monotonic()
        with pytest.raises(PolicyError, match="DEADLINE_EXCEEDED"):
            policy([seen_of(case)], ["go"])
        assert time.monotonic() - begin < 3


def test_no_server_no_state_and_no_checkpoint_are_said(case: FrameCase) -> None:
    with pytest.raises(PolicyError, match=r"say which checkpoint.*\?policy=smolvla&checkpoint"):
        load_policy("server:grpc://127.0.0.1:9")
    with (
        asking("server:127.0.0.1:9?protocol=lerobot&policy=act&checkpoint=x") as policy,
        pytest.raises(PolicyError, match="gave no answer .UNAVAILABLE"),
    ):
        policy([seen_of(case)], ["go"])
    with (
        lerobot_server(heeds) as (address, _),
        asking(f"server:{address}") as policy,
        pytest.raises(PolicyError, match="wants a state"),
    ):
        policy([of_frame(case.frame)], ["go"])


@pytest.mark.parametrize("protocol", [3, 4, 5])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.bfloat16])
def test_pickled_tensors_are_read_exactly(protocol: int, dtype: torch.dtype) -> None:
    whole = torch.arange(-6, 6, dtype=dtype).reshape(4, 3)
    for chunk in (whole, whole[1:], whole.T, whole[:, :1], whole[:, ::2]):
        found = timed_actions(pickled_actions(chunk, protocol))
        assert found.tolist() == chunk.tolist()


CALLED: list[int] = []


def call() -> None:
    CALLED.append(1)


class Calls:
    """What a hostile pickle would do."""

    def __reduce__(self) -> tuple[Any, ...]:
        return call, ()


@pytest.mark.parametrize("protocol", [0, 2, 3, 4, 5])
def test_nothing_in_a_pickle_is_called(protocol: int) -> None:
    for content in (
        pickle.dumps(Calls(), protocol),
        pickle.dumps([Calls()], protocol),
        pickle.dumps([TimedAction(0, 0, Calls())], protocol),  # pyright: ignore
    ):
        CALLED.clear()
        with pytest.raises(ValueError, match=r"."):
            timed_actions(content)
        assert not CALLED
        pickle.loads(content)
        assert CALLED


@functools.cache
def sample_actions() -> bytes:
    """One for all examples: its length varies, for a tensor's pickle holds addresses as digits."""
    return pickled_actions(torch.arange(4.0).reshape(2, 2))


@settings(max_examples=60)
@given(st.data())
def test_a_spoilt_pickle_is_actions_or_one_error(data: st.DataObject) -> None:
    content = bytearray(sample_actions())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = timed_actions(bytes(content))
    except ValueError:
        return
    assert found.ndim == 2


plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=8)
    | st.floats(allow_nan=False) | st.binary(max_size=8),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.text(max_size=4), inner, max_size=4)
    | st.tuples(inner, inner),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=40)
@given(st.dictionaries(st.text(max_size=4), plain, max_size=4))
def test_what_is_written_is_read_as_python_reads_it(fields: dict[str, Any]) -> None:
    content = pickled("lerobot.async_inference.helpers.TimedObservation", fields)
    made = on_paper(io.BytesIO(content))
    assert made.name == "lerobot.async_inference.helpers.TimedObservation"
    assert (made.state or {}) == fields
    assert vars(Pickles(io.BytesIO(content)).load()) == fields
