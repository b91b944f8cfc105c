"""Audits of policies of several stacks, caches and loops: all rungs, and three planted faults."""

from __future__ import annotations

from functools import cache

import pytest
import torch
from torch import nn

from heedmap.auditing.api import audit
from heedmap.ladder.evidence import Intervention
from heedmap.record.record import PolicyResult
from tests.auditing.graph.test_patched import TwoWays
from tests.graph_policies import (
    DIM,
    NETWORKS,
    TEXTS,
    Attention,
    Attentions,
    Base,
    Fault,
    network,
    policy,
    trials,
)

LOWER = ("tokenised", "present", "visible", "attended")


@cache
def audited(name: str, fault: Fault) -> PolicyResult:
    frames = trials(1)
    found = audit(
        policy(network(name, fault)),
        {trial.name: trial.observation for trial in frames},
        TEXTS,
        trials=frames,
        until="cut" if fault in ("none", "late", "unread") else "exchange",  # cut what is read
    )
    return found.record.policies[0]


@pytest.mark.parametrize("name", NETWORKS)
def test_every_rung_of_a_healthy_one_is_measured(name: str) -> None:
    found = audited(name, "none")
    assert found.verdict.cause == ("indirect_only" if name == "perceiver" else "none")
    assert {found.verdict.rungs[rung].status for rung in (*LOWER, "used")} == {"holds"}
    assert not found.verdict.is_unread
    used = found.measurements.used
    assert used is not None
    assert used.after_cut.value == pytest.approx(0, abs=1e-6)  # the words have no other way
    assert used.mediated.value > 0
    for computation in found.measurements.computations:
        assert sum(computation.shares.values()) == pytest.approx(1, abs=1e-5)


def test_a_loop_beside_one_stack_is_no_bypass() -> None:
    """Its last attention alone looks like a whole stack, past which the loop's rows go."""
    frames = trials(1)
    net = policy(network("refining"))
    frame = {trial.name: trial.observation for trial in frames}
    found = audit(net, frame, TEXTS, trials=frames, until="exchange").record.policies[0]
    assert found.verdict.cause == "none"
    assert found.measurements.bypass.status == "none"
    assert [stack.pattern for stack in found.measurements.stacks] == ["layer", "last"]


@pytest.mark.parametrize("name", NETWORKS)
def test_a_mask_in_what_reads_the_words_is_named(name: str) -> None:
    found = audited(name, "masked")
    assert (found.verdict.cause, found.verdict.first_failing) == ("masked", "visible")


@pytest.mark.parametrize("name", NETWORKS)
def test_a_text_that_is_kept_is_named(name: str) -> None:
    found = audited(name, "stale")
    assert (found.verdict.cause, found.verdict.first_failing) == ("stale_instruction", "tokenised")


@pytest.mark.parametrize("name", NETWORKS)
def test_a_gate_at_zero_is_named(name: str) -> None:
    found = audited(name, "gated")
    assert found.verdict.cause in ("gated", "values_zero")
    assert found.verdict.first_failing in ("present", "attended")


def test_steps_that_read_the_words_are_numbered() -> None:
    found = audited("cached expert", "late")
    assert found.verdict.cause == "none"
    assert "read in expert.*, which runs 4 times, in call 0 only" in found.verdict.sentence
    assert "only" not in audited("refining", "none").verdict.sentence


def test_what_one_stack_reads_and_the_next_does_not_is_said() -> None:
    found = audited("cached expert", "unread")
    assert (found.verdict.cause, found.verdict.first_failing) == ("masked", "visible")
    expected = "It is read in backbone.*, but not in expert.*, from which the action is decoded."
    assert expected in found.verdict.sentence
    assert "It is read in" not in audited("cached expert", "masked").verdict.sentence


class GatedLater(Base):
    """Words are read in every flow step; what is read is multiplied by zero from step 1 on."""

    def __init__(self, gates: tuple[float, ...]) -> None:
        super().__init__("none")
        torch.manual_seed(5)
        self.gates = gates
        self.of_image, self.of_words, self.own = Attention(), Attention("sum"), Attention("einsum")
        self.back = nn.Linear(DIM, DIM)

    def forward(self, images: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
        flow = self.queries(images)
        for gate in self.gates:
            x = flow + self.of_image(flow, self.of_image.keys_and_values(images))
            x = x + gate * self.of_words(x, self.of_words.keys_and_values(words))
            x = x + self.own(x, self.own.keys_and_values(x))
            flow = flow + self.back(x) / len(self.gates)
        return self.head(flow).flatten(1)


def sentence_of(net: Base, until: Intervention = "map") -> str:
    frames = trials(1)
    shown = {frame.name: frame.observation for frame in frames}
    found = audit(policy(net), shown, TEXTS, trials=frames, until=until)
    return found.record.policies[0].verdict.sentence


def test_the_step_that_alone_uses_the_words_is_said_and_all_are_not() -> None:
    said = "Of the 3 calls of what reads it, only in 0 (numbered from 0) does cutting it change"
    assert said in sentence_of(GatedLater((1.0, 0.0, 0.0)).eval())
    healthy = sentence_of(GatedLater((1.0, 1.0, 1.0)).eval())
    assert "does cutting it change" not in healthy
    assert "It is used" in healthy


class Twice(Base):
    """Rows that read themselves twice for each time that they read image and words."""

    def __init__(self) -> None:
        super().__init__("none")
        torch.manual_seed(6)
        self.own, self.cross = Attention(), Attention()

    def forward(self, images: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
        memory, x = torch.cat([images, words], dim=1), self.queries(images)
        for _ in range(2):
            x = x + self.cross(x, self.cross.keys_and_values(memory))
            for _ in range(2):
                x = x + self.own(x, self.own.keys_and_values(x))
        return self.head(x).flatten(1)


def test_other_stacks_that_run_more_often_do_not_make_it_some_calls() -> None:
    said = sentence_of(Twice().eval(), until="exchange")
    assert "only" not in said
    assert "It is used" in said


def test_tables_hold_no_rows_of_a_stack_that_holds_no_words() -> None:
    """Of the decoder's self-attention, which is one stack; the words are in the encoder's."""
    frames = trials(1)
    shown = {frame.name: frame.observation for frame in frames}
    net = network("encoder-decoder")
    found = audit(policy(net), shown, TEXTS, trials=frames, until="exchange")
    assert found.record.policies[0].cases == ()
    assert found.record.policies[0].measurements.computations
    assert found.attention.num_rows == found.positions.num_rows == 0


class Both(Base):
    """The action rests on the product of what two stacks read: none of them carries it alone."""

    def __init__(self) -> None:
        super().__init__("none")
        torch.manual_seed(4)
        self.first, self.second = Attention(), Attention("softmax")

    def forward(self, images: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
        memory, x = torch.cat([images, words], dim=1), self.queries(images)
        one = self.first(x, self.first.keys_and_values(memory))
        return self.head(one * self.second(x, self.second.keys_and_values(memory))).flatten(1)


def test_a_stack_that_holds_the_words_and_carries_nothing_is_said() -> None:
    said = sentence_of(TwoWays(mixes=False).eval(), until="cut")
    assert "backbone.* holds the instruction, but by itself brings over next to nothing" in said
    assert "of_image.[0-1] attends to image positions alone" in said
    twin = sentence_of(TwoWays(mixes=True).eval(), until="cut")
    assert "next to nothing" not in twin
    assert "image positions alone" not in twin
    assert "next to nothing" not in sentence_of(Both().eval(), until="cut")


def test_blocks_that_see_the_image_alone_are_named() -> None:
    said = audited("alternating", "none").verdict.sentence
    assert "of_image.[0-1] attends to image positions alone: no word is read there." in said
    for name in ("cached expert", "encoder-decoder", "perceiver"):
        assert "image positions alone" not in audited(name, "none").verdict.sentence


class BetweenLayers(Base):
    """A decoder over words and an action row, between whose layers all rows read the image."""

    def __init__(self) -> None:
        super().__init__("none")
        torch.manual_seed(7)
        self.layers, self.of_image = Attentions(), Attentions()

    def forward(self, images: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
        rows = torch.cat([words, self.queries(images)], dim=1)
        for own, cross in zip(self.layers, self.of_image, strict=True):
            rows = rows + cross(rows, cross.keys_and_values(images))
            rows = rows + own(rows, own.keys_and_values(rows))
        return self.head(rows[:, words.shape[1] :]).flatten(1)


def test_a_decoder_that_reads_the_image_between_its_layers_is_one_stack() -> None:
    """Its positions and words are known, which a graph does not have."""
    frames = trials(1)
    shown = {frame.name: frame.observation for frame in frames}
    net = policy(BetweenLayers().eval())
    found = audit(net, shown, TEXTS, trials=frames, until="cut").record.policies[0]
    assert found.verdict.cause == "none"
    assert not found.measurements.computations
    assert found.cases
