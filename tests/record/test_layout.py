"""Layouts cover the sequence exactly, whatever is declared."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heedmap.errors import RegionError
from heedmap.record.layout import Layout, parse_declared

positions = st.sets(st.integers(0, 19))


def covered(layout: Layout) -> list[int]:
    return sorted(p for region in layout.regions.values() for p in region)


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
