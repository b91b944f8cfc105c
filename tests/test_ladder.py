"""The ladder's rules: every rung fails on its own evidence, and on nothing else."""

from __future__ import annotations

import re
from typing import Any, get_args

import pytest

from heedmap.ladder import judge
from heedmap.ladder_en import ENGLISH
from heedmap.ladder_ko import KOREAN
from heedmap.verdict import (
    AttendedFacts,
    Bypass,
    Cause,
    Measurements,
    PresenceFacts,
    TokenFacts,
    VisibilityFacts,
)

TOKENS = TokenFacts(
    module="embed",
    ids={"left": (0, 5, 6, 2, 1, 1), "right": (0, 5, 7, 2, 1, 1)},
    follows_instruction=True,
    words=2,
)
PRESENCE = PresenceFacts(
    measured=True,
    positions=(65, 66),
    mixed_positions=(),
    length_changes_attention=None,
    shifts_with_length=False,
)
VISIBILITY = VisibilityFacts(
    instruction_total=2,
    instruction_direct=2,
    instruction_reachable=2,
    instruction_hops=1,
    instruction_after_action=False,
    image_total=64,
    image_direct=64,
    image_reachable=64,
)
ATTENDED = AttendedFacts(
    share=0.1,
    last_layer_share=0.2,
    lift=0.8,
    sinks=(0,),
    value_share=0.1,
    rollout_share=0.05,
    values_are_zero=False,
    heads_alive_by_layer=(1, 2),
    ivar=0.3,
)
ABSENT = {"positions": (), "mixed_positions": ()}
NOWHERE = {
    "instruction_total": 0,
    "instruction_direct": 0,
    "instruction_reachable": 0,
    "instruction_hops": None,
}
UNREACHED = {"instruction_direct": 0, "instruction_reachable": 0, "instruction_hops": None}


def measured(**changes: dict[str, Any]) -> Measurements:
    """A healthy policy's measurements, with some values changed."""
    parts = {
        "tokens": TOKENS,
        "presence": PRESENCE,
        "visibility": VISIBILITY,
        "attended": ATTENDED,
        "bypass": Bypass(status="none"),
    }
    changed = {k: part.model_copy(update=changes.get(k, {})) for k, part in parts.items()}
    return Measurements(stacks=(), **changed)  # pyright: ignore[reportArgumentType]


CASES: list[tuple[Cause, str | None, dict[str, dict[str, Any]]]] = [
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
    assert {cause for cause, _, _ in CASES} == set(get_args(Cause))


@pytest.mark.parametrize(("cause", "rung", "changes"), CASES, ids=[c for c, _, _ in CASES])
def test_the_cause_is_named_on_its_rung(
    cause: Cause, rung: str | None, changes: dict[str, dict[str, Any]]
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
