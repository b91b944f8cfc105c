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
    "dropped",
    "gated",
    "length_leak",
    "absent",
    "shifted_by_padding",
    "masked",
    "action_before_instruction",
    "image_masked",
    "values_zero",
    "unattended",
    "drowned",
    "saturated",
    "constant_action",
    "unused",
    "confounded",
    "state_decides",
    "partial",
    "disobeyed",
    "not_identified",
    "not_competent",
    "not_needed",
    "indirect_only",
    "bypass",
    "image_unused",
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
        "the text that is encoded holds no word of any instruction; where it is not seen: the ids "
        "are the same whatever the instruction says, and fewer than it has words",
    ),
    "stale_instruction": About(
        ("tokenised",),
        "the text that is encoded holds words of another instruction, or what was kept of an "
        "earlier one is taken; where neither is seen: the ids are the same, and as many as the "
        "instruction has words",
    ),
    "truncated": About(
        ("tokenised",),
        "words change no id, and nothing in their place does; or fewer ids than words are left of "
        "a prompt that holds the instruction",
    ),
    "unknown_words": About(
        ("tokenised",),
        "words that tell the instructions apart become the unknown token, as made-up ones do",
    ),
    "same_ids": About(
        ("tokenised",),
        "instructions of different words become the same ids, for another reason",
    ),
    "overwritten": About(("present",), "image embeddings are where the words were written"),
    "dropped": About(
        ("present",),
        "the words are encoded, and what was made of them is left out: cut away, pooled without "
        "them, or taken by nothing that the action depends on",
    ),
    "gated": About(
        ("present", "attended"),
        "what was made of the words is multiplied by zero: a gate, a scale or weights; `attended` "
        "where attention had read it before",
    ),
    "length_leak": About(
        ("present",),
        "exchanging words for as many others changes nothing, but their number changes the action "
        "or the attention",
    ),
    "absent": About(
        ("present",),
        "nothing that the network receives changes with the instruction, and no ids are looked up; "
        "or no position moves with it, and where it was lost is not known",
    ),
    "shifted_by_padding": About(
        ("present",),
        "padding before the instruction shifts its positions, and the policy does not follow it",
    ),
    "masked": About(("visible",), "nothing can reach the action row from the instruction"),
    "action_before_instruction": About(
        ("visible",), "as `masked`, and the action row comes before the instruction"
    ),
    "image_masked": About(
        ("visible",),
        "nothing can reach the action row from any image token; no rung fails where the "
        "instruction is followed",
    ),
    "values_zero": About(
        ("attended",), "the values at the instruction's positions are zero in every layer"
    ),
    "unattended": About(
        ("attended",), "less than 0.01 % of attention, and of its rollout, reaches the instruction"
    ),
    "drowned": About(
        ("attended",),
        "what was made of the words is so small beside what it is added to that it is lost in "
        "rounding",
    ),
    "saturated": About(
        ("used",),
        "the difference arrives, but the numbers of the action that it would change are at "
        "their limit, or all actions have one score",
    ),
    "constant_action": About(
        ("used",), "exchanging instruction, frame and state does not move the action"
    ),
    "unused": About(
        ("used", "obeyed"),
        "exchanging the instruction does not move the action, nor does the frame explain it; "
        "or the difference ends where something else decides, or there is nothing to choose",
    ),
    "confounded": About(
        ("used", "obeyed"),
        "the action is right under the frame's own instruction and mostly the same under any "
        "other: the frame decides",
    ),
    "state_decides": About(
        ("used", "obeyed"), "as `confounded`, with the state in the place of the frame"
    ),
    "partial": About(
        ("obeyed",),
        "some instructions are followed on most frames, others are not, and the action changes "
        "between them; or on a fifth of the frames or more no instruction moves the action, and on "
        "others they do",
    ),
    "disobeyed": About(
        ("obeyed",),
        "the action changes with the instruction, but is not the expected one; swapped actions are "
        "named",
    ),
    "not_identified": About(
        ("used",),
        "exchanging the instruction does not move the action, and no step could be named at which "
        "it was lost",
    ),
    "not_competent": About(
        (), "even under the frames' own instructions the action is wrong on most frames"
    ),
    "not_needed": About((), "all instructions ask for the same action on all frames"),
    "indirect_only": About((), "the instruction reaches the action row only over other positions"),
    "bypass": About((), "the instruction has a path to the action beside its positions"),
    "image_unused": About((), "the instruction is followed, and no other frame changes the action"),
    "not_measured": About((), "neither ids nor positions could be measured"),
    "none": About((), "nothing was found on the rungs measured"),
}

NO_FAULT: frozenset[Cause] = frozenset(
    {"none", "indirect_only", "bypass", "image_unused", "image_masked"}
)
"""Causes whose sentence goes on to say what is known of rungs 5 and 6."""

UNDECIDED: frozenset[Cause] = frozenset({"not_needed", "not_competent", "not_measured"})
"""Causes that leave open whether the policy follows its instruction."""

NO_WORD_ARRIVES: frozenset[Cause] = frozenset(
    {
        "empty_instruction",
        "stale_instruction",
        "overwritten",
        "dropped",
        "gated",
        "length_leak",
        "absent",
        "masked",
        "action_before_instruction",
    }
)
"""Causes under which no word reaches the action row."""
