"""The shipped weights: what the issue demands of them, measured again on fresh cases."""

from __future__ import annotations

import json
from collections.abc import Iterable

import pyarrow.compute as pc
import pytest
import torch

from heedmap.auditing.api import audit
from heedmap.record.record import PolicyResult
from heedmap.record.result import Result
from heedmap.record.tables import SCHEMAS
from heedmap.testbed.scoreboard.run import bare_policy
from heedmap.testbed.specimens.cases import case_trials
from heedmap.testbed.specimens.train import measure_accuracy
from heedmap.testbed.specimens.world import FrameCase
from heedmap.testbed.specimens.zoo import (
    REGIMES,
    SPECIMENS,
    load_recipe,
    load_specimen,
    weights_folder,
)
from tests.testbed.specimens.stored import FILE, TRIALS, audited, differences, flat_of


@pytest.mark.parametrize("name", SPECIMENS)
def test_weights_are_small_and_their_recipe_is_whole(name: str) -> None:
    path = weights_folder() / f"{name}.safetensors"
    assert path.stat().st_size < 3 * 2**20
    recipe = load_recipe(name)
    assert recipe.name == name
    assert [(row.style, row.frame_cases) for row in recipe.accuracy] == [
        ("path", 500),
        ("goal", 500),
    ]
    network = load_specimen(name)
    assert not network.training
    assert all(torch.isfinite(value).all() for value in network.state_dict().values())


def test_counterfactual_training_in_the_sound_wiring_acts_right() -> None:
    """At least 95 % of held-out frame cases, of both styles, with all three instructions right."""
    network = load_specimen("exp42_counterfactual_pta@sound")
    assert measure_accuracy(network, "path", cases=100).all_three >= 0.95
    assert measure_accuracy(network, "goal", cases=100).all_three >= 0.80
    stored = load_recipe("exp42_counterfactual_pta@sound").accuracy
    right = sum(row.all_three * row.frame_cases for row in stored)
    assert right / sum(row.frame_cases for row in stored) >= 0.95


def test_stored_accuracies_are_those_of_the_shipped_weights() -> None:
    """The recipe's figure is over 500 cases; 60 of them tell if it belongs to other weights."""
    for name in ("exp42_counterfactual_pta@sound", "exp43_cross_attn_text@monavla"):
        stored = {row.style: row for row in load_recipe(name).accuracy}
        measured = measure_accuracy(load_specimen(name), "path", cases=60)
        for side, share in stored["path"].per_instruction.items():
            assert abs(measured.per_instruction[side] - share) < 0.2, (name, side)


def test_without_text_left_and_right_cannot_both_be_right() -> None:
    """In the monavla wiring they are one and the same input to the decoder."""
    for name in SPECIMENS:
        if name.endswith("@monavla") and not name.startswith("exp43"):
            for row in load_recipe(name).accuracy:
                assert row.all_three == 0.0, name
                assert row.per_instruction["left"] + row.per_instruction["right"] <= 1.0, name


@pytest.fixture(scope="module")
def shipped() -> Result:
    """All eight, audited."""
    return audited()


def test_all_is_as_it_was_stored(shipped: Result) -> None:
    """Verdicts exactly, numbers to a thousandth.

    Where a change is meant: `python -m tests.testbed.specimens.stored` stores it anew.
    """
    stored = json.loads(FILE.read_text())
    assert set(stored) == set(SPECIMENS)
    assert differences(stored, flat_of(shipped)) == []


def test_a_worker_of_the_demo_finds_bit_for_bit_what_this_process_finds(
    shipped: Result, case: FrameCase
) -> None:
    policies = shipped.record.policies
    names = [policy.name for policy in policies]
    assert names == [f"{regime}@{wiring}" for wiring in ("monavla", "sound") for regime in REGIMES]
    assert shipped.record.run.arguments["policies"] == names
    name = names[-2]
    here = audit(
        f"specimen:{name}",
        {"case-0": case.frame},
        case.instructions,
        expected_actions={side: side for side in case.instructions},
        trials=case_trials(TRIALS),
        until="cut",
    )
    assert here.record.policies == (policies[-2],)
    assert here.record.frames == shipped.record.frames
    for table in SCHEMAS:
        own = shipped.table(table).filter(pc.field("policy") == name)
        assert own.equals(here.table(table)), table


def test_what_is_not_as_it_was_stored_is_found() -> None:
    stored = json.loads(FILE.read_text())
    assert differences(stored, stored) == []
    name = "exp42_counterfactual_pta@sound"
    now = json.loads(FILE.read_text())
    now[name]["cause"] = "masked"
    now[name]["rung.used"] = "fails"
    now[name]["used.mediated.value"] *= 1.002
    now[name]["used.mediated.low"] *= 1.0005  # as another processor may have it
    now[name]["obeyed.following.chance"] = None
    del now[name]["action.left.name"]
    found = differences(stored, now)
    assert [line.split(" was ")[0].removeprefix(f"{name}: ") for line in found] == [
        "action.left.name",
        "cause",
        "obeyed.following.chance",
        "rung.used",
        "used.mediated.value",
    ]
    del now[name]
    assert len(differences(stored, now)) == len(stored[name]) > 50


def test_the_cross_attention_obeys_although_the_backbone_has_no_text(shipped: Result) -> None:
    path = load_recipe("exp43_cross_attn_text@monavla").accuracy[0]
    assert path.all_three >= 0.95
    policies = [p for p in shipped.record.policies if p.name.endswith("@monavla")]
    bypass = named(policies, "exp43_cross_attn_text@monavla")
    assert bypass.facts.instruction_positions == ()
    assert bypass.verdict.cause == "bypass"
    assert bypass.verdict.first_failing is None
    assert bypass.verdict.notes[0] == "length_leak"
    assert bypass.verdict.bypass.module == "word_attention"
    assert "no word is in the sequence of the transformer" in bypass.sentence
    assert "through the bypass path 'word_attention'" in bypass.sentence
    assert "ignore" not in bypass.sentence
    assert [case.action.name for case in bypass.cases] == ["left", "right", "forward"]
    for policy in policies:
        pair = policy.facts.pairs[0]
        assert (pair.first, pair.second) == ("left", "right")
        assert pair.attention_identical
        assert pair.action_identical == (policy is not bypass)


@pytest.mark.parametrize("name", SPECIMENS)
def test_every_shipped_specimen_is_understood_as_a_bare_callable(
    name: str, case: FrameCase
) -> None:
    """Stack, regions, rows and masks are those of the wiring, though nothing is told of it."""
    regime, _, wiring = name.partition("@")
    policy = bare_policy(name, load_specimen(name))
    texts = {side: case.instructions[side] for side in ("left", "right")}
    result = audit(policy, case.frame, texts, until="cut").record.policies[0]
    (taken,) = (stack for stack in result.measurements.stacks if stack.taken)
    assert taken.pattern == "decoder.model.layers.*.self_attn"
    regions = result.cases[0].layouts["measured"].regions
    seen = result.measurements.visibility
    has_road = regime == "exp43_cross_attn_text"
    assert result.verdict.bypass.module == ("word_attention" if has_road else None)
    if wiring == "sound":
        assert result.verdict.cause == ("bypass" if has_road else "none")
        assert regions["image"] == tuple(range(1, 65))
        assert regions["instruction"] == tuple(range(67, 75))
        assert (result.cases[0].action_rows, seen.image_direct) == ((76,), 64)
    else:
        assert result.verdict.cause == ("bypass" if has_road else "overwritten")
        assert "length_leak" in result.verdict.notes or not has_road
        assert regions["image"] == tuple(range(64))
        assert (result.cases[0].action_rows, seen.image_direct) == ((256,), 12)


def named(policies: Iterable[PolicyResult], name: str) -> PolicyResult:
    return next(policy for policy in policies if policy.name == name)
