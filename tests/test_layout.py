"""Layouts cover the sequence exactly, whatever is declared or measured."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heedmap.errors import RegionError
from heedmap.layout import Layout, measured_layout, parse_declared
from heedmap.regions import MEASURED_REGIONS

positions = st.sets(st.integers(0, 19))


def covered(layout: Layout) -> list[int]:
    return sorted(p for region in layout.regions.values() for p in region)


@given(positions, positions, positions, st.lists(st.booleans(), min_size=20, max_size=20))
def test_a_measured_layout_covers_every_position_once(
    by_frame: set[int], by_text: set[int], actions: set[int], visible: list[bool]
) -> None:
    layout = measured_layout(20, by_frame, by_text, actions, np.array(visible))
    assert covered(layout) == list(range(20))
    assert set(layout.regions) <= set(MEASURED_REGIONS)
    assert set(layout.regions.get("action", ())) == actions
    assert set(layout.regions.get("mixed", ())) == (by_frame & by_text) - actions
    for position in layout.regions.get("padding", ()):
        assert not visible[position]
        assert position not in by_frame | by_text


@given(st.integers(1, 40), st.integers(0, 60), st.integers(0, 20))
def test_a_declared_layout_covers_every_position_once_or_is_refused(
    image_stop: int, text_start: int, tokens: int
) -> None:
    declared = parse_declared(f"image=0:{image_stop},text={text_start}:+len")
    text_stop = text_start + tokens
    if image_stop <= 50 and text_stop <= 50 and (tokens == 0 or text_start >= image_stop):
        layout = declared.layout(50, tokens)
        assert covered(layout) == list(range(50))
        assert layout.regions["image"] == tuple(range(image_stop))
        assert layout.regions["text"] == tuple(range(text_start, text_stop))
    else:
        with pytest.raises(RegionError):
            declared.layout(50, tokens)


def test_regions_that_overlap_or_leave_a_gap_are_refused() -> None:
    with pytest.raises(RegionError, match="Position 1 lies in 2 regions"):
        Layout(3, {"a": (0, 1), "b": (1, 2)})
    with pytest.raises(RegionError, match="Position 2 lies in 0 regions"):
        Layout(3, {"a": (0, 1)})


def test_regions_beyond_the_sequence_are_named() -> None:
    with pytest.raises(RegionError, match=r"'text' ends at position 75, but .* 70 positions"):
        parse_declared("image=0:64,text=64:+len").layout(70, 12)
    with pytest.raises(RegionError, match="'a' holds position 3"):
        Layout(3, {"a": (0, 1, 2, 3)})


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("image", "cannot be read"),
        ("image=0-64", "cannot be read"),
        ("image=64:64", "empty"),
        ("image=0:4,image=4:8", "declared twice"),
        ("undeclared=0:4", "heedmap's own"),
    ],
)
def test_declared_regions_that_cannot_be_read(written: str, message: str) -> None:
    with pytest.raises(RegionError, match=message):
        parse_declared(written)


def test_a_token_count_that_nobody_knows_is_asked_for() -> None:
    with pytest.raises(RegionError, match="give numbers instead"):
        parse_declared("text=0:+len").layout(10, None)
