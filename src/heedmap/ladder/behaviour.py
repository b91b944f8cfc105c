"""What exchanges do to the action, and where the instruction was lost: behaviour and trail.

Plain values. "Not measured" is None, never 0.
"""

from __future__ import annotations

from typing import Literal

from heedmap.frozen import Frozen
from heedmap.ladder.thresholds import ROUNDING_SHARE


class BehaviourFacts(Frozen):
    """What exchanging instruction, frame and state does to the action, in the action's own units.

    Changes are the largest of any value of the scores, over a few frames.
    """

    largest_score: float
    """Largest |score| seen."""
    noise: float
    """Largest change under the same input, given again or together with others."""
    instruction_change: float
    """Under the other instructions of the frame."""
    same_length_change: float | None
    """Under other words of as many tokens; None where no such words were found."""
    frame_change: float | None
    """Under other frames: those of the audit, an inverted one and noise. None without a frame."""
    state_change: float | None = None
    """Under other states; None where there is none."""
    alike: tuple[tuple[str, str], ...] = ()
    """Names of instructions that ask for different actions, and never lead to different ones."""
    unmoved: int = 0
    """Frames on which instructions ask for different actions, and none of them moves the action."""
    is_tied: bool = False
    """Whether every action has the same score, on all of them."""
    state_decides: bool = False
    """Whether the action goes with the state where states and frames are exchanged."""

    @property
    def floor(self) -> float:
        """Changes up to this may be rounding."""
        return max(4 * self.noise, ROUNDING_SHARE * self.largest_score)

    def is_response(self, change: float | None) -> bool:
        """Whether a change is more than rounding."""
        return change is not None and change > self.floor

    @property
    def is_length_only(self) -> bool:
        """Whether the number of words or tokens moves the action, and the words do not."""
        known = self.same_length_change is not None
        responds = self.is_response(self.instruction_change)
        return known and responds and not self.is_response(self.same_length_change)

    @property
    def responds(self) -> bool:
        """Whether what the instruction says moves the action at all.

        Scores that rise and fall together leave all actions equally likely.
        """
        moves = self.is_response(self.instruction_change)
        return moves and not self.is_length_only and not self.is_tied

    @property
    def is_blind(self) -> bool:
        """Whether no other frame moves the action."""
        return self.frame_change is not None and not self.is_response(self.frame_change)

    @property
    def is_constant(self) -> bool:
        """Whether nothing moves the action."""
        changes = (self.instruction_change, self.same_length_change, self.state_change)
        return self.is_blind and not any(self.is_response(each) for each in changes)


How = Literal[
    "not entered",
    "left out",
    "overwritten",
    "multiplied by zero",
    "masked",
    "masked by order",
    "no weight",
    "values equal",
    "rounded away",
    "saturated",
    "no choice",
    "rows equal",
    "leaves torch",
    "not known",
]
"""What became of the difference between two instructions."""

WordsFate = Literal[
    "arrive", "cut off", "unknown", "same", "stale", "kept", "empty", "no input", "not read"
]
"""What became of the words in which the instructions differ, before the network.

"kept": no text is encoded, though there are weights for it, and something from an earlier run is
taken. "not read": the policy's configuration says that it reads no language, and none arrives."""


class TrailFacts(Frozen):
    """Where the difference between two instructions on one frame was lost."""

    texts: tuple[str, str]
    how: How | None
    """None where it was not lost: the action differs."""
    operator: str | None = None
    """The operator that took it and did not pass it on: "aten::index_put_"."""
    module: str | None = None
    """The module in which that operator ran; empty for the outermost."""
    call: int = 0
    positions: tuple[int, ...] = ()
    """Along the sequence, where it differed before; empty where there is none."""
    kept: tuple[int, ...] = ()
    """Rows that went on instead, where rows were picked."""
    on_ids: bool = False
    """Whether it was lost while still token ids."""
    is_inside_reader: bool = False
    """Whether it was lost in the network that holds the frame too."""
    frame_is_lost_there: bool = False
    """Whether the difference between two frames ends there too, or has no way around it."""
    at_limit: bool | None = None
    """Whether it is numbers of the action that no longer change there, whatever the frame; None in
    older records."""
    is_kept_instead: bool = False
    """Whether the action is made from what an earlier run made of one of the texts."""
    was_attended: bool = False
    """Whether an attention computation took it in before it was lost."""
    words: WordsFate = "arrive"
    lost_words: tuple[str, ...] = ()
    encoded_text: str | None = None
    """What is encoded in the instruction's place, where it was seen; without a word of it."""
    encoded_by: str | None = None
    """The function that this text is given to: "tokenizer.Tokenizer.encode"."""
    matched_share: float = 1.0
    """Operators of the one run that were found in the other one."""
    is_whole: bool = True
    """False where the run was too large to be recorded to its end."""
