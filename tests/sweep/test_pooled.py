"""The cells of a sweep add up to what one audit over all of its frames says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from heedmap.auditing.api import audit
from heedmap.auditing.climb import climb
from heedmap.auditing.plan import Climb
from heedmap.auditing.upper.measure import UpperOptions
from heedmap.data.images import png_bytes
from heedmap.errors import RecordError
from heedmap.ladder.behaviour import BehaviourFacts
from heedmap.ladder.evidence import Intervention
from heedmap.record.result import Result
from heedmap.sweep.pooled import pool
from heedmap.sweep.result import result_of
from heedmap.sweep.summary import summarise
from heedmap.sweep.tables import part
from heedmap.testbed.specimens.cases import case_trials, frame_case
from heedmap.testbed.specimens.policy import SpecimenPolicy
from tests.sweep.runs import grid, ran, with_part
from tests.sweep.some_policies import continuous, sound

SIDES = {"left": "go to the left", "right": "go to the right", "forward": "go straight"}


EXACT, BATCHED = 1e-12, 1e-5
"""How far numbers may differ: run one by one, or in batches, whose make-up decides rounding."""


def concluded(behaviour: dict[str, Any]) -> tuple[bool, ...]:
    facts = BehaviourFacts.model_validate(behaviour)
    return (
        *(facts.responds, facts.is_blind, facts.is_constant, facts.is_length_only),
        *(facts.is_tied, facts.state_decides, facts.state_change is None),
    )


def assert_equal(one: Any, two: Any, within: float, place: str = "") -> None:
    """Numbers within this, all else exactly.

    Frames are exchanged on the first few of every cell, and so on more than in one audit: of
    `behaviour` what follows from it is compared.
    """
    if isinstance(one, dict):
        assert one.keys() == two.keys(), place
        for key in one:
            if key == "behaviour" and one[key] is not None:
                assert concluded(one[key]) == concluded(two[key]), place
                continue
            assert_equal(one[key], two[key], within, f"{place}.{key}")
    elif isinstance(one, list | tuple):
        assert len(one) == len(two), place
        for index, (a, b) in enumerate(zip(one, two, strict=True)):
            assert_equal(a, b, within, f"{place}[{index}]")
    elif isinstance(one, float):
        assert two == pytest.approx(one, rel=within, abs=within), place
    else:
        assert one == two, place


@pytest.mark.parametrize(
    ("name", "until"),
    [("exp42_counterfactual_pta@sound", "cut"), ("exp43_cross_attn_text@monavla", "exchange")],
)
def test_trials_with_instructions_of_their_own(
    name: str, until: Intervention, tmp_path: Path
) -> None:
    """All rungs, the cuts with their random edges, and the verdict; of a bypass up to exchanges."""
    stages = ["exchange", "cut"] if until == "cut" else ["exchange"]
    path = grid(tmp_path, [f"specimen:{name}"], count=3, interventions=stages, batch=1)
    (pooled,) = pool(ran(path, tmp_path / "run"))
    trials = case_trials(3)  # a cell of two, and one of one
    whole = climb(
        SpecimenPolicy(name), Climb(trials, trials, {}, options=UpperOptions(until, batch=1))
    ).result
    assert_equal(whole.measurements.model_dump(), pooled.measurements.model_dump(), EXACT)
    assert_equal(whole.verdict.model_dump(), pooled.verdict.model_dump(), EXACT)


@pytest.fixture
def frames(tmp_path: Path) -> dict[str, Path]:
    for number in range(3):
        (tmp_path / f"f{number}.png").write_bytes(png_bytes(frame_case(number).frame))
    return {f"f{number}": tmp_path / f"f{number}.png" for number in range(3)}


def values(result: Result) -> Iterator[dict[str, Any]]:
    for policy in result.record.policies:
        yield policy.model_dump(exclude={"name", "weights_sha256", "facts"})


def test_a_run_as_the_result_of_an_audit(frames: dict[str, Path], tmp_path: Path) -> None:
    """One set for all frames, as `audit` takes it: records and tables agree."""
    path = grid(tmp_path, ["sound"], frames=["f*.png"], instructions={"sides": SIDES})
    converted = result_of(ran(path, tmp_path / "run"))
    policy = sound()
    whole = audit(policy, list(frames.values()), SIDES, until="exchange")
    for one, two in zip(values(whole), values(converted), strict=True):
        assert_equal(one, two, BATCHED)
    assert whole.record.policies[0].facts == converted.record.policies[0].facts
    assert whole.record.policies[0].weights_sha256 == converted.record.policies[0].weights_sha256
    assert converted.record.frames == whole.record.frames
    for name in ("attention", "trials"):
        one, two = (getattr(each, name).drop(["policy"]) for each in (whole, converted))
        keys = [column for column in one.column_names if column not in ("share", "value")]
        one, two = (each.sort_by([(key, "ascending") for key in keys]) for each in (one, two))
        assert_equal(one.to_pydict(), two.to_pydict(), BATCHED)
    converted.save(tmp_path / "saved")
    assert Result.load(tmp_path / "saved").record == converted.record


def test_continuous_actions_have_one_scale_in_all_cells(
    frames: dict[str, Path], tmp_path: Path
) -> None:
    path = grid(tmp_path, ["continuous"], frames=["f*.png"], instructions={"sides": SIDES})
    folder = ran(path, tmp_path / "run")
    (pooled,) = pool(folder)
    scale = pooled.details.action_scale
    assert scale is not None
    assert len(scale) == 3
    whole = audit(
        continuous(), list(frames.values()), SIDES, until="exchange", action_scale=scale
    ).record.policies[0]
    assert_equal(whole.measurements.model_dump(), pooled.measurements.model_dump(), BATCHED)
    given = grid(
        tmp_path,
        [{"spec": "tests.sweep.some_policies:continuous", "action_scale": [1.0, 2.0, 3.0]}],
        frames=["f0.png"],
        instructions={"sides": SIDES},
    )
    (with_given,) = pool(ran(given, tmp_path / "given"))
    assert with_given.details.action_scale == (1.0, 2.0, 3.0)


def test_what_may_be_rounding_in_every_cell_is_not_told_over_all(
    frames: dict[str, Path], tmp_path: Path
) -> None:
    """The values by frame are kept, for other frames might show that it is none."""
    path = grid(
        tmp_path,
        ["changes_as_rounding_does"],
        frames=["f*.png"],
        instructions={"sides": SIDES},
        interventions=["exchange", "cut"],
    )
    folder = ran(path, tmp_path / "run")
    (pooled,) = pool(folder)
    assert len(pooled.by_trial["mediated"]) == 3
    assert pooled.measurements.used is None
    assert pooled.measurements.obeyed is not None
    assert pooled.measurements.obeyed.swap_distance is None
    assert "below 0.01 % that may be rounding" in pooled.verdict.sentence
    (policy,) = summarise(folder).policies
    assert policy.rungs["used"].status == "not measured"
    assert policy.rungs["used"].measured == 0
    assert all(frame.mediated is None for frame in policy.worst)


def test_every_set_is_pooled_alone(frames: dict[str, Path], tmp_path: Path) -> None:
    sets = {"sides": SIDES, "ways": {"a": "turn left", "b": "turn right"}}
    path = grid(tmp_path, frames=["f*.png"], instructions=sets)
    folder = ran(path, tmp_path / "run")
    assert [(each.set, len(each.trials)) for each in pool(folder)] == [("sides", 3), ("ways", 3)]
    names = [policy.name for policy in result_of(folder).record.policies]
    assert [name.rpartition(" ")[2] for name in names] == ["[sides]", "[ways]"]


def test_cells_of_other_weights_do_not_add_up(tmp_path: Path) -> None:
    folder = ran(grid(tmp_path), tmp_path / "run")
    row = folder.rows("cells", folder.plan.cells[1:])[0]
    other = part("cells", [row | {"weights_sha256": "other"}])
    with_part(folder, folder.plan.cells[1], "cells", other)
    with pytest.raises(RecordError, match="different weights"):
        list(pool(folder))
