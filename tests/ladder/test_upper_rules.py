"""Rungs 5 and 6 where evidence disagrees, is missing, or lies just at a threshold."""

from __future__ import annotations

from typing import Any

import pytest

from heedmap.ladder.causes import Cause
from heedmap.ladder.evidence import Competence, ObeyedFacts
from heedmap.ladder.judge import judge
from heedmap.ladder.measurements import Measurements
from heedmap.ladder.thresholds import (
    COMPETENT_SHARE,
    FOLLOWED_SHARE,
    LANGUAGE_DECIDES_SHARE,
    LEAST_ACTION_CHANGE_SHARE,
    LEAST_EFFECT,
    LEAST_FOLLOWED_SHARE,
    SAME_ACTION_SHARE,
    UNMOVED_SHARE,
)
from heedmap.ladder.upper import (
    followed_and_not,
    is_above,
    is_decided,
    is_effect,
    is_large,
    judge_competent,
    judge_obeyed,
    judge_used,
    leaves_some_frames,
    may_be_rounding,
    responds_to_words,
)
from tests.ladder.facts import (
    UNMOVED,
    behaviour,
    estimate,
    following,
    measured,
    obeyed,
    of_one_frame,
    used,
)

STILL = estimate(0.0, 0.0, 0.0)
NO_EFFECT = used(STILL, dependence=0.0)
UNANSWERED = {"swap_distance": STILL, "beyond_paraphrase": STILL}
WRONG = following(0.2)
ROUNDING = LEAST_ACTION_CHANGE_SHARE / 10
LENGTH_ALONE = behaviour(same_length_change=0.0)
FOUND = {"status": "found", "kind": "after", "module": "film"}


def facts(
    obedience: ObeyedFacts | None = None, acts: Any = None, use: Any = None, **changes: Any
) -> Measurements:
    return measured(use, obedience, **changes).model_copy(update={"behaviour": acts})


# ---- competence


def test_competence_is_the_rate_and_more_than_half() -> None:
    held = judge_competent(facts(obeyed()))
    assert (held.status, held.value) == ("holds", 0.98)
    half = Competence(rate=estimate(COMPETENT_SHARE), chance=0.4)
    failed = judge_competent(facts(obeyed(competent=half)))
    assert (failed.status, failed.value) == ("fails", COMPETENT_SHARE)
    assert judge(facts(obeyed())).competent == held


# ---- used


def test_no_cut_and_no_behaviour_is_no_use_measured() -> None:
    """Older records have neither; a black box has its exchanges."""
    assert judge_used(facts(obeyed())) == judge_used(facts())
    assert judge_used(facts(obeyed()))[0].status == "not measured"
    by_exchange, cause = judge_used(facts(obeyed(), behaviour()))
    assert (by_exchange.status, by_exchange.value, cause) == ("holds", 0.89, None)


def test_a_policy_that_only_counts_words_uses_none_of_them() -> None:
    rung, cause = judge_used(facts(obeyed(following=WRONG), LENGTH_ALONE))
    assert (rung.status, cause) == ("fails", "unused")
    assert not responds_to_words(facts(obeyed(), LENGTH_ALONE))
    assert responds_to_words(facts(obeyed(), behaviour()))


def test_what_moves_no_more_than_a_paraphrase_moves_all_the_same() -> None:
    """That wording moves it as much is a question of rung 6."""
    by_wording = obeyed(beyond_paraphrase=STILL, following=WRONG)
    assert judge_used(facts(by_wording, behaviour()))[0].status == "holds"
    assert judge_used(facts(by_wording, behaviour(**UNMOVED)))[0].status == "fails"
    small = obeyed(**UNANSWERED, following=WRONG)
    assert judge_used(facts(small, behaviour()))[0].status == "fails"
    unknown = obeyed(swap_distance=None, beyond_paraphrase=STILL, following=WRONG)
    assert judge_used(facts(unknown, behaviour()))[0].status == "fails"


@pytest.mark.parametrize(("without", "status"), [(0, "fails"), (24, "not measured")])
def test_no_use_is_a_fault_only_where_an_action_is_expected(without: int, status: str) -> None:
    silent = obeyed(**UNANSWERED, without_expectation=without)
    assert judge_used(facts(silent, behaviour(**UNMOVED)))[0].status == status
    assert judge_used(facts(silent, behaviour(**UNMOVED), NO_EFFECT))[0].status == status


def test_a_cut_that_takes_away_what_never_moved_is_no_use() -> None:
    """Random edges may add up to an effect of their own."""
    cut = used(estimate(0.8))
    assert judge_used(facts(obeyed(), behaviour(), cut))[0].status == "holds"
    assert judge_used(facts(obeyed(), None, cut))[0].status == "holds"
    deaf = facts(obeyed(**UNANSWERED, following=WRONG), behaviour(**UNMOVED), cut)
    assert judge_used(deaf)[0].status == "fails"


@pytest.mark.parametrize(
    ("dependence", "status"), [(0.0005, "fails"), (0.019, "fails"), (0.02, "holds")]
)
def test_no_more_is_used_than_there_is(dependence: float, status: str) -> None:
    """Random edges made a difference of 0.8 bits of next to none."""
    cut = used(estimate(0.8), dependence=dependence)
    faint = obeyed(**UNANSWERED | {"swap_distance": estimate(dependence / 2)}, following=WRONG)
    rung, cause = judge_used(facts(faint, behaviour(), cut))
    assert rung.status == status
    assert (cause is None) == (status == "holds")


def test_words_that_come_by_another_way_than_was_cut_are_used() -> None:
    """Older records, without behaviour, have no more than the cut."""
    way = used(STILL, dependence=0.9)
    assert judge_used(facts(obeyed(), behaviour(), way))[0].status == "holds"
    rung, cause = judge_used(facts(obeyed(), None, way, bypass=FOUND))
    assert (rung.status, cause) == ("fails", None)
    below_size = obeyed(swap_distance=estimate(0.001))
    rung, cause = judge_used(facts(below_size, behaviour(), way, bypass=FOUND))
    assert (rung.status, cause) == ("holds", None)


# ---- changes that may be rounding


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (None, False),
        (0.0, False),
        (1e-12, True),
        (ROUNDING, True),
        (LEAST_ACTION_CHANGE_SHARE, False),
        (0.5, False),
    ],
)
def test_a_change_is_rounding_below_its_share_and_nothing_at_none(
    change: float | None, expected: bool
) -> None:
    assert may_be_rounding(change) is expected


def test_of_a_change_that_may_be_rounding_use_is_not_told() -> None:
    rung, cause = judge_used(facts(obeyed(action_change=ROUNDING), None, used(estimate(0.8))))
    assert (rung.status, rung.value, cause) == ("not measured", None, None)
    assert rung.evidence["action_change"] == ROUNDING
    assert "0.01 %" in rung.evidence["why"]


@pytest.mark.parametrize(
    ("changes", "status", "cause"),
    [
        ({"following": WRONG}, "fails", "unused"),
        ({"following": following(0.98)}, "not measured", None),
        ({"following": None}, "not measured", None),
        ({"following": WRONG, "without_expectation": 24}, "not measured", None),
        ({"following": WRONG, "competent": Competence(rate=STILL, chance=0)}, "not measured", None),
    ],
)
def test_that_such_a_change_follows_nothing_may_be_known(
    changes: dict[str, Any], status: str, cause: Cause | None
) -> None:
    rung, found = judge_obeyed(facts(obeyed(action_change=ROUNDING, **changes)))
    assert (rung.status, found) == (status, cause)
    assert rung.value == (0.2 if status == "fails" else None)
    assert rung.evidence["action_change"] == ROUNDING


# ---- obeyed


def test_one_that_responds_without_behaviour_is_judged_by_the_exchange() -> None:
    assert judge_obeyed(facts(obeyed()))[0].status == "holds"
    assert judge_obeyed(facts(obeyed(**UNANSWERED)))[0].status == "fails"
    assert judge_obeyed(facts(obeyed(), behaviour(**UNMOVED)))[0].status == "fails"


@pytest.mark.parametrize(
    "acts", [behaviour(alike=(("left", "right"),)), behaviour(unmoved=12)], ids=["alike", "some"]
)
def test_one_that_leaves_pairs_or_frames_alone_follows_in_part(acts: Any) -> None:
    rung, cause = judge_obeyed(facts(obeyed(), acts))
    assert (rung.status, cause) == ("fails", "partial")


@pytest.mark.parametrize(("unmoved", "expected"), [(0, False), (4, False), (5, True), (24, False)])
def test_frames_that_stay_are_some_and_not_all(unmoved: int, expected: bool) -> None:
    assert leaves_some_frames(facts(obeyed(), behaviour(unmoved=unmoved))) is expected
    assert not leaves_some_frames(facts(None, behaviour(unmoved=unmoved)))
    assert not leaves_some_frames(facts(obeyed()))


def test_the_least_share_of_frames_that_stay_counts() -> None:
    few = obeyed(trials=10)
    least = round(UNMOVED_SHARE * 10)
    assert leaves_some_frames(facts(few, behaviour(unmoved=least)))
    assert not leaves_some_frames(facts(few, behaviour(unmoved=least - 1)))


def test_one_that_does_not_respond_disobeys_with_its_rate_where_actions_are_expected() -> None:
    deaf = behaviour(**UNMOVED)
    rung, _ = judge_obeyed(facts(obeyed(**UNANSWERED, following=WRONG), deaf))
    assert (rung.status, rung.value) == ("fails", 0.2)
    rung, _ = judge_obeyed(facts(obeyed(**UNANSWERED, following=None), deaf))
    assert (rung.status, rung.value) == ("fails", None)


def test_one_that_wording_moves_disobeys_and_one_that_nothing_moves_does_not_use_it() -> None:
    by_wording = obeyed(beyond_paraphrase=STILL, following=WRONG)
    assert judge_obeyed(facts(by_wording, behaviour()))[1] == "disobeyed"
    nobody_knows = obeyed(beyond_paraphrase=STILL, following=None)
    assert judge_obeyed(facts(nobody_knows, behaviour()))[1] == "disobeyed"
    silent = obeyed(**UNANSWERED, following=WRONG)
    assert judge_obeyed(facts(silent, behaviour(**UNMOVED)))[1] == "unused"


def test_a_wrong_action_that_goes_with_the_instruction_is_no_lack_of_skill() -> None:
    """The share of its variance that the instruction explains tells, from the threshold on."""
    clumsy = Competence(rate=estimate(0.2), chance=0.4)
    for share, cause in ((None, "not_competent"), (LANGUAGE_DECIDES_SHARE, "disobeyed")):
        found = obeyed(competent=clumsy, following=WRONG, language_share=share)
        assert judge_obeyed(facts(found, behaviour()))[1] == cause


def test_an_instruction_counts_as_followed_from_the_least_share_on() -> None:
    just = following(0.7, left=0.98, right=LEAST_FOLLOWED_SHARE)
    at_limit = just.by_instruction | {"right": estimate(0.4, high=LEAST_FOLLOWED_SHARE)}
    just = just.model_copy(update={"by_instruction": at_limit})
    assert judge_obeyed(facts(obeyed(following=just)))[0].status == "holds"
    below = at_limit | {"right": estimate(0.4, high=LEAST_FOLLOWED_SHARE - 0.01)}
    less = just.model_copy(update={"by_instruction": below})
    assert judge_obeyed(facts(obeyed(following=less)))[0].status == "fails"
    alone = just.model_copy(update={"by_instruction": {"left": of_one_frame(0.4)}})
    assert judge_obeyed(facts(obeyed(following=alone)))[0].status == "fails"


def test_instructions_are_followed_ignored_or_neither() -> None:
    rates = {
        "at the threshold": estimate(FOLLOWED_SHARE),
        "between": estimate(0.6),
        "at chance": estimate(1 / 3, high=0.9),
        "surely below": estimate(0.45, high=LEAST_FOLLOWED_SHARE - 0.01),
        "perhaps": estimate(0.45, high=LEAST_FOLLOWED_SHARE),
    }
    found = following(0.6).model_copy(update={"by_instruction": rates})
    assert followed_and_not(found) == (("at the threshold",), ("at chance", "surely below"))


# ---- what decides instead


def by_frame(**changes: Any) -> ObeyedFacts:
    """Right under the frames' own instructions, and the same under any other."""
    return obeyed(**UNANSWERED, following=WRONG, own_action_anyway=estimate(0.99), **changes)


@pytest.mark.parametrize(
    ("obedience", "acts", "cause"),
    [
        (by_frame(), behaviour(**UNMOVED), "confounded"),
        (by_frame(), behaviour(**UNMOVED, state_decides=True), "state_decides"),
        (by_frame(), behaviour(**UNMOVED, frame_change=0.0, state_change=0.5), "state_decides"),
        (by_frame(), behaviour(**UNMOVED, state_change=0.5), "confounded"),
        (by_frame(), behaviour(**UNMOVED, frame_change=0.0), "confounded"),
        (obeyed(**UNANSWERED, following=WRONG), behaviour(**UNMOVED), "unused"),
        (
            obeyed(**UNANSWERED, following=WRONG),
            behaviour(**UNMOVED, state_decides=True),
            "state_decides",
        ),
        (
            obeyed(**UNANSWERED, following=WRONG),
            behaviour(**UNMOVED, state_change=0.5),
            "unused",
        ),
    ],
)
def test_frame_and_state_are_told_apart(obedience: ObeyedFacts, acts: Any, cause: Cause) -> None:
    assert judge_obeyed(facts(obedience, acts))[1] == cause
    assert judge_used(facts(obedience, acts, NO_EFFECT))[1] == cause


@pytest.mark.parametrize(
    "changes",
    [
        {"own_action_anyway": estimate(SAME_ACTION_SHARE)},
        {"competent": Competence(rate=estimate(0.98), chance=0.97)},
    ],
)
def test_a_frame_decides_only_beyond_its_thresholds(changes: dict[str, Any]) -> None:
    found = by_frame().model_copy(update=changes)
    assert judge_used(facts(found, behaviour(**UNMOVED), NO_EFFECT))[1] == "unused"


# ---- sizes


def test_an_effect_at_its_least_size_counts_and_nothing_is_none() -> None:
    least = LEAST_EFFECT["bits"]
    assert is_large(of_one_frame(least), "bits")
    assert not is_large(of_one_frame(0.0), "raw units"), "whose least size is 0"
    assert not is_effect(estimate(0.5, low=0.0), "bits"), "it may be nothing"
    assert not is_above(estimate(0.5, low=0.4), 0.4), "it may be chance"


def test_one_frame_with_expected_actions_decides() -> None:
    assert is_decided(facts(obeyed(trials=1)))
    assert not is_decided(facts(obeyed(trials=1, not_needed=1)))
    assert not is_decided(facts())
