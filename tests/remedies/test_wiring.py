"""Wiring corrected by intervention: masks opened, words inserted, nothing kept between calls."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Literal

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from heedmap.data.pixels import Frame
from heedmap.errors import CaptureError, RemedyError
from heedmap.policies.base import Policy
from heedmap.policies.callable import CallablePolicy
from heedmap.remedies import try_remedies
from heedmap.remedies.watched import Fresh, Kept
from heedmap.remedies.wiring import Inserted, Opened, Reweighted
from heedmap.testbed.scoreboard.run import bare_policy
from heedmap.testbed.specimens.cases import case_trials
from heedmap.testbed.specimens.faults import StaleInstruction, TextMasked
from heedmap.testbed.specimens.planted import SOUND, rewired
from heedmap.testbed.specimens.zoo import load_specimen
from heedmap.tracing.interventions.opening import opened_edges
from tests.plain_policies import DIM, PATCHES, PlainPolicy, word_ids
from tests.remedies.world import ACTIONS, Net, gain, logits, parts, share, trials

CASES = case_trials(5)
OTHERS = tuple(CASES[0].instructions.values())
FRAMES = [trial.observation for trial in CASES]
LEFT = [trial.instructions["left"] for trial in CASES]

How = Literal["bool", "float", "additive", "filled"]


class Masking(nn.Module):
    """Self-attention with a mask of one's own, fused or written out."""

    def __init__(self, how: How, hidden: slice | None) -> None:
        super().__init__()
        self.how, self.hidden = how, hidden
        self.to_qkv = nn.Linear(DIM, 3 * DIM)

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        q, k, v = (part[:, None] for part in self.to_qkv(states).chunk(3, dim=-1))
        seen = torch.ones(states.shape[1], states.shape[1], dtype=torch.bool)
        if self.hidden is not None:
            seen[:, self.hidden] = False
        if self.how in ("bool", "float"):
            bias = torch.zeros(seen.shape).masked_fill(~seen, -torch.inf)
            mask = seen if self.how == "bool" else bias
            return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)[:, 0]
        scores = q @ k.mT / math.sqrt(DIM)
        if self.how == "additive":
            scores = scores + torch.zeros(seen.shape).masked_fill(~seen, -1e9)
        else:
            scores = scores.masked_fill(~seen, -torch.inf)
        return (scores.softmax(dim=-1) @ v)[:, 0]


WORDS = slice(PATCHES, PATCHES + 3)


def masking(how: How, hidden: slice | None) -> tuple[nn.Module, torch.Tensor]:
    torch.manual_seed(0)
    network = nn.Sequential(Masking(how, hidden), Masking(how, hidden)).requires_grad_(False)
    return network, torch.randn(2, PATCHES + 4, DIM)


@pytest.mark.parametrize("how", ["bool", "float", "additive", "filled"])
def test_an_open_mask_is_as_if_there_were_none(how: How) -> None:
    network, states = masking(how, WORDS)
    without, _ = masking(how, None)
    edges = torch.zeros(PATCHES + 4, PATCHES + 4, dtype=torch.bool)
    edges[:, WORDS] = True
    with opened_edges(network, {"0", "1"}, edges):
        found = network(states)
    assert torch.allclose(found, without(states), atol=1e-5)
    assert not torch.allclose(network(states), without(states), atol=1e-2)


def test_an_open_mask_lets_gradients_through() -> None:
    network, states = masking("bool", WORDS)
    edges = torch.zeros(PATCHES + 4, PATCHES + 4, dtype=torch.bool)
    edges[:, WORDS] = True
    states.requires_grad_(True)
    with opened_edges(network, {"0", "1"}, edges):
        network(states)[:, -1].sum().backward()
    assert states.grad is not None
    assert bool((states.grad[:, WORDS].abs().sum(dim=-1) > 0).all())


def test_what_cannot_be_opened_is_an_error() -> None:
    network, states = masking("bool", WORDS)
    edges = torch.ones(3, 3, dtype=torch.bool)
    with (
        pytest.raises(CaptureError, match="no attention over 3 keys"),
        opened_edges(network, {"0"}, edges),
    ):
        network(states)


def masked() -> Policy:
    return bare_policy("masked", TextMasked(load_specimen(SOUND)))


def test_opening_the_mask_helps_what_was_trained_open() -> None:
    found = try_remedies(masked(), CASES, "masked")
    assert [each.remedy for each in found.tried] == ["opened"]
    assert found.verdict == "recommended"
    assert found.best is not None
    assert found.best.is_untrained
    assert found.best.passes == 1.0
    assert share(found.best, "following") == share(found.best, "competence") == 1.0


def test_opening_an_open_mask_changes_nothing() -> None:
    policy = bare_policy("open", load_specimen(SOUND))
    found = Opened(policy, "words visible", OTHERS)(FRAMES, LEFT)
    assert torch.allclose(found, policy(FRAMES, LEFT), atol=1e-4)


def test_inserted_words_are_followed_by_weights_that_know_them() -> None:
    policy = bare_policy("overwritten", rewired(load_specimen(SOUND), "monavla"))
    found = try_remedies(policy, CASES, "overwritten")
    assert [each.remedy for each in found.tried] == ["inserted"]
    assert share(found, "following") < 0.6
    assert share(found.tried[0], "following") > 0.8
    assert share(found.tried[0], "competence") == 1.0


def test_inserted_words_do_not_help_weights_that_never_saw_them() -> None:
    policy = bare_policy("overwritten", load_specimen("exp42_counterfactual_pta@monavla"))
    found = try_remedies(policy, CASES[:3], "overwritten")
    assert found.verdict == "none_helps"
    assert found.tried[0].is_untrained


class Overwriting(nn.Module):
    """Plain torch: the words' first places are taken by the image; all are read as a mean."""

    WORDS = ("", "turn", "go", "now", "please", "left", "right")
    LENGTH, IMAGE = 16, 5

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(len(self.WORDS), DIM)
        self.blocks = nn.ModuleList([Masking("bool", None)])
        with torch.no_grad():
            self.table.weight.normal_(std=0.01)
            self.table.weight[:, :2] = 0
            self.table.weight[self.WORDS.index("left"), 0] = -4.0
            self.table.weight[self.WORDS.index("right"), 0] = 4.0
            weight, bias = self.blocks[0].get_submodule("to_qkv").parameters()
            weight.zero_()
            bias.zero_()
            weight[2 * DIM :] = torch.eye(DIM)  # every key weighs as much

    def forward(self, frames: Sequence[Frame], texts: Sequence[str]) -> torch.Tensor:
        ids = [[self.WORDS.index(word) for word in text.split()] for text in texts]
        padded = torch.tensor([each + [0] * (self.LENGTH - len(each)) for each in ids])
        states = self.table(padded).clone()
        pixels = torch.stack([torch.tensor(frame) for frame in frames]).float() / 255
        states[:, : self.IMAGE] = 0
        states[:, : self.IMAGE, 1] = pixels[:, 0, : self.IMAGE].mean(dim=-1) - 0.5
        action = torch.zeros(len(texts), 1, DIM)
        read = self.blocks[0](torch.cat([states, action], dim=1))[:, -1] * (self.LENGTH + 1)
        lean, _, blocked = parts(frames, texts).unbind(dim=1)
        side = read[:, 0] + 0.1 * read[:, 1] + lean
        return torch.stack([-side, side, 9 * (2 * blocked - 1)], dim=1)


def test_words_are_inserted_behind_the_image_in_plain_torch() -> None:
    net = Overwriting()
    policy = CallablePolicy("plain", net, net, action_names=ACTIONS)
    found = try_remedies(policy, trials(16), "overwritten", names=("inserted",))
    assert share(found, "following") == 0.0
    assert found.tried[0].outcome == "helps", found.tried[0].why_not
    assert share(found.tried[0], "following") == 1.0


def test_without_padding_there_is_no_place_for_words() -> None:
    policy = bare_policy("sound", load_specimen(SOUND))
    with pytest.raises(RemedyError, match="places of padding are behind the image"):
        Inserted(policy, "inserted", OTHERS)(FRAMES[:1], LEFT[:1])


def as_it_came(module: nn.Module) -> int:
    return sum(len(each._forward_hooks) + len(each._forward_pre_hooks) for each in module.modules())


def test_a_corrected_wiring_leaves_no_hook_behind() -> None:
    policy = masked()
    Opened(policy, "words visible", OTHERS)(FRAMES[:1], LEFT[:1])
    assert as_it_came(policy.module) == 0


def test_attention_is_multiplied_before_the_softmax() -> None:
    policy = bare_policy("sound", load_specimen(SOUND))
    plain = policy(FRAMES, LEFT)
    assert torch.allclose(Reweighted(policy, 1.0, OTHERS)(FRAMES, LEFT), plain, atol=1e-4)
    assert not torch.allclose(Reweighted(policy, 16.0, OTHERS)(FRAMES, LEFT), plain, atol=1e-2)


def test_attention_of_plain_torch_is_multiplied_too() -> None:
    for kind in ("sdpa", "softmax"):
        network = PlainPolicy(kind)
        policy = CallablePolicy("plain", network, network, token_count=lambda t: len(t.split()))
        texts = ["go left", "go right"]
        seen = [FRAMES[0]] * 2
        strong = Reweighted(policy, 50.0, texts)(seen, texts)
        plain = policy(seen, texts)
        assert (strong[0] - strong[1]).norm() > (plain[0] - plain[1]).norm()
        assert word_ids(texts).shape == (2, 2)


def stale_attribute() -> Policy:
    return bare_policy("stale", StaleInstruction(load_specimen(SOUND)))


def stale_closure() -> Policy:
    net, cache = Net(2.0), dict[str, str]()

    def run(frames: Sequence[Frame], texts: Sequence[str]) -> torch.Tensor:
        text = cache.setdefault("text", texts[0])
        return net(frames, [text] * len(texts))

    return CallablePolicy("stale", run, net, action_names=ACTIONS)


class Server:
    """Keeps what it was told first in a list."""

    def __init__(self) -> None:
        self.net = Net(2.0)
        self.told: list[str] = []

    def act(self, frames: Sequence[Frame], texts: Sequence[str]) -> torch.Tensor:
        self.told.append(texts[0])
        return self.net(frames, [self.told[0]] * len(texts))


def stale_list() -> Policy:
    server = Server()
    return CallablePolicy("stale", server.act, server.net, action_names=ACTIONS)


@pytest.mark.parametrize("make", [stale_attribute, stale_closure, stale_list])
def test_a_kept_instruction_is_forgotten_before_every_call(make: Callable[[], Policy]) -> None:
    policy = make()
    kept = Kept.of(policy)
    frames = CASES if make is stale_attribute else trials(16)
    found = try_remedies(policy, frames, "stale_instruction", kept=kept)
    assert found.verdict == "recommended"
    assert gain(found.best, "following") > 0.4
    assert share(found.best, "following") == 1.0


def test_nothing_changes_where_nothing_is_kept() -> None:
    policy = logits(2.0)
    fresh = Fresh(policy, Kept.of(policy))
    seen = [trial.observation for trial in trials(4)]
    texts = ["turn left now"] * 4
    assert torch.equal(fresh(seen, texts), policy(seen, texts))


def test_what_was_kept_must_have_been_noted() -> None:
    found = try_remedies(stale_list(), trials(6), "stale_instruction")
    assert found.verdict == "nothing_fits"
    assert found.tried[0].why_not is not None
    assert "kept=Kept.of(policy)" in found.tried[0].why_not
