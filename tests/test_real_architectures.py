"""Small random configurations of real vision-language models, given as bare callables.

The action is read from the logits of three tokens at the last position, as policies that
decode actions as tokens do. Nothing is told of towers, projectors or image tokens.
"""

from __future__ import annotations

import copy
import zlib
from collections.abc import Callable, Sequence

import pytest
import torch
from transformers import (
    Kosmos2Config,
    Kosmos2ForConditionalGeneration,
    PaliGemmaConfig,
    PaliGemmaForConditionalGeneration,
    PreTrainedModel,
)

from heedmap.observation import of_frame
from heedmap.observe import observe
from heedmap.pipeline import audit
from heedmap.policies.callable import CallablePolicy
from heedmap.record import PolicyResult
from heedmap.specimens.world import FrameCase
from heedmap.specimens.zoo import pixels_of
from heedmap.types import Frame

ACTION_TOKENS = slice(20, 23)
Inputs = Callable[[Sequence[Frame], Sequence[str]], dict[str, torch.Tensor]]


def word_ids(text: str) -> list[int]:
    """Ten and more: below are special ids."""
    return [30 + zlib.crc32(word.encode()) % 90 for word in text.split()]


def paligemma() -> tuple[PreTrainedModel, Inputs]:
    """16 image tokens, a separator, the words, and a last token from which the action is read."""
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2}
    config = PaliGemmaConfig(
        vision_config={
            **sizes,
            "num_attention_heads": 2,
            "image_size": 56,
            "patch_size": 14,
            "projection_dim": 32,
        },
        text_config={
            **sizes,
            "num_attention_heads": 2,
            "num_key_value_heads": 1,
            "head_dim": 16,
            "vocab_size": 128,
            "model_type": "gemma",
        },
        image_token_index=5,
        projection_dim=32,
        vocab_size=128,
        hidden_size=32,
    )

    def inputs(frames: Sequence[Frame], texts: Sequence[str]) -> dict[str, torch.Tensor]:
        ids = torch.tensor([[5] * 16 + [2] + word_ids(text) + [9] for text in texts])
        return {
            "input_ids": ids,
            "pixel_values": torch.stack([pixels_of(frame) for frame in frames]),
            "attention_mask": torch.ones_like(ids),
            "token_type_ids": torch.zeros_like(ids),
        }

    return PaliGemmaForConditionalGeneration(config).eval(), inputs


def kosmos2() -> tuple[PreTrainedModel, Inputs]:
    """BOS, a bracket, 8 latents of the resampler, a bracket, the words, a last token."""
    torch.manual_seed(0)
    config = Kosmos2Config(
        text_config={
            "vocab_size": 128,
            "embed_dim": 32,
            "layers": 2,
            "ffn_dim": 64,
            "attention_heads": 2,
            "max_position_embeddings": 128,
        },
        vision_config={
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "image_size": 56,
            "patch_size": 14,
        },
        latent_query_num=8,
    )

    def inputs(frames: Sequence[Frame], texts: Sequence[str]) -> dict[str, torch.Tensor]:
        ids = torch.tensor([[0, 3] + [4] * 8 + [6] + word_ids(text) + [9] for text in texts])
        is_image = torch.zeros_like(ids)
        is_image[:, 2:10] = 1
        return {
            "input_ids": ids,
            "pixel_values": torch.stack([pixels_of(frame) for frame in frames]),
            "attention_mask": torch.ones_like(ids),
            "image_embeds_position_mask": is_image,
        }

    return Kosmos2ForConditionalGeneration(config).eval(), inputs


def bare(model: PreTrainedModel, inputs: Inputs) -> CallablePolicy:
    def run(frames: Sequence[Frame], texts: Sequence[str]) -> torch.Tensor:
        return model(**inputs(frames, texts)).logits[:, -1, ACTION_TOKENS]

    return CallablePolicy(type(model).__name__, run, model, special_ids=(3, 6))


def audited(build: Callable[[], tuple[PreTrainedModel, Inputs]], case: FrameCase) -> PolicyResult:
    result = audit(bare(*build()), case.frame, case.instructions).record.policies[0]
    assert result.verdict.cause == "none"
    assert result.verdict.bypass.status == "none"
    assert all(patches.positions_share == 1.0 for patches in result.measurements.patches)
    return result


def test_paligemma_tower_and_decoder_are_told_apart(case: FrameCase) -> None:
    result = audited(paligemma, case)
    taken = {stack.pattern: stack.taken for stack in result.measurements.stacks}
    assert taken == {
        "model.vision_tower.encoder.layers.*.self_attn": False,
        "model.vision_tower.head.attention": False,
        "model.language_model.layers.*.self_attn": True,
    }
    regions = result.cases[0].layouts["measured"].regions
    assert regions["image"] == tuple(range(16))
    assert regions["instruction"] == tuple(range(17, 25))
    assert regions["action"] == (25,)


def test_kosmos2_with_its_own_tower_and_resampler(case: FrameCase) -> None:
    result = audited(kosmos2, case)
    taken = [stack.pattern for stack in result.measurements.stacks if stack.taken]
    assert taken == ["text_model.model.layers.*.self_attn"]
    regions = result.cases[0].layouts["measured"].regions
    assert regions["image"] == tuple(range(2, 10))
    assert regions["instruction"] == tuple(range(11, 19))
    assert regions["special"] == (0, 1, 10)  # the brackets' ids were given
    assert regions["action"] == (19,)


@pytest.mark.parametrize("build", [paligemma, kosmos2])
def test_the_recorded_attention_is_that_of_eager(
    build: Callable[[], tuple[PreTrainedModel, Inputs]], case: FrameCase
) -> None:
    model, inputs = build()
    policy, text = bare(model, inputs), case.instructions["left"]
    pattern = next(
        stack.pattern for stack in audited(build, case).measurements.stacks if stack.taken
    )
    own = observe(policy, pattern, of_frame(case.frame), text).attention((-1,))
    twin = copy.deepcopy(model)
    twin.set_attn_implementation("eager")
    with torch.no_grad():
        expected = twin(**inputs([case.frame], [text]), output_attentions=True).attentions
    full = torch.stack([layer[0, :, [-1]] for layer in expected]).numpy()
    assert abs(own - full).max() <= 1e-5
