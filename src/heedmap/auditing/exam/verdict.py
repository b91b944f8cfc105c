"""The verdict on the policy, from the readings of all kinds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from heedmap.auditing.exam.answered import Answers
from heedmap.auditing.exam.kinds import CHANGE, CONTROLS, KEEP, Kind
from heedmap.auditing.exam.result import (
    NOT_READ,
    KindReading,
    PolicyVerdict,
    kinds_with,
    lacking_kinds,
    partly_kinds,
    read_kinds,
)
from heedmap.auditing.measures.following import Expectation, confusion, swapped_pairs
from heedmap.auditing.upper.responses import Scores
from heedmap.ladder.evidence import Estimate
from heedmap.ladder.thresholds import COMPETENT_SHARE, FEWEST_FRAMES, SAME_ACTION_SHARE


def judge_policy(
    kinds: Sequence[KindReading], own_right: Estimate | None, swapped: Sequence[tuple[str, str]]
) -> PolicyVerdict:
    """The one thing to say first; the gravest that the numbers show."""
    by_kind: dict[Kind, KindReading] = {each.kind: each for each in kinds}
    read, partly, lacking = read_kinds(kinds), partly_kinds(kinds), lacking_kinds(kinds)
    is_wording = any(by_kind[kind].verdict == "sensitive" for kind in KEEP)
    wrong = kinds_with(kinds, ("wrong",))
    if not (read or partly or wrong or is_wording):
        return _unmoved(by_kind) if kinds_with(kinds, ("unread",)) else "undecided"
    if swapped:
        return "swapped"
    if is_memorised(by_kind["trained"], by_kind["untrained"]):
        return "memorised"
    if wrong and not any(by_kind[kind].right is not None for kind in (*read, *partly)):
        return "incompetent" if _is_below(own_right, COMPETENT_SHARE) else "misreads"
    if is_wording:
        return "wording"
    if partly or lacking:
        return "partial"
    return "follows" if any(by_kind[kind].verdict == "read" for kind in read) else "responds"


def _is_below(estimate: Estimate | None, most: float) -> bool:
    return estimate is not None and estimate.high is not None and estimate.high < most


def _unmoved(by_kind: Mapping[Kind, KindReading]) -> PolicyVerdict:
    """Where no measured change of what the words say moves the action."""
    verdicts = [each.verdict for each in by_kind.values() if each.purpose == "change"]
    controls = [by_kind[kind].verdict for kind in CONTROLS]
    if "undecided" in verdicts:
        return "undecided"
    if "moves" in controls:
        return "gate_only"
    return "no_effect" if "still" in controls and "sometimes" not in controls else "undecided"


def is_memorised(trained: KindReading, untrained: KindReading) -> bool:
    """Trained pairings are followed; under untrained ones the action is one of the trained ones.

    Only where actions are expected: what is asked for may not be on the frame, and then a policy
    may well do what it does there.
    """
    stays = untrained.stays
    return (
        trained.verdict == "read"
        and untrained.verdict in NOT_READ
        and untrained.right is not None
        and stays is not None
        and stays.low is not None
        and stays.low > SAME_ACTION_SHARE
    )


def swapped_actions(answers: Answers) -> tuple[tuple[str, str], ...]:
    """Actions that are done in each other's place.

    Under the frames' own instructions, and under their variants as well: these alone would show it
    of a policy that never moves, for they never ask for the own action.
    """
    own: list[_Done] = [
        (expected, answers.own[question.frame])
        for question in answers.sheet.own
        if question.frame in answers.own and (expected := answers.expectation(question))
    ]
    varied: list[_Done] = [
        (expected, answer.scores)
        for answer in answers.found
        if answer.question.kind in CHANGE and (expected := answers.expectation(answer.question))
    ]
    in_both = set(_swapped(own, answers)) & set(_swapped(varied, answers))
    asked = [expected.text for expected, _ in own]
    return tuple(sorted(pair for pair in in_both if sum(map(asked.count, pair)) >= FEWEST_FRAMES))


_Done = tuple[Expectation, Scores]


def _swapped(done: Sequence[_Done], answers: Answers) -> list[tuple[str, str]]:
    if answers.action_names is not None:
        chosen = [answers.action(scores) for _, scores in done]
        return _pairs(chosen, [expected.text for expected, _ in done], answers.action_names)
    signs = [_signs(expected, scores) for expected, scores in done]
    found: list[tuple[str, str]] = []
    for dimension in sorted({expected.index for expected, _ in done}):
        names = (f"dim{dimension}:-", f"dim{dimension}:+")
        own = [each for each in signs if each[0] in names]
        found += _pairs([each[1] for each in own], [each[0] for each in own], names)
    return found


def _pairs(
    chosen: Sequence[str], expected: Sequence[str], names: Sequence[str]
) -> list[tuple[str, str]]:
    return list(swapped_pairs(confusion(chosen, expected, names), names))


def _signs(expected: Expectation, scores: Scores) -> tuple[str, str]:
    """The expected sign of a dimension, and the one that it has; of 0 the expected one."""
    value = scores[expected.index] * (expected.sign or 1)
    other = expected.text[:-1] + ("-" if expected.text.endswith("+") else "+")
    return expected.text, other if value < 0 else expected.text
