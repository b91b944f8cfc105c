"""Every kind of figure by name, and how one is made from a result."""

from __future__ import annotations

from collections.abc import Callable

from heedmap.errors import RecordError
from heedmap.ladder.messages import Language
from heedmap.phrase import Phrase
from heedmap.record.record import FrameInfo, PolicyResult
from heedmap.record.result import Result
from heedmap.report.figures.actions import actions
from heedmap.report.figures.computations import computations
from heedmap.report.figures.figure import Figure, FigureKind, Subject
from heedmap.report.figures.heads import heads, patching
from heedmap.report.figures.patches import frame
from heedmap.report.figures.scatter import scatter
from heedmap.report.figures.sequence import sequence
from heedmap.report.figures.shares import shares
from heedmap.report.figures.trail import trail
from heedmap.report.figures.words import words

KINDS: dict[FigureKind, Callable[[Subject], Figure | None]] = {
    "trail": trail,
    "actions": actions,
    "shares": shares,
    "computations": computations,
    "sequence": sequence,
    "frame": frame,
    "words": words,
    "heads": heads,
    "scatter": scatter,
    "patching": patching,
}
"""In the order of the report. Each gives None where the result does not hold what it shows."""

_NEEDS: dict[FigureKind, str] = {
    "actions": Phrase("actions"),
    "trail": Phrase("module calls (a policy behind a server shows none, older records hold none)"),
    "shares": Phrase("attention (a policy behind a server shows none)"),
    "computations": Phrase(
        "attention in several stacks, caches or loops (of one stack, see `shares`)"
    ),
    "sequence": Phrase("shares by position (records of schema 3 and newer)"),
    "frame": Phrase(
        "a map from patches to positions, which towers that mix their patches do not have, and "
        "shares by position of the first frame"
    ),
    "words": Phrase(
        "words that were hidden one by one: an instruction in the sequence, trials, and a "
        "record of schema 3"
    ),
    "heads": Phrase("an instruction in the sequence"),
    "scatter": Phrase("knockouts by head: an instruction in the sequence, and trials"),
    "patching": Phrase("two instructions of equal length that lead to different actions"),
}


def figure_of(
    result: Result,
    kind: FigureKind,
    policy: str | None = None,
    frame: str | None = None,
    language: Language = "en",
) -> Figure:
    """One figure; the first policy and frame where none is named.

    Raises RecordError for a name that the result does not have, or when it does not hold what
    this kind of figure shows.
    """
    subject = Subject(
        result,
        _policy(result, policy),
        _frame(result, frame),
        language,
    )
    found = KINDS[kind](subject)
    if found is None:
        raise RecordError(
            "The result has nothing for the figure '{kind}' of '{policy}'{of_frame}: it needs "
            "{needs}.",
            kind=kind,
            policy=subject.policy.name,
            of_frame=("" if frame is None else Phrase(" on the frame {frame}", frame=frame)),
            needs=_NEEDS[kind],
        )
    return found


def figures_of(subject: Subject) -> list[Figure]:
    """Every figure that the result has of a policy."""
    return [found for build in KINDS.values() if (found := build(subject)) is not None]


def _policy(result: Result, name: str | None) -> PolicyResult:
    known = {policy.name: policy for policy in result.record.policies}
    if name is None:
        return result.record.policies[0]
    if name not in known:
        raise RecordError(
            "The result has no policy '{name}'; it has {known}.", name=name, known=", ".join(known)
        )
    return known[name]


def _frame(result: Result, name: str | None) -> FrameInfo:
    known = {frame.name: frame for frame in result.record.frames}
    if name is None:
        return result.record.frames[0]
    if name not in known:
        raise RecordError(
            "The result has no frame '{name}'; it has {known}.", name=name, known=", ".join(known)
        )
    return known[name]
