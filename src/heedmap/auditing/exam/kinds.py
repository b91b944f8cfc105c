"""The kinds of change that an exam makes to an instruction, and what each should do."""

from __future__ import annotations

from typing import Literal, get_args

Kind = Literal[
    "verb",
    "noun",
    "colour",
    "direction",
    "number",
    "negation",
    "order",
    "trained",
    "untrained",
    "punctuation",
    "case",
    "filler",
    "paraphrase",
    "nonsense",
    "blank",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""`trained` and `untrained` are pairings of a frame with another instruction of the data set."""

Purpose = Literal["change", "keep", "control"]
EXCHANGES: tuple[Kind, ...] = ("verb", "noun", "colour", "direction", "number", "negation", "order")
"""Changes of words inside the frame's own instruction."""
CHANGE: tuple[Kind, ...] = (*EXCHANGES, "trained", "untrained")
"""Kinds that should change the action."""
KEEP: tuple[Kind, ...] = ("punctuation", "case", "filler", "paraphrase")
"""Kinds that should not."""
CONTROLS: tuple[Kind, ...] = ("nonsense", "blank")
"""What words do whatever they say: made-up ones, and none."""

Missing = Literal[
    "not_chosen",
    "no_word",
    "same_action",
    "no_paraphrase",
    "no_case",
    "no_other",
    "all_alike",
    "looks_unknown",
    "refused",
]
"""Why a kind was not measured."""


def purpose_of(kind: Kind) -> Purpose:
    """What a change of this kind should do to the action."""
    if kind in CHANGE:
        return "change"
    return "keep" if kind in KEEP else "control"
