"""Row weights on cases small enough to do by hand."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from heedmap.errors import CaptureError
from heedmap.tracing.capture.rows import resolve_rows, row_bias, row_visibility, row_weights


def test_weights_of_one_row_by_hand() -> None:
    # q = (1, 0); keys (0, 0), (ln 3, 5): scores with scaling 1 are 0 and ln 3,
    # so the weights are 1 / (1 + 3) and 3 / (1 + 3).
    query = torch.tensor([[[[1.0, 0.0]]]])
    key = torch.tensor([[[[0.0, 0.0], [math.log(3), 5.0]]]])
    weights = row_weights(query, key, torch.tensor([0]), None, 1.0)
    assert weights.flatten().tolist() == pytest.approx([0.25, 0.75])


def test_the_causal_flag_hides_later_keys() -> None:
    bias = row_bias(None, True, torch.tensor([1]), 3)
    assert bias is not None
    assert bias.flatten().tolist() == [0.0, 0.0, -math.inf]
    assert row_visibility(bias, 2, 1, 3)[1, 0].tolist() == [True, True, False]


def test_boolean_and_additive_masks_say_the_same() -> None:
    seen = torch.tensor([[[[True, False, True]]]])
    additive = torch.tensor([[[[0.0, torch.finfo(torch.float16).min, 0.0]]]]).half()
    for mask in (seen, additive):
        bias = row_bias(mask, False, torch.tensor([0]), 3)
        assert row_visibility(bias, 1, 1, 3).flatten().tolist() == [True, False, True]


def test_a_mask_for_one_query_serves_every_row() -> None:
    mask = torch.tensor([[[[0.0, -torch.inf]]]])
    bias = row_bias(mask, False, torch.tensor([4]), 2)
    assert bias is not None
    assert bias.flatten().tolist() == [0.0, -math.inf]


def test_a_small_bias_is_not_a_mask() -> None:
    """Relative position biases (ALiBi and the like) lower a score; they hide nothing."""
    bias = row_bias(torch.tensor([[[[0.0, -300.0]]]]), False, torch.tensor([0]), 2)
    assert row_visibility(bias, 1, 1, 2).all()


def test_grouped_queries_use_the_key_head_of_their_group() -> None:
    # Two key heads, four query heads: heads 0 and 1 look at key head 0, 2 and 3 at 1.
    query = torch.ones(1, 4, 1, 1)
    key = torch.tensor([[[[0.0], [math.log(3)]], [[math.log(3)], [0.0]]]])
    weights = row_weights(query, key, torch.tensor([0]), None, 1.0)
    first = weights[0, :, 0, 0].tolist()
    assert first == pytest.approx([0.25, 0.25, 0.75, 0.75])


def test_rows_count_from_either_end() -> None:
    assert resolve_rows((0, -1, 2), 5).tolist() == [0, 4, 2]
    with pytest.raises(CaptureError, match="Row -6 .* from -5 to 4"):
        resolve_rows((-6,), 5)


@given(
    heads=st.sampled_from([(2, 1), (4, 2), (3, 3)]),
    keys=st.integers(1, 9),
    seed=st.integers(0, 2**16),
    is_causal=st.booleans(),
)
def test_weights_are_a_distribution(
    heads: tuple[int, int], keys: int, seed: int, is_causal: bool
) -> None:
    generator = torch.Generator().manual_seed(seed)
    query = torch.randn(2, heads[0], keys, 4, generator=generator) * 5
    key = torch.randn(2, heads[1], keys, 4, generator=generator) * 5
    rows = torch.arange(keys)
    bias = row_bias(None, is_causal, rows, keys)
    weights = row_weights(query, key, rows, bias, 0.5)
    assert (weights >= 0).all()
    assert (weights.sum(dim=-1) - 1).abs().max() < 1e-6
    if is_causal:
        assert weights.triu(diagonal=1).abs().max() == 0
