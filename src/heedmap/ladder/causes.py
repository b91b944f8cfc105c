"""The rungs, and the closed list of causes: to which rung each belongs, and what decides it.

The rules are in `judge.py` (rungs tokenised to attended) and `upper.py` (used and obeyed), the
thresholds in `thresholds.py`. The table below is the one in docs/ladder.md.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

RungName = Literal["tokenised", "present", "visible", "attended", "used", "obeyed"]
Cause = Literal[
    "empty_instruction",
    "stale_instruction",
    "truncated",
    "unknown_words",
    "same_ids",
    "overwritten",
    "length_leak",
    "absent",
    "shifted_by_padding",
    "masked",
    "action_before_instruction",
    "image_masked",
    "values_zero",
    "unattended",
    "unused",
    "confounded",
    "disobeyed",
    "not_competent",
    "not_needed",
    "indirect_only",
    "bypass",
    "not_measured",
    "none",
]


class About(NamedTuple):
    """One cause."""

    rungs: tuple[RungName, ...]
    """Those of which one fails; empty where no rung fails."""
    decided_by: str


CAUSES: dict[Cause, About] = {
    "empty_instruction": About(
        ("tokenised",),
        "the ids are the same whatever the instruction says, and fewer than it has words: the "
        "prompt holds none",
    ),
    "stale_instruction": About(
        ("tokenised",),
        "the ids are the same whatever the instruction says, and as many as it has words: a cache",
    ),
    "truncated": About(("tokenised",), "words at the end change no id, nor does one word more"),
    "unknown_words": About(
        ("tokenised",), "words that tell the instructions apart become the unknown token"
    ),
    "same_ids": About(
        ("tokenised",),
        "instructions of different words become the same ids, for another reason",
    ),
    "overwritten": About(("present",), "image embeddings are where the words were written"),
    "length_leak": About(
        ("present",), "no word arrives, but the number of tokens still changes the attention"
    ),
    "absent": About(
        ("present",),
        "no position moves with the instruction, and where it was lost is not known",
    ),
    "shifted_by_padding": About(
        ("present",), "padding before the instruction shifts its positions"
    ),
    "masked": About(("visible",), "nothing can reach the action row from the instruction"),
    "action_before_instruction": About(
        ("visible",), "as `masked`, and the action row comes before the instruction"
    ),
    "image_masked": About(("visible",), "nothing can reach the action row from any image token"),
    "values_zero": About(
        ("attended",), "the values at the instruction's positions are zero in every layer"
    ),
    "unattended": About(
        ("attended",), "less than 0.01 % of attention rollout reaches the instruction"
    ),
    "unused": About(
        ("used", "obeyed"),
        "exchanging the instruction does not move the action, nor does the frame explain it",
    ),
    "confounded": About(
        ("used", "obeyed"),
        "the action is right under the frame's own instruction and mostly the same under any "
        "other: the frame decides",
    ),
    "disobeyed": About(
        ("obeyed",),
        "the action changes with the instruction, but is not the expected one; swapped actions are "
        "named",
    ),
    "not_competent": About(
        (), "even under the frames' own instructions the action is wrong on most frames"
    ),
    "not_needed": About((), "all instructions ask for the same action on all frames"),
    "indirect_only": About((), "the instruction reaches the action row only over other positions"),
    "bypass": About((), "the instruction has a path to the action beside its positions"),
    "not_measured": About((), "neither ids nor positions could be measured"),
    "none": About((), "nothing was found on the rungs measured"),
}

NO_FAULT: frozenset[Cause] = frozenset({"none", "indirect_only", "bypass"})
"""Causes whose sentence goes on to say what is known of rungs 5 and 6."""

UNDECIDED: frozenset[Cause] = frozenset({"not_needed", "not_competent", "not_measured"})
"""Causes that leave open whether the policy follows its instruction."""

NO_WORD_ARRIVES: frozenset[Cause] = frozenset(
    {
        "empty_instruction",
        "stale_instruction",
        "overwritten",
        "length_leak",
        "absent",
        "masked",
        "action_before_instruction",
    }
)
"""Causes under which no word reaches the action row."""
