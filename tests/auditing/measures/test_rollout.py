"""Rollout against the product of the whole matrices."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from heedmap.auditing.measures.rollout import rollout
from heedmap.errors import CaptureError


def weights_of(matrix: torch.Tensor, asked: list[int] | None = None):
    def rows(chosen: tuple[int, ...]) -> torch.Tensor:
        if asked is not None:
            asked.append(len(chosen))
        return matrix[:, list(chosen)]

    return rows


@given(st.integers(2, 9), st.integers(1, 4), st.integers(0, 500), st.booleans())
@settings(max_examples=40, deadline=None)
def test_equals_the_matrix_product(length: int, layers: int, seed: int, causal: bool) -> None:
    generator = torch.Generator().manual_seed(seed)
    scores = torch.randn(layers, 3, length, length, generator=generator)
    if causal:
        scores = scores.masked_fill(~torch.ones(length, length).tril().bool(), -torch.inf)
    matrices = scores.softmax(dim=-1)
    product = torch.eye(length, dtype=torch.float64)
    for matrix in matrices:  # from the first layer up
        mixed = 0.5 * torch.eye(length, dtype=torch.float64) + 0.5 * matrix.mean(0).double()
        product = mixed @ product
    flow = rollout([weights_of(m) for m in matrices], [length - 1], length, rows_at_once=2)
    assert torch.allclose(flow, product[-1], atol=1e-7)
    assert float(flow.sum()) == pytest.approx(1)


def test_only_the_rows_that_matter_are_asked_for_a_few_at_a_time() -> None:
    asked: list[int] = []
    uniform = torch.full((1, 7, 7), 1 / 7)
    rollout([weights_of(uniform, asked)] * 2, [6], 7, rows_at_once=3)
    # The last layer needs the action row alone; the first, the seven that it reads.
    assert asked == [1, 3, 3, 1]


def test_several_action_rows_count_alike() -> None:
    identity = torch.eye(4)[None]
    assert rollout([weights_of(identity)], [1, 3], 4).tolist() == [0, 0.5, 0, 0.5]


def test_the_residual_share_is_what_stays() -> None:
    """Row 1 attends to 0 alone; of 1, 0.9 stays at each of two layers: 0.81."""
    down = torch.tensor([[[1.0, 0.0], [1.0, 0.0]]])
    flow = rollout([weights_of(down)] * 2, [1], 2, residual_share=0.9)
    assert flow.tolist() == pytest.approx([0.19, 0.81])
    only_attention = rollout([weights_of(down)], [1], 2, residual_share=0.0)
    assert only_attention.tolist() == [1.0, 0.0]


def test_a_row_named_twice_counts_once() -> None:
    identity = torch.eye(4)[None]
    assert rollout([weights_of(identity)], [3, 3], 4).tolist() == [0, 0, 0, 1]
    assert rollout([weights_of(identity)], [-1, 3], 4).tolist() == [0, 0, 0, 1]


def test_without_action_rows_there_is_nothing_to_start_from() -> None:
    with pytest.raises(CaptureError, match="at least one action row"):
        rollout([weights_of(torch.eye(4)[None])], [], 4)
