"""What a fault is, where it makes sense, and what is then certain of the policy's actions.

Every fault is implemented at least twice, unlike each other: once for development, once to be
scored. The implementations are in `faults_words.py`, `faults_network.py` and `faults_trained.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from heedmap.testbed.generated.network import Base, Network
from heedmap.testbed.generated.training import Labels
from heedmap.testbed.generated.world import Style

Part = Literal["development", "scored"]
Truth = Literal[
    "obeys",
    "identical",
    "same_choice",
    "unfollowed",
    "own_only",
    "own_by_state",
    "disobeys",
    "partial",
    "incompetent",
    "constant",
    "length_only",
    "not_needed",
]
"""What the actions on the trials must be.

obeys         as expected under every instruction
identical     under equally long instructions the same, bit for bit or within rounding
same_choice   the same choice under every instruction, probabilities within 0.05
unfollowed    as expected no more often than one action for all instructions would be
own_only      as expected under the frame's own instruction, the same under every other
own_by_state  the direction that the state suggests, under every instruction
disobeys      changes with the instruction, as expected under at most half of them
partial       as expected under some instructions on every frame, under others on none
incompetent   wrong under the frame's own instruction on more than half of the frames, and changes
              with the instruction
constant      the same on every frame and under every instruction
length_only   identical under other words, and another one under instructions of other lengths
not_needed    as expected, and all instructions of a frame expect the same
"""
DEAF: frozenset[Truth] = frozenset({"identical", "same_choice", "constant"})
"""Truths under which the action does not respond to the instruction at all."""

Applies = Callable[[Base], bool]


@dataclass(frozen=True)
class Implementation:
    """One way to bring a fault about."""

    fault: str
    """Its cause's code."""
    name: str
    part: Part
    truth: Truth
    applies: Applies
    plant: Callable[[Network], None] | None = None
    """Changes a network that was trained; its weights stay, unless it changes them."""
    labels: Labels = "obeys"
    head_only: bool = False
    """Only the head is trained on these labels, behind a body that obeys."""
    also: tuple[str, ...] = ()
    """Causes that would be right, too."""
    style: Style = "directions"
    plain: bool = False
    """All squares are blue."""


def anything(base: Base) -> bool:
    """Every base."""
    return True


def is_discrete(base: Base) -> bool:
    """Logits."""
    return base.head == "discrete"


def has_ids(base: Base) -> bool:
    """Words are looked up in an embedding."""
    return base.route != "task"


def has_words(base: Base) -> bool:
    """Every word has a position."""
    return base.route in ("tokens", "cross")


def has_vector(base: Base) -> bool:
    """The instruction is one vector, whatever becomes of it."""
    return base.route in ("sentence", "task", "prefix")


def has_sequence(base: Base) -> bool:
    """Words or prefix are positions of one sequence with the image."""
    one = ("decoder", "encoder_mean", "encoder_cls", "gru", "scan", "linear_attention")
    guided = base.is_guided and base.route == "tokens"
    return (base.architecture in one and base.route in ("tokens", "prefix")) or guided


def has_attention(base: Base) -> bool:
    """Softmax attention reads the words' positions."""
    reading = base.architecture in ("perceiver", "cross_dit", "encoder_decoder")
    mixers = ("gru", "scan", "linear_attention")
    return reading or (has_sequence(base) and base.architecture not in mixers)


def is_causal(base: Base) -> bool:
    """What comes after the decoded row cannot reach it."""
    one = base.architecture in ("decoder", "scan", "linear_attention") or base.is_guided
    return one and has_sequence(base)
