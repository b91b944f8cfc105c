"""The transformer and its action rows are found in policies of every make."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from heedmap.auditing.api import audit
from heedmap.auditing.lower.discovery import action_rows, find_transformer
from heedmap.data.observation import of_frame
from heedmap.data.pixels import Frame
from heedmap.policies.base import Policy
from heedmap.policies.callable import CallablePolicy
from heedmap.record.record import PolicyResult
from heedmap.testbed.specimens.world import VOCABULARY_WORDS, FrameCase
from heedmap.testbed.specimens.zoo import pixels_of
from heedmap.tracing.observe import observe
from tests.conftest import random_network
from tests.plain_policies import KINDS, PATCHES, Attention, Block, Kind, PlainPolicy, word_ids


def rows_of(policy: Policy, case: FrameCase) -> tuple[int, ...]:
    observation, text = of_frame(case.frame), case.instructions["left"]
    pattern = find_transformer(policy, observation, text, seed=0).pattern
    stack = observe(policy, pattern, observation, text).stack
    return action_rows(policy, stack, observation, text, seed=0)


@pytest.mark.parametrize("kind", KINDS)
def test_a_policy_in_plain_pytorch_is_audited(kind: Kind, case: FrameCase) -> None:
    network = PlainPolicy(kind)
    result = audit(
        CallablePolicy(kind, network, network), case.frame, case.instructions, until="cut"
    )
    policy = result.record.policies[0]
    assert policy.verdict.cause == "none"
    assert policy.attention_implementation == ("softmax" if kind == "softmax" else "sdpa")
    measured = policy.cases[0].layouts["measured"].regions
    words = len(case.instructions["left"].split())
    assert measured["image"] == tuple(range(PATCHES))
    assert measured["instruction"] == tuple(range(PATCHES, PATCHES + words))
    assert measured["action"] == policy.cases[0].action_rows == (PATCHES + words,)
    assert torch.backends.mha.get_fastpath_enabled()


def test_rows_are_the_same_without_a_gradient(case: FrameCase) -> None:
    """Under `inference_mode` nothing flows back; noise and halving find the same row."""
    network = random_network("sound")

    def run(frames: Sequence[Frame], texts: Sequence[str]) -> torch.Tensor:
        with torch.inference_mode():
            return network(torch.stack([pixels_of(f) for f in frames]), list(texts)).clone()

    assert rows_of(CallablePolicy("no gradient", run, network), case) == (76,)


def test_rows_behind_an_index_are_found(case: FrameCase) -> None:
    """A policy that gives the chosen action's index has no gradient at all."""
    network = PlainPolicy("sdpa")
    policy = CallablePolicy(
        "index", lambda f, t: network(f, t).argmax(1, keepdim=True).float(), network
    )
    words = len(case.instructions["left"].split())
    assert rows_of(policy, case) == (PATCHES + words,)


def test_a_pooled_head_has_every_row(case: FrameCase) -> None:
    class Pooled(PlainPolicy):
        def forward(self, frames: Sequence[Frame], instructions: Sequence[str]) -> torch.Tensor:
            pixels = torch.stack([pixels_of(frame) for frame in frames])
            states = self.patches(pixels).flatten(2).mT
            for block in self.blocks:
                states = block(states)
            return self.head(states.mean(dim=1))

    network = Pooled("sdpa")
    assert rows_of(CallablePolicy("pooled", network, network), case) == tuple(range(PATCHES))


class TowerAndHead(nn.Module):
    """A vision tower, a decoder, and a small transformer over learned queries behind them."""

    def __init__(self) -> None:
        super().__init__()
        self.tower = nn.ModuleList([Block("sdpa")])
        self.policy = PlainPolicy("softmax")
        self.queries = nn.Parameter(torch.randn(4, 24))
        self.action_head = nn.ModuleList([Block("sdpa")])
        self.out = nn.Linear(24, 3)

    def forward(self, frames: Sequence[Frame], instructions: Sequence[str]) -> torch.Tensor:
        pixels = torch.stack([pixels_of(frame) for frame in frames])
        image = self.policy.patches(pixels).flatten(2).mT
        for block in self.tower:
            image = block(image)
        states = torch.cat([image, self.policy.action.expand(len(frames), 1, 24)], dim=1)
        for block in self.policy.blocks:
            states = block(states)
        queries = self.queries.expand(len(frames), 4, 24)
        for block in self.action_head:
            queries = block(queries)
        return self.out(states[:, -1] + queries.mean(dim=1))


def test_of_several_stacks_the_one_that_fuses_and_feeds_is_taken(case: FrameCase) -> None:
    network = TowerAndHead().eval().requires_grad_(False)
    found = find_transformer(
        CallablePolicy("tower", network, network), of_frame(case.frame), "go left", seed=0
    )
    assert found.pattern == "policy.blocks.*.attention"
    reasons = {info.pattern: info.reason for info in found.stacks}
    assert reasons["action_head.*.attention"] == (
        "nothing entering its first layer moves with frame or instruction"
    )
    assert reasons["tower.*.attention"] == "runs before policy.blocks.*.attention"
    named = CallablePolicy("tower", network, network, transformer=network.tower)
    assert find_transformer(named, of_frame(case.frame), "go left", 0).pattern.startswith("tower")


def test_a_stack_that_feeds_nothing_is_not_taken(case: FrameCase) -> None:
    class Idle(PlainPolicy):
        def __init__(self) -> None:
            super().__init__("sdpa")
            self.idle = nn.ModuleList([Attention(fused=True)])

        def forward(self, frames: Sequence[Frame], instructions: Sequence[str]) -> torch.Tensor:
            scores = super().forward(frames, instructions)
            pixels = torch.stack([pixels_of(frame) for frame in frames])
            self.idle[0](self.patches(pixels).flatten(2).mT)
            return scores

    network = Idle().eval().requires_grad_(False)
    found = find_transformer(
        CallablePolicy("idle", network, network), of_frame(case.frame), "go left", seed=0
    )
    assert found.pattern == "blocks.*.attention"
    assert found.stacks[-1].reason == "the action does not depend on its final states"


def test_a_policy_that_takes_in_no_image_is_audited_and_told(case: FrameCase) -> None:
    network = PlainPolicy("sdpa")
    blind = CallablePolicy("blind", lambda f, t: network([0 * frame for frame in f], t), network)
    policy = audit(blind, case.frame, case.instructions, until="cut").record.policies[0]
    assert "image" not in policy.cases[0].layouts["measured"].regions
    assert policy.facts.image_total == 0
    assert policy.measurements.patches == ()


def audited(policy: CallablePolicy, case: FrameCase) -> PolicyResult:
    return audit(policy, case.frame, case.instructions, until="cut").record.policies[0]


def audited_unread(policy: CallablePolicy, case: FrameCase) -> str:
    """Why no attention could be read; behaviour was measured, and the verdict says so."""
    found = audited(policy, case)
    assert found.measurements.behaviour is not None
    assert found.measurements.unread is not None
    assert found.verdict.is_unread
    assert "could not be read" in found.verdict.sentence
    return found.measurements.unread


def test_attention_out_of_sight_is_named_with_the_remedy(case: FrameCase) -> None:
    class FlashAttention(nn.Module):
        def forward(self, states: torch.Tensor) -> torch.Tensor:
            return states.cumsum(dim=1)

    network = PlainPolicy("sdpa")
    for block in network.blocks:
        block.attention = FlashAttention()
    unread = audited_unread(CallablePolicy("hidden", network, network), case)
    assert "blocks.0.attention, blocks.1.attention" in unread
    assert "attn_implementation='sdpa'" in unread


def test_attention_outside_of_any_layer_module_is_read_by_itself(case: FrameCase) -> None:
    class Flat(PlainPolicy):
        def forward(self, frames: Sequence[Frame], instructions: Sequence[str]) -> torch.Tensor:
            pixels = torch.stack([pixels_of(frame) for frame in frames])
            states = self.patches(pixels).flatten(2).mT[:, None]
            return self.head(F.scaled_dot_product_attention(states, states, states)[:, 0, -1])

    network = Flat("sdpa")
    found = audited(CallablePolicy("flat", network, network), case).measurements
    assert found.unread is None
    (computation,) = found.computations
    assert (computation.module, computation.queries, computation.keys) == ("", PATCHES, PATCHES)
    assert computation.action_rows == (PATCHES - 1,)


def test_a_transformer_that_is_not_inside_is_refused() -> None:
    network = PlainPolicy("sdpa")
    with pytest.raises(Exception, match="is not inside the module"):
        CallablePolicy("other", network, network, transformer=PlainPolicy("sdpa"))


class EncoderDecoder(nn.Module):
    """Frame and words through an encoder; a query reads all of it by cross-attention."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.patches = nn.Conv2d(3, 24, 8, stride=8)
        self.words = nn.Embedding(len(VOCABULARY_WORDS) + 1, 24)
        self.transformer = nn.Transformer(24, 2, 2, 2, 48, dropout=0.0, batch_first=True)
        self.query = nn.Parameter(torch.randn(1, 1, 24))
        self.head = nn.Linear(24, 3)
        self.eval().requires_grad_(False)

    def forward(self, frames: Sequence[Frame], texts: Sequence[str]) -> torch.Tensor:
        pixels = torch.stack([pixels_of(frame) for frame in frames])
        ids = word_ids(texts)
        given = torch.cat([self.patches(pixels).flatten(2).mT, self.words(ids)], dim=1)
        query = self.query.expand(len(frames), -1, -1)
        return self.head(self.transformer(given, query)[:, -1])


def test_an_encoder_read_by_a_decoder_is_read_over_both(case: FrameCase) -> None:
    network = EncoderDecoder()
    policy = CallablePolicy("two stacks", network, network)
    found = audited(policy, case).measurements
    assert found.unread is None
    assert [stack.taken for stack in found.stacks] == [False, *[True] * (len(found.stacks) - 1)]
    assert found.visibility.instruction_direct == found.visibility.instruction_total > 0
