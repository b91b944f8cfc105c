"""Figures, regions and claims as words; "not measured" never becomes a number."""

from __future__ import annotations

from heedmap.ladder.messages import LANGUAGES
from heedmap.record.disagreements import policy_disagreements
from heedmap.report.wording import (
    ABSENT,
    claim_text,
    count_text,
    declared_text,
    percent,
    region_name,
)
from tests.report import sample


def test_a_region_of_the_users_own_keeps_its_name() -> None:
    for language in LANGUAGES:
        assert region_name("Gripper cam", language) == "Gripper cam"
    assert region_name("instruction", "ko") == "지시문"
    assert region_name("instruction", short=True) == "Instr."


def test_figures_are_written_as_in_the_seed() -> None:
    assert [percent(share) for share in (0.464, 1.0, 0.0)] == ["46.4%", "100.0%", "0.0%"]
    assert percent(None) == ABSENT
    assert not any(character.isdigit() for character in ABSENT)


def test_what_was_not_measured_is_not_zero() -> None:
    assert count_text(None) == "not measured"
    assert count_text(0) == "0"
    assert count_text(None, "ko") == "측정하지 않음"


def test_declared_regions_are_told_with_every_range() -> None:
    policies = sample.realistic(layers=1).record.policies
    assert declared_text(policies) == "image 0-63, text 64-75 / 64-74"


def test_a_claim_is_one_sentence() -> None:
    overwritten, sound = sample.realistic(layers=1).record.policies
    assert claim_text(policy_disagreements(overwritten)[1]) == (
        "Declared “text”, positions 64-75 (left, right): measured as all padding; "
        "the action token sees 0 of 12."
    )
    assert "1 image, 11 instruction; the action token sees 12 of 12" in claim_text(
        policy_disagreements(sound)[1]
    )
    assert "12개 중 0개" in claim_text(policy_disagreements(overwritten)[1], "ko")
