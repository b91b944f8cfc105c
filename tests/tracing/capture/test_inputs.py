"""What enters layer 0: the embeddings after all merging, seen on a model one can compute."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from heedmap.errors import CaptureError
from heedmap.tracing.capture.inputs import SequenceLengthError, capture_entering, edit_leaving
from heedmap.tracing.capture.stacks import Stack, stacks_of
from heedmap.tracing.capture.trace import trace
from tests.tracing.capture.test_attention import llama, padded_ids


def only_stack(model: nn.Module, *args: object, **inputs: torch.Tensor) -> Stack:
    with torch.no_grad(), trace(model, batch=2) as seen:
        model(*args, **inputs)
    (stack,) = stacks_of(seen)
    return stack


def test_the_input_of_llamas_first_layer_is_its_word_embeddings() -> None:
    """Llama adds no positions before layer 0, so the lookup itself is the oracle."""
    model = llama()
    ids, _ = padded_ids()
    stack = only_stack(model, input_ids=ids)
    with capture_entering(model, stack) as capture:
        model(input_ids=ids)
    assert capture.layer_name == "layers.0"
    assert torch.equal(capture.only(), model.embed_tokens(ids))


def test_a_layer_with_positions_first_is_turned_round() -> None:
    layers = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2), 2, enable_nested_tensor=False)
    layers.eval().requires_grad_(False)
    states = torch.randn(5, 2, 8, generator=torch.Generator().manual_seed(0))
    stack = only_stack(layers, states)
    with capture_entering(layers, stack) as capture:
        layers(states)
    assert torch.equal(capture.only(), states.transpose(0, 1))


def test_what_enters_and_what_leaves_can_be_replaced() -> None:
    model = llama()
    ids, _ = padded_ids()
    stack = only_stack(model, input_ids=ids)
    other = ids.flip(1)
    with capture_entering(model, stack, edit=lambda _: model.embed_tokens(other)):
        held = model(input_ids=ids).last_hidden_state
    assert torch.equal(held, model(input_ids=other).last_hidden_state)
    with edit_leaving(model, stack, lambda states: states * 0):
        assert (model(input_ids=ids).last_hidden_state == 0).all()


def test_the_hook_is_gone_after_an_exception() -> None:
    model = llama()
    ids, _ = padded_ids()
    stack = only_stack(model, input_ids=ids)
    with pytest.raises(KeyError), capture_entering(model, stack):
        raise KeyError
    with pytest.raises(KeyError), edit_leaving(model, stack, lambda states: states):
        raise KeyError
    assert not any(layer._forward_pre_hooks or layer._forward_hooks for layer in model.layers)


def test_a_pass_that_did_not_happen_is_an_error() -> None:
    model = llama()
    stack = only_stack(model, input_ids=padded_ids()[0])
    with pytest.raises(CaptureError, match="ran 0 times"), capture_entering(model, stack) as seen:
        seen.only()


def test_another_length_is_an_error_of_its_own() -> None:
    model = llama()
    ids, _ = padded_ids()
    stack = only_stack(model, input_ids=ids)
    with (
        pytest.raises(SequenceLengthError, match="a sequence of 9 positions"),
        capture_entering(model, stack),
    ):
        model(input_ids=ids[:, :7])
