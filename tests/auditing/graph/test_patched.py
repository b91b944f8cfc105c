"""What each stack alone carries of the difference between two instructions."""

from __future__ import annotations

import pytest
import torch

from heedmap.auditing.graph.patched import stacks_carried
from heedmap.auditing.graph.regions import graph_of
from heedmap.auditing.trails import Trails
from heedmap.tracing.capture.trace import one_attention_path
from tests.graph_policies import PATCHES, TEXTS, Attentions, Base, apart, network, policy, trials


def carried(net: Base) -> dict[str, float]:
    trails = Trails(policy(net), trials(1)[0].observation, seed=0)
    with one_attention_path():
        graph = graph_of(trails, TEXTS["left"], [TEXTS["right"]])
        return stacks_carried(trails, TEXTS["left"], [TEXTS["right"]], graph)


class TwoWays(Base):
    """A backbone over image and words of which an expert reads the image's states alone, and words.

    `mixes`: whether the image's rows may see words in the backbone, so that it carries some.
    """

    def __init__(self, mixes: bool) -> None:
        super().__init__("none")
        torch.manual_seed(3)
        self.mixes = mixes
        self.backbone, self.reads, self.words_of = Attentions(), Attentions("softmax"), Attentions()

    def forward(self, images: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
        states = torch.cat([images, words], dim=1)
        seen = None if self.mixes else apart(PATCHES, words.shape[1])
        for layer in self.backbone:
            states = states + layer(states, layer.keys_and_values(states), seen)
        x = self.queries(images)
        for image, word in zip(self.reads, self.words_of, strict=True):
            x = x + image(x, image.keys_and_values(states[:, :PATCHES]))
            x = x + word(x, word.keys_and_values(words))
        return self.head(x).flatten(1)


def test_a_backbone_of_which_only_images_without_words_are_read_carries_nothing() -> None:
    alone = carried(TwoWays(mixes=False).eval())
    assert alone["backbone.*"] == pytest.approx(0, abs=1e-6)
    assert alone["words_of.*"] == pytest.approx(1, abs=0.2)
    twin = carried(TwoWays(mixes=True).eval())
    assert twin["backbone.*"] > 0.05


def test_a_backbone_whose_cache_is_all_that_is_read_carries_all() -> None:
    assert carried(network("cached expert"))["backbone.*"] == pytest.approx(1, abs=1e-6)


def test_blocks_that_read_the_words_carry_all_of_them() -> None:
    found = carried(network("alternating"))
    assert found["of_words.*"] == pytest.approx(1, abs=1e-6)
    assert abs(found["of_image.*"]) < 0.5


def test_where_the_actions_are_the_same_nothing_is_carried() -> None:
    assert carried(network("encoder-decoder", "masked")) == {}
