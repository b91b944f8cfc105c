"""Operators that take functions, and what is compiled: FlexAttention, `torch.cond`, modules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch

from heedmap.auditing.api import audit
from heedmap.data.pixels import Frame
from heedmap.policies.base import Policy
from heedmap.policies.callable import CallablePolicy
from heedmap.record.record import PolicyResult
from tests.graph_policies import (
    TEXTS,
    Attention,
    Base,
    EncoderDecoder,
    Fault,
    network,
    policy,
    trials,
)

pytestmark = pytest.mark.filterwarnings("ignore:flex_attention called without torch.compile")


def in_flex(fault: Fault) -> Base:
    """The network whose decoder reads an encoder, with FlexAttention in the decoder."""
    net = network("encoder-decoder", fault)
    assert isinstance(net, EncoderDecoder)
    for layer in (*net.own, *net.cross):
        layer.how = "flex"
    return net


def audited(own: Policy, until: Any = "exchange") -> PolicyResult:
    frames = trials(1)
    seen = {trial.name: trial.observation for trial in frames}
    return audit(own, seen, TEXTS, trials=frames, until=until).record.policies[0]


def test_flex_attention_is_read_and_cut_as_any_other() -> None:
    one = audited(policy(in_flex("none")), "cut")
    other = audited(policy(network("encoder-decoder")), "cut")
    assert one.verdict.cause == other.verdict.cause == "none"
    assert not one.verdict.is_unread
    assert one.measurements.used is not None
    assert other.measurements.used is not None
    assert one.measurements.used.after_cut.value == pytest.approx(0, abs=1e-6)
    assert one.measurements.used.mediated.value == pytest.approx(
        other.measurements.used.mediated.value, rel=1e-4
    )
    pairs = zip(one.measurements.computations, other.measurements.computations, strict=True)
    for mine, fused in pairs:
        assert mine.shares == pytest.approx(fused.shares, abs=1e-5)


@pytest.mark.parametrize(
    ("fault", "cause", "rung"),
    [
        ("masked", "masked", "visible"),
        ("gated", "gated", "attended"),
        ("stale", "stale_instruction", "tokenised"),
    ],
)
def test_what_is_lost_around_flex_attention_is_named(fault: Fault, cause: str, rung: str) -> None:
    found = audited(policy(in_flex(fault))).verdict
    assert (found.cause, found.first_failing) == (cause, rung)


class Branching(Base):
    """`torch.cond` chooses whether the words are read."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.read = Attention()

    def forward(self, images: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
        x = self.queries(images)

        def both() -> torch.Tensor:
            rows = torch.cat([images, words], dim=1)
            return x + self.read(x, self.read.keys_and_values(rows))

        def one() -> torch.Tensor:
            return x + self.read(x, self.read.keys_and_values(images))

        reads = images.isfinite().all() if self.fault == "none" else images.isnan().any()
        given = torch.cond(reads, both, one, ())
        assert isinstance(given, torch.Tensor)
        return self.head(given).flatten(1)


def test_a_branch_that_torch_chooses_is_followed() -> None:
    torch.manual_seed(0)
    healthy = audited(policy(Branching("none").eval().requires_grad_(False)), "cut")
    assert healthy.verdict.cause == "none"
    assert healthy.verdict.rungs["attended"].status == "holds"
    lost = audited(policy(Branching("masked").eval().requires_grad_(False)))
    assert lost.verdict.first_failing == "present"


@pytest.mark.parametrize("fault", ["none", "masked"])
def test_a_compiled_network_is_audited_as_it_was_written(fault: Fault) -> None:
    net = network("encoder-decoder", fault)
    compiled: Any = torch.compile(net, backend="eager")

    def act(frames: Sequence[Frame], texts: Sequence[str]) -> torch.Tensor:
        pairs = zip(frames, texts, strict=True)
        return torch.cat([compiled(net.images([seen]), net.words(text)) for seen, text in pairs])

    found = audited(CallablePolicy("compiled", act, compiled)).verdict
    assert found.cause == fault
    assert not found.is_unread
