"""Hops through masks, against cases counted by hand and against boolean matrix powers."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from heedmap.tracing.capture.calls import FusedCall
from heedmap.tracing.capture.masks import blind_rows, fewest_hops, hops_to, visible_by_layer
from heedmap.tracing.capture.stacks import Stack


def causal(length: int) -> torch.Tensor:
    return torch.ones(length, length).tril().bool()


def test_a_causal_mask_reaches_all_before_the_row_in_one_hop() -> None:
    assert fewest_hops([causal(4)] * 2, [2]).tolist() == [1, 1, 0, -1]


def test_a_cut_direct_edge_takes_two_hops_and_two_layers() -> None:
    """Row 2 may not see 0, but 1, which sees 0: layer 0 brings 0 to 1, layer 1 brings 1 to 2."""
    mask = causal(3)
    mask[2, 0] = False
    assert fewest_hops([mask, mask], [2]).tolist() == [2, 1, 0]
    assert fewest_hops([mask], [2]).tolist() == [-1, 1, 0]


@given(length=st.integers(2, 6), layers=st.integers(1, 3), seed=st.integers(0, 1000), row=st.data())
@settings(max_examples=60, deadline=None)
def test_what_can_be_reached_is_the_product_of_the_masks(
    length: int, layers: int, seed: int, row: st.DataObject
) -> None:
    generator = torch.Generator().manual_seed(seed)
    masks = [torch.rand(length, length, generator=generator) < 0.3 for _ in range(layers)]
    target = row.draw(st.integers(0, length - 1))
    reach = np.eye(length, dtype=int)
    for mask in masks:  # information stays (residual) or moves from key to query
        reach = ((np.eye(length, dtype=int) + mask.numpy()) @ reach > 0).astype(int)
    hops = fewest_hops(masks, [target])
    assert np.array_equal(hops >= 0, reach[target] > 0)
    assert hops[target] == 0


def test_no_layer_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least one layer"):
        fewest_hops([], [0])


def test_blind_rows_and_counts_come_from_the_calls_own_mask() -> None:
    q = torch.randn(1, 2, 3, 4)
    mask = causal(3)
    mask[1] = False
    bias = torch.zeros(3, 3).masked_fill(~mask, torch.finfo(torch.float32).min)[None, None]
    call = FusedCall(module_name="layers.0.attn", query=q, key=q, value=q, mask=bias)
    stack = Stack("layers.*.attn", (call,))
    assert blind_rows(stack) == (1,)
    assert hops_to(stack, [2]).tolist() == [1, 1, 0]
    assert visible_by_layer(stack, [2], [0, 1]) == (2,)
    assert visible_by_layer(stack, [0], [1, 2]) == (0,)
