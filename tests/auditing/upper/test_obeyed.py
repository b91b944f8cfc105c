"""Rung 6's figures on responses made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from heedmap.auditing.measures.distance import ActionMetric
from heedmap.auditing.upper.obeyed import measure_obedience
from heedmap.auditing.upper.responses import Kind, Request, Responses
from heedmap.data.observation import of_frame
from heedmap.data.trials import Trial
from heedmap.errors import InstructionError
from heedmap.ladder.evidence import ObeyedFacts

NAMES = ("LEFT", "RIGHT")
FRAME = of_frame(np.zeros((8, 8, 3), np.uint8))
EXPECTED = {"l": "left", "r": "RIGHT"}
SURE = 50.0
"""A logit so large that the other action has no probability at all."""


def trial(name: str, recorded: str | None = None, expected: dict[str, str] | None = None) -> Trial:
    texts = {"l": "go left", "r": "go right"}
    expected = EXPECTED if expected is None else expected
    return Trial(name, FRAME, texts, expected, recorded=recorded)


def does(action: str) -> np.ndarray:
    return np.array([SURE * (action == name) for name in NAMES])


def facts(
    trials: list[Trial],
    done: list[dict[str, str]],
    controls: list[tuple[int, Kind, str, str]] | None = None,
) -> ObeyedFacts:
    """From the action done under each instruction, trial by trial."""
    found = [
        (Request(number, "asked", name, ""), does(action))
        for number, actions in enumerate(done)
        for name, action in actions.items()
    ]
    found += [(Request(n, kind, name, ""), does(a)) for n, kind, name, a in controls or []]
    responses = Responses(tuple(trials), tuple(found))
    return measure_obedience(responses, ActionMetric.discrete(), NAMES, seed=0).facts


RIGHTLY = {"l": "LEFT", "r": "RIGHT"}
ALWAYS_LEFT = {"l": "LEFT", "r": "LEFT"}
SWAPPED = {"l": "RIGHT", "r": "LEFT"}


def test_a_policy_that_obeys() -> None:
    found = facts([trial(f"t{n}") for n in range(4)], [RIGHTLY] * 4)
    assert found.following is not None
    assert found.following.rate.value == 1
    assert found.following.chance == 0.5
    assert found.swap_distance is not None
    assert found.swap_distance.value == pytest.approx(1)  # no action in common: 1 bit
    assert found.flip_share is not None
    assert found.flip_share.value == 1
    assert found.following.counterfactual_accuracy is not None
    assert found.following.counterfactual_accuracy.value == 1
    assert found.following.grounding_score is not None
    assert found.following.grounding_score.value == 1
    # p(a|v) is 1/2 for either action: log2(1 / 0.5) = 1 bit.
    assert found.following.log_likelihood_ratio_bits is not None
    assert found.following.log_likelihood_ratio_bits.value == pytest.approx(1)
    assert found.competent is None
    assert found.following.swapped == ()


def test_a_policy_that_does_the_same_whatever_is_asked() -> None:
    found = facts([trial(f"t{n}", recorded="l") for n in range(4)], [ALWAYS_LEFT] * 4)
    assert found.following is not None
    assert (found.following.rate.value, found.following.chance) == (0.5, 0.5)
    assert {n: e.value for n, e in found.following.by_instruction.items()} == {"l": 1, "r": 0}
    assert found.beyond_paraphrase is not None
    assert found.beyond_paraphrase.value == 0
    assert found.own_action_anyway is not None
    assert found.own_action_anyway.value == 1  # LEFT is done under `r` all the same
    assert found.competent is not None
    # All four frames came with `l`, so a policy that always goes left reaches all of them.
    assert (found.competent.rate.value, found.competent.chance) == (1, 1)


def test_swapped_actions_are_told() -> None:
    found = facts([trial(f"t{n}") for n in range(3)], [SWAPPED] * 3)
    assert found.following is not None
    assert found.following.rate.value == 0
    assert found.following.swapped == (("LEFT", "RIGHT"),)
    assert found.following.grounding_score is not None
    assert found.following.grounding_score.value == -1


def test_frames_that_leave_no_choice_are_counted_and_not_judged() -> None:
    same = {"l": "LEFT", "r": "LEFT"}
    found = facts([trial("t0"), trial("t1", expected=same)], [RIGHTLY, ALWAYS_LEFT])
    assert (found.trials, found.not_needed) == (2, 1)
    assert found.following is not None
    assert (found.following.rate.value, found.following.rate.n) == (1, 1)
    assert found.swap_distance is not None
    assert found.swap_distance.n == 1  # ignoring is not read from a frame without a choice


def test_frames_on_which_the_policy_is_not_competent_are_left_out_and_counted() -> None:
    trials = [trial("t0", recorded="l"), trial("t1", recorded="r")]
    found = facts(trials, [ALWAYS_LEFT, ALWAYS_LEFT])
    assert found.not_competent == 1
    assert found.following is not None
    assert (found.following.rate.n, found.following.rate.left_out) == (1, 1)
    assert found.competent is not None
    assert found.competent.rate.value == 0.5


def test_without_expectations_only_the_response_is_known() -> None:
    found = facts([trial("t0", expected={})], [RIGHTLY])
    assert found.following is None
    assert found.without_expectation == 1
    assert found.swap_distance is not None
    assert found.swap_distance.value == pytest.approx(1)
    assert found.swap_distance.low is None  # one frame gives no interval
    assert found.p_value is None


def test_paraphrases_are_the_null_of_the_swap() -> None:
    controls: list[tuple[int, Kind, str, str]] = [
        (0, "paraphrase", "l", "RIGHT"),  # another action: 1 bit
        (0, "paraphrase", "r", "RIGHT"),  # the same: 0 bits
        (0, "nonsense", "l", "LEFT"),
    ]
    found = facts([trial("t0")], [RIGHTLY], controls)
    assert found.paraphrase_distance is not None
    assert found.paraphrase_distance.value == pytest.approx(0.5)
    assert found.beyond_paraphrase is not None
    assert found.beyond_paraphrase.value == pytest.approx(0.5)
    assert found.nonsense_distance is not None
    assert found.nonsense_distance.value == 0
    assert found.blank_distance is None
    assert found.following is not None
    assert found.following.paraphrase_drop is not None
    assert found.following.paraphrase_drop.value == 0.5  # `l` is followed as given only


def test_a_continuous_head_is_judged_by_the_sign_of_a_dimension() -> None:
    trials = [trial("t0", expected={"l": "dim1:+", "r": "dim1:-"})]
    up, down = np.array([3.0, 2.0]), np.array([3.0, -2.0])
    found = tuple(
        (Request(0, "asked", name, ""), scores) for name, scores in (("l", up), ("r", down))
    )
    responses = Responses(tuple(trials), found)
    metric = responses.metric(None)
    # dim1 has standard deviation 2, dim0 never moves and gets 1: rms(0/1, 4/2) = sqrt(2).
    facts_found = measure_obedience(responses, metric, None, seed=0).facts
    assert facts_found.unit == "scale units"
    assert facts_found.swap_distance is not None
    assert facts_found.swap_distance.value == pytest.approx(2**0.5)
    assert facts_found.following is not None
    assert facts_found.following.rate.value == 1
    assert facts_found.following.log_likelihood_ratio_bits is None
    assert facts_found.flip_share is None
    # (3, 2) . (3, -2) / (9 + 4) = 5 / 13.
    assert facts_found.swap_cosine is not None
    assert facts_found.swap_cosine.value == pytest.approx(5 / 13)


def test_an_expectation_that_does_not_fit_is_refused() -> None:
    with pytest.raises(InstructionError, match="LEFT"):
        facts([trial("t0", expected={"l": "UP", "r": "LEFT"})], [RIGHTLY])


def continuous(done: list[dict[str, float]]) -> ObeyedFacts:
    """From an action of one value under each instruction, trial by trial."""
    trials = [Trial(f"t{n}", FRAME, dict.fromkeys(each, "go")) for n, each in enumerate(done)]
    found = [
        (Request(number, "asked", name, ""), np.array([float(value)]))
        for number, actions in enumerate(done)
        for name, value in actions.items()
    ]
    metric = ActionMetric.continuous(np.ones(1))
    return measure_obedience(Responses(tuple(trials), tuple(found)), metric, None, seed=0).facts


def test_the_share_of_language_by_hand() -> None:
    """Means of the instructions -1 and 1, of the frames -2 and 2: 1 / (1 + 4)."""
    assert continuous([{"l": -1, "r": 1}] * 3).language_share == pytest.approx(1)
    assert continuous([{"l": -1, "r": -1}, {"l": 1, "r": 1}]).language_share == pytest.approx(0)
    both = continuous([{"l": -3, "r": -1}, {"l": 1, "r": 3}])
    assert both.language_share == pytest.approx(0.2)
    crossed = continuous([{"l": -1, "r": 1}, {"l": 1, "r": -1}])  # an interaction is not language
    assert crossed.language_share == pytest.approx(0)


def test_the_share_of_language_needs_frames_under_the_same_instructions() -> None:
    assert continuous([{"l": -1, "r": 1}]).language_share is None
    assert continuous([{"l": 1}, {"l": 2}]).language_share is None
    assert continuous([{"l": -1, "r": 1}, {"l": -1, "up": 1}]).language_share is None
    assert continuous([{"l": 1, "r": 1}] * 2).language_share is None  # no variance, no share


def test_the_share_of_language_of_classes_is_of_their_probabilities() -> None:
    assert facts([trial("a"), trial("b")], [RIGHTLY] * 2).language_share == pytest.approx(1)
    assert facts([trial("a"), trial("b")], [SWAPPED] * 2).language_share == pytest.approx(1)
    assert facts([trial("a"), trial("b")], [RIGHTLY, SWAPPED]).language_share == pytest.approx(0)
    assert facts([trial("a"), trial("b")], [ALWAYS_LEFT] * 2).language_share is None
