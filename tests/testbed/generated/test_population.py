"""The generated population: large enough, and its two parts have nothing in common."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields
from typing import get_args

from heedmap.testbed.generated.faults import Part
from heedmap.testbed.generated.interfaces import INTERFACES
from heedmap.testbed.generated.population import EVERY, Coordinates, Generated, members

PARTS: tuple[Part, ...] = get_args(Part)
EVERYBODY = {part: list(members(part)) for part in PARTS}
CAUSES = {
    *("empty_instruction", "stale_instruction", "truncated", "unknown_words", "same_ids"),
    *("overwritten", "dropped", "gated", "length_leak", "absent", "masked"),
    *("action_before_instruction", "values_zero", "unattended", "drowned", "unused"),
    *("confounded", "state_decides", "disobeyed", "partial", "saturated", "constant_action"),
    *("not_competent", "not_needed", "image_unused", "image_masked"),
}


def test_there_are_enough_of_them_and_all_are_different() -> None:
    everybody = [each for part in PARTS for each in EVERYBODY[part]]
    for field in fields(Coordinates):
        counted = Counter(getattr(each.coordinates, field.name) for each in everybody)
        print(field.name, dict(counted.most_common()))
    healthy = sum(each.is_healthy for each in everybody)
    print(len(everybody), "members,", healthy, "healthy")
    assert len({each.name for part in PARTS for each in EVERYBODY[part]}) == len(everybody)
    assert len({each.coordinates for each in everybody}) >= 400
    assert healthy >= 100
    assert {each.interface for each in everybody} == set(INTERFACES)
    assert {each.padding for each in everybody} == {"none", "left", "right"}


def test_every_cause_has_two_implementations_one_for_each_part() -> None:
    for part in PARTS:
        assert {one.fault for one in EVERY if one.part == part} == CAUSES
        assert {each.cause for each in EVERYBODY[part]} >= CAUSES


def test_the_parts_share_no_implementation_no_member_and_no_seed_of_training() -> None:
    development, scored = (
        {(one.fault, one.name) for one in EVERY if one.part == part} for part in PARTS
    )
    # Training on shuffled words is one of each part's own ways; a name says what was done.
    assert not development & scored
    plants = [one.plant for one in EVERY if one.plant is not None]
    assert len(set(plants)) == len(plants)
    names = [{each.name for each in EVERYBODY[part]} for part in PARTS]
    assert not names[0] & names[1]


def test_scored_members_have_architectures_that_development_lacks() -> None:
    def architectures(part: Part) -> set[str]:
        return {each.base.architecture for each in EVERYBODY[part]}

    new = architectures("scored") - architectures("development")
    assert {"adaln", "scan", "perceiver", "linear_attention", "encoder_decoder"} <= new


def test_a_limit_gives_the_first_of_one_mixed_order() -> None:
    first = list(members("scored", limit=30))
    assert [each.name for each in first] == [each.name for each in EVERYBODY["scored"][:30]]
    assert len({each.cause for each in first}) > 10
    assert [each.name for each in members("scored", seed=1, limit=30)] != [
        each.name for each in first
    ]


def test_what_is_true_of_a_member_follows_from_its_implementation() -> None:
    def one(cause: str) -> Generated:
        return next(each for each in EVERYBODY["development"] if each.cause == cause)

    assert (one("none").obeys, one("none").responds, one("none").is_healthy) == (True, True, True)
    assert (one("masked").obeys, one("masked").responds) == (False, False)
    assert (one("disobeyed").obeys, one("disobeyed").responds) == (False, True)
    assert (one("not_needed").obeys, one("not_needed").is_healthy) == (None, True)
    assert one("bypass").is_healthy
    assert one("image_unused").obeys
