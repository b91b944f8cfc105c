"""The whole audit: every finding of every source, the gravest first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from heedmap.report.words.against import forms, outside_training, said_against_asked, truncated
from heedmap.report.words.finding import CODES, SEVERITIES, Finding, Severity, unreadable
from heedmap.report.words.foretold import foretold
from heedmap.report.words.nearest import Encode
from heedmap.report.words.sets import (
    only_one,
    same_task,
    scripts,
    single_findings,
    template,
    variants,
)
from heedmap.report.words.texts import Source

CountTokens = Callable[[list[str]], list[int]]


@dataclass(frozen=True)
class WordsAudit:
    """The sources, and what was found in them."""

    sources: tuple[Source, ...]
    findings: tuple[Finding, ...]

    def count(self, severity: Severity) -> int:
        """How many findings are so grave."""
        return sum(finding.severity == severity for finding in self.findings)

    def is_as_grave_as(self, severity: Severity) -> bool:
        """Whether a finding is that grave, or graver."""
        graver = SEVERITIES[: SEVERITIES.index(severity) + 1]
        return any(finding.severity in graver for finding in self.findings)


def find_all(
    sources: Sequence[Source],
    count_tokens: CountTokens | None = None,
    most_tokens: int | None = None,
    *,
    with_frames: bool = True,
    encode: Encode | None = None,
) -> WordsAudit:
    """Every finding, in the order in which a reader should meet them.

    `count_tokens` gives the tokens of each of several texts; with `most_tokens` of them, longer
    texts are found. `with_frames` looks at the first frames of recordings, too. `encode` is a
    sentence encoder, by which the nearest training instruction is found.
    """
    trained = [source for source in sources if source.role == "trained"]
    found: list[Finding] = []
    for source in sources:
        for check in (unreadable, single_findings, only_one, variants, same_task, template):
            found += check(source)
        if with_frames:
            found += foretold(source)
        others = [] if source.role == "trained" else trained
        found += scripts(source, others)
        found += said_against_asked(source, others)
        if others:
            found += outside_training(source, others, encode)
            found += forms(source, others)
        if count_tokens is not None and most_tokens is not None:
            found += truncated(source, count_tokens, most_tokens)
    order = {code: number for number, code in enumerate(CODES)}
    found.sort(key=lambda finding: order[finding.code])
    return WordsAudit(tuple(sources), tuple(found))
