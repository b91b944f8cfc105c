"""The result of an exam: what is stored as JSON, and the answers it rests on; no torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from heedmap.auditing.exam.kinds import Kind, Missing, Purpose
from heedmap.data.observation import Observation
from heedmap.frozen import Frozen
from heedmap.ladder.evidence import Estimate
from heedmap.ladder.thresholds import NEARLY_ALL_SHARE

SCHEMA_VERSION = 1

KindVerdict = Literal[
    "read",
    "changes",
    "partly",
    "unread",
    "wrong",
    "kept",
    "partly_kept",
    "sensitive",
    "moves",
    "sometimes",
    "still",
    "few",
    "undecided",
    "not_measured",
]
PolicyVerdict = Literal[
    "follows",
    "responds",
    "partial",
    "memorised",
    "swapped",
    "gate_only",
    "no_effect",
    "wording",
    "incompetent",
    "misreads",
    "undecided",
]
Severity = Literal["problem", "warning", "note", "fine"]
SEVERITY: Mapping[PolicyVerdict, Severity] = {
    "no_effect": "problem",
    "gate_only": "problem",
    "swapped": "problem",
    "misreads": "problem",
    "incompetent": "problem",
    "memorised": "problem",
    "wording": "warning",
    "partial": "warning",
    "undecided": "note",
    "responds": "fine",
    "follows": "fine",
}


class KindReading(Frozen):
    """What one kind of change does; None is what was not measured."""

    kind: Kind
    purpose: Purpose
    verdict: KindVerdict
    missing: Missing | None = None
    variants: int = 0
    frames: int = 0
    is_outside: bool = False
    """Whether most variants have words that no instruction of the data set has."""
    refused: int = 0
    """Variants that the policy did not take."""
    effect: Estimate | None = None
    """Mean distance from the action under the own instruction."""
    as_it_should: Estimate | None = None
    """Share of variants after which the action is the expected one, or, where that is not known,
    changed (or kept) as this kind should; of controls, changed."""
    changed: Estimate | None = None
    """Share that changes the action: beyond the floor, and of kinds that should change it beyond
    what wording does on the frame."""
    right: Estimate | None = None
    """Share with the expected action, of the variants where it is known."""
    chance: float | None = None
    """What an action drawn evenly reaches in `right`."""
    stays: Estimate | None = None
    """Of untrained pairings: share with an action that the frame was trained with."""


def may_be_all(reading: KindReading) -> bool:
    """Whether a kind that changes the action in part may be read in whole.

    Where no action is expected, nobody knows whether the other variants should have changed it.
    """
    return reading.verdict == "partly" and reading.right is None and not reading.is_outside


READ = ("read", "changes")
NOT_READ = ("unread", "wrong")


def kinds_with(kinds: Sequence[KindReading], verdicts: Sequence[str]) -> list[Kind]:
    """Kinds that should change the action and have one of these verdicts."""
    return [each.kind for each in kinds if each.purpose == "change" and each.verdict in verdicts]


def read_kinds(kinds: Sequence[KindReading]) -> list[Kind]:
    """Kinds that are read, and those that change the action in part with nothing expected."""
    return [
        each.kind
        for each in kinds
        if each.purpose == "change" and (each.verdict in READ or may_be_all(each))
    ]


def partly_kinds(kinds: Sequence[KindReading]) -> list[Kind]:
    """Other kinds that are read in part; of words that the data set has, where any are read."""
    read = read_kinds(kinds)
    found = [each for each in kinds if each.verdict == "partly" and each.kind not in read]
    is_inside = any(each.kind in read and not each.is_outside for each in kinds)
    return [each.kind for each in found if each.right or not (each.is_outside and is_inside)]


def unasked_kinds(kinds: Sequence[KindReading]) -> list[Kind]:
    """Kinds that do not change the action, of which nobody says that they should.

    A policy that does all that the data set expects of it may well do the same where a word names
    nothing on the frame.
    """
    is_followed = any(
        each.kind == "trained" and each.right and each.right.value >= NEARLY_ALL_SHARE
        for each in kinds
    )
    return [
        each.kind
        for each in kinds
        if is_followed and each.verdict == "unread" and each.right is None
    ]


def lacking_kinds(kinds: Sequence[KindReading]) -> list[Kind]:
    """Kinds that are not read; words that the data set has not count where there are no others."""
    unasked = unasked_kinds(kinds)
    outside = {each.kind for each in kinds if each.is_outside}
    found: list[Kind] = [kind for kind in kinds_with(kinds, NOT_READ) if kind not in unasked]
    reacts: list[Kind] = [*read_kinds(kinds), *partly_kinds(kinds)]
    is_inside = any(kind not in outside for kind in reacts)
    return [kind for kind in found if kind not in outside] if is_inside else found


class Exam(Frozen):
    """All that is said of one policy on one data set."""

    schema_version: int = SCHEMA_VERSION
    policy: str
    dataset: str
    seed: int
    frames: int
    answered: int | None = None
    """Frames whose own instruction the policy took; the others are not measured."""
    episodes: int
    instructions: int
    """Different own instructions."""
    unit: str
    """Of distances between actions."""
    floor: float
    """Distance up to which an action counts as the same."""
    noise: float
    """Largest distance between two runs of the same."""
    is_drowned: bool = False
    """Whether noise is about as large as what other instructions do, so that no effect can be
    ruled out."""
    others: float | None
    """Mean distance of all variants that should change the action: the spread over instructions."""
    own_right: Estimate | None
    """Share of frames with the expected action under their own instruction."""
    foretold_share: float | None
    """Share of the instruction's entropy that the frame alone predicts; None where too few frames
    are there to tell."""
    swapped: tuple[tuple[str, str], ...] = ()
    verdict: PolicyVerdict
    kinds: tuple[KindReading, ...]

    @property
    def severity(self) -> Severity:
        """How grave the verdict is."""
        return SEVERITY[self.verdict]

    def of(self, kind: Kind) -> KindReading:
        """The reading of one kind."""
        return next(each for each in self.kinds if each.kind == kind)


@dataclass(frozen=True)
class AnswerRow:
    """One answer, as the table and the page have it."""

    frame: str
    kind: Kind
    instruction: str
    variant: str
    expected: str | None
    own_action: str
    action: str
    scores: tuple[float, ...]
    """Logits of the classes, or all values of a continuous action."""
    distance: float
    as_it_should: bool | None
    """None of controls: nothing is asked of them."""


@dataclass(frozen=True)
class Taken:
    """An exam with its answers and the frames that they were given on."""

    exam: Exam
    rows: tuple[AnswerRow, ...]
    observations: Mapping[str, Observation]
    """By the name of the frame; pixels are read when they are looked at."""
