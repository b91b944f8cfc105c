"""Rung 0, delivered: are the words that reach the policy those that were asked for?

It lies before any policy, so it is judged once for an audit: from what a tap recorded on the wire,
or from an audit of the words themselves.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from heedmap.frozen import Frozen
from heedmap.ladder.messages import Language, say

DeliveredCause = Literal[
    "not_asked", "empty_words", "split_words", "stale_words", "altered_words", "outside_training"
]
"""Why the words are not those that were asked for, or not of the kind that training had."""

CAUSE_OF: dict[str, DeliveredCause] = {
    "change_not_said": "not_asked",
    "said_differs": "not_asked",
    "said_opposes": "not_asked",
    "missing": "empty_words",
    "empty": "empty_words",
    "placeholder": "empty_words",
    "characters": "split_words",
    "went_back": "stale_words",
    "preamble": "altered_words",
    "appended": "altered_words",
    "truncated": "altered_words",
    "cut_short": "altered_words",
    "markup": "altered_words",
    "garbled": "altered_words",
    "identifier": "altered_words",
    "outside_training": "outside_training",
    "form_differs": "outside_training",
    "script": "outside_training",
}
"""The cause that a finding on the words stands for; other findings say nothing about rung 0."""


class WordsFinding(Frozen):
    """One kind of oddity of the words that reach a policy."""

    code: str
    count: int = Field(ge=1)
    """Instructions, or steps on the wire, that show it."""
    total: int = Field(ge=1)
    example: str | None = None
    """The words of one of them."""
    other: str | None = None
    """What was asked for, or the nearest training instruction."""


class Delivered(Frozen):
    """What is known of the words before the policy."""

    source: Literal["tap", "words"]
    place: str
    """The recording, or the file of the audit."""
    total: int = Field(ge=0)
    """Instructions, or steps on the wire."""
    findings: tuple[WordsFinding, ...] = ()
    """Those that have a cause, in the order of `CAUSE_OF`."""

    @property
    def status(self) -> Literal["holds", "fails", "not measured"]:
        """Of rung 0; "not measured" where nothing was said at all."""
        if not self.total:
            return "not measured"
        return "fails" if self.findings else "holds"

    @property
    def cause(self) -> DeliveredCause | None:
        """Of the gravest finding; None where there is none."""
        return CAUSE_OF[self.findings[0].code] if self.findings else None

    def sentence(self, language: Language = "en") -> str:
        """What was found, with counts and one example."""
        if not self.total:
            return say("delivered_nothing", language)
        unit = "steps" if self.source == "tap" else "instructions"
        if self.cause is None:
            return say(f"delivered_holds_{unit}", language, total=self.total)
        first = self.findings[0]
        counts = {"count": first.count, "total": first.total}
        parts = [
            say(f"delivered_{self.cause}", language),
            say(f"delivered_count_{unit}", language, **counts),
        ]
        if first.example is not None:
            key = "delivered_example" if first.other is None else "delivered_example_beside"
            parts.append(say(key, language, said=first.example, other=first.other or ""))
        return " ".join(parts)

    def fix(self, language: Language = "en") -> str:
        """What to do about it; empty where nothing was found."""
        return "" if self.cause is None else say(f"fix_delivered_{self.cause}", language)


def delivered(
    source: Literal["tap", "words"], place: str, total: int, found: list[WordsFinding]
) -> Delivered:
    """The facts of rung 0 from findings of any kind: those that say something about it."""
    order = list(CAUSE_OF)
    known = [finding for finding in found if finding.code in CAUSE_OF]
    known.sort(key=lambda finding: order.index(finding.code))
    return Delivered(source=source, place=place, total=total, findings=tuple(known))
