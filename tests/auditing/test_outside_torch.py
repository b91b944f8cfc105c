"""What becomes of an instruction outside of torch, and of what is kept from an earlier call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from heedmap.auditing.api import audit
from heedmap.data.pixels import Frame
from heedmap.ladder.verdict import Verdict
from heedmap.policies.callable import CallablePolicy
from tests.tracing.trail.plain import LEFT, RIGHT, Encoders, observation

TEXTS = {"left": LEFT, "right": RIGHT}
Body = Callable[[Encoders, torch.Tensor, torch.Tensor], Any]
"""Words (1, word, DIM) and image (1, IMAGES, DIM) to an action of three numbers."""


def verdict_of(
    body: Body, *, keep: Callable[[Encoders, str], torch.Tensor] | None = None
) -> Verdict:
    net = Encoders()

    def run(frames: Sequence[Frame], texts: Sequence[str]) -> Any:
        given = zip(frames, texts, strict=True)
        words_of = keep or (lambda net, text: net.words_of(text))
        return np.stack(
            [np.asarray(body(net, words_of(net, t), net.image_of(f))) for f, t in given]
        )

    policy = CallablePolicy("outside", run, net)
    frames = {f"f{number}": observation(number) for number in range(2)}
    return audit(policy, frames, TEXTS, until="exchange").record.policies[0].verdict


def state(net: Encoders, words: torch.Tensor, image: torch.Tensor) -> torch.Tensor:
    return net.head(words.mean(dim=1) + image.mean(dim=1))[0]


def clipped(net: Encoders, words: torch.Tensor, image: torch.Tensor) -> Any:
    frame = net.head(image.mean(dim=1))[0].detach().numpy()
    return frame + np.clip(5 + state(net, words, image).detach().numpy(), 0, 0.01)


def whole_numbers(net: Encoders, words: torch.Tensor, image: torch.Tensor) -> Any:
    frame = net.head(image.mean(dim=1))[0].detach().numpy()
    return 2 * frame + (0.01 * state(net, words, image).detach().numpy()).astype(int)


def unknown_token(net: Encoders, words: torch.Tensor, image: torch.Tensor) -> Any:
    """Every dimension of the words in turn is a bin; a table of bins has the wrong keys."""
    bins = (words.mean(dim=1) - net.words_of(LEFT).mean(dim=1)).abs().cumsum(1).argmax(dim=1)
    apart = {"bin 0": 1.0}
    value = apart.get(f"<{bins.tolist()[0]}>", 0.0)
    return 2 * net.head(image.mean(dim=1))[0].detach().numpy() + value


@pytest.mark.parametrize("body", [clipped, whole_numbers, unknown_token])
def test_a_loss_outside_of_torch_is_not_blamed_on_torch(body: Body) -> None:
    verdict = verdict_of(body)
    assert verdict.cause == "not_identified"
    assert "outside of torch" in verdict.sentence


def test_numpy_that_hands_the_words_on_loses_nothing() -> None:
    def healthy(net: Encoders, words: torch.Tensor, image: torch.Tensor) -> Any:
        return np.clip(state(net, words, image).detach().numpy(), -9, 9)

    assert verdict_of(healthy).cause == "none"


def test_one_action_for_all_is_constant_and_not_absent() -> None:
    """A queue that is never emptied: neither words nor frame enter any more."""
    kept: list[Any] = []

    net = Encoders()

    def run(frames: Sequence[Frame], texts: Sequence[str]) -> Any:
        if not kept:
            kept.append(state(net, net.words_of(texts[0]), net.image_of(frames[0])).numpy())
        return np.stack([kept[0] for _ in texts])

    policy = CallablePolicy("queue", run, net)
    frames = {f"f{number}": observation(number) for number in range(2)}
    found = audit(policy, frames, TEXTS, until="exchange").record.policies[0].verdict
    assert found.cause == "constant_action"


def kept_once() -> Callable[[Encoders, str], torch.Tensor]:
    """The goal is set at the first call."""
    kept: list[torch.Tensor] = []

    def words(net: Encoders, text: str) -> torch.Tensor:
        if not kept:
            kept.append(net.words_of(text).clone())
        return kept[0]

    return words


def by_nothing() -> Callable[[Encoders, str], torch.Tensor]:
    """A cache of which the key is left empty."""
    kept: dict[tuple[()], torch.Tensor] = {}

    def words(net: Encoders, text: str) -> torch.Tensor:
        if () not in kept:
            kept[()] = net.words_of(text) * 1.0
        return kept[()]

    return words


def torch_state(net: Encoders, words: torch.Tensor, image: torch.Tensor) -> Any:
    return state(net, words, image).numpy()


@pytest.mark.parametrize("keep", [kept_once, by_nothing])
def test_kept_embeddings_are_stale(keep: Callable[[], Any]) -> None:
    assert verdict_of(torch_state, keep=keep()).cause == "stale_instruction"


def test_a_policy_without_words_has_nothing_kept() -> None:
    """It takes a value of its own, and no table of embeddings lies idle in it."""
    net = nn.Linear(192, 3)
    offset = torch.linspace(-1, 1, 3)

    def run(frames: Sequence[Any], texts: Sequence[str]) -> torch.Tensor:
        pixels = torch.stack([torch.from_numpy(f.copy()).float().flatten() for f in frames])
        return net(pixels / 255) + offset

    policy = CallablePolicy("plain", run, net)
    found = audit(policy, {"f": observation()}, TEXTS, until="exchange").record.policies[0].verdict
    assert found.cause == "absent"


class BareAttention(nn.Module):
    """One attention module beside its residual, in the module of all."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.parts = Encoders()
        self.att = nn.MultiheadAttention(8, 2, batch_first=True)
        self.head = nn.Linear(8, 3)
        self.eval().requires_grad_(False)

    def forward(self, frames: Sequence[Frame], texts: Sequence[str]) -> torch.Tensor:
        rows = []
        for frame, text in zip(frames, texts, strict=True):
            words, image = self.parts.words_of(text), self.parts.image_of(frame)
            x = torch.cat([image, words, self.parts.action], dim=1)
            rows.append(self.head((x + self.att(x, x, x, need_weights=False)[0])[:, -1]))
        return torch.cat(rows)


def test_the_residual_beside_an_attention_is_no_bypass() -> None:
    net = BareAttention()
    policy = CallablePolicy("bare", net, net)
    frames = {f"f{number}": observation(number) for number in range(2)}
    found = audit(policy, frames, TEXTS, until="cut").record.policies[0].verdict
    assert found.cause == "none", found.sentence
    assert found.bypass.status != "found"


@pytest.mark.parametrize("is_planted", [True, False])
def test_an_action_token_before_all_it_should_read(is_planted: bool) -> None:
    net = BareAttention()

    def run(frames: Sequence[Frame], texts: Sequence[str]) -> torch.Tensor:
        rows = []
        for frame, text in zip(frames, texts, strict=True):
            words, image = net.parts.words_of(text), net.parts.image_of(frame)
            order = (
                [net.parts.action, image, words] if is_planted else [image, words, net.parts.action]
            )
            x = torch.cat(order, dim=1)
            after = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(1)
            y = x + net.att(x, x, x, attn_mask=after, need_weights=False)[0]
            rows.append(net.head(y[:, 0 if is_planted else -1]))
        return torch.cat(rows)

    policy = CallablePolicy("ordered", run, net)
    found = audit(policy, {"f": observation()}, TEXTS, until="exchange").record.policies[0].verdict
    assert found.cause == ("action_before_instruction" if is_planted else "none")
