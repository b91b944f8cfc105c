"""Trunks that are kept from passes made anyway are those that a pass of their own records."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
import torch
from torch import nn

from heedmap.data.observation import of_frame
from heedmap.data.pixels import Frame
from heedmap.errors import PolicyRunError
from heedmap.policies.base import ActionScores, Policy
from heedmap.policies.callable import CallablePolicy
from heedmap.testbed.specimens.world import FrameCase
from heedmap.tracing.capture.stacks import Stack
from heedmap.tracing.observe import observe, only_stack, traced
from heedmap.tracing.shared_prefix.kept import KeptTrunks
from heedmap.tracing.shared_prefix.trunk import TrunkRecorder, record_trunk
from tests.conftest import random_network, random_policy, run_bare

TEXTS = ("go to the left", "go to the door")
PATTERN = "decoder.model.layers.*.self_attn"


def stack_of(policy: Policy, case: FrameCase) -> Stack:
    return only_stack(traced(policy, of_frame(case.frame), TEXTS[0]), PATTERN)


def kept_by_observing(policy: Policy, kept: KeptTrunks, case: FrameCase, text: str) -> Stack:
    """A pass that is made for its attention, with the trunk recorded on the way."""
    seen = of_frame(case.frame)
    stack = stack_of(policy, case)
    found, recorder = kept.watched(
        stack.block_names, seen, lambda: observe(policy, PATTERN, seen, text)
    )
    kept.keep(recorder, found.stack, seen, text, found.scores)
    return found.stack


def test_a_kept_trunk_is_the_one_that_is_recorded_alone(case: FrameCase) -> None:
    policy = random_policy("sound")
    kept, seen = KeptTrunks(policy), of_frame(case.frame)
    for text in TEXTS:
        stack = kept_by_observing(policy, kept, case, text)
        mine, alone = kept.of(seen, text), record_trunk(policy, stack, seen, text)
        assert mine is not None
        assert torch.equal(mine.scores, alone.scores)
        for one, two in zip(mine.layers, alone.layers, strict=True):
            assert torch.equal(one.entering, two.entering)
            for kind in ("query", "key", "value"):
                assert torch.equal(getattr(one.call, kind), getattr(two.call, kind))
    assert kept.of_frame(seen) is kept.of(seen, TEXTS[0])
    assert kept.of(of_frame(255 - case.frame), TEXTS[0]) is None


def test_what_a_policy_writes_over_later_does_not_change_it(case: FrameCase) -> None:
    policy = random_policy("sound")
    kept, seen = KeptTrunks(policy), of_frame(case.frame)
    stack = stack_of(policy, case)
    recorder = TrunkRecorder()
    with recorder.watching(policy.module, stack.block_names):
        scores = policy([seen], [TEXTS[0]])
    theirs = recorder.trunk(stack, seen, TEXTS[0], scores)
    kept.keep(recorder, stack, seen, TEXTS[0], scores)
    mine = kept.of(seen, TEXTS[0])
    assert mine is not None
    before = mine.layers[0].call.key.clone()
    theirs.layers[0].call.key.zero_()  # as a cache that is used again
    assert torch.equal(mine.layers[0].call.key, before)
    assert before.any()


def test_of_a_large_network_one_is_kept_a_frame(
    case: FrameCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("heedmap.tracing.batches.LARGE", 0)
    policy = random_policy("sound")
    kept, seen = KeptTrunks(policy), of_frame(case.frame)
    for text in TEXTS:
        kept_by_observing(policy, kept, case, text)
    assert kept.of(seen, TEXTS[0]) is not None
    assert kept.of(seen, TEXTS[1]) is None
    assert kept.is_wanted


def test_none_is_kept_where_there_is_no_room(
    case: FrameCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("heedmap.tracing.shared_prefix.kept.MOST_BYTES", 1000)
    policy = random_policy("sound")
    kept = KeptTrunks(policy)
    kept_by_observing(policy, kept, case, TEXTS[0])
    assert kept.of_frame(of_frame(case.frame)) is None
    assert not kept.is_wanted


class WrittenOut(nn.Module):
    """A layer whose attention is no fused function: there is nothing to keep."""

    def __init__(self) -> None:
        super().__init__()
        self.attend = nn.Linear(4, 4)

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        projected = self.attend(states)
        return states + (projected @ projected.mT).softmax(dim=-1) @ projected


def test_none_is_kept_of_attention_that_cannot_be_shared(case: FrameCase) -> None:
    network = nn.ModuleDict({"layers": nn.Sequential(WrittenOut(), WrittenOut())})

    def run(frames: Sequence[Frame], texts: Sequence[str]) -> ActionScores:
        return network["layers"](torch.ones(len(texts), 5, 4))[:, -1]

    policy = CallablePolicy("own", run, network)
    kept, seen = KeptTrunks(policy), of_frame(case.frame)
    stack = only_stack(traced(policy, seen, TEXTS[0]), "layers.*")
    scores, recorder = kept.watched(stack.block_names, seen, lambda: policy([seen], [TEXTS[0]]))
    kept.keep(recorder, stack, seen, TEXTS[0], scores)
    assert kept.of_frame(seen) is None
    assert not kept.is_wanted


def failing_under_modes(times: int) -> tuple[Policy, Callable[[], int]]:
    """A policy that fails the first so many times at which a torch function mode is on."""
    network, failed = random_network("sound"), 0

    def run(frames: Sequence[Frame], texts: Sequence[str]) -> ActionScores:
        nonlocal failed
        if failed < times and torch.overrides._len_torch_function_stack():  # type: ignore[attr-defined]
            failed += 1
            raise RuntimeError("no modes, please")
        return run_bare(network, frames, texts)

    return CallablePolicy("own", run, network), lambda: failed


def test_a_policy_that_fails_under_it_runs_plainly(case: FrameCase) -> None:
    policy, failed = failing_under_modes(times=100)
    kept, seen = KeptTrunks(policy), of_frame(case.frame)
    layers = stack_of(policy, case).block_names
    scores, recorder = kept.watched(layers, seen, lambda: policy([seen], [TEXTS[0]]))
    assert recorder is None
    assert not kept.is_wanted
    assert failed() == 2
    assert torch.equal(scores, policy([seen], [TEXTS[0]]))


def test_a_failure_that_does_not_come_again_is_the_policys_own(case: FrameCase) -> None:
    policy, _ = failing_under_modes(times=1)
    kept, seen = KeptTrunks(policy), of_frame(case.frame)
    layers = stack_of(policy, case).block_names
    with pytest.raises(PolicyRunError, match="no modes, please"):
        kept.watched(layers, seen, lambda: policy([seen], [TEXTS[0]]))
    assert kept.is_wanted
