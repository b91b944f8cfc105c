"""Rung 0, delivered: are the words that reach the policy those that were asked for?

It lies before any policy, so it is judged once for an audit: from what a tap recorded on the wire,
or from an audit of the words themselves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Literal

from pydantic import Field

from heedmap.frozen import Frozen
from heedmap.ladder.messages import Language, say, words_in

DeliveredCause = Literal[
    "not_asked",
    "empty_words",
    "split_words",
    "stale_words",
    "altered_words",
    "outside_training",
    "other_form",
]
"""Why the words are not those that were asked for, or not of the kind that training had."""

CAUSE_OF: dict[str, DeliveredCause] = {
    "change_not_said": "not_asked",
    "said_opposes": "not_asked",
    "said_differs": "not_asked",
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
    "form_differs": "other_form",
}
"""The cause that a finding on the words stands for, the gravest first; other findings say nothing
about rung 0."""


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
    is_compared: bool
    """Whether the words were held against training instructions."""
    findings: tuple[WordsFinding, ...] = ()
    """Those that have a cause: the gravest cause first, and of one cause the most frequent."""

    @property
    def status(self) -> Literal["holds", "fails", "not measured"]:
        """Of rung 0; "not measured" where nothing was said at all."""
        if not self.total:
            return "not measured"
        return "fails" if self.cause else "holds"

    @property
    def cause(self) -> DeliveredCause | None:
        """Of the gravest finding; None where there is none."""
        return CAUSE_OF.get(self.findings[0].code) if self.findings else None

    def sentence(self, language: Language | None = None) -> str:
        """Whether the rung holds, and what was found, with counts and one example."""
        words = words_in(language)
        if not self.total:
            return words("delivered_nothing")
        unit = "steps" if self.source == "tap" else "instructions"
        if self.cause is None:
            parts = [words("holds"), words(f"delivered_holds_{unit}", total=self.total)]
        else:
            parts = [words("fails"), *self._found(unit, words)]
        if not self.is_compared:
            parts.append(words(f"delivered_not_compared_{unit}"))
        return f"{parts[0]}. {' '.join(parts[1:])}"

    def _found(self, unit: str, words: Callable[..., str]) -> Iterator[str]:
        """The gravest finding with its example; the others by their codes."""
        first, *others = self.findings
        what = words(f"delivered_{self.cause}")
        yield words(f"delivered_in_{unit}", count=first.count, total=first.total, what=what)
        if first.example is not None:
            yield words("delivered_example", said=first.example)
        if first.other is not None:
            key = "delivered_asked" if self.cause == "not_asked" else "delivered_trained"
            yield words(key, other=first.other)
        if others:
            counts = Counter[str]()
            for other in others:
                counts[other.code] += other.count
            more = ", ".join(f"{code} ({count})" for code, count in counts.items())
            yield words("delivered_more", more=more)

    def fix(self, language: Language | None = None) -> str:
        """What to do about it; empty where nothing was found."""
        return "" if self.cause is None else say(f"fix_delivered_{self.cause}", language)


def delivered(
    source: Literal["tap", "words"],
    place: str,
    total: int,
    found: Iterable[WordsFinding],
    *,
    is_compared: bool,
) -> Delivered:
    """The facts of rung 0 from findings of any kind: those that say something about it."""
    order = list(dict.fromkeys(CAUSE_OF.values()))
    known = [finding for finding in found if finding.code in CAUSE_OF]
    known.sort(key=lambda finding: (order.index(CAUSE_OF[finding.code]), -finding.count))
    return Delivered(
        source=source, place=place, total=total, is_compared=is_compared, findings=tuple(known)
    )
