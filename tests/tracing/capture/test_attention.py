"""The capture against transformers' own eager attention, and what it leaves behind."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from transformers import (
    AttentionInterface,
    BertConfig,
    BertModel,
    Gemma3TextConfig,
    Gemma3TextModel,
    LlamaConfig,
    LlamaModel,
    PreTrainedModel,
)

from heedmap.errors import CaptureError
from heedmap.testbed.specimens.network import TinyKosmos2Policy, Wiring
from heedmap.testbed.specimens.world import FrameCase
from heedmap.testbed.specimens.zoo import pixels_of
from heedmap.tracing.capture.attention import attention_layer_names, capture_attention
from tests.conftest import random_network

TOLERANCE = 1e-5


def llama(dtype: torch.dtype = torch.float32) -> LlamaModel:
    """Four query heads share two key heads: grouped-query attention."""
    torch.manual_seed(1)
    config = LlamaConfig(
        vocab_size=50,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
    )
    config._attn_implementation = "sdpa"
    return LlamaModel(config).eval().type(dtype)


def bert() -> BertModel:
    """Bidirectional attention."""
    torch.manual_seed(2)
    config = BertConfig(
        vocab_size=50,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
    )
    config._attn_implementation = "sdpa"
    return BertModel(config).eval()


def gemma3() -> Gemma3TextModel:
    """Alternating sliding-window and full attention, grouped-query."""
    torch.manual_seed(3)
    config = Gemma3TextConfig(
        vocab_size=50,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=8,
        sliding_window=4,
        layer_types=["sliding_attention", "full_attention"],
    )
    config._attn_implementation = "sdpa"
    return Gemma3TextModel(config).eval()


def eager_attention(model: PreTrainedModel, **inputs: Any) -> list[torch.Tensor]:
    """Transformers' own weights, one (batch, head, query, key) a layer: the oracle."""
    twin = copy.deepcopy(model)
    twin.set_attn_implementation("eager")
    with torch.no_grad():
        return list(twin(**inputs, output_attentions=True).attentions)


def assert_equal_to_eager(
    model: PreTrainedModel, rows: tuple[int, ...], tolerance: float = TOLERANCE, **inputs: Any
) -> None:
    with torch.no_grad(), capture_attention(model, rows) as capture:
        model(**inputs)
    expected = eager_attention(model, **inputs)
    assert len(capture.weights()) == len(expected)
    for own, full in zip(capture.weights(), expected, strict=True):
        assert own.dtype == torch.float32
        assert (own - full[:, :, list(rows)].float()).abs().max() <= tolerance
        assert (own.sum(dim=-1) - 1).abs().max() <= 1e-6


def padded_ids() -> tuple[torch.Tensor, torch.Tensor]:
    """Two sequences of 9 and 6 tokens, right-padded."""
    ids = torch.randint(0, 50, (2, 9), generator=torch.Generator().manual_seed(0))
    mask = torch.ones(2, 9, dtype=torch.long)
    mask[1, 6:] = 0
    return ids, mask


@pytest.mark.parametrize("wiring", ["sound", "monavla"])
def test_equals_eager_on_kosmos2_in_both_wirings(wiring: Wiring, case: FrameCase) -> None:
    network = random_network(wiring)
    inputs = decoder_inputs(network, case)
    assert_equal_to_eager(network.decoder, (-1, 3), **inputs)


def decoder_inputs(network: TinyKosmos2Policy, case: FrameCase) -> dict[str, Any]:
    """What the decoder was really called with, for all three instructions as one batch."""
    calls: list[dict[str, Any]] = []

    def keep(_: nn.Module, __: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        # Kosmos-2 writes the image into `inputs_embeds` in place, so keep a copy.
        calls.append({k: v.clone() if torch.is_tensor(v) else v for k, v in kwargs.items()})

    handle = network.decoder.register_forward_pre_hook(keep, with_kwargs=True)
    pixels = pixels_of(case.frame).expand(3, -1, -1, -1)
    network(pixels, list(case.instructions.values()))
    handle.remove()
    assert len(calls) == 1
    # The oracle runs twice on the same embeddings; each run must write into its own copy.
    return {k: v for k, v in calls[0].items() if v is not None}


def test_equals_eager_with_grouped_query_heads_and_2d_padding() -> None:
    ids, mask = padded_ids()
    assert_equal_to_eager(llama(), (-1, 0, 4), input_ids=ids, attention_mask=mask)


def test_equals_eager_without_any_mask() -> None:
    ids, _ = padded_ids()
    assert_equal_to_eager(llama(), (-1, 0, 4), input_ids=ids)
    assert_equal_to_eager(bert(), (-1, 0, 4), input_ids=ids)


def test_equals_eager_with_a_4d_prefix_mask() -> None:
    """The first four positions see each other in both directions, the rest is causal."""
    ids, _ = padded_ids()
    seen = torch.ones(9, 9).tril().bool()
    seen[:4, :4] = True
    bias = torch.zeros(9, 9).masked_fill(~seen, torch.finfo(torch.float32).min)
    mask = bias.expand(2, 1, 9, 9)
    assert_equal_to_eager(llama(), (-1, 1), input_ids=ids, attention_mask=mask)


def test_equals_eager_with_bidirectional_attention_and_padding() -> None:
    ids, mask = padded_ids()
    assert_equal_to_eager(bert(), (0, -1), input_ids=ids, attention_mask=mask)


def test_equals_eager_with_a_sliding_window() -> None:
    ids, mask = padded_ids()
    assert_equal_to_eager(gemma3(), (-1, 5), input_ids=ids, attention_mask=mask)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_low_precision_models_are_recorded_in_float32(dtype: torch.dtype) -> None:
    """Against eager in the same dtype, whose weights are rounded to it (8 or 11 bits)."""
    ids, mask = padded_ids()
    model = llama(dtype)
    assert_equal_to_eager(model, (-1,), tolerance=2e-2, input_ids=ids, attention_mask=mask)


def test_visibility_is_the_mask_of_the_row() -> None:
    ids, mask = padded_ids()
    with torch.no_grad(), capture_attention(llama(), (7,)) as capture:
        pass
    model = llama()
    with torch.no_grad(), capture_attention(model, (7,)) as capture:
        model(input_ids=ids, attention_mask=mask)
    for layer in capture.layers():
        # Row 7 of 9 is causal: keys 0..7; in the second sequence only 6 tokens are real.
        assert layer.visible[0, 0].tolist() == [True] * 8 + [False]
        assert layer.visible[1, 0].tolist() == [True] * 6 + [False] * 3


@pytest.mark.parametrize("make", [llama, bert])
def test_outputs_are_bitwise_the_same_before_during_and_after(
    make: Callable[[], PreTrainedModel],
) -> None:
    model = make()
    ids, mask = padded_ids()
    with torch.no_grad():
        before = model(input_ids=ids, attention_mask=mask).last_hidden_state
        with capture_attention(model):
            during = model(input_ids=ids, attention_mask=mask).last_hidden_state
        after = model(input_ids=ids, attention_mask=mask).last_hidden_state
    assert torch.equal(before, during)
    assert torch.equal(before, after)


def test_nothing_is_left_behind_even_after_an_exception() -> None:
    model = llama()
    hooks_before = [len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules()]
    original = AttentionInterface()["sdpa"]
    with pytest.raises(KeyError, match="planted"), capture_attention(model):
        assert AttentionInterface()["sdpa"] is not original
        raise KeyError("planted")
    assert AttentionInterface()["sdpa"] is original
    assert model.config._attn_implementation == "sdpa"
    hooks = [len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules()]
    assert hooks == hooks_before


def test_another_model_running_meanwhile_is_not_recorded() -> None:
    model, other = llama(), bert()
    ids, _ = padded_ids()
    with torch.no_grad(), capture_attention(model) as capture:
        other(input_ids=ids)
        model(input_ids=ids)
    assert len(capture.layers()) == 3


def test_two_recordings_may_be_nested() -> None:
    model, other = llama(), bert()
    ids, _ = padded_ids()
    with torch.no_grad(), capture_attention(model) as outer, capture_attention(other) as inner:
        model(input_ids=ids)
        other(input_ids=ids)
    assert (len(outer.layers()), len(inner.layers())) == (3, 2)


def test_a_layer_that_did_not_run_is_named() -> None:
    model = llama()
    ids, _ = padded_ids()
    names = attention_layer_names(model)
    model.layers = model.layers[:2]
    with torch.no_grad(), capture_attention(model, expected=names) as capture:
        model(input_ids=ids)
    assert len(capture.seen_layers) == 2
    with pytest.raises(CaptureError, match=r"1 of 3 .* not seen: layers\.2\.self_attn"):
        capture.layers()


def test_two_forward_passes_in_one_recording_are_refused() -> None:
    model = llama()
    ids, _ = padded_ids()
    with torch.no_grad(), capture_attention(model) as capture:
        model(input_ids=ids)
        model(input_ids=ids)
    with pytest.raises(CaptureError, match="more than once"):
        capture.layers()


def test_another_attention_implementation_is_refused_with_the_remedy() -> None:
    model = llama()
    model.set_attn_implementation("eager")
    with pytest.raises(CaptureError, match="set_attn_implementation"), capture_attention(model):
        pass


def test_a_model_that_is_not_of_transformers_is_refused() -> None:
    with (
        pytest.raises(CaptureError, match="not a transformers model"),
        capture_attention(nn.Linear(2, 2)),
    ):
        pass


def test_a_row_beyond_the_sequence_is_refused() -> None:
    model = llama()
    ids, _ = padded_ids()
    with (
        torch.no_grad(),
        pytest.raises(CaptureError, match="Row 9 .* 9 query rows"),
        capture_attention(model, (9,)),
    ):
        model(input_ids=ids)


def test_weights_that_are_not_a_number_are_refused() -> None:
    model = llama()
    with torch.no_grad():
        model.get_parameter("layers.0.self_attn.q_proj.weight").fill_(float("nan"))
    ids, _ = padded_ids()
    with torch.no_grad(), capture_attention(model) as capture:
        model(input_ids=ids)
    with pytest.raises(CaptureError, match=r"layers\.0\.self_attn is not a number"):
        capture.weights()


def test_values_are_kept_when_asked_for() -> None:
    """Two key heads of eight dimensions; weights times values is what the kernel gives."""
    model = llama()
    ids, _ = padded_ids()
    read: list[torch.Tensor] = []
    model.get_submodule("layers.0.self_attn.o_proj").register_forward_pre_hook(
        lambda _, args: read.append(args[0][:, -1])
    )
    with torch.no_grad():
        with capture_attention(model) as without:
            model(input_ids=ids)
        with capture_attention(model, values=True) as capture:
            model(input_ids=ids)
    assert all(call.values is None for call in without.layers())
    first = capture.layers()[0]
    assert first.values is not None
    values = first.values.repeat_interleave(2, dim=1)
    product = (first.weights @ values)[:, :, 0].flatten(1)
    assert torch.allclose(product, read[-1], atol=1e-6)
