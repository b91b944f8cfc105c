"""The three wirings, the packed sequences of training, and attention against eager."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch

from heedmap.testbed.smollm.lowrank import LowRankLinear, adapters_of, attach, merge
from heedmap.testbed.smollm.network import PREFIX, WIRINGS, Wiring
from heedmap.testbed.smollm.packed import action_logits, packed_inputs, through
from heedmap.tracing.capture.attention import capture_attention
from tests.testbed.smollm.tiny import tiny_policy

TEXTS = ["go to the red ball", "go to the blue key", "go to the green box"]
PIXELS = torch.rand(1, 3, 112, 112, generator=torch.Generator().manual_seed(0))


def logits_of(wiring: Wiring, texts: list[str]) -> torch.Tensor:
    with torch.no_grad():
        return tiny_policy(wiring)(PIXELS.expand(len(texts), -1, -1, -1), texts)


def test_words_matter_in_the_sound_wiring_alone() -> None:
    sound, masked, overwritten = (logits_of(wiring, TEXTS) for wiring in WIRINGS)
    assert (sound[0] - sound[1]).abs().max() > 1e-3
    assert (masked - masked[0]).abs().max() < 1e-6
    assert (overwritten - overwritten[0]).abs().max() < 1e-6


@pytest.mark.parametrize("wiring", WIRINGS)
def test_a_batch_of_unequal_lengths_acts_as_single_examples(wiring: Wiring) -> None:
    texts = ["go", "head straight forward to the purple box", ""]
    single = torch.cat([logits_of(wiring, [text]) for text in texts])
    assert (logits_of(wiring, texts) - single).abs().max() < 1e-5


@pytest.mark.parametrize("wiring", WIRINGS)
def test_the_recorded_attention_is_that_of_eager(
    wiring: Wiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = tiny_policy(wiring)
    twin = copy.deepcopy(policy)
    twin.decoder.set_attn_implementation("eager")
    seen: list[torch.Tensor] = []
    plain: Any = twin.decoder.forward

    def recording(**inputs: Any) -> Any:
        out = plain(**inputs, output_attentions=True)
        seen.extend(out.attentions)
        return out

    monkeypatch.setattr(twin.decoder, "forward", recording)
    with torch.no_grad(), capture_attention(policy.decoder, (-1,)) as capture:
        logits = policy(PIXELS, TEXTS[:1])
        assert (twin(PIXELS, TEXTS[:1]) - logits).abs().max() < 1e-5
    assert len(seen) == len(capture.weights()) == 3
    for own, full in zip(capture.weights(), seen, strict=True):
        assert (own - full[:, :, [-1]]).abs().max() <= 1e-5
    words = capture.weights()[0][0, :, 0, PREFIX:-1]
    assert (words.sum() > 0) == (wiring == "sound")


def test_packed_instructions_act_as_in_sequences_of_their_own() -> None:
    policy = tiny_policy()
    with torch.no_grad():
        alone = policy(PIXELS.expand(3, -1, -1, -1), TEXTS)
        states = packed_inputs(policy, PIXELS, [TEXTS])
        assert states.shape[1] == PREFIX + 3 * 6
        packed = action_logits(policy, through(policy, policy.decoder.layers, states, 3), 3)
    assert (packed[0] - alone).abs().max() < 1e-5
    with pytest.raises(ValueError, match="equally many tokens"):
        packed_inputs(policy, PIXELS, [["go", "go to the red ball"]])


def test_merged_adapters_act_as_attached_ones() -> None:
    attached, plain = tiny_policy(), tiny_policy()
    before = attached(PIXELS, TEXTS[:1])
    attach(attached.decoder.layers[1:], rank=2)
    assert torch.equal(attached(PIXELS, TEXTS[:1]), before), "adapters begin at zero"
    for module in attached.modules():
        if isinstance(module, LowRankLinear):
            torch.nn.init.normal_(module.up, std=0.05)
    adapters = adapters_of(attached.decoder)
    assert len(adapters) == 2 * 2 * 7
    assert not any(name.startswith("layers.0") for name in adapters)
    merge(plain.decoder, adapters)
    after = attached(PIXELS, TEXTS[:1])
    assert (after - before).abs().max() > 1e-3
    assert (plain(PIXELS, TEXTS[:1]) - after).abs().max() < 1e-5
