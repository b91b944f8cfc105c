"""The ladder's rules: every rung fails on its own evidence, and on nothing else."""

from __future__ import annotations

import re
from typing import Any, get_args

import pytest

from heedmap.ladder.judge import judge
from heedmap.ladder.texts_en import ENGLISH
from heedmap.ladder.texts_ko import KOREAN
from heedmap.ladder.wording import verdict_text
from heedmap.verdict import Cause
from tests.ladder.facts import ABSENT, NOWHERE, UNREACHED, estimate, measured, obeyed, used
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
    ("unattended", "attended", {"attended": {"rollout_share": 1e-5}}),
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
    lower, upper = {cause for cause, _, _ in CASES}, {cause for cause, *_ in UPPER_CASES}
    assert lower | upper == set(get_args(Cause))


@pytest.mark.parametrize(("cause", "rung", "changes"), CASES, ids=[c for c, _, _ in CASES])
def test_the_cause_is_named_on_its_rung(
    cause: Cause, rung: str | None, changes: dict[str, Any]
) -> None:
    verdict = judge(measured(**changes))
    assert verdict.cause == cause
    assert verdict.first_failing == rung
    assert verdict.rungs["used"].status == verdict.rungs["obeyed"].status == "not measured"
    assert "{" not in verdict.sentence + verdict.fix
    assert "- " not in verdict.sentence, "a detail is missing"


def test_partly_masked_images_and_small_shares_are_no_fault() -> None:
    verdict = judge(measured(visibility={"image_reachable": 12}, attended={"share": 0.001}))
    assert verdict.cause == "none"


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
    assert "by another road, through 'head.cross'" in verdict.sentence


@pytest.mark.parametrize("cause", get_args(Cause))
def test_every_cause_is_told_in_both_languages_with_the_same_details(cause: Cause) -> None:
    def details(text: str) -> set[str]:
        return set(re.findall(r"{(\w+)}", text))

    english, korean = ENGLISH.causes[cause], KOREAN.causes[cause]
    assert english != korean
    assert all(text.strip() for text in (*english, *korean))
    assert details(english.sentence) == details(korean.sentence)


def test_korean_sentences_say_units_and_intervals_in_korean() -> None:
    verdict = judge(measured(used=used(estimate(0.8)), obeyed=obeyed()))
    english, _ = verdict_text(verdict, "en")
    korean, _ = verdict_text(verdict, "ko")
    assert "0.80 bits" in english
    assert "(97 to 99)" in english
    assert "0.80비트가" in korean
    assert "(97~99)가" in korean
    assert "bits" not in korean
