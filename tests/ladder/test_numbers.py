"""Figures as text, in both languages."""

from __future__ import annotations

import pytest

from heedmap.ladder.messages.numbers import (
    amount,
    counted,
    interval,
    percent,
    ranges,
    rate,
    unit_name,
)
from tests.ladder.facts import estimate, of_one_frame


def test_ranges() -> None:
    assert ranges(()) == ""
    assert ranges((5, 0, 1, 2)) == "0-2, 5"


def test_shares_and_distances_have_their_unit() -> None:
    shares = (0.938, 1.0, 0.0, 0.998, 0.03, 0.0312, 0.333)
    said = ["94 %", "100 %", "0 %", "99.8 %", "3 %", "3.1 %", "33 %"]
    assert [percent(share) for share in shares] == said
    assert not any(character.isdigit() for character in percent(None))
    assert amount(0.8, "bits") == "0.80 bits"
    assert amount(0.8, "bits", "ko") == "0.80비트"
    assert amount(0.8, "scale units") == "0.80 standard deviations"
    assert amount(0.8, "scale units", "ko") == "0.80 표준편차 단위"
    assert amount(0.8, "newtons", "ko") == "0.80 newtons"
    assert [unit_name("bits", "ko"), unit_name("newtons", "ko")] == ["비트", "newtons"]


def test_an_interval_stands_where_there_is_one() -> None:
    assert interval(estimate(0.8)) == "0.80 (0.79 to 0.81)"
    assert interval(estimate(0.8), "ko") == "0.80 (0.79~0.81)"
    assert interval(of_one_frame(0.8)) == "0.80"


@pytest.mark.parametrize(
    ("value", "low", "high", "english", "korean"),
    [
        (0.98, 0.97, 0.99, "98 % of cases (95 % CI 97 to 99)", "전체의 98 % (95 % CI 97~99)"),
        (1.0, 1.0, 1.0, "24 of 24 frames", "24프레임 중 24프레임"),
        (0.0, 0.0, 0.0, "0 of 24 frames", "24프레임 중 0프레임"),
        (0.51, 0.51, 0.51, "51 % of cases", "전체의 51 %"),  # no count of 24
    ],
)
def test_a_rate_without_spread_is_counted(
    value: float, low: float, high: float, english: str, korean: str
) -> None:
    found = estimate(value, low, high)
    assert rate(found) == english
    assert rate(found, "ko") == korean


def test_a_rate_of_one_case() -> None:
    assert rate(of_one_frame(1.0)) == "1 of 1 frame"


def test_cases_are_counted_where_frames_are_run_under_several_instructions() -> None:
    """A frame counts as the mean over its instructions, so half a frame is one of two cases."""
    found = estimate(0.5, 0.5, 0.5)
    assert rate(found, each=2) == "24 of 48 cases (24 frames, 2 instructions each)"
    assert rate(found, "ko", each=2) == "48건 중 24건(24프레임, 각각 지시문 2개)"
    spread = estimate(0.9375, 0.9, 0.97)
    assert rate(spread, each=2) == "94 % of cases (45 of 48; 95 % CI 90 to 97)"
    assert rate(spread, "ko", each=2) == "전체의 94 % (48건 중 45건, 95 % CI 90~97)"
    assert counted(spread, each=2) == "94 % (45 of 48)"
    assert counted(spread, each=None) == "94 %"
    assert rate(estimate(0.125, 0.125, 0.125), each=4).startswith("12 of 96 cases")
    assert rate(found, each=None) == "50 % of cases"
    assert rate(of_one_frame(0.5), each=2) == "1 of 2 cases (1 frame, 2 instructions each)"
