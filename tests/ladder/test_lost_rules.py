"""What is said where behaviour, trail and structure each find something: which one, and by what."""

from __future__ import annotations

from typing import Any

import pytest

from heedmap.ladder.behaviour import BehaviourFacts, TrailFacts
from heedmap.ladder.causes import Cause, RungName
from heedmap.ladder.evidence import Competence
from heedmap.ladder.judge import judge
from heedmap.ladder.lost import lost_at
from heedmap.ladder.measurements import Measurements
from heedmap.ladder.thresholds import FOLLOWED_SHARE, UNATTENDED_ROLLOUT_SHARE
from heedmap.ladder.verdict import Verdict
from tests.ladder.facts import (
    ABSENT,
    NOWHERE,
    UNREACHED,
    behaviour,
    estimate,
    following,
    measured,
    obeyed,
    trail,
    used,
)
from tests.ladder.test_reconcile import NO_RESPONSE, deaf, heeding

SAME_IDS: dict[str, Any] = {"tokens": {"identical_pairs": (("left", "right"),)}}
NOT_READ: dict[str, Any] = {"attended": {"values_are_zero": True}}
CLUMSY = Competence(rate=estimate(0.2), chance=0.4)
CONSTANT = {"frame_change": 0.0}
TIED = {"is_tied": True}


def by(verdict: Verdict, rung: RungName) -> Any:
    return verdict.rungs[rung].evidence.get("by")


# ---- where the action follows, or is wrong


def test_padding_that_is_a_risk_alone_is_kept_as_evidence_and_no_note() -> None:
    verdict = judge(heeding(presence={"shifts_with_length": True}))
    assert verdict.notes == ()
    evidence = verdict.rungs["present"].evidence
    assert (evidence["by"], evidence["note"]) == ("behaviour", "shifted_by_padding")


def test_a_note_keeps_what_structure_found() -> None:
    verdict = judge(heeding(visibility=UNREACHED))
    evidence = verdict.rungs["visible"].evidence
    assert (evidence["by"], evidence["note"]) == ("behaviour", "masked")


@pytest.mark.parametrize("wrong", [{"following": following(0.3)}, {"competent": CLUMSY}])
def test_of_a_wrong_action_words_and_their_values_may_be_the_cause(wrong: dict[str, Any]) -> None:
    """Positions that nothing moves are not; they are a note, behind the words, too."""
    facts = heeding(**SAME_IDS, presence=ABSENT, visibility=NOWHERE)
    verdict = judge(facts.model_copy(update={"obeyed": obeyed(**wrong)}))
    assert (verdict.cause, verdict.notes) == ("same_ids", ("absent",))
    unread = judge(heeding(**NOT_READ).model_copy(update={"obeyed": obeyed(**wrong)}))
    assert (unread.cause, unread.notes) == ("values_zero", ())
    assert judge(heeding(**NOT_READ)).notes == ("values_zero",)


# ---- how far the words came


@pytest.mark.parametrize(
    ("facts", "rung", "said_by"),
    [
        (deaf(trail("masked"), **SAME_IDS), "visible", "trail"),
        (deaf(trail("saturated", at_limit=True), **SAME_IDS), "used", "trail"),
        (deaf(trail("masked"), **SAME_IDS, visibility=UNREACHED), "visible", "structure"),
    ],
)
def test_what_failed_before_the_step_that_was_reached_is_a_note(
    facts: Measurements, rung: RungName, said_by: str
) -> None:
    verdict = judge(facts)
    assert (verdict.first_failing, by(verdict, rung)) == (rung, said_by)
    assert verdict.rungs["tokenised"].status == "holds"
    assert verdict.rungs["tokenised"].evidence["note"] == "same_ids"
    assert verdict.notes == ("same_ids",)


def test_where_the_state_decides_the_words_came_as_far_as_the_choice() -> None:
    facts = deaf(trail("no choice"), {"state_decides": True}, presence=ABSENT, visibility=NOWHERE)
    verdict = judge(facts)
    assert (verdict.cause, by(verdict, "used")) == ("state_decides", "behaviour")
    assert verdict.notes == ("absent",)


@pytest.mark.parametrize(
    ("end", "acts", "cause", "said_by"),
    [
        (None, TIED, "saturated", "tied"),
        (None, CONSTANT, "constant_action", "behaviour"),
        (trail("saturated", frame_is_lost_there=True), CONSTANT, "saturated", "behaviour"),
    ],
)
def test_an_action_that_nothing_moves_does_not_show_how_far_the_words_came(
    end: TrailFacts | None, acts: dict[str, Any], cause: Cause, said_by: str
) -> None:
    verdict = judge(deaf(end, acts, **SAME_IDS))
    assert (verdict.cause, verdict.first_failing, verdict.notes) == (cause, "used", ())
    assert verdict.rungs["tokenised"].status == "not measured"
    assert verdict.rungs["tokenised"].evidence["why"] == "not reached"
    assert by(verdict, "used") == said_by


def test_rungs_that_hold_are_left_as_they_are() -> None:
    verdict = judge(deaf(trail("masked")))
    for rung in ("tokenised", "present", "attended"):
        assert verdict.rungs[rung].status == "holds"
        assert "by" not in verdict.rungs[rung].evidence


def test_a_leak_of_length_is_said_by_the_trail() -> None:
    verdict = judge(deaf(trail("not known"), {"instruction_change": 0.5}))
    assert (verdict.cause, by(verdict, "present")) == ("length_leak", "trail")


# ---- which of them says where


@pytest.mark.parametrize("how", ["no choice", "not known"])
def test_structure_says_more_than_a_trail_that_ends_at_the_action(how: Any) -> None:
    assert judge(deaf(trail(how), visibility=UNREACHED)).cause == "masked"
    elsewhere = judge(deaf(trail(how), presence=ABSENT, visibility=NOWHERE))
    assert elsewhere.cause in ("unused", "not_identified"), "it may not be in that stack at all"


@pytest.mark.parametrize(
    ("tokens", "cause"),
    [
        ({"follows_instruction": False, "words": 8}, "empty_instruction"),
        ({"follows_instruction": False, "words": 4}, "stale_instruction"),
        ({"identical_pairs": (("left", "right"),)}, "same_ids"),
    ],
)
def test_words_that_are_left_out_for_others_ids_are_lost_among_the_ids(
    tokens: dict[str, Any], cause: Cause
) -> None:
    verdict = judge(deaf(trail("left out"), tokens=tokens))
    assert (verdict.cause, verdict.first_failing) == (cause, "tokenised")
    assert by(verdict, "tokenised") == "structure"
    assert judge(deaf(trail("masked"), tokens=tokens)).cause == "masked"


def test_words_that_a_tokenizer_does_not_know_do_not_explain_what_is_left_out() -> None:
    unknown = {"lost_words": {"left": ("left",)}}
    assert judge(deaf(trail("left out"), tokens=unknown)).cause == "dropped"


@pytest.mark.parametrize(
    ("found", "structure", "rung", "said_by"),
    [
        (trail("masked"), {"visibility": UNREACHED}, "visible", "structure"),
        (trail("masked"), {}, "visible", "trail"),
        (trail("no choice"), {}, "used", "trail"),
        (trail("not entered", words="same"), SAME_IDS, "tokenised", "trail"),
    ],
)
def test_what_both_find_is_said_by_structure_but_for_ids_and_use(
    found: TrailFacts, structure: dict[str, Any], rung: RungName, said_by: str
) -> None:
    verdict = judge(deaf(found, **structure))
    assert (verdict.first_failing, by(verdict, rung)) == (rung, said_by)


# ---- where a trail ends


def acting(first: float, found: TrailFacts) -> Measurements:
    """Whose action is the first instruction's in so many cases."""
    acts = NO_RESPONSE.model_copy(update={"following": following(0.4, left=first, right=0.2)})
    return deaf(found).model_copy(update={"obeyed": acts})


def test_a_kept_text_that_the_action_does_not_show_never_entered() -> None:
    kept = trail("not entered", words="kept")
    assert lost_at(acting(0.3, kept)) == ("present", "absent")
    assert lost_at(acting(FOLLOWED_SHARE, kept)) == ("tokenised", "stale_instruction")


def test_a_stale_text_that_was_seen_to_be_encoded_is_not_an_empty_one() -> None:
    seen = trail("not entered", words="stale", encoded_text="go left")
    assert lost_at(acting(0.3, seen)) == ("tokenised", "stale_instruction")
    unseen = trail("not entered", words="stale")
    assert lost_at(acting(0.3, unseen)) == ("tokenised", "empty_instruction")


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (trail("saturated", on_ids=True), ("tokenised", "same_ids")),
        (trail("no choice", on_ids=True, words="same"), ("tokenised", "same_ids")),
        (trail("no choice", on_ids=True), ("used", "unused")),
    ],
)
def test_ends_among_ids(found: TrailFacts, expected: tuple[RungName, Cause]) -> None:
    assert lost_at(deaf(found)) == expected


# ---- rungs on their own evidence


def test_a_prompt_without_any_ids_is_empty_even_of_one_word() -> None:
    none = {"follows_instruction": False, "ids": {}, "words": 1}
    assert judge(measured(tokens=none)).cause == "empty_instruction"


def test_the_value_of_tokenised_counts_pairs_with_equal_ids() -> None:
    pairs = (("left", "right"), ("left", "on"))
    rung = judge(measured(tokens={"identical_pairs": pairs})).rungs["tokenised"]
    assert (rung.status, rung.value) == ("fails", 2.0)
    assert judge(measured()).rungs["tokenised"].value == 0.0


def test_whether_words_are_visible_is_not_measured_where_none_are_in_the_sequence() -> None:
    """Unless the image is hidden, which is known all the same."""
    rung = judge(measured(visibility=NOWHERE)).rungs["visible"]
    assert (rung.status, rung.value) == ("not measured", None)
    hidden = judge(measured(visibility=NOWHERE | {"image_reachable": 0})).rungs["visible"]
    assert hidden.status == "fails"


def test_without_rollout_the_largest_share_of_any_computation_tells() -> None:
    for share, status in ((0.0, "fails"), (UNATTENDED_ROLLOUT_SHARE, "holds")):
        facts = {"rollout_share": None, "largest_share": share, "share": 0.0}
        assert judge(measured(attended=facts)).rungs["attended"].status == status
    unknown = {"rollout_share": None, "largest_share": None, "share": 0.0}
    assert judge(measured(attended=unknown)).rungs["attended"].status == "holds"


UNKNOWN: dict[str, Any] = {
    "presence": {**ABSENT, "measured": False},
    "visibility": NOWHERE,
    "attended": {},
}


@pytest.mark.parametrize(
    ("tokens", "acts", "change", "cause"),
    [
        ({"module": None}, None, None, "not_measured"),
        ({}, None, None, "none"),
        ({"module": None}, behaviour(), None, "none"),
        ({"module": None}, behaviour(), 1e-6, "not_measured"),
        (
            {"module": None},
            behaviour(instruction_change=0, same_length_change=0),
            None,
            "not_measured",
        ),
    ],
)
def test_nothing_is_measured_only_where_neither_ids_nor_the_action_tell(
    tokens: dict[str, Any], acts: BehaviourFacts | None, change: float | None, cause: Cause
) -> None:
    unexpected = obeyed(
        without_expectation=24,
        following=None,
        competent=None,
        swap_distance=None,
        beyond_paraphrase=None,
        action_change=change,
    )
    facts = measured(None, unexpected, tokens=tokens, **UNKNOWN)
    assert judge(facts.model_copy(update={"behaviour": acts})).cause == cause


@pytest.mark.parametrize(
    "structure",
    [
        {"bypass": {"status": "found", "kind": "after", "module": "film"}},
        {"visibility": {"instruction_direct": 0, "instruction_hops": 2}},
    ],
    ids=["bypass", "indirect_only"],
)
def test_one_that_follows_without_looking_is_told_so_by_whatever_way_the_words_come(
    structure: dict[str, Any],
) -> None:
    facts = measured(used(estimate(0.8)), obeyed(), **structure)
    blind = facts.model_copy(update={"behaviour": behaviour(frame_change=0.0)})
    assert judge(blind).cause == "image_unused"
    seeing = facts.model_copy(update={"behaviour": behaviour()})
    assert judge(seeing).cause in ("bypass", "indirect_only")
