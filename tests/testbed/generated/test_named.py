"""Architectures without one stack of attention: faults are named, and health is seen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from heedmap.auditing.api import audit
from heedmap.ladder.verdict import Verdict
from heedmap.testbed.generated.faults import Part
from heedmap.testbed.generated.population import Generated, members

ARCHITECTURES = ("scan", "gru", "adaln", "guided_last")
FAULTS = ("dropped", "gated", "truncated", "drowned", "overwritten", "unknown_words", "saturated")
TRIALS = 4


def chosen() -> Iterator[Generated]:
    """Of one base of every architecture a healthy member, and one of each of two faults."""
    parts: tuple[Part, ...] = ("scored", "development")
    everybody = [member for part in parts for member in members(part)]
    bases = {each.base.architecture: each for each in reversed(everybody) if each.is_healthy}
    for architecture in ARCHITECTURES:
        ours = [m for m in everybody if _likeness(m) == _likeness(bases[architecture])]
        yield next(each for each in ours if each.coordinates.fault == "none")
        by_fault = {each.coordinates.fault: each for each in reversed(ours)}
        yield from [by_fault[fault] for fault in FAULTS if fault in by_fault][:2]


def _likeness(member: Generated) -> tuple[str, str, str | None]:
    base = member.base
    return base.architecture, base.route, base.attention


CHOSEN = tuple(chosen())


def verdict_on(member: Generated) -> Verdict:
    first = member.trials[0]
    result = audit(
        member.make(),
        first.observation,
        first.instructions,
        trials=member.trials[:TRIALS],
        until="exchange",
    )
    return result.record.policies[0].verdict


def test_each_architecture_is_healthy_and_has_two_faults() -> None:
    for architecture in ARCHITECTURES:
        faults = [m.coordinates.fault for m in CHOSEN if m.coordinates.architecture == architecture]
        assert len(set(faults)) == 3, faults
        assert "none" in faults


@pytest.mark.parametrize("member", CHOSEN, ids=[member.name for member in CHOSEN])
def test_the_cause_is_named(member: Generated) -> None:
    verdict = verdict_on(member)
    assert verdict.cause in (member.cause, *member.also_acceptable), verdict.sentence
    if member.is_healthy:
        assert verdict.first_failing is None
        assert verdict.rungs["obeyed"].status == "holds"
    else:
        assert verdict.first_failing is not None
        # A change that may be rounding is not judged.
        obeyed = verdict.rungs["obeyed"].status
        assert obeyed == "fails" or (member.base.head != "discrete" and obeyed == "not measured")
