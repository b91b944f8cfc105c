"""What each stack alone carries of the difference between two instructions."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from heedmap.auditing.graph.patched import Patched, stacks_patched
from heedmap.auditing.graph.regions import graph_of
from heedmap.auditing.trails import Trails
from heedmap.tracing.capture.trace import one_attention_path
from tests.graph_policies import (
    PATCHES,
    TEXTS,
    Attention,
    Attentions,
    Base,
    apart,
    network,
    policy,
    trials,
)


def patched(net: Base) -> dict[str, Patched]:
    trails = Trails(policy(net), trials(1)[0].observation, seed=0)
    with one_attention_path():
        graph = graph_of(trails, TEXTS["left"], [TEXTS["right"]])
        return stacks_patched(trails, TEXTS["left"], [TEXTS["right"]], graph)


class TwoWays(Base):
    """A backbone over image and words of which an expert reads the image's states alone, and words.

    `mixes`: whether the image's rows may see words in the backbone, so that it carries some.
    """

    def __init__(self, mixes: bool) -> None:
        super().__init__("none")
        torch.manual_seed(3)
        self.mixes = mixes
        self.backbone, self.of_image, self.words_of = Attentions(), Attentions("sum"), Attentions()

    def forward(self, images: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
        states = torch.cat([images, words], dim=1)
        seen = None if self.mixes else apart(PATCHES, words.shape[1])
        for layer in self.backbone:
            states = states + layer(states, layer.keys_and_values(states), seen)
        x = self.queries(images)
        for image, word in zip(self.of_image, self.words_of, strict=True):
            x = x + image(x, image.keys_and_values(states[:, :PATCHES]))
            x = x + word(x, word.keys_and_values(words))
        return self.head(x).flatten(1)


class WritesBack(Attention):
    """Adds what was read to the rows that it was given, in place."""

    def forward(
        self,
        x: torch.Tensor,
        kv: tuple[torch.Tensor, torch.Tensor],
        seen: torch.Tensor | None = None,
    ) -> torch.Tensor:
        return x.add_(super().forward(x, kv, seen))


class InPlace(Base):
    """A backbone that writes in place, of which an expert reads all states."""

    def __init__(self) -> None:
        super().__init__("none")
        torch.manual_seed(3)
        self.backbone = nn.ModuleList([WritesBack(), WritesBack()])
        self.reads = Attentions("softmax")

    def forward(self, images: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
        states = torch.cat([images, words], dim=1)
        for layer in self.backbone:
            assert isinstance(layer, WritesBack)
            states = layer(states, layer.keys_and_values(states))
        x = self.queries(images)
        for read in self.reads:
            x = x + read(x, read.keys_and_values(states))
        return self.head(x).flatten(1)


def test_a_stack_that_writes_in_place_is_not_taken_for_one_that_carries_little() -> None:
    found = patched(InPlace().eval())
    assert set(found) == {"reads.*"}


def test_a_backbone_of_which_only_images_without_words_are_read_carries_nothing() -> None:
    alone = patched(TwoWays(mixes=False).eval())
    assert alone["backbone.*"] == pytest.approx((0, 0), abs=1e-6)
    assert alone["words_of.*"].carried == pytest.approx(1, abs=0.2)
    twin = patched(TwoWays(mixes=True).eval())
    assert twin["backbone.*"].carried > 0.05
    assert twin["backbone.*"].moved > 0.05


def test_a_backbone_whose_cache_is_all_that_is_read_carries_all() -> None:
    assert patched(network("cached expert"))["backbone.*"] == pytest.approx((1, 1), abs=1e-6)


def test_blocks_that_read_the_words_carry_all_of_them() -> None:
    found = patched(network("alternating"))
    assert found["of_words.*"] == pytest.approx((1, 1), abs=1e-6)
    assert abs(found["of_image.*"].carried) < 0.5


def test_where_the_actions_are_the_same_nothing_is_carried() -> None:
    assert patched(network("encoder-decoder", "masked")) == {}
