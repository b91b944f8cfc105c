"""Towers that run once for an image: when they do, when they must not, and what stays behind."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from transformers.modeling_outputs import BaseModelOutput

from heedmap.data.observation import of_frame
from heedmap.testbed.specimens.world import FrameCase
from heedmap.tracing.capture.instead import instead_of
from heedmap.tracing.capture.stacks import towers_of
from heedmap.tracing.capture.towers import (
    MOST_ENTRIES,
    Memories,
    everything_running,
    keeping_calls,
    remembering,
)
from heedmap.tracing.capture.trace import trace
from heedmap.tracing.observe import only_stack, traced
from tests.real_models import Build, bare, kosmos2, llama, paligemma


class Tower(nn.Module):
    """Counts its runs; its embedding is a look-up that a trace must not miss by turns."""

    def __init__(self, kind: str = "plain") -> None:
        super().__init__()
        self.kind = kind
        self.positions = nn.Embedding(4, 3)
        self.runs: list[int] = []

    def forward(self, pixels: torch.Tensor, scale: float = 1.0) -> BaseModelOutput:
        self.runs.append(len(pixels))
        states = pixels * scale + self.positions(torch.arange(4))
        if self.kind == "draws":
            states = states + torch.randn(states.shape)
        if self.kind == "mixes":
            states = states + len(pixels)
        return BaseModelOutput(last_hidden_state=states)


class Whole(nn.Module):
    """A network that is nothing but its tower."""

    def __init__(self, kind: str = "plain") -> None:
        super().__init__()
        torch.manual_seed(0)
        self.tower = Tower(kind)

    def forward(self, pixels: torch.Tensor, scale: float = 1.0) -> torch.Tensor:
        return self.tower(pixels, scale=scale).last_hidden_state


PIXELS = torch.arange(12.0).reshape(1, 4, 3)


def test_the_same_image_runs_once_and_another_one_again() -> None:
    whole = Whole()
    expected = whole(PIXELS)
    whole.tower.runs.clear()
    with torch.no_grad(), remembering(whole, ["tower"]):
        for _ in range(3):
            assert torch.equal(whole(PIXELS), expected)
        assert len(whole.tower.runs) == 1
        assert not torch.equal(whole(PIXELS + 1), expected)
        assert not torch.equal(whole(PIXELS, scale=2.0), expected)
        assert len(whole.tower.runs) == 3
        with everything_running(whole):
            whole(PIXELS)
        assert len(whole.tower.runs) == 4
    assert "forward" not in whole.tower.__dict__


def test_everything_runs_whoever_else_remembers_it_too() -> None:
    whole = Whole()
    with torch.no_grad(), remembering(whole, ["tower"]), remembering(whole, ["tower"]):
        for _ in range(2):
            with everything_running(whole):
                whole(PIXELS)
        whole(PIXELS)
        whole(PIXELS)
    assert len(whole.tower.runs) == 3


def test_what_is_remembered_cannot_be_changed_by_whoever_gets_it() -> None:
    whole = Whole()
    with torch.no_grad(), remembering(whole, ["tower"]):
        first = whole(PIXELS)
        whole(PIXELS).zero_()
        given = PIXELS.clone()
        whole(given)
        given.zero_()
        assert torch.equal(whole(PIXELS), first)


def test_a_tower_that_draws_is_never_remembered() -> None:
    whole = Whole("draws")
    with torch.no_grad(), remembering(whole, ["tower"]):
        assert not torch.equal(whole(PIXELS), whole(PIXELS))
    assert len(whole.tower.runs) == 2


def test_gradients_of_the_input_are_not_lost() -> None:
    whole = Whole()
    pixels = PIXELS.clone().requires_grad_()
    with remembering(whole, ["tower"]):
        whole(pixels)
        assert whole(pixels).requires_grad
    assert len(whole.tower.runs) == 2


@pytest.mark.parametrize(("kind", "runs"), [("plain", [1, 4]), ("mixes", [1, 4, 4])])
def test_equal_rows_run_as_one_where_that_was_seen_to_be_the_same(
    kind: str, runs: list[int]
) -> None:
    """The first batch runs both ways: a tower that looks at its batch is run whole ever after."""
    whole = Whole(kind)
    batch = PIXELS.expand(4, -1, -1)
    with torch.no_grad(), remembering(whole, ["tower"]):
        first = whole(batch)
        assert torch.equal(whole(batch), first)
    assert whole.tower.runs == runs


def test_memory_is_bounded_and_can_be_handed_on() -> None:
    memories: Memories = {}
    whole = Whole()
    with torch.no_grad(), remembering(whole, ["tower"], memories):
        for number in range(MOST_ENTRIES + 9):
            whole(PIXELS + number)
    assert len(memories["tower"].entries) == MOST_ENTRIES
    whole.tower.runs.clear()
    with torch.no_grad(), remembering(whole, ["tower"], memories):
        whole(PIXELS + MOST_ENTRIES + 8)
        whole(PIXELS)
    assert len(whole.tower.runs) == 1  # the last one was still known, the first one dropped


@pytest.mark.parametrize(("kind", "runs"), [("plain", 0), ("draws", 1)])
def test_a_pass_that_was_watched_can_be_remembered_afterwards(kind: str, runs: int) -> None:
    """Unless it drew random numbers: nobody knows whether the tower did."""
    whole = Whole(kind)
    with torch.no_grad(), keeping_calls(whole, ["tower"]) as kept:
        expected = whole(PIXELS)
    whole.tower.runs.clear()
    with torch.no_grad(), remembering(whole, ["tower"], kept.remembered(["tower"])):
        again = whole(PIXELS)
    assert len(whole.tower.runs) == runs
    assert torch.equal(again, expected) == (kind == "plain")


def test_look_ups_inside_a_tower_are_noted_never_rather_than_sometimes() -> None:
    whole = Whole()
    with torch.no_grad(), remembering(whole, ["tower"]):
        for _ in range(2):
            with trace(whole) as seen:
                whole(PIXELS)
            assert seen.embeddings == []
    with torch.no_grad(), trace(whole) as seen:
        whole(PIXELS)
    assert len(seen.embeddings) == 1


@pytest.mark.parametrize(
    ("build", "pattern", "expected"),
    [
        (
            kosmos2,
            "text_model.model.layers.*.self_attn",
            {"vision_model", "image_to_text_projection"},
        ),
        (paligemma, "model.language_model.layers.*.self_attn", {"model.vision_tower"}),
        (llama, "model.layers.*.self_attn", set()),
    ],
)
def test_towers_of_real_models(
    build: Build, pattern: str, expected: set[str], case: FrameCase
) -> None:
    policy = bare(*build())
    seen = traced(policy, of_frame(case.frame), case.instructions["left"])
    assert set(towers_of(policy.module, seen, only_stack(seen, pattern))) == expected


def test_instead_of_puts_back_what_was_there_even_after_an_error() -> None:
    layer = nn.Linear(2, 2)

    def own(x: torch.Tensor) -> torch.Tensor:
        return x + 1

    layer.__dict__["forward"] = own
    with (
        pytest.raises(KeyError),
        instead_of(layer, lambda forward, x: 2 * forward(x)),
    ):
        assert torch.equal(layer(torch.ones(2)), torch.full((2,), 4.0))
        raise KeyError
    assert layer.__dict__["forward"] is own
