"""What enters layer 0: the embeddings after all merging, seen on a model one can compute."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from heedmap.capture.inputs import capture_first_layer_input, first_layer_name
from heedmap.errors import CaptureError
from tests.capture.test_attention import llama, padded_ids


def test_the_input_of_llamas_first_layer_is_its_word_embeddings() -> None:
    """Llama adds no positions before layer 0, so the lookup itself is the oracle."""
    model = llama()
    ids, _ = padded_ids()
    with capture_first_layer_input(model) as capture:
        model(input_ids=ids)
    assert first_layer_name(model) == "layers.0"
    assert torch.equal(capture.only(), model.embed_tokens(ids))


def test_the_hook_is_gone_after_an_exception() -> None:
    model = llama()
    with pytest.raises(KeyError), capture_first_layer_input(model):
        raise KeyError
    assert not model.layers[0]._forward_pre_hooks


def test_a_pass_that_did_not_happen_is_an_error() -> None:
    with (
        pytest.raises(CaptureError, match="ran 0 times"),
        capture_first_layer_input(llama()) as capture,
    ):
        capture.only()


def test_a_model_without_attention_is_refused() -> None:
    with pytest.raises(CaptureError, match="no attention module"):
        first_layer_name(nn.Linear(2, 2))
