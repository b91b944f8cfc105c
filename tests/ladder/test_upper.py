"""The rules of rungs 5 and 6 and their gates, each on its own evidence."""

from __future__ import annotations

import re

import pytest

from heedmap.ladder.causes import CAUSES, Cause
from heedmap.ladder.evidence import Competence, ObeyedFacts, UsedFacts
from heedmap.ladder.judge import judge
from heedmap.ladder.measurements import Measurements
from heedmap.ladder.messages import LANGUAGES, Language
from heedmap.ladder.messages.numbers import ABSENT as DASH
from heedmap.ladder.thresholds import LEAST_EFFECT
from heedmap.ladder.upper import followed_and_not, is_above, is_effect
from heedmap.ladder.verdict import Status
from heedmap.ladder.wording import verdict_text
from tests.ladder.facts import (
    ABSENT,
    NOWHERE,
    behaviour,
    estimate,
    following,
    measured,
    obeyed,
    of_one_frame,
    used,
)

NO_RESPONSE = {"swap_distance": estimate(0.001), "beyond_paraphrase": estimate(0.001)}
INCOMPETENT = Competence(rate=estimate(0.42, low=0.3, high=0.55), chance=0.4)
SWAPPED = following(1 / 3, left=0.0, right=0.0, forward=1.0).model_copy(
    update={"swapped": (("left", "right"),)}
)
USED, NOT_USED = used(estimate(0.8)), used(estimate(0.001), dependence=0.002)

UPPER_CASES: list[tuple[Cause, UsedFacts | None, ObeyedFacts | None, Status, Status]] = [
    # Cause; rungs 5 and 6.
    ("none", USED, obeyed(), "holds", "holds"),
    (
        "unused",
        NOT_USED,
        obeyed(**NO_RESPONSE, competent=INCOMPETENT, following=following(0.34)),
        "fails",
        "fails",
    ),
    (
        "confounded",
        NOT_USED,
        obeyed(**NO_RESPONSE, own_action_anyway=estimate(0.99)),
        "fails",
        "fails",
    ),
    # Right under the frames' own instructions, but no more often than a fixed action.
    (
        "unused",
        NOT_USED,
        obeyed(
            **NO_RESPONSE,
            own_action_anyway=estimate(0.99),
            competent=Competence(rate=estimate(0.62, low=0.42, high=0.83), chance=0.7),
        ),
        "fails",
        "fails",
    ),
    # A little use on a few frames, but the frame's own action is done anyway.
    (
        "confounded",
        used(estimate(0.1)),
        obeyed(following=following(0.4), own_action_anyway=estimate(0.9)),
        "holds",
        "fails",
    ),
    ("disobeyed", USED, obeyed(following=following(0.3)), "holds", "fails"),
    # A swap is told although the frames' own instructions are not followed either.
    ("disobeyed", USED, obeyed(following=SWAPPED, competent=INCOMPETENT), "holds", "fails"),
    # On the whole above chance, but never to the right.
    (
        "partial",
        USED,
        obeyed(following=following(0.66, left=1.0, right=0.0, forward=1.0)),
        "holds",
        "fails",
    ),
    ("not_competent", USED, obeyed(competent=INCOMPETENT), "holds", "not measured"),
    ("not_competent", USED, obeyed(following=None, not_competent=24), "holds", "not measured"),
    (
        "not_needed",
        NOT_USED,
        obeyed(
            **(NO_RESPONSE | {"beyond_paraphrase": None}),
            not_needed=24,
            following=None,
            competent=None,
        ),
        "not measured",
        "not measured",
    ),
]


@pytest.mark.parametrize(("cause", "use", "obedience", "rung5", "rung6"), UPPER_CASES)
def test_the_cause_is_named_on_its_rung(
    cause: Cause,
    use: UsedFacts | None,
    obedience: ObeyedFacts | None,
    rung5: Status,
    rung6: Status,
) -> None:
    verdict = judge(measured(use, obedience))
    assert verdict.cause == cause
    assert (verdict.rungs["used"].status, verdict.rungs["obeyed"].status) == (rung5, rung6)
    failing = verdict.first_failing
    assert failing in CAUSES[cause].rungs if failing else not CAUSES[cause].rungs
    assert "{" not in verdict.sentence + verdict.fix
    for language in LANGUAGES:
        assert DASH not in "".join(verdict_text(verdict, language)), "a detail is missing"


def test_without_expectations_no_use_is_no_fault_and_use_is_use() -> None:
    unknown = {"without_expectation": 24, "following": None, "competent": None}
    silent = judge(measured(NOT_USED, obeyed(**NO_RESPONSE, **unknown)))
    assert (silent.cause, silent.rungs["used"].status) == ("none", "not measured")
    assert silent.needed.status == "not measured"
    moving = judge(measured(USED, obeyed(**unknown)))
    assert (moving.cause, moving.rungs["used"].status) == ("none", "holds")
    assert "no expected actions were given (--expect)" in moving.sentence


def test_a_bypass_that_carries_everything_is_named_and_not_called_unused() -> None:
    verdict = judge(
        measured(
            used(estimate(0.001), dependence=0.9),
            obeyed(),
            bypass={"status": "found", "kind": "after", "module": "head.cross"},
        )
    )
    assert verdict.cause == "bypass"
    assert verdict.rungs["used"].status == "fails"
    assert "through the bypass path 'head.cross', not through the backbone" in verdict.sentence


def test_two_hops_are_told_where_only_cutting_everything_takes_it_away() -> None:
    facts = used(estimate(0.8))
    over_others = facts.model_copy(update={"mediated_directly": estimate(0.0)})
    assert "through other positions" in judge(measured(over_others, obeyed())).sentence
    assert "through other positions" not in judge(measured(facts, obeyed())).sentence


def test_absent_but_obeyed_over_a_bypass_is_told_in_one_sentence() -> None:
    verdict = judge(
        measured(
            None,
            obeyed(),
            presence=ABSENT,
            visibility=NOWHERE,
            bypass={"status": "found", "kind": "after", "module": "head.cross"},
        )
    )
    assert verdict.cause == "absent"
    assert verdict.rungs["obeyed"].status == "holds"
    assert (
        "follows the instruction through the bypass path 'head.cross', not through"
        in verdict.sentence
    )


def test_a_lower_rung_that_fails_comes_first() -> None:
    verdict = judge(measured(NOT_USED, obeyed(**NO_RESPONSE), attended={"values_are_zero": True}))
    assert verdict.cause == "values_zero"


def test_an_effect_has_size_and_certainty() -> None:
    least = LEAST_EFFECT["bits"]
    assert is_effect(estimate(least, low=0.001), "bits")
    assert not is_effect(estimate(least / 2, low=least / 4), "bits")  # certain, but of no size
    assert not is_effect(estimate(0.5, low=-0.1), "bits")  # of a size, but not certain
    assert is_effect(of_one_frame(0.5), "bits")  # one frame has no interval
    assert not is_effect(estimate(0.05), "scale units")


def test_chance_is_beaten_with_the_lower_end() -> None:
    assert is_above(estimate(0.5, low=0.4), 1 / 3)
    assert not is_above(estimate(0.5, low=0.3), 1 / 3)
    assert is_above(of_one_frame(0.5), 1 / 3)


def test_needed_counts_the_frames_that_leave_a_choice() -> None:
    some = judge(measured(USED, obeyed(not_needed=12)))
    assert (some.needed.status, some.needed.value) == ("holds", 0.5)
    none = judge(measured(None, obeyed(not_needed=24, following=None, beyond_paraphrase=None)))
    assert (none.needed.status, none.needed.value) == ("fails", 0.0)


@pytest.mark.parametrize("language", LANGUAGES)
def test_of_a_black_box_nothing_is_said_of_steps_that_were_not_seen(language: Language) -> None:
    for facts in (obeyed(), obeyed(**NO_RESPONSE, following=following(0.34))):
        verdict = judge(Measurements.of_black_box(facts))
        assert verdict.cause in ("none", "unused")
        sentence, _ = verdict_text(verdict, language)
        assert DASH not in sentence
        assert not re.search("attend|어텐션", sentence)
        assert re.search(r"0\.90|0\.00", sentence)


def test_right_no_more_often_than_one_fixed_action_is_not_followed() -> None:
    found = following(0.6, left=1.0, right=1 / 3)
    assert followed_and_not(found) == (("left",), ("right",))
    between = following(0.8, left=1.0, right=0.6)
    assert followed_and_not(between) == (("left",), ())


def test_one_fixed_action_follows_nothing_in_part() -> None:
    """One of two instructions is always met by an action that is the same under both."""
    fixed = obeyed(following=following(0.5, left=1.0, right=0.0).model_copy(update={"chance": 0.5}))
    assert judge(measured(USED, fixed)).cause == "disobeyed"
    two_of_three = obeyed(following=following(2 / 3, left=1.0, right=1.0, forward=0.0))
    assert judge(measured(USED, two_of_three)).cause == "partial"


def test_an_effect_that_does_not_count_is_not_said_to_depend_on_the_instruction() -> None:
    faint = estimate(5e-6, 3e-6, 6e-6)
    verdict = judge(
        measured(
            obeyed=obeyed(
                swap_distance=faint,
                beyond_paraphrase=faint,
                following=following(1 / 3),
                own_action_anyway=None,
            ),
            used=used(faint, dependence=5e-6),
            bypass={"status": "found", "kind": "after", "module": "film"},
        ).model_copy(update={"behaviour": behaviour()})
    )
    assert verdict.cause == "unused"
    assert "depends on the instruction through" not in verdict.sentence
    assert "What little it changes comes over the bypass path 'film'." in verdict.sentence
