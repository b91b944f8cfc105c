"""Guidance, the cells and the recommendation, on policies whose remedy is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from heedmap.data.pixels import Frame
from heedmap.data.trials import Trial
from heedmap.errors import InstructionError, RemedyError
from heedmap.policies.base import Policy
from heedmap.policies.callable import CallablePolicy
from heedmap.remedies import guided, try_remedies
from heedmap.remedies.guidance import choose_null
from heedmap.remedies.judge import LEAST_GAIN
from heedmap.remedies.remedy import shelf
from heedmap.report.remedies.wording import LEAST_GAIN_PERCENT
from tests.remedies.world import ACTIONS, TEXTS, Net, chunks, gain, logits, share, trials

KINDS = pytest.mark.parametrize("make", [logits, chunks])
Make = Callable[..., Policy]


def some(make: Make, count: int = 12, blocked: int = 0) -> list[Trial]:
    return trials(count, blocked=blocked, continuous=make is chunks)


@KINDS
def test_guidance_helps_the_weakly_conditioned_and_says_what_it_costs(make: Make) -> None:
    found = try_remedies(make(0.4), some(make), "confounded", names=["guidance"])
    assert share(found, "following") == 0.0
    assert found.verdict == "recommended"
    assert found.best is not None
    assert found.best.setting == "w = 3"  # the first of the sweep above 1 / 0.4
    assert share(found.best, "following") == 1.0
    assert share(found.best, "competence") == 1.0
    assert gain(found.best, "paraphrase") > 0
    assert found.best.passes == pytest.approx(2.0)
    assert found.best.null_branch == "blank"
    assert [each.outcome for each in found.tried] == ["no_gain", "no_gain", "helps", "helps"]


@KINDS
def test_a_policy_that_hears_nothing_cannot_be_guided(make: Make) -> None:
    found = try_remedies(make(0.0), some(make), "confounded", names=["guidance"])
    assert found.verdict == "none_helps"
    assert all(each.outcome == "no_gain" for each in found.tried)
    assert all(gain(each, "following") == 0 for each in found.tried)


@KINDS
def test_a_policy_that_follows_is_left_alone(make: Make) -> None:
    found = try_remedies(make(2.0), some(make), "none")
    assert (found.verdict, found.tried) == ("follows_already", ())
    asked_for = try_remedies(make(2.0), some(make), "none", names=["guidance"])
    assert asked_for.verdict == "none_helps"


@KINDS
def test_guidance_that_overrides_an_obstacle_is_not_recommended(make: Make) -> None:
    frames = some(make, blocked=6)
    weak = make(0.4, stop=2.5)
    found = try_remedies(weak, frames, "confounded", names=["guidance"], remedies=shelf([3, 8]))
    assert share(found, "frame_wins") == 1.0
    strong = found.tried[1]
    assert share(strong, "following") == 1.0
    assert strong.worse == ("frame_wins",)
    assert strong.outcome == "breaks"
    assert found.recommended != 1


def test_what_cannot_be_measured_is_named_and_does_not_count() -> None:
    found = try_remedies(logits(0.4), trials(12), "confounded", names=["guidance"])
    assert {cell.name: cell.missing for cell in found.before if cell.missing} == {
        "blank": "no_still",
        "frame_wins": "no_frame_wins",
    }
    alike = try_remedies(logits(0.4), trials(0, blocked=8), "confounded")
    assert alike.verdict == "no_following"


@KINDS
def test_without_labels_exchanges_must_move_the_action_beyond_paraphrases(make: Make) -> None:
    unlabelled = trials(12, labelled=False)
    found = try_remedies(make(0.4), unlabelled, "confounded", names=["guidance"])
    assert not found.is_labelled
    assert found.chance is None
    assert share(found, "following") == 1.0
    assert found.cell("competence").missing == "no_label"
    deaf = try_remedies(make(0.0), unlabelled, "unused", names=["guidance"])
    assert share(deaf, "following") == 0.0
    assert deaf.verdict == "none_helps"


def test_one_frame_is_never_enough_for_a_recommendation() -> None:
    found = try_remedies(logits(0.4), trials(1), "confounded", names=["guidance"])
    assert found.verdict == "none_helps"
    change = found.tried[-1].cell("following").change
    assert change is not None
    assert change.low is None


def test_standing_still_without_words_is_measured_where_it_is_named() -> None:
    frames = trials(6, blocked=6)
    found = try_remedies(logits(0.4), frames, "confounded", names=["guidance"], still="stop")
    assert share(found, "blank") == 0.5  # the blocked ones
    with pytest.raises(InstructionError, match="no class of the policy"):
        try_remedies(logits(0.4), frames, "confounded", still="zero")
    with pytest.raises(InstructionError, match="continuous; write 'zero'"):
        try_remedies(chunks(0.4), trials(6, continuous=True), "confounded", still="stop")


def far_off_when_blank(frames: Sequence[Frame], texts: Sequence[str]) -> torch.Tensor:
    scores = Net(0.4)(frames, texts)
    blank = torch.tensor([not text for text in texts])
    return torch.where(blank[:, None], scores + torch.tensor([40.0, -40.0, 0.0]), scores)


def refusing_the_unknown(frames: Sequence[Frame], texts: Sequence[str]) -> torch.Tensor:
    if any("zqxv" in text for text in texts):
        raise InstructionError("no such word")
    return far_off_when_blank(frames, texts)


def test_a_null_branch_out_of_distribution_is_passed_over() -> None:
    texts = list(TEXTS.values())
    policy = CallablePolicy("off", far_off_when_blank, Net(0.4), action_names=ACTIONS)
    assert choose_null(policy, trials(6), texts)[0] == "nonsense"
    strict = CallablePolicy("strict", refusing_the_unknown, Net(0.4), action_names=ACTIONS)
    branch, nulls = choose_null(strict, trials(6), texts)
    assert (branch, nulls) == ("mean", tuple(texts))
    found = try_remedies(strict, trials(12), "confounded", names=["guidance"])
    assert found.best is not None
    assert found.best.passes == pytest.approx(3.0)


@given(st.floats(0, 20), st.floats(-3, 3))
def test_guidance_is_linear_between_its_two_branches(weight: float, words: float) -> None:
    policy, (trial, *_) = logits(words), trials(2)
    seen = [trial.observation]
    given_, null = policy(seen, ["turn left now"]), policy(seen, [""])
    got = guided(policy, weight)(seen, ["turn left now"])
    assert torch.allclose(got, null + weight * (given_ - null), atol=1e-4)


def test_probabilities_are_guided_by_their_logarithms() -> None:
    net = Net(0.4)
    policy = CallablePolicy("p", lambda f, t: net(f, t).softmax(-1), net, action_names=ACTIONS)
    one, two = ([trial.observation] for trial in trials(2))
    for seen, text in ((one, "turn right now"), (two, "turn left now")):
        soft = guided(policy, 3.0)(seen, [text]).softmax(-1)
        hard = guided(logits(0.4), 3.0)(seen, [text]).softmax(-1)
        assert torch.allclose(soft, hard, atol=1e-3)


def test_a_weight_that_makes_no_sense_is_one_sentence() -> None:
    for weight in (-1.0, np.nan):
        with pytest.raises(RemedyError, match="number from 0 up"):
            guided(logits(1.0), weight)
    with pytest.raises(RemedyError, match="'prayer' is no remedy"):
        try_remedies(logits(0.0), trials(6), "unused", names=["prayer"])


def test_the_page_names_the_gain_that_is_judged_by() -> None:
    assert LEAST_GAIN_PERCENT == 100 * LEAST_GAIN
