"""What is odd about the words that reach the policy, step by step."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from heedmap.monitor.tap.conversation import MOST_WORDS_CHARACTERS, Seen
from heedmap.monitor.tap.step import Step
from heedmap.report.words.finding import CODES as OF_TEXTS
from heedmap.report.words.nearest import Nearest
from heedmap.report.words.texts import plain_form
from heedmap.report.words.wording import SINGLE, before_numbers, codes_of

Grade = Literal["warning", "note"]
FEW_STEPS = 10
"""Words that were other for no more steps, and told again for as many, were hardly a task."""
FEW_SECONDS = 2.0
"""Nor were those that were other for no longer, unless a single step takes as long."""
HELD_TIMES = 4
"""So many times as long had the earlier words held: tasks that take turns hold as long as each
other."""
SAME_STEPS = 3
"""Times that one observation is sent before it is told of: cameras have noise, simulators none."""

_OF_STEPS: dict[str, Grade] = {
    "missing": "warning",
    "empty": "warning",
    "went_back": "warning",
    "same_answer": "warning",
    "outside_training": "warning",
    "changed_in_episode": "note",
    "changed": "note",
    "same_observation": "note",
}
"""What is told of a step and those before it."""
_OF_ONE: dict[str, Grade] = {
    code: "note" if OF_TEXTS[code] == "note" else "warning" for code in SINGLE if code != "empty"
}
OF_OBSERVATIONS = ("same_observation",)
"""Those that are not about the words."""
_EXPLAIN_A_CHANGE = ("missing", "empty", "went_back")
FINDINGS: dict[str, Grade] = {**_OF_STEPS, **_OF_ONE}
"""Every finding, in the order in which a reader should meet them."""


@dataclass(frozen=True)
class _Before:
    """What a client's steps up to the last one leave behind."""

    seen: Seen
    words_since: int
    """Steps that the last words have held."""
    since_s: float
    """When they began."""
    words_before: str | None = None
    """Those before the last change in the episode."""
    held_before: int = 0
    """Steps that those had held."""
    same: int = 1
    """Times that the last observation came in a row."""
    stale_answer: bytes = b""
    """The answer from before the last change, as long as it comes again and again."""
    back_steps: int = 0
    """Steps that words from before a change have held again."""


class Watch:
    """Names what is odd about each step; with the training instructions, also what is unknown."""

    def __init__(self, trained: tuple[str, ...] = ()) -> None:
        self._known = {plain_form(text) for text in trained}
        self._nearest = Nearest(dict.fromkeys(trained))
        self._before: dict[int, _Before] = {}
        self._find = lru_cache(maxsize=10_000)(self._nearest.find)

    def look(self, seen: Seen, start_s: float = 0.0) -> Step:
        """The step with its findings; its time is since `start_s`."""
        before = self._before.get(seen.step.client)
        now = _after(before, seen)
        self._before[seen.step.client] = now
        found = _of_steps(before, now)
        words, nearest = seen.step.words, None
        if words is not None:
            found |= {code for code in codes_of(words) if code in FINDINGS}
            if self._known and "empty" not in found and plain_form(words) not in self._known:
                found.add("outside_training")
                if any(plain_form(each) in self._known for each in before_numbers(words)):
                    found.add("appended")
                nearest = self._find(words)[0]
                nearest = nearest and nearest[:MOST_WORDS_CHARACTERS]
        if not found.isdisjoint(_EXPLAIN_A_CHANGE):
            found -= {"changed", "changed_in_episode"}
        codes = tuple(code for code in FINDINGS if code in found)
        time_s = seen.step.time_s - start_s
        return replace(seen.step, time_s=time_s, findings=codes, nearest=nearest)

    def forget(self, client: int) -> None:
        """The connection has ended."""
        self._before.pop(client, None)


def _after(before: _Before | None, seen: Seen) -> _Before:
    now_s = seen.step.time_s
    if before is None or before.seen.step.episode != seen.step.episode:
        return _Before(seen, 1, now_s)
    last = before.seen
    is_same = seen.observation.has_arrays and seen.observation.rest == last.observation.rest
    same = before.same + 1 if is_same else 1
    content = seen.answer.content
    if seen.step.words != last.step.words:
        back = int(not is_same and _is_back(before, seen))
        is_stale = not is_same and content == last.answer.content and _has_fractions(seen)
        stale = content if is_stale else b""
        return _Before(seen, 1, now_s, last.step.words, before.words_since, same, stale, back)
    return replace(
        before,
        seen=seen,
        words_since=before.words_since + 1,
        same=same,
        stale_answer=before.stale_answer if content == before.stale_answer else b"",
        back_steps=before.back_steps + 1 if before.back_steps else 0,
    )


def _is_back(before: _Before, seen: Seen) -> bool:
    """Whether words that had held for long come again after few steps of others."""
    few = before.words_since
    return (
        seen.step.words == before.words_before
        and not before.back_steps
        and few <= FEW_STEPS
        and HELD_TIMES * few <= before.held_before
        and (few == 1 or seen.step.time_s - before.since_s <= FEW_SECONDS)
    )


def _has_fractions(seen: Seen) -> bool:
    """Answers of whole numbers alone, such as classes and zeros, are often equal by right."""
    return not all(map(float.is_integer, seen.step.action or ()))


def _of_steps(before: _Before | None, now: _Before) -> set[str]:
    step, found = now.seen.step, set[str]()
    if step.words is None:
        found.add("missing")
    if before is not None and now.words_since == 1 and before.seen.step.episode == step.episode:
        found.add("changed_in_episode" if step.episode else "changed")
    if 0 < now.back_steps <= FEW_STEPS:
        found.add("went_back")
    if now.same >= SAME_STEPS:
        found.add("same_observation")
    if now.stale_answer:
        found.add("same_answer")
    return found
