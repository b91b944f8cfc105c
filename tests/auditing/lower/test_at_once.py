"""Several instructions in one pass give what they give one by one, or are not believed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
import torch
from torch import nn

from heedmap.auditing.lower.at_once import Example, Variant, VariantBatches, variant_of
from heedmap.auditing.lower.discovery import find_transformer
from heedmap.auditing.lower.perturb import Movement, Subject, measure_movement
from heedmap.auditing.variants import MADE_UP_WORDS, frame_variants, with_word
from heedmap.data.observation import Observation, of_frame
from heedmap.data.pixels import Frame
from heedmap.policies.base import Policy
from heedmap.policies.callable import CallablePolicy
from heedmap.testbed.specimens.network import TinyKosmos2Policy, Wiring
from heedmap.testbed.specimens.world import FrameCase
from heedmap.tracing.observe import Entered, enter, observe
from tests.conftest import random_network, random_policy

Run = Callable[[TinyKosmos2Policy, torch.Tensor, list[str]], torch.Tensor]


def subject_of(policy: Policy, observation: Observation, text: str) -> Subject:
    pattern = find_transformer(policy, observation, text, seed=0).pattern
    return Subject(policy, observation, text, observe(policy, pattern, observation, text))


def variants_of(text: str) -> list[str]:
    words = text.split()
    return [with_word(words, at, MADE_UP_WORDS[0]) for at in range(len(words))]


def examples_of(subject: Subject) -> tuple[Example, list[Example]]:
    """The example itself; with each word exchanged, and its pixels."""
    observation, text = subject.observation, subject.instruction
    words = [(observation, variant) for variant in variants_of(text)]
    frames = [(of_frame(frame), text) for frame in frame_variants(observation.images["image"], 0)]
    return (observation, text), words + frames


def batched(policy: Policy, case: FrameCase, batches: VariantBatches) -> dict[Variant, Entered]:
    text = case.instructions["left"]
    subject = subject_of(policy, of_frame(case.frame), text)
    return batches.entered(subject.base, *examples_of(subject))


def own(run: Run) -> Policy:
    """A policy whose code around the network is its own."""
    network = random_network("sound")

    def act(frames: Sequence[Frame], texts: Sequence[str]) -> torch.Tensor:
        pixels = torch.stack([torch.from_numpy(f.copy()) for f in frames]).permute(0, 3, 1, 2)
        return run(network, pixels.float() / 255, list(texts))

    return CallablePolicy("own", act, network)


def plainly(network: TinyKosmos2Policy, pixels: torch.Tensor, texts: list[str]) -> torch.Tensor:
    return network(pixels, texts)


def noisy(network: TinyKosmos2Policy, pixels: torch.Tensor, texts: list[str]) -> torch.Tensor:
    """Noise from a pinned seed: the first row gets what it gets alone, all others do not."""
    noise = torch.rand(pixels.shape, generator=torch.Generator().manual_seed(0))
    return network(pixels + noise, texts)


def one_by_one(network: TinyKosmos2Policy, pixels: torch.Tensor, texts: list[str]) -> torch.Tensor:
    rows = [network(pixels[at : at + 1], [text]) for at, text in enumerate(texts)]
    return torch.cat(rows)


def doubled(network: TinyKosmos2Policy, pixels: torch.Tensor, texts: list[str]) -> torch.Tensor:
    """Guidance: as many rows again, without words."""
    scores = network(pixels.repeat(2, 1, 1, 1), [*texts, *["go"] * len(texts)])
    return scores[: len(texts)]


def refusing(network: TinyKosmos2Policy, pixels: torch.Tensor, texts: list[str]) -> torch.Tensor:
    if len(texts) > 1:
        raise ValueError("one at a time, please")
    return network(pixels, texts)


def reading_the_first(
    network: TinyKosmos2Policy, pixels: torch.Tensor, texts: list[str]
) -> torch.Tensor:
    """All rows are given the first one's words."""
    return network(pixels, [texts[0]] * len(texts))


def mixing(network: TinyKosmos2Policy, pixels: torch.Tensor, texts: list[str]) -> torch.Tensor:
    """Rows of a batch see its mean brightness."""
    return network(pixels - pixels.mean(dim=0, keepdim=True) * len(texts), texts)


@pytest.mark.parametrize("wiring", ["sound", "monavla"])
def test_each_is_as_it_is_alone_to_the_last_bit(case: FrameCase, wiring: Wiring) -> None:
    policy = random_policy(wiring)
    text = case.instructions["left"]
    batches = VariantBatches(policy)
    subject = subject_of(policy, of_frame(case.frame), text)
    for _ in range(2):  # the second time nothing is run one by one for comparison
        example, variants = examples_of(subject)
        found = batches.entered(subject.base, example, variants)
        for each, (variant, entered) in zip([example, *variants], found.items(), strict=True):
            assert variant == variant_of(*each)
            alone = enter(policy, subject.base, *each)
            assert torch.equal(alone.sequence, entered.sequence)
            for mine, theirs in zip(alone.embeddings, entered.embeddings, strict=True):
                assert torch.equal(mine.ids, theirs.ids)
    assert batches.is_exact


def test_movement_is_the_same_and_takes_fewer_calls(case: FrameCase) -> None:
    left, right = case.instructions["left"], case.instructions["right"]
    policy = own(plainly)
    batches = VariantBatches(policy)
    found: list[Movement] = []
    calls: list[int] = []
    for given in (None, batches, batches):
        subject = subject_of(policy, of_frame(case.frame), left)
        before = policy.act_calls
        found.append(measure_movement(subject, [right], 0, given))
        calls.append(policy.act_calls - before)
    assert found[0] == found[1] == found[2]
    assert calls[2] <= calls[0] / 3


def test_changed_frames_are_forgotten_with_the_objects_that_held_them(case: FrameCase) -> None:
    """Another observation may have the number that one of them had."""
    policy = own(plainly)
    left = case.instructions["left"]
    subject = subject_of(policy, of_frame(case.frame), left)
    measure_movement(subject, [], 0, VariantBatches(policy))
    assert subject.entered
    assert {number for number, _ in subject.entered} == {id(subject.observation)}


@pytest.mark.parametrize("run", [noisy, one_by_one, doubled, refusing, reading_the_first, mixing])
def test_what_a_batch_changes_is_run_one_by_one(case: FrameCase, run: Run) -> None:
    policy = own(run)
    batches = VariantBatches(policy)
    assert batched(policy, case, batches) == {}
    left, right = case.instructions["left"], case.instructions["right"]
    subject = subject_of(policy, of_frame(case.frame), left)
    alone = measure_movement(subject, [right], 0)
    assert measure_movement(subject, [right], 0, batches) == alone
    assert all(each.positions for each in alone.by_word)


def test_what_changes_its_mind_later_is_believed_no_more(case: FrameCase) -> None:
    """From the fourth batch on, it gives all rows the words of the third."""
    kept: list[list[str]] = []

    def forgetful(
        network: TinyKosmos2Policy, pixels: torch.Tensor, texts: list[str]
    ) -> torch.Tensor:
        if len(texts) > 1:
            kept.append(texts)
            texts = kept[2] if len(kept) > 3 else texts
        return network(pixels, texts)

    policy = own(forgetful)
    batches = VariantBatches(policy)
    assert batched(policy, case, batches)
    assert batched(policy, case, batches)
    other = subject_of(policy, of_frame(case.frame), case.instructions["right"])
    assert batches.entered(other.base, *examples_of(other)) == {}
    assert batches.is_exact is False


def test_a_large_network_is_run_one_by_one(
    case: FrameCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("heedmap.tracing.batches.LARGE", 0)
    policy = own(plainly)
    before = policy.act_calls
    assert VariantBatches(policy).is_exact is False
    assert batched(policy, case, VariantBatches(policy)) == {}
    assert isinstance(policy.module, nn.Module)
    assert policy.act_calls > before
