"""Behaviour, trail and structure together: which of them decides, from facts alone."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from heedmap.ladder.behaviour import How, TrailFacts, WordsFate
from heedmap.ladder.causes import CAUSES, Cause, RungName
from heedmap.ladder.judge import judge
from heedmap.ladder.lost import lost_at
from heedmap.ladder.measurements import Measurements
from heedmap.ladder.messages import LANGUAGES
from heedmap.ladder.messages.numbers import ABSENT as DASH
from heedmap.ladder.wording import verdict_text
from tests.ladder.facts import (
    ABSENT,
    NOWHERE,
    UNMOVED,
    UNREACHED,
    behaviour,
    estimate,
    following,
    measured,
    obeyed,
    of_one_frame,
    trail,
    used,
)

NO_RESPONSE = obeyed(
    swap_distance=estimate(0.0, 0.0, 0.0),
    beyond_paraphrase=estimate(0.0, 0.0, 0.0),
    following=following(0.34),
    own_action_anyway=estimate(0.3),
    competent=None,
)
"""Exchanging the instruction does nothing, though it should."""
NOT_USED = used(estimate(0.0, 0.0, 0.0), dependence=0.0)
TEXTUAL = {"lost_words": ("left", "right")}


def deaf(
    found: TrailFacts | None = None, changes: dict[str, Any] | None = None, **structure: Any
) -> Measurements:
    """A policy whose action the instruction does not move."""
    facts = measured(NOT_USED, NO_RESPONSE, **structure)
    acts = behaviour(**(UNMOVED | (changes or {})))
    return facts.model_copy(update={"behaviour": acts, "trail": found})


def heeding(**structure: Any) -> Measurements:
    """A policy that obeys, as behaviour shows."""
    facts = measured(used(estimate(0.8)), obeyed(), **structure)
    return facts.model_copy(update={"behaviour": behaviour()})


LOST: list[tuple[RungName, Cause, TrailFacts]] = [
    ("tokenised", "truncated", trail("not entered", words="cut off", **TEXTUAL)),
    ("tokenised", "unknown_words", trail("not entered", words="unknown", **TEXTUAL)),
    ("tokenised", "same_ids", trail("not entered", words="same", **TEXTUAL)),
    ("tokenised", "empty_instruction", trail("not entered", words="empty")),
    ("present", "absent", trail("not entered", words="no input")),
    ("present", "absent", trail("not entered", words="not read")),
    ("tokenised", "truncated", trail("left out", on_ids=True)),
    ("tokenised", "stale_instruction", trail("left out", is_kept_instead=True)),
    ("tokenised", "empty_instruction", trail("overwritten", on_ids=True)),
    ("tokenised", "empty_instruction", trail("masked", on_ids=True)),
    ("tokenised", "same_ids", trail("overwritten", on_ids=True, words="same", **TEXTUAL)),
    ("present", "gated", trail("multiplied by zero", on_ids=True)),
    ("used", "not_identified", trail("rounded away", on_ids=True)),
    ("present", "dropped", trail("left out")),
    ("present", "overwritten", trail("overwritten")),
    ("present", "gated", trail("multiplied by zero")),
    ("attended", "gated", trail("multiplied by zero", was_attended=True)),
    ("visible", "masked", trail("masked")),
    ("visible", "action_before_instruction", trail("masked by order", is_inside_reader=True)),
    ("present", "dropped", trail("masked by order")),
    ("attended", "unattended", trail("no weight")),
    ("attended", "values_zero", trail("values equal")),
    ("attended", "drowned", trail("rounded away")),
    ("used", "saturated", trail("saturated", at_limit=True)),
    ("used", "unused", trail("saturated")),  # and the action moves with the frame
    ("used", "unused", trail("saturated", at_limit=False)),
    ("used", "unused", trail("no choice")),
    ("used", "unused", trail("rows equal")),
    ("tokenised", "same_ids", trail("no choice", on_ids=True, words="same", **TEXTUAL)),
    ("used", "not_identified", trail("leaves torch")),
    ("tokenised", "same_ids", trail("rows equal", on_ids=True, words="same", **TEXTUAL)),
    ("used", "not_identified", trail("not known")),
]
LOST_CASES: list[tuple[Cause, RungName | None, Measurements]] = [
    *((cause, rung, deaf(found)) for rung, cause, found in LOST),
    ("saturated", "used", deaf(changes={"is_tied": True})),
    ("constant_action", "used", deaf(changes={"frame_change": 0.0})),
    ("length_leak", "present", deaf(changes={"instruction_change": 0.5})),
    ("state_decides", "used", deaf(changes={"frame_change": 0.0, "state_change": 0.5})),
    (
        "image_unused",
        None,
        heeding().model_copy(update={"behaviour": behaviour(frame_change=0.0)}),
    ),
]


@pytest.mark.parametrize(
    ("how", "frame_too", "instruction_alone"),
    [
        ("not entered", "constant_action", "none"),
        ("left out", "constant_action", "dropped"),
        ("multiplied by zero", "constant_action", "gated"),
        ("masked", "masked", "masked"),
        ("masked by order", "dropped", "dropped"),
        ("no weight", "unattended", "unattended"),
        ("values equal", "constant_action", "values_zero"),
        ("no choice", "constant_action", "unused"),
        ("leaves torch", "constant_action", "constant_action"),
        ("not known", "constant_action", "constant_action"),
    ],
)
def test_an_action_that_never_changes_is_told_by_what_is_lost_at_one_place(
    how: How, frame_too: Cause, instruction_alone: Cause
) -> None:
    """What hides both says more than that nothing moves the action."""
    still = behaviour(**UNMOVED, frame_change=0.0)
    for is_lost_there, cause in ((True, frame_too), (False, instruction_alone)):
        ended = trail(how, frame_is_lost_there=is_lost_there)
        found = measured().model_copy(update={"behaviour": still, "trail": ended})
        assert judge(found).cause == cause


def test_every_end_of_a_trail_has_a_case() -> None:
    """And every fate of words but two, for which expected actions are asked below."""
    ends, fates = {found.how for *_, found in LOST}, {found.words for *_, found in LOST}
    assert ends == set(get_args(How))
    assert fates == set(get_args(WordsFate)) - {"stale", "kept"}


@pytest.mark.parametrize(
    ("cause", "rung", "facts"), LOST_CASES, ids=[f"{i}-{c[0]}" for i, c in enumerate(LOST_CASES)]
)
def test_the_cause_is_named_on_its_rung(
    cause: Cause, rung: RungName | None, facts: Measurements
) -> None:
    verdict = judge(facts)
    assert (verdict.cause, verdict.first_failing) == (cause, rung)
    assert rung in CAUSES[cause].rungs if rung else not CAUSES[cause].rungs
    for language in LANGUAGES:
        sentence, fix = verdict_text(verdict, language)
        assert sentence
        assert fix
        assert "{" not in sentence + fix
        assert DASH not in sentence + fix, "a detail is missing"


def test_a_policy_that_is_configured_without_words_is_told_from_one_that_lost_them() -> None:
    told = judge(deaf(trail("not entered", words="not read")))
    lost = judge(deaf(trail("not entered", words="no input")))
    assert told.rungs["present"].evidence["by"] == "configuration"
    assert "its configuration has no input" in told.sentence
    assert told.sentence != lost.sentence
    assert told.fix != lost.fix


def test_a_trail_that_ends_nowhere_says_nothing() -> None:
    assert lost_at(deaf()) is None
    assert lost_at(deaf(trail(None))) is None
    assert lost_at(deaf(trail("not entered", words="arrive"))) is None


@pytest.mark.parametrize(
    ("first", "cause"), [(1.0, "stale_instruction"), (0.3, "empty_instruction")]
)
def test_a_kept_instruction_is_told_from_an_empty_prompt_by_the_action(
    first: float, cause: Cause
) -> None:
    """Under either, nothing that is said enters; only one acts as the first instruction asks."""
    taken = deaf(trail("not entered", words="kept")).model_copy(update={"obeyed": None})
    assert lost_at(taken) == ("tokenised", "stale_instruction")
    kept = deaf(trail("not entered", words="stale"))
    acts = NO_RESPONSE.model_copy(update={"following": following(0.4, left=first, right=0.2)})
    assert lost_at(kept.model_copy(update={"obeyed": acts})) == ("tokenised", cause)
    assert lost_at(kept.model_copy(update={"obeyed": None})) == ("tokenised", "stale_instruction")


STRUCTURES: list[tuple[Cause, dict[str, Any]]] = [
    ("empty_instruction", {"tokens": {"follows_instruction": False, "words": 8}}),
    ("same_ids", {"tokens": {"identical_pairs": (("left", "right"),)}}),
    (
        "overwritten",
        {"presence": {**ABSENT, "overwritten_positions": (3,)}, "visibility": NOWHERE},
    ),
    ("absent", {"presence": ABSENT, "visibility": NOWHERE}),
    ("masked", {"visibility": UNREACHED}),
    ("values_zero", {"attended": {"values_are_zero": True}}),
    ("unattended", {"attended": {"rollout_share": 0.0, "share": 0.0}}),
]


@pytest.mark.parametrize(("note", "structure"), STRUCTURES, ids=[n for n, _ in STRUCTURES])
def test_what_structure_finds_of_a_policy_that_obeys_is_a_note(
    note: Cause, structure: dict[str, Any]
) -> None:
    verdict = judge(heeding(**structure))
    assert verdict.first_failing is None
    assert verdict.cause == "none"
    assert verdict.notes == (note,)
    for language in LANGUAGES:
        sentence, fix = verdict_text(verdict, language)
        assert sentence != verdict_text(judge(heeding()), language)[0], "the note is not told"
        assert "{" not in sentence + fix


def test_a_policy_that_obeys_by_a_small_margin_has_no_fault_and_no_note() -> None:
    """The action is the expected one, though too little of it changes to count as an effect."""
    facts = measured(NOT_USED, obeyed(swap_distance=estimate(0.001)))
    verdict = judge(facts.model_copy(update={"behaviour": behaviour()}))
    assert (verdict.cause, verdict.first_failing, verdict.notes) == ("none", None, ())


@pytest.mark.parametrize("rung", ["tokenised", "present"])
def test_a_wrong_action_keeps_what_is_wrong_with_the_words(rung: str) -> None:
    """Words that do not all arrive may be why it disobeys; positions that nothing moves are not."""
    by_note: dict[str, dict[str, Any]] = dict(STRUCTURES)
    structure = by_note["same_ids" if rung == "tokenised" else "absent"]
    wrong = heeding(**structure).model_copy(update={"obeyed": obeyed(following=following(0.3))})
    verdict = judge(wrong)
    assert verdict.rungs["obeyed"].status == "fails"
    expected = ("same_ids", ()) if rung == "tokenised" else ("disobeyed", ("absent",))
    assert (verdict.cause, verdict.notes) == expected


def test_padding_is_a_risk_until_the_policy_is_seen_to_disobey() -> None:
    shifts: dict[str, Any] = {"presence": {"shifts_with_length": True}}
    assert judge(heeding(**shifts)).rungs["present"].status == "holds"
    disobeys = {"obeyed": obeyed(following=following(0.3))}
    assert judge(heeding(**shifts).model_copy(update=disobeys)).cause == "disobeyed"
    assert judge(deaf(**shifts)).cause == "shifted_by_padding"


def test_the_trail_turns_what_fails_before_it_into_notes_and_leaves_open_what_comes_after() -> None:
    structure = {
        "tokens": {"identical_pairs": (("left", "right"),)},
        "presence": ABSENT,
        "attended": {"values_are_zero": True},
    }
    verdict = judge(deaf(trail("masked"), **structure))
    statuses = {name: rung.status for name, rung in verdict.rungs.items()}
    assert verdict.cause == "masked"
    assert verdict.notes == ("same_ids", "absent")
    assert (statuses["tokenised"], statuses["present"]) == ("holds", "holds")
    assert (statuses["visible"], statuses["attended"]) == ("fails", "not measured")
    assert verdict.rungs["attended"].evidence["why"] == "not reached"
    assert verdict.rungs["attended"].value is None


def test_what_structure_says_more_exactly_stays() -> None:
    overwritten = {"presence": {**ABSENT, "overwritten_positions": (3,)}, "visibility": NOWHERE}
    found = judge(deaf(trail("left out"), **overwritten))
    assert (found.cause, found.rungs["present"].evidence["by"]) == ("overwritten", "structure")
    unread = judge(deaf(trail("rounded away"), attended={"rollout_share": 0.0, "share": 0.0}))
    assert (unread.cause, unread.rungs["attended"].evidence["by"]) == ("unattended", "structure")


def test_attention_that_changes_with_the_length_is_no_leak_where_the_action_does_not() -> None:
    leak = {**ABSENT, "overwritten_positions": (3,), "length_changes_attention": True}
    facts = deaf(trail("overwritten"), presence=leak, visibility=NOWHERE)
    assert judge(facts).cause == "overwritten"
    by_length = deaf(
        trail("overwritten"), {"instruction_change": 0.5}, presence=leak, visibility=NOWHERE
    )
    assert judge(by_length).cause == "length_leak"


def test_only_the_length_moves_the_action() -> None:
    """Where the trail is vague; a step that it names is named."""
    by_length = {"instruction_change": 0.5}
    cut_off = trail("not entered", words="cut off", **TEXTUAL)
    assert judge(deaf(cut_off, by_length)).cause == "length_leak"
    assert judge(deaf(trail("not known"), by_length)).cause == "length_leak"
    assert judge(deaf(trail("masked"), by_length)).cause == "masked"
    unknown = by_length | {"same_length_change": None}
    assert judge(deaf(cut_off, unknown)).cause != "length_leak"


def test_a_constant_action_is_named_unless_its_words_end_before_the_rest() -> None:
    blind = {"frame_change": 0.0}
    assert judge(deaf(trail("not known"), blind)).cause == "constant_action"
    at_end = {"frame_is_lost_there": True}
    assert judge(deaf(trail("multiplied by zero", **at_end), blind)).cause == "constant_action"
    assert judge(deaf(trail("saturated", **at_end), blind)).cause == "saturated"
    assert judge(deaf(trail("left out"), blind)).cause == "dropped"
    assert judge(deaf(trail("masked", **at_end), blind)).cause == "masked"


def test_a_value_within_the_network_at_its_limit_is_not_the_action_at_its_limit() -> None:
    blind = {"frame_change": 0.0}
    dead = trail("saturated", at_limit=False, frame_is_lost_there=True)
    assert judge(deaf(dead, blind)).cause == "constant_action"
    assert judge(deaf(trail("saturated", at_limit=True))).cause == "saturated"


def test_the_frame_that_decides_a_choice_is_named() -> None:
    by_frame = NO_RESPONSE.model_copy(
        update={"own_action_anyway": estimate(1.0), "competent": obeyed().competent}
    )
    facts = deaf(trail("no choice")).model_copy(update={"obeyed": by_frame})
    assert judge(facts).cause == "confounded"
    assert judge(deaf(trail("no choice"))).cause == "unused"


def test_scores_that_move_together_are_tied() -> None:
    """All of them change with the instruction, and no action is any likelier than another."""
    tied = {"is_tied": True, "instruction_change": 3.0, "same_length_change": 3.0}
    verdict = judge(deaf(None, tied))
    assert (verdict.cause, verdict.first_failing) == ("saturated", "used")
    assert verdict.rungs["obeyed"].status == "fails"
    assert verdict.sentence.startswith("All actions have the same score")


def test_nothing_is_lost_where_nothing_is_asked_for() -> None:
    not_needed = NO_RESPONSE.model_copy(
        update={"not_needed": 24, "following": None, "competent": None}
    )
    for how in get_args(How):
        facts = deaf(trail(how)).model_copy(update={"obeyed": not_needed})
        verdict = judge(facts)
        assert (verdict.cause, verdict.first_failing) == ("not_needed", None)


def test_rounding_is_no_loss_where_nobody_says_that_more_should_come_of_it() -> None:
    unknown = NO_RESPONSE.model_copy(update={"without_expectation": 24, "following": None})
    verdict = judge(deaf(trail("rounded away")).model_copy(update={"obeyed": unknown}))
    assert verdict.cause == "none"
    assert judge(deaf(trail("rounded away"))).cause == "drowned"


def test_where_no_step_can_be_named_structure_is_asked() -> None:
    unknown = trail("not known")
    assert judge(deaf(unknown, visibility=UNREACHED)).cause == "masked"
    assert judge(deaf(unknown, presence=ABSENT, visibility=NOWHERE)).cause == "not_identified"
    assert judge(deaf(None, presence=ABSENT, visibility=NOWHERE)).cause == "absent"


def test_older_records_without_behaviour_are_judged_by_structure_alone() -> None:
    facts = measured(NOT_USED, NO_RESPONSE, visibility=UNREACHED)
    verdict = judge(facts.model_copy(update={"trail": trail("overwritten")}))
    assert (verdict.cause, verdict.notes) == ("masked", ())


def test_the_sentence_says_what_was_counted() -> None:
    """Frames under several instructions; how far the action moves, in its own units too."""
    sure = following(1.0).model_copy(update={"rate": estimate(1.0, 1.0, 1.0)})
    acts = obeyed(unit="scale units", swap_distance=estimate(146.7), following=sure)
    facts = measured(None, acts).model_copy(
        update={"behaviour": behaviour(), "by_exchange_only": True}
    )
    sentence = judge(facts).sentence
    assert "in 48 of 48 cases (24 frames, 2 instructions each)" in sentence
    assert "146.70 standard deviations (at most 0.5 in the action's own units)" in sentence
    uneven = sure.model_copy(update={"by_instruction": {"left": of_one_frame(1.0)}})
    other = facts.model_copy(update={"obeyed": acts.model_copy(update={"following": uneven})})
    assert "in 100 % of cases" in judge(other).sentence


def test_no_attention_is_not_the_same_as_attention_that_cannot_be_read() -> None:
    for has_none, sentence in [(True, "No attention was seen"), (False, "Its attention could not")]:
        facts = Measurements.of_black_box(
            NO_RESPONSE,
            behaviour(**UNMOVED),
            trail("left out"),
            "why",
            has_no_attention=has_none,
        )
        assert sentence in judge(facts).sentence


def test_no_share_of_attention_is_said_where_none_was_measured() -> None:
    facts = deaf(None).model_copy(update={"attended": None})
    verdict = judge(facts)
    assert verdict.cause == "unused"
    assert DASH not in verdict.sentence
