"""When words can still change what happens: policies of which it is known."""

from __future__ import annotations

from pathlib import Path

import pytest

from heedmap.policies.callable import CallablePolicy
from heedmap.report.driving.rates import curve, foretold, phases
from heedmap.report.driving.result import Drive
from heedmap.report.driving.wording import steering
from tests.monitor.driving.worlds import (
    Fork,
    Uncopied,
    Unrepeatable,
    confounded,
    driven,
    first_words,
    fork,
    heeding,
    policy_of,
)

PLACE = "out"


def reached(drive: Drive) -> dict[int | str, tuple[float, float]]:
    return {each.at: (each.reached.value, each.kept.value) for each in curve(drive)}


@pytest.mark.parametrize(("kind", "how"), [(Fork, "copied"), (Uncopied, "replayed")])
def test_a_policy_that_heeds_can_be_steered_at_any_step(
    tmp_path: Path, kind: type[Fork], how: str
) -> None:
    found = driven(policy_of(heeding), tmp_path / PLACE, fork(kind), every=2, episodes=4)
    assert reached(found) == dict.fromkeys((0, 2, 4, 6, 8), (1, 0))
    assert {each.how for each in found.steered} == {how}
    assert [each.change.value for each in phases(found)] == [1, 1, 1]


def test_a_policy_that_ignores_its_instruction_cannot_be_steered(tmp_path: Path) -> None:
    found = driven(policy_of(confounded), tmp_path / PLACE, every=2, episodes=8)
    assert all(kept == reached for reached, kept in reached(found).values())
    assert 0 < reached(found)[0][0] < 1, "it does reach the target, by chance"
    told = foretold(found)
    assert told is not None
    assert told.over_exchanges is None, "no distance differs from another"
    assert any("are all equal" in line for line in steering(found))


def test_a_policy_that_decides_in_the_first_frame_can_be_steered_there_alone(
    tmp_path: Path,
) -> None:
    found = driven(first_words(), tmp_path / PLACE, every=2, episodes=3, keeps_state=True)
    assert reached(found) == {0: (1, 0), **dict.fromkeys((2, 4, 6, 8), (0, 0))}
    told = foretold(found)
    assert told is not None
    assert told.over_exchanges == pytest.approx(1), "the distance tells which exchanges count"


def test_without_its_state_a_policy_is_not_driven_as_one_that_keeps_it(tmp_path: Path) -> None:
    """Each call alone: the first words are those of now, so it heeds at every step."""
    found = driven(first_words(), tmp_path / PLACE, every=4, episodes=2)
    assert reached(found) == dict.fromkeys((0, 4, 8), (1, 0))


def test_a_simulator_that_never_does_the_same_twice_is_not_measured(tmp_path: Path) -> None:
    found = driven(policy_of(heeding), tmp_path / PLACE, fork(Unrepeatable), every=2, episodes=2)
    assert [each.missing for each in found.steered] == ["not_repeatable"] * 2
    assert curve(found) == []
    (line,) = steering(found)
    assert line.startswith("Not measured in 2 episodes: neither a copy")


def test_a_policy_that_answers_otherwise_when_asked_again_is_not_measured(tmp_path: Path) -> None:
    calls = iter(range(10**6))

    def wavers(frame, text):
        return next(calls) // 7 % 3

    policy: CallablePolicy = policy_of(wavers)
    found = driven(policy, tmp_path / PLACE, every=1, episodes=1)
    assert [each.missing for each in found.steered] == ["policy_not_repeatable"]
