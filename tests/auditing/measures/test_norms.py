"""Value-weighted norms against the vectors written out."""

from __future__ import annotations

import pytest
import torch

from heedmap.auditing.measures.norms import norm_share, value_weighted_norms
from heedmap.errors import CaptureError


def test_by_hand() -> None:
    """Values of length 5 and 1 under weights 0.2 and 0.8: norms 1.0 and 0.8."""
    weights = torch.tensor([[[0.2, 0.8]]])
    values = torch.tensor([[[3.0, 4.0], [1.0, 0.0]]])
    assert torch.allclose(value_weighted_norms(weights, values), torch.tensor([[[1.0, 0.8]]]))
    # A projection that drops the second number: lengths 3 and 1.
    drops = torch.tensor([[1.0, 0.0], [0.0, 0.0]])
    norms = value_weighted_norms(weights, values, drops)
    assert torch.allclose(norms, torch.tensor([[[0.6, 0.8]]]))
    assert norm_share(norms, [0]) == pytest.approx(0.6 / 1.4)


def test_equals_the_projected_vectors_of_every_head_written_out() -> None:
    """Two value heads serve four query heads in order."""
    generator = torch.Generator().manual_seed(0)
    weights = torch.rand(4, 2, 5, generator=generator)
    values = torch.randn(2, 5, 3, generator=generator)
    projection = torch.randn(7, 12, generator=generator)
    norms = value_weighted_norms(weights, values, projection)
    for head in range(4):
        for row in range(2):
            for key in range(5):
                columns = projection[:, 3 * head : 3 * head + 3]
                vector = weights[head, row, key] * (columns @ values[head // 2, key])
                assert norms[head, row, key] == pytest.approx(float(vector.norm()), rel=1e-5)


def test_nothing_read_is_not_measured() -> None:
    assert norm_share(torch.zeros(1, 1, 3), [0]) is None


def test_sizes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(CaptureError, match="3 query heads cannot share 2"):
        value_weighted_norms(torch.ones(3, 1, 2), torch.ones(2, 2, 4))
    with pytest.raises(CaptureError, match="takes 5 features"):
        value_weighted_norms(torch.ones(2, 1, 2), torch.ones(2, 2, 4), torch.ones(3, 5))


def test_the_share_is_over_all_heads_and_rows() -> None:
    """Two heads, two rows: 1 + 0 + 2 + 1 = 4 of 10 on the first key."""
    norms = torch.tensor([[[1.0, 1.0], [0.0, 2.0]], [[2.0, 0.0], [1.0, 3.0]]])
    assert norm_share(norms, [0]) == pytest.approx(0.4)
    assert norm_share(norms, [0, 1]) == pytest.approx(1.0)
    assert norm_share(norms, []) == 0.0
