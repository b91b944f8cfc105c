"""The table of module calls that an audit writes: what it holds, and what it costs."""

from __future__ import annotations

import numpy as np
import pytest

from heedmap.auditing.api import audit
from heedmap.auditing.steps import follow, measure_steps
from heedmap.auditing.trails import Trails
from heedmap.data.observation import NamedFrame, of_frame
from heedmap.data.trials import Trial
from heedmap.policies.base import same_sums, weights_sums
from heedmap.policies.callable import CallablePolicy
from heedmap.record.result import Result
from heedmap.testbed.specimens.world import FrameCase
from tests.conftest import random_policy
from tests.plain_policies import PlainPolicy

SIDES = {"left": "go left", "right": "go right"}
TEXTS = {"far": "go to the left now", "left": "go left", "right": "go right"}


def plain() -> CallablePolicy:
    network = PlainPolicy("sdpa")
    return CallablePolicy("plain", network, network)


@pytest.fixture
def trial(case: FrameCase) -> Trial:
    return Trial("hall", of_frame(case.frame), TEXTS, paraphrases={"left": ("turn left",)})


def test_texts_of_equal_length_are_compared_and_the_paraphrase_is_of_the_base(trial: Trial) -> None:
    policy = plain()
    found = measure_steps(Trails(policy, trial.observation, 0), trial)
    assert found is not None
    texts, steps = found
    assert texts == ("go left", "go right")
    assert policy.act_calls == 4
    words = next(step for step in steps if step.module == "words")
    assert (words.frame, words.same, words.carried) == (0.0, None, None)
    assert words.instruction
    assert words.paraphrase


def test_without_a_paraphrase_the_same_is_given_again(trial: Trial) -> None:
    policy = plain()
    found = measure_steps(Trails(policy, trial.observation, 0), trial, ("go right", "go left"))
    assert found is not None
    assert policy.act_calls == 4
    assert {step.same for step in found[1]} == {0.0}
    assert {step.paraphrase for step in found[1]} == {None}


def test_behaviour_and_trail_of_two_instructions_take_four_runs(case: FrameCase) -> None:
    """Both instructions, the first one again, and another frame."""
    network = PlainPolicy("sdpa")
    policy = CallablePolicy("plain", network, network, token_count=lambda text: len(text.split()))
    seen = of_frame(case.frame)
    followed = follow(policy, NamedFrame("hall", "hall.png", seen), Trial("hall", seen, SIDES))
    assert followed.texts == ("go left", "go right")
    assert policy.act_calls == 4


def test_only_policies_of_few_calls_are_patched(trial: Trial) -> None:
    policy = plain()
    found = measure_steps(Trails(policy, trial.observation, 0), trial, most_patched=5)
    assert found is not None
    assert {step.carried for step in found[1]} == {None}
    found = measure_steps(Trails(policy, trial.observation, 0), trial, most_patched=50)
    assert found is not None
    by_module = {step.module: step for step in found[1]}
    assert by_module[""].carried == by_module["head"].carried == 1.0
    assert by_module["patches"].carried == 0.0


def test_an_audit_writes_them_and_the_table_is_read_back(
    case: FrameCase, tmp_path_factory: pytest.TempPathFactory
) -> None:
    policy = plain()
    weights = weights_sums(policy.module)
    result = audit(policy, case.frame, {"left": "go left", "right": "go right"})
    assert same_sums(weights, weights_sums(policy.module))
    rows = result.trail.to_pylist()
    assert {row["policy"] for row in rows} == {"plain"}
    assert [row["order"] for row in rows] == list(range(len(rows)))
    assert rows[-1]["module"] == ""
    assert rows[-1]["carried"] == 1.0
    folder = tmp_path_factory.mktemp("results") / "run"
    result.save(folder)
    assert Result.load(folder).trail.equals(result.trail)


def test_an_audit_up_to_cuts_patches_nothing_and_without_trials_there_is_no_table(
    case: FrameCase,
) -> None:
    instructions = {"left": "go left", "right": "go right"}
    result = audit(plain(), case.frame, instructions, until="cut")
    carried = result.trail["carried"].to_numpy(zero_copy_only=False)
    assert np.isnan(carried.astype(float)).all()
    assert audit(plain(), case.frame, instructions, trials=()).trail.num_rows == 0


def test_it_goes_over_the_texts_under_which_the_instruction_was_lost(case: FrameCase) -> None:
    """The call in which it was lost gives on nothing of it, and what is inside of it got some."""
    result = audit(random_policy("monavla"), case.frame, case.instructions)
    trail = result.record.policies[0].measurements.trail
    assert trail is not None
    rows = {(row["module"], row["call"]): row for row in result.trail.to_pylist()}
    assert rows[trail.module, trail.call]["instruction"] == 0.0
    assert rows["decoder.model.embed_tokens", 0]["instruction"] > 0
    assert {row["carried"] for row in rows.values()} == {None}, "the actions are the same"
