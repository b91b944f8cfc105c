"""Forms that look like attention, or like an action row, and are not; each with a healthy twin."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from torch import nn

from heedmap.auditing.api import audit
from heedmap.auditing.graph.regions import Graph, graph_of
from heedmap.auditing.trails import Trails
from heedmap.record.record import PolicyResult
from heedmap.tracing.capture.trace import one_attention_path
from tests.graph_policies import (
    ACTIONS,
    DIM,
    PATCHES,
    TEXTS,
    Attention,
    Attentions,
    Base,
    policy,
    trials,
)


class Cross(Base):
    """Action rows that read image and words by cross-attention, then go through `end`."""

    def __init__(self) -> None:
        super().__init__("none")
        torch.manual_seed(1)
        self.own = Attention()
        self.cross = Attentions()

    def bias(self, scores: torch.Tensor) -> torch.Tensor | None:
        del scores
        return None

    def rows(self, images: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
        memory = torch.cat([images, words], dim=1)
        x = self.queries(images)
        x = x + self.own(x, self.own.keys_and_values(x))
        for layer in self.cross:
            x = x + layer(x, layer.keys_and_values(memory))
        return x

    def forward(self, images: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
        return self.end(self.rows(images, words), words)

    def end(self, x: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
        del words
        return self.head(x).flatten(1)


class Experts(Cross):
    """A mixture of experts at the end: softmax times outputs, but no attention."""

    def __init__(self) -> None:
        super().__init__()
        self.gate_of = nn.Linear(DIM, 4)
        self.experts = nn.ModuleList(nn.Linear(DIM, 3) for _ in range(4))

    def end(self, x: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
        del words
        made = torch.stack([expert(x) for expert in self.experts], dim=-2)
        return (self.gate_of(x).softmax(dim=-1)[..., None, :] @ made).flatten(1)


class Bins(Cross):
    """The expected value over bins of the action: softmax times their centres."""

    def __init__(self) -> None:
        super().__init__()
        self.logits = nn.Linear(DIM, 3 * 8)
        self.register_buffer("centres", torch.linspace(-1, 1, 8)[:, None])

    def end(self, x: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
        del words
        bins = self.logits(x).unflatten(-1, (3, 8)).softmax(dim=-1)
        return (bins @ self.get_buffer("centres")).flatten(1)


class PooledVision(Cross):
    """A vision encoder whose patches are pooled into the queries, and read beside."""

    def __init__(self) -> None:
        super().__init__()
        self.vision = Attentions("softmax")

    def forward(self, images: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
        for layer in self.vision:
            images = images + layer(images, layer.keys_and_values(images))
        return super().forward(images, words)


class Modulated(Base):
    """Words pooled into scale and shift of the action rows (adaLN); attention sees the image."""

    def __init__(self) -> None:
        super().__init__("none")
        torch.manual_seed(1)
        self.own = Attention()
        self.cross = Attention("softmax")
        self.modulation = nn.Linear(DIM, 2 * DIM)

    def forward(self, images: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
        scale, shift = self.modulation(words.mean(dim=1, keepdim=True)).chunk(2, dim=-1)
        x = self.queries(images) * (1 + scale) + shift
        x = x + self.cross(x, self.cross.keys_and_values(images))
        x = x * (1 + scale) + self.own(x, self.own.keys_and_values(x))
        return self.head(x).flatten(1)


class Faint(Cross):
    """A bias that leaves the words visible, and their weights at nothing that counts."""

    def __init__(self) -> None:
        super().__init__()
        self.faint = nn.Parameter(torch.tensor(-60.0))

    def rows(self, images: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
        memory = torch.cat([images, words], dim=1)
        x = self.queries(images)
        for layer in self.cross:
            k, v = layer.keys_and_values(memory)
            q = layer.to_q(x).unflatten(-1, (3, -1)).transpose(-3, -2)
            is_word = torch.arange(memory.shape[1]) > PATCHES
            scores = q @ k.mT + torch.where(is_word, self.faint, 0.0)
            x = x + layer.out((scores.softmax(dim=-1) @ v).transpose(-3, -2).flatten(-2))
        return x


def graph(net: Base) -> Graph:
    trails = Trails(policy(net), trials(1)[0].observation, seed=0)
    with one_attention_path():
        return graph_of(trails, TEXTS["left"], list(TEXTS.values()))


def audited(net: Base) -> PolicyResult:
    frames = trials(2)
    shown = {frame.name: frame.observation for frame in frames}
    return audit(policy(net.eval()), shown, TEXTS, trials=frames, until="cut").record.policies[0]


@pytest.mark.parametrize("kind", [Cross, Experts, Bins, PooledVision])
def test_the_action_rows_read_words_whatever_stands_around_them(kind: type[Cross]) -> None:
    found = graph(kind())
    reading = [rows for rows in found.readers if rows.words.any()]
    assert [rows.node.module for rows in reading] == ["cross.0", "cross.1"]
    for rows in reading:
        assert rows.action.all()
        assert set(rows.regions) == {"instruction", "image"}
    own = next(rows for rows in found.rows if rows.node.module == "own")
    assert own.action.all()
    assert {name for name, keys in own.regions.items() if keys.any()} == {"action"}
    assert found.beside is None


def test_an_encoder_that_is_pooled_into_the_action_is_not_decoded() -> None:
    found = graph(PooledVision())
    vision = [rows for rows in found.rows if rows.node.module.startswith("vision.")]
    assert len(vision) == 2
    for rows in vision:
        assert not rows.reads
        assert set(rows.regions) == {"image"}


def test_words_that_modulate_are_a_bypass_and_in_no_position() -> None:
    found = audited(Modulated())
    assert found.verdict.bypass.status == "found"
    assert found.measurements.visibility.instruction_total == 0
    assert found.verdict.first_failing is None
    assert audited(Cross()).verdict.bypass.status == "none"


def test_weights_that_are_nothing_are_not_called_use() -> None:
    found = audited(Faint())
    assert found.verdict.rungs["used"].status != "holds"
    assert (found.verdict.cause, found.verdict.first_failing) == ("unattended", "attended")
    assert audited(Cross()).verdict.rungs["used"].status == "holds"


class Numpy(Cross):
    """Un-normalised outside of torch."""

    def run(self, seen: Sequence[np.ndarray], texts: Sequence[str]) -> torch.Tensor:
        return torch.from_numpy(super().run(seen, texts).detach().numpy() * 3 + 1)


class Drawn(Cross):
    """Made outside of torch from two values, so that none of them is the action."""

    def run(self, seen: Sequence[np.ndarray], texts: Sequence[str]) -> torch.Tensor:
        images, words = self.images(seen), self.words(texts[0])
        x = self.rows(images, words).detach().numpy()
        y = self.head(self.queries(images)).detach().numpy()
        return torch.from_numpy(x[:, :, :3] * y).flatten(1)


class Binned(Cross):
    """Each number of the action is a bin that was chosen, and is decoded outside of torch."""

    def __init__(self) -> None:
        super().__init__()
        self.logits = nn.Linear(DIM, 3 * 64)
        self.centres = np.linspace(-2, 2, 64, dtype=np.float32)

    def run(self, seen: Sequence[np.ndarray], texts: Sequence[str]) -> torch.Tensor:
        rows = self.rows(self.images(seen), self.words(texts[0]))
        chosen = [self.logits(row).unflatten(-1, (3, 64)).argmax(dim=-1) for row in rows[0]]
        bins = np.stack([each.numpy() for each in chosen])
        return torch.from_numpy(self.centres[bins].reshape(1, -1))


def test_an_action_that_is_decoded_from_chosen_bins_is_followed_back() -> None:
    found = audited(Binned())
    assert not found.verdict.is_unread
    reading = [each for each in found.measurements.computations if each.action_rows]
    assert {each.module for each in reading} >= {"cross.0", "cross.1"}
    assert all(found.verdict.rungs[name].status == "holds" for name in ("present", "visible"))


class KeysAlone(Cross):
    """Values at the words are zero, in a layout whose queries and keys are not recognised."""

    is_planted = True

    def rows(self, images: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
        memory = torch.cat([images, words], dim=1)
        is_image = (torch.arange(memory.shape[1]) < PATCHES)[None, None, :, None]
        x = self.queries(images)
        for layer in self.cross:
            k, v = layer.keys_and_values(memory)
            q = layer.to_q(x).unflatten(-1, (3, -1)).transpose(-3, -2)
            scores = (q[:, :, :, None] * k[:, :, None]).sum(dim=-1)
            read = scores.softmax(dim=-1) @ (v * is_image if self.is_planted else v)
            x = x + layer.out(read.transpose(-3, -2).flatten(-2))
        return x


@pytest.mark.parametrize("is_planted", [True, False])
def test_words_that_are_keys_alone_are_in_the_sequence(is_planted: bool) -> None:
    net = KeysAlone()
    net.is_planted = is_planted
    found = audited(net)
    assert found.measurements.presence.positions
    assert found.measurements.attended is not None
    assert found.measurements.attended.values_are_zero == is_planted
    assert "absent" not in found.verdict.notes


def test_an_action_that_is_un_normalised_in_numpy_is_followed_back() -> None:
    found = audited(Numpy())
    assert found.verdict.bypass.status == "none"
    assert {rung.status for name, rung in found.verdict.rungs.items() if name != "obeyed"} == {
        "holds"
    }


def test_of_an_action_whose_making_is_not_seen_nothing_is_claimed() -> None:
    found = audited(Drawn())
    assert found.verdict.bypass.status == "not measured"
    assert found.verdict.notes == ()
    assert found.verdict.is_unread
    assert found.verdict.cause == "none"


def test_the_layout_of_the_plants() -> None:
    assert PATCHES == ACTIONS  # so that lengths say nothing
