"""Policies of equal diagnosis together, and what the first screen says in one line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from heedmap.ladder.causes import NO_WORD_ARRIVES, RungName
from heedmap.ladder.messages import Language, say
from heedmap.report.page.bilingual import Bilingual, both, phrase
from heedmap.report.page.story import StoryRow

_RANK = {False: 0, None: 1, True: 2}
"""What is to be mended comes first."""


@dataclass(frozen=True)
class Group:
    """Policies whose diagnosis and remedy are the same."""

    rows: tuple[StoryRow, ...]
    why: Bilingual
    """What all of them share of the diagnosis, or that of the first, by its name."""

    @property
    def first(self) -> StoryRow:
        """Headline and remedy are those of all."""
        return self.rows[0]


def groups_of(rows: Sequence[StoryRow]) -> list[Group]:
    """Those that lose their instruction first, by rung; those that follow it last."""
    found: dict[tuple[str, ...], list[StoryRow]] = {}
    for row in rows:
        cause = row.policy.verdict.cause
        found.setdefault((row.headline.en, cause, row.fix.en), []).append(row)
    groups = [Group(tuple(group), _why(group)) for group in found.values()]
    return sorted(groups, key=lambda group: (_RANK[group.first.is_good], _first_failing(group)))


def _first_failing(group: Group) -> int:
    verdict = group.first.policy.verdict
    failing = verdict.first_failing
    return len(verdict.rungs) if failing is None else list(verdict.rungs).index(failing)


def _why(group: Sequence[StoryRow]) -> Bilingual:
    sentences = {row.cause.en: row.cause for row in group}
    if len(sentences) == 1:
        return group[0].cause
    first = group[0]
    return both(
        lambda language: say(
            "why_of_one", language, policy=first.policy.name, sentence=first.cause.of(language)
        )
    )


def summary_of(rows: Sequence[StoryRow]) -> list[Bilingual]:
    """How many follow; where the others lose it, most of them first; where no word arrives."""
    follows = sum(row.is_good is True for row in rows)
    said = [phrase("sum_follow", follows=follows, total=len(rows))]
    lost: dict[RungName, list[StoryRow]] = {}
    for row in rows:
        failing = row.policy.verdict.first_failing
        if row.is_good is False and failing is not None:
            lost.setdefault(failing, []).append(row)
    for rung, own in sorted(lost.items(), key=lambda entry: -len(entry[1])):
        said.append(both(lambda language, rung=rung, own=own: _lost(rung, own, language)))
    if undecided := sum(row.is_good is None for row in rows):
        said.append(phrase("sum_open", count=undecided))
    beside = [row for row in rows if row.is_good and _no_word(row)]
    if beside:
        unreached = sum(_no_word(row) for row in rows)
        said.append(phrase("sum_beside", unreached=unreached, total=len(rows), follows=len(beside)))
    return said


def _lost(rung: RungName, rows: Sequence[StoryRow], language: Language) -> str:
    number = 1 + list(rows[0].policy.verdict.rungs).index(rung)
    failing = say(f"lost_{rung}", language)
    return say("sum_lost", language, count=len(rows), number=number, failing=failing)


def _no_word(row: StoryRow) -> bool:
    """Whether no word reaches the transformer's action rows."""
    verdict = row.policy.verdict
    return bool(NO_WORD_ARRIVES & {verdict.cause, *verdict.notes})
