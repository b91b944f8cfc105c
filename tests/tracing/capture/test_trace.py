"""The trace against transformers' eager weights, and on attention of every kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from transformers import PreTrainedModel

from heedmap.errors import CaptureError
from heedmap.tracing.capture.calls import FusedCall, WrittenOutCall
from heedmap.tracing.capture.stacks import block_of, pattern_of, stacks_of, unseen_attention
from heedmap.tracing.capture.trace import EmbeddingCall, one_attention_path, trace
from tests.tracing.capture.test_attention import bert, eager_attention, gemma3, llama, padded_ids


@pytest.mark.parametrize("build", [llama, bert, gemma3])
@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize("implementation", ["sdpa", "eager"])
def test_equals_eager_whatever_the_model_runs(
    build: Callable[[], PreTrainedModel], padded: bool, implementation: str
) -> None:
    model = build()
    model.set_attn_implementation(implementation)
    ids, mask = padded_ids()
    inputs: dict[str, Any] = {"input_ids": ids}
    if padded:
        inputs["attention_mask"] = mask
    with torch.no_grad(), trace(model, batch=2) as seen:
        model(**inputs)
    (stack,) = stacks_of(seen)
    expected = eager_attention(model, **inputs)
    assert len(stack.calls) == len(expected)
    for call, full in zip(stack.calls, expected, strict=True):
        assert (call.row_weights((-1, 3)) - full[:, :, [-1, 3]]).abs().max() <= 1e-5
        # A key may be seen exactly where eager attention gives it any weight.
        assert torch.equal(call.visibility()[:, 3], (full[:, :, 3] > 0).any(dim=1))


def test_outputs_are_bit_for_bit_the_same_under_watch() -> None:
    model = llama()
    ids, _ = padded_ids()
    with torch.no_grad():
        before = model(input_ids=ids).last_hidden_state
        with trace(model, batch=2):
            during = model(input_ids=ids).last_hidden_state
        after = model(input_ids=ids).last_hidden_state
    assert torch.equal(before, during)
    assert torch.equal(before, after)
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())


def test_hooks_are_gone_and_modules_counted_right_after_an_exception() -> None:
    class Fails(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            raise ValueError

    class Tries(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.bad = Fails()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            try:
                return self.bad(x)
            except ValueError:
                return F.scaled_dot_product_attention(x, x, x)

    model = Tries()
    x = torch.randn(1, 1, 3, 4)
    with trace(model) as seen:
        model(x)
    assert [call.module_name for call in seen.attention] == [""]
    with pytest.raises(KeyError), trace(model):
        raise KeyError
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())


def test_multihead_attention_is_seen_inside() -> None:
    """`nn.MultiheadAttention` hides its computation from torch-function modes; not from this."""
    torch.manual_seed(0)
    module = nn.MultiheadAttention(8, 2, batch_first=True).eval()
    x = torch.randn(1, 5, 8)
    for need_weights, kind in ((False, FusedCall), (True, WrittenOutCall)):
        with torch.no_grad(), one_attention_path(), trace(module) as seen:
            module(x, x, x, need_weights=need_weights)
        (call,) = seen.attention
        assert isinstance(call, kind)
        with torch.no_grad():
            _, expected = module(x, x, x, average_attn_weights=False)
        assert (call.row_weights((0, 4)) - expected[:, :, [0, 4]]).abs().max() <= 1e-6


@pytest.mark.parametrize("is_causal", [False, True])
def test_a_softmax_written_out_is_seen_with_scores_and_values(is_causal: bool) -> None:
    class Own(nn.Module):
        def forward(self, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
            scores = torch.einsum("bhqd,bhkd->bhqk", q, k)
            if is_causal:
                scores = scores.masked_fill(~torch.ones(4, 4).tril().bool(), -1e4)
            return torch.einsum("bhqk,bhkd->bhqd", scores.softmax(-1), v)

    q, k, v = torch.randn(3, 1, 2, 4, 6, generator=torch.Generator().manual_seed(0))
    module = Own()
    with trace(module) as seen:
        module(q, k, v)
    (call,) = seen.attention
    fused = FusedCall(module_name="", query=q, key=k, value=v, is_causal=is_causal, scaling=1.0)
    assert (call.row_weights((0, 3)) - fused.row_weights((0, 3))).abs().max() <= 1e-6
    assert torch.equal(call.visibility(), fused.visibility())
    values = call.values()
    assert values is not None
    assert torch.equal(values, v)


def test_the_fused_path_of_multihead_attention_shows_nothing_and_is_named() -> None:
    module = nn.MultiheadAttention(8, 2, batch_first=True).eval()
    x = torch.randn(1, 5, 8)
    assert torch.backends.mha.get_fastpath_enabled()
    with torch.no_grad(), trace(nn.ModuleDict({"mha": module})) as seen:
        module(x, x, x, need_weights=False)
    assert seen.attention == []
    assert unseen_attention(nn.ModuleDict({"mha": module}), seen) == ["mha"]
    with one_attention_path():
        assert not torch.backends.mha.get_fastpath_enabled()
    assert torch.backends.mha.get_fastpath_enabled()


def test_a_softmax_that_weighs_nothing_is_no_attention() -> None:
    class Head(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.softmax(dim=-1)

    with trace(Head()) as seen:
        Head()(torch.randn(1, 3, 3))
    assert seen.attention == []


def test_embeddings_are_seen_and_can_be_edited() -> None:
    model = llama()
    ids, _ = padded_ids()

    def nothing(call: EmbeddingCall, result: torch.Tensor) -> torch.Tensor:
        return result * 0

    with torch.no_grad(), trace(model, batch=2, edit_embedding=nothing) as seen:
        edited = model(input_ids=ids).last_hidden_state
    (call,) = seen.embeddings
    assert call.module_name == "embed_tokens"
    assert torch.equal(call.ids, ids)
    assert not torch.equal(edited, model(input_ids=ids).last_hidden_state)


def test_stacks_are_told_apart_by_the_last_number_in_their_names() -> None:
    assert pattern_of("vision2.layers.10.attn") == "vision2.layers.*.attn"
    assert pattern_of("body.block3.attention") == "body.block*.attention"
    assert pattern_of("attention") == "attention"
    assert block_of("vision2.layers.10.attn") == "vision2.layers.10"
    assert block_of("attention") == "attention"


def test_attention_that_cannot_be_seen_is_named() -> None:
    class SecretAttention(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.exp()

    model = nn.ModuleDict({"attn": SecretAttention(), "other": nn.Identity()})
    with trace(model) as seen:
        model["other"](model["attn"](torch.ones(1)))
    assert unseen_attention(model, seen) == ["attn"]


def test_a_stack_that_runs_twice_is_refused() -> None:
    model = llama()
    ids, _ = padded_ids()
    with torch.no_grad(), trace(model, batch=2) as seen:
        model(input_ids=ids)
        model(input_ids=ids)
    with pytest.raises(CaptureError, match="ran more than once"):
        stacks_of(seen)[0].check_runs_once()


def test_masks_of_every_form_let_the_same_keys_through() -> None:
    """Causal flag, boolean, additive with -inf and with the dtype's minimum, 2-D to 4-D."""

    class Own(nn.Module):
        def forward(self, x: torch.Tensor, **options: Any) -> torch.Tensor:
            return F.scaled_dot_product_attention(x, x, x, **options)

    x = torch.randn(1, 2, 4, 8, generator=torch.Generator().manual_seed(0))
    seen = torch.ones(4, 4).tril().bool()
    zero = torch.zeros(4, 4)
    least = zero.masked_fill(~seen, torch.finfo(torch.float32).min)
    forms: list[dict[str, Any]] = [
        {"is_causal": True},
        {"attn_mask": seen},
        {"attn_mask": seen[None, None].expand(1, 2, 4, 4)},
        {"attn_mask": zero.masked_fill(~seen, -torch.inf)[None]},
        {"attn_mask": least[None, None]},
    ]
    module = Own()
    for options in forms:
        with trace(module) as told:
            module(x, **options)
        (call,) = told.attention
        assert torch.equal(call.visibility()[0], seen), options
        expected = (x @ x.mT / 8**0.5 + zero.masked_fill(~seen, -torch.inf)).softmax(dim=-1)
        assert (call.row_weights((0, 1, 2, 3)) - expected).abs().max() <= 1e-6
