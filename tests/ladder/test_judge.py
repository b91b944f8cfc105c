"""The ladder's rules: every rung fails on its own evidence, and on nothing else."""

from __future__ import annotations

import re
from typing import Any, get_args

import pytest

from heedmap.ladder.behaviour import BehaviourFacts
from heedmap.ladder.causes import CAUSES, Cause
from heedmap.ladder.judge import judge
from heedmap.ladder.measurements import StackInfo
from heedmap.ladder.messages import LANGUAGES, Language, say
from heedmap.ladder.messages.numbers import ABSENT as DASH
from heedmap.ladder.verdict import Details, Verdict
from heedmap.ladder.wording import verdict_text
from tests.ladder.facts import (
    ABSENT,
    NOWHERE,
    UNREACHED,
    behaviour,
    estimate,
    measured,
    obeyed,
    used,
)
from tests.ladder.test_reconcile import LOST_CASES
from tests.ladder.test_upper import UPPER_CASES

CASES: list[tuple[Cause, str | None, dict[str, Any]]] = [
    ("none", None, {}),
    ("empty_instruction", "tokenised", {"tokens": {"follows_instruction": False, "words": 8}}),
    ("stale_instruction", "tokenised", {"tokens": {"follows_instruction": False, "words": 4}}),
    (
        "truncated",
        "tokenised",
        {"tokens": {"lost_words": {"left": ("key",)}, "grows_with_instruction": False}},
    ),
    ("unknown_words", "tokenised", {"tokens": {"lost_words": {"left": ("left",)}}}),
    ("same_ids", "tokenised", {"tokens": {"identical_pairs": (("left", "right"),)}}),
    (
        "overwritten",
        "present",
        {
            "presence": {**ABSENT, "overwritten_positions": (3,)},
            "visibility": NOWHERE,
        },
    ),
    (
        "length_leak",
        "present",
        {
            "presence": {
                **ABSENT,
                "overwritten_positions": (3,),
                "length_changes_attention": True,
            },
            "visibility": NOWHERE,
        },
    ),
    ("absent", "present", {"presence": ABSENT, "visibility": NOWHERE}),
    ("shifted_by_padding", "present", {"presence": {"shifts_with_length": True}}),
    ("masked", "visible", {"visibility": UNREACHED}),
    (
        "action_before_instruction",
        "visible",
        {"visibility": {**UNREACHED, "instruction_after_action": True}},
    ),
    ("image_masked", "visible", {"visibility": {"image_reachable": 0}}),
    ("values_zero", "attended", {"attended": {"values_are_zero": True}}),
    ("unattended", "attended", {"attended": {"rollout_share": 1e-5, "share": 1e-5}}),
    (
        "indirect_only",
        None,
        {"visibility": {"instruction_direct": 0, "instruction_hops": 2}},
    ),
    ("bypass", None, {"bypass": {"status": "found", "kind": "after", "module": "film"}}),
    (
        "not_measured",
        None,
        {
            "tokens": {"module": None},
            "presence": {**ABSENT, "measured": False},
            "visibility": NOWHERE,
        },
    ),
]


def test_every_cause_has_a_case() -> None:
    cases = (*CASES, *UPPER_CASES, *LOST_CASES)
    assert {case[0] for case in cases} == set(get_args(Cause))


@pytest.mark.parametrize(("cause", "rung", "changes"), CASES, ids=[c for c, _, _ in CASES])
def test_the_cause_is_named_on_its_rung(
    cause: Cause, rung: str | None, changes: dict[str, Any]
) -> None:
    verdict = judge(measured(**changes))
    assert verdict.cause == cause
    assert verdict.first_failing == rung
    assert CAUSES[cause].rungs == (() if rung is None else (rung,))
    assert verdict.rungs["used"].status == verdict.rungs["obeyed"].status == "not measured"
    assert "{" not in verdict.sentence + verdict.fix
    assert DASH not in verdict.sentence, "a detail is missing"


def test_partly_masked_images_and_small_shares_are_no_fault() -> None:
    verdict = judge(measured(visibility={"image_reachable": 12}, attended={"share": 0.001}))
    assert verdict.cause == "none"


def test_rollout_that_thirty_layers_halve_is_no_lack_of_attention() -> None:
    """As measured on SmolLM2: 27 % of the attention, and 5e-7 of its rollout."""
    deep = judge(measured(attended={"share": 0.27, "rollout_share": 5e-7}))
    assert (deep.cause, deep.rungs["attended"].status) == ("none", "holds")


def test_words_unknown_in_every_instruction_tell_nothing_apart() -> None:
    """A word that all instructions have and lose cannot be why they are not told apart."""
    verdict = judge(measured(tokens={"lost_words": {"left": ("the",), "right": ("the",)}}))
    assert verdict.cause == "none"


def test_an_earlier_rung_comes_first() -> None:
    """Truncated and masked: it is lost where it first is lost."""
    verdict = judge(
        measured(
            tokens={"lost_words": {"left": ("key",)}, "grows_with_instruction": False},
            visibility=UNREACHED,
        )
    )
    assert verdict.cause == "truncated"
    assert verdict.rungs["visible"].status == "fails"


def test_a_lost_instruction_with_a_bypass_is_not_called_lost_for_good() -> None:
    verdict = judge(
        measured(
            presence=ABSENT,
            visibility=NOWHERE,
            bypass={"status": "found", "kind": "after", "module": "head.cross"},
        )
    )
    assert verdict.cause == "absent"
    assert "depends on the instruction through the bypass path 'head.cross'" in verdict.sentence


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("cause", "_", "changes"), CASES, ids=[c for c, _, _ in CASES])
def test_every_cause_is_told_with_its_details_in_both_languages(
    cause: Cause, _: str | None, changes: dict[str, Any], language: Language
) -> None:
    verdict = judge(measured(**changes))
    sentence, fix = verdict_text(verdict, language)
    assert fix == say(f"fix_{cause}", language)
    assert DASH not in sentence, "a detail is missing"
    other, _ = verdict_text(verdict, "ko" if language == "en" else "en")
    assert sentence != other
    figures = [set(re.findall(r"\d+(?:[.-]\d+)?", text)) - {"0"} for text in (sentence, other)]
    assert figures[0] == figures[1]  # English has a word for 0


def test_the_values_of_a_verdict_are_written_in_each_language() -> None:
    verdict = judge(measured(used=used(estimate(0.8)), obeyed=obeyed()))
    english, _ = verdict_text(verdict, "en")
    korean, _ = verdict_text(verdict, "ko")
    assert "attention knockout removes 0.80 of 0.90 bits" in english
    assert "in 98 % of cases (95 % CI 97 to 99), chance level 33 %" in english
    assert "0.90비트 중 0.80을 제거합니다" in korean
    assert "전체의 98 % (95 % CI 97~99)에서" in korean
    assert "bits" not in korean


def test_details_are_values_and_older_records_keep_their_text() -> None:
    verdict = judge(measured(used=used(estimate(0.8)), obeyed=obeyed()))
    assert isinstance(verdict.details, Details)
    assert verdict.details.rate == estimate(0.98)
    assert verdict.details.positions == (65, 66)
    written = verdict.model_dump(mode="json")
    assert Verdict.model_validate(written) == verdict
    old = {"positions": "65-66", "image_masked": "0", "mediated": "0.80 bits"}
    older = Verdict.model_validate({**written, "details": old})
    assert older.details == old
    sentence, _ = verdict_text(older)
    assert "at positions 65-66" in sentence
    assert "removes 0.80 bits of " in sentence


BLIND = behaviour(frame_change=0.0)


@pytest.mark.parametrize(
    ("acts", "changes", "cause"),
    [
        (BLIND, {}, "image_unused"),
        (BLIND, {"visibility": {"image_reachable": 0}}, "image_masked"),
        (behaviour(), {"visibility": {"image_reachable": 0}}, "none"),
    ],
)
def test_one_that_follows_without_looking_is_told_by_whether_it_could(
    acts: BehaviourFacts, changes: dict[str, Any], cause: Cause
) -> None:
    found = measured(obeyed=obeyed(), **changes).model_copy(update={"behaviour": acts})
    assert judge(found).cause == cause


OVERWRITTEN = {"overwritten_positions": (3,)}
MIXED = {"positions": (), "mixed_positions": (3,)}


@pytest.mark.parametrize(
    ("acts", "presence", "cause"),
    [
        (None, {}, "bypass"),
        (None, MIXED, "bypass"),
        (behaviour(), {}, "bypass"),
        (behaviour(), MIXED, "none"),
        (behaviour(), ABSENT, "none"),
        (behaviour(), ABSENT | OVERWRITTEN, "bypass"),
        (behaviour(), MIXED | OVERWRITTEN, "bypass"),
        (behaviour(), ABSENT | {"measured": False}, "bypass"),
    ],
)
def test_a_way_beside_the_sequence_is_no_bypass_where_nothing_of_the_words_is_in_it(
    acts: BehaviourFacts | None, presence: dict[str, Any], cause: Cause
) -> None:
    """Then the instruction conditions the network: cross-attention, FiLM, adaptive norms."""
    facts = measured(obeyed=obeyed(), bypass={"status": "found"}, presence=presence)
    assert judge(facts.model_copy(update={"behaviour": acts})).cause == cause


def test_a_bypass_is_none_where_the_instruction_moves_every_position() -> None:
    """Modulated are all of them then, that of the robot's state, which no frame moves, too."""
    found = {"status": "found", "kind": "after", "module": "film", "change": 1.0}
    stack = StackInfo(
        pattern="layers.*", layers=2, positions=5, backend="sdpa", taken=True, reason="it fits"
    )

    def cause(mixed: tuple[int, ...]) -> Cause:
        facts = measured(
            presence={"positions": (4,), "mixed_positions": mixed},
            visibility=NOWHERE,
            bypass=found,
        )
        acts = {"stacks": (stack,), "behaviour": behaviour()}
        return judge(facts.model_copy(update=acts)).cause

    assert cause((0, 1, 2, 3)) == "none"
    assert cause((0, 1, 2)) == "bypass"  # one is not moved: words have a position of their own
    assert cause(()) == "bypass"
