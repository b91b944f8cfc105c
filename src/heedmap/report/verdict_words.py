"""A verdict in half a line: failed at which step, or followed."""

from __future__ import annotations

from dataclasses import dataclass

from heedmap.ladder.causes import NO_WORD_ARRIVES, UNDECIDED, RungName
from heedmap.ladder.messages import Language, say
from heedmap.ladder.verdict import Verdict


@dataclass(frozen=True)
class Headline:
    """The headline of a policy."""

    key: str
    is_good: bool | None
    """None where nothing can be said."""
    rung: RungName | None = None
    number: int | None = None

    def text(self, language: Language | None = None) -> str:
        """In half a line."""
        if self.rung is None or self.number is None:
            return say(self.key, language)
        failing = say(f"lost_{self.rung}", language)
        return say(self.key, language, number=self.number, failing=failing)


def headline(verdict: Verdict) -> Headline:
    """Whether the policy follows its instruction, or the first rung that fails."""
    obeyed = verdict.rungs["obeyed"].status
    first = verdict.first_failing
    if verdict.cause in UNDECIDED:
        return Headline("head_open", None)
    if obeyed == "holds":
        if first is not None:
            return Headline("head_follows_bypass", True)
        if verdict.cause != "bypass":
            return Headline("head_follows", True)
        is_only_way = bool(NO_WORD_ARRIVES & set(verdict.notes))
        return Headline("head_follows_bypass" if is_only_way else "head_follows_both", True)
    if first is None:
        return Headline("head_no_fault", None)
    return Headline("head_lost", False, first, 1 + list(verdict.rungs).index(first))
