"""What the ladder says of a policy: rungs, cause, and the values that its sentences name.

Every number of a verdict is in its `Measurements` or in the cases of the record; the rules are in
`judge.py` and `upper.py`. "Not measured" is None, never 0.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from heedmap.frozen import Frozen
from heedmap.ladder.causes import Cause, RungName
from heedmap.ladder.evidence import Bypass, Estimate

LOWER_RUNGS: tuple[RungName, ...] = ("tokenised", "present", "visible", "attended")
"""Those that are measured on one frame alone."""
Status = Literal["holds", "fails", "not measured"]


class Rung(Frozen):
    """One step from words to action."""

    status: Status
    value: float | None = None
    evidence: dict[str, Any] = Field(default_factory=dict)


class Details(Frozen):
    """What the verdict's sentence names; empty or None where it was not measured."""

    positions: tuple[int, ...] = ()
    """Of the instruction, entering layer 0."""
    overwritten: tuple[int, ...] = ()
    """Positions of the instruction's words that hold image embeddings."""
    hops: int | None = None
    image_total: int | None = None
    lost_words: tuple[str, ...] = ()
    """Words that change no token id."""
    encoded_text: str | None = None
    """What is encoded in the instruction's place, without a word of it."""
    encoded_by: str | None = None
    pairs: tuple[tuple[str, str], ...] = ()
    """Instructions that become the same token ids."""
    module: str | None = None
    """The bypass."""
    share: float | None = None
    """Of the action rows' attention, on the instruction: 0..1."""
    unit: str | None = None
    """Of the distances between actions: `bits` or `scale units`."""
    dependence: Estimate | None = None
    """Distance of the actions of different instructions."""
    mediated: Estimate | None = None
    """What knockout of the instruction removes of it, beyond random edges."""
    left: Estimate | None = None
    """What is left of it with the instruction knocked out."""
    left_by_random: Estimate | None = None
    """What is left of it with as many random edges cut."""
    directly: Estimate | None = None
    """As `mediated`, where only the action rows' own edges are cut."""
    swap: Estimate | None = None
    """Distance of the action when the instruction is exchanged."""
    is_still: bool = False
    """Whether exchanging the instruction does not change the action at all."""
    raw_change: float | None = None
    """The largest change of one value of the action under an exchange, in the action's own units,
    where `unit` is another."""
    rate: Estimate | None = None
    """Share of the actions that are the expected ones: 0..1."""
    instructions: int | None = None
    """Under how many each frame was run for `rate`; None where frames differ in that, and in older
    records."""
    chance: float | None = None
    swapped: tuple[tuple[str, str], ...] = ()
    """Actions output in each other's place."""
    competent: Estimate | None = None
    """As `rate`, under the frames' own instructions."""
    anyway: Estimate | None = None
    """Share of the other instructions under which the frame's own action is output: 0..1."""
    module_at: str | None = None
    """Where the trail ends: the module; empty for the outermost."""
    operator_at: str | None = None
    leaves_torch: bool = False
    """Whether the difference goes on from there in code outside of torch."""
    read_in: tuple[str, ...] = ()
    """Stacks that read the instruction, where none that the action is decoded from does."""
    unread_in: tuple[str, ...] = ()
    """Those that the action is decoded from."""
    calls: int = 1
    calls_reading: tuple[int, ...] = ()
    """Calls in which the instruction is read, of `reading`; empty where it is read in all."""
    reading: tuple[str, ...] = ()
    """Stacks that the action is decoded from and that read the instruction, in some calls only."""
    calls_cut: int = 0
    """Calls that were cut one by one."""
    calls_used: tuple[int, ...] = ()
    """Those whose cut changes the action, where others change nothing."""
    followed: tuple[str, ...] = ()
    """Names of the instructions that are followed, where others are not."""
    ignored: tuple[str, ...] = ()
    alike: tuple[tuple[str, str], ...] = ()
    """Instructions that ask for different actions and never lead to different ones."""
    carries_nothing: tuple[str, ...] = ()
    """Stacks that hold the instruction, but change the action by next to nothing when they alone
    are taken from the run under another one, where another stack brings it over."""
    image_only: tuple[str, ...] = ()
    """Modules that attend to image positions alone, beside others that read the instruction."""
    unmoved: int = 0
    """Frames on which the action is the same under all instructions, where it is not on others."""
    frames: int = 0
    """Of which these are: those on which the instructions ask for different actions."""
    action_change: float | None = None
    """What exchanging the instruction changes, of the action's own magnitude (0..1), where that is
    so little that it may be rounding."""


class Verdict(Frozen):
    """The first rung that fails, in one sentence, with cause and fix."""

    cause: Cause
    sentence: str
    fix: str
    rungs: dict[RungName, Rung]
    bypass: Bypass
    needed: Rung = Rung(status="not measured")
    """Gate: does any frame leave a choice that the instruction decides?"""
    competent: Rung = Rung(status="not measured")
    """Gate: is the action right under the instruction that a frame came with?"""
    is_unread: bool = False
    """Whether no transformer's attention could be read, though the module is at hand."""
    has_no_attention: bool = False
    """Whether no attention was seen in it at all."""
    notes: tuple[Cause, ...] = ()
    """Oddities of the structure that did not keep the instruction from arriving."""
    details: Details | dict[str, str] = Details()
    """What the sentence names, as values; records of schema 1 to 3 hold English text."""

    @property
    def first_failing(self) -> RungName | None:
        """The first rung that fails; None where none of those measured does."""
        return next((name for name, rung in self.rungs.items() if rung.status == "fails"), None)
