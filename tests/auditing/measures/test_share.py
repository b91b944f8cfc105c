"""Shares by hand, and their invariants."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jaxtyping import TypeCheckError

from heedmap.auditing.measures.share import region_shares, visible_counts
from heedmap.errors import CaptureError
from heedmap.record.layout import Layout


def test_shares_by_hand() -> None:
    # One layer, one head, two action rows over four keys. image = keys 0 and 1:
    # row 0 gives 0.1 + 0.2 = 0.3, row 1 gives 0.5 + 0.1 = 0.6; their mean is 0.45.
    attention = np.array([[[[0.1, 0.2, 0.3, 0.4], [0.5, 0.1, 0.2, 0.2]]]], dtype=np.float32)
    shares = region_shares(attention, Layout(4, {"image": (0, 1), "rest": (2, 3)}))
    assert shares["image"].shape == (1, 1)
    assert shares["image"].item() == pytest.approx(0.45, abs=1e-7)
    assert shares["rest"].item() == pytest.approx(0.55, abs=1e-7)


@given(st.integers(0, 2**16), st.integers(2, 40), st.data())
def test_all_regions_sum_to_one(seed: int, keys: int, data: st.DataObject) -> None:
    rng = np.random.default_rng(seed)
    raw = rng.random((3, 2, 2, keys), dtype=np.float32) ** 8
    attention = raw / raw.sum(axis=-1, keepdims=True)
    cut = data.draw(st.integers(0, keys))
    layout = Layout(keys, {"first": tuple(range(cut)), "second": tuple(range(cut, keys))})
    shares = region_shares(attention, layout)
    assert np.abs(shares["first"] + shares["second"] - 1).max() < 1e-12
    assert all((share >= 0).all() for share in shares.values())


def test_a_masked_region_has_share_exactly_zero() -> None:
    attention = np.array([[[[1.0, 0.0]]]], dtype=np.float32)
    shares = region_shares(attention, Layout(2, {"image": (0,), "text": (1,)}))
    assert shares["text"].item() == 0.0


def test_weights_that_do_not_sum_to_one_are_refused() -> None:
    attention = np.array([[[[0.5, 0.4]]]], dtype=np.float32)
    with pytest.raises(CaptureError, match="do not sum to 1"):
        region_shares(attention, Layout(2, {"all": (0, 1)}))


def test_a_layout_of_another_length_is_refused() -> None:
    attention = np.array([[[[0.5, 0.5]]]], dtype=np.float32)
    with pytest.raises(CaptureError, match="over 2 keys, but the layout describes 3"):
        region_shares(attention, Layout(3, {"all": (0, 1, 2)}))


def test_visible_counts() -> None:
    layout = Layout(4, {"image": (0, 1, 2), "action": (3,)})
    seen = np.array([[True, False, False, True], [False, True, False, True]])
    counts = visible_counts(layout, seen)
    assert (counts["image"].visible, counts["image"].total) == (2, 3)
    assert counts["image"].visible_by_layer == (1, 1)
    assert (counts["action"].visible, counts["action"].total) == (1, 1)


def test_shapes_are_enforced_under_pytest() -> None:
    """The guard that makes every shape in a signature mean something here, at any call."""
    layout = Layout(1, {"all": (0,)})
    for attention in (np.ones((1, 1, 1)), np.ones((1, 1, 1, 1), dtype=np.int64)):
        region_shares(np.ones((1, 1, 1, 1)), layout)
        for _ in range(2):
            with pytest.raises(TypeCheckError, match="attention"):
                region_shares(attention, layout)
