"""The first screen: what was given, the ladder of every policy, and what it means."""

from __future__ import annotations

from dataclasses import dataclass

from heedmap.ladder.messages import Language, say
from heedmap.ladder.messages.numbers import counted, percent
from heedmap.ladder.verdict import Details, Status
from heedmap.ladder.wording import cause_name, rung_name, verdict_sentences, verdict_text
from heedmap.record.disagreements import policy_disagreements
from heedmap.record.record import PolicyResult
from heedmap.record.result import Result
from heedmap.report.page.bilingual import Bilingual, both, phrase
from heedmap.report.published_rule import Judged, published_rule, rule_text
from heedmap.report.tables import cases
from heedmap.report.verdict_words import headline
from heedmap.report.wording import ABSENT, claim_text

_MARKS: dict[Status, str] = {"holds": "✓", "fails": "✗", "not measured": ABSENT}


@dataclass(frozen=True)
class Mark:
    """One rung of one policy."""

    name: Bilingual
    status: Bilingual
    css: str
    sign: str


@dataclass(frozen=True)
class Chosen:
    """The action under one instruction on the first frame."""

    instruction: str
    action: str
    is_right: bool | None


@dataclass(frozen=True)
class StoryRow:
    """One policy on the first screen."""

    policy: PolicyResult
    number: int
    """Its place in the record, from 1."""
    marks: tuple[Mark, ...]
    headline: Bilingual
    is_good: bool | None
    """None where nothing can be said."""
    sentence: Bilingual
    cause: Bilingual
    """The first part of the sentence: what is said of the cause."""
    cause_name: Bilingual
    fix: Bilingual
    followed: Bilingual
    """How often the action was the expected one, and what chance gives; a dash where unknown."""
    to_mend: bool
    rule_says: Bilingual
    rule_line: Bilingual
    """The same in short."""
    rule_judged: Judged
    rule_mark: Bilingual
    rule_reason: Bilingual
    chosen: tuple[Chosen, ...]
    claims: tuple[Bilingual, ...]
    transformer: str | None


def story_rows(result: Result) -> list[StoryRow]:
    """One a policy, in the record's order."""
    return [_row(result, number, policy) for number, policy in enumerate(result.record.policies, 1)]


def _row(result: Result, number: int, policy: PolicyResult) -> StoryRow:
    rule = published_rule(result, policy)
    head = headline(policy.verdict)
    return StoryRow(
        policy=policy,
        number=number,
        marks=tuple(_marks(policy)),
        headline=both(head.text),
        is_good=head.is_good,
        sentence=both(lambda language: verdict_text(policy.verdict, language)[0]),
        cause=both(lambda language: verdict_sentences(policy.verdict, language)[0][0]),
        cause_name=both(lambda language: cause_name(policy.verdict.cause, language)),
        fix=both(lambda language: verdict_text(policy.verdict, language)[1]),
        followed=both(lambda language: _followed(policy, language)),
        to_mend=policy.verdict.cause != "none",
        rule_says=both(lambda language: rule_text(rule, policy, language)[0]),
        rule_line=phrase(f"rule_line_{rule.says}", share=percent(rule.share)),
        rule_judged=rule.judged,
        rule_mark=phrase("rule_open_mark" if rule.judged == "open" else f"rule_{rule.judged}"),
        rule_reason=both(lambda language: rule_text(rule, policy, language)[1]),
        chosen=tuple(_chosen(result, policy)),
        claims=tuple(
            both(lambda language, claim=claim: claim_text(claim, language))
            for claim in policy_disagreements(policy)
        ),
        transformer=", ".join(s.pattern for s in policy.measurements.stacks if s.taken) or None,
    )


def _followed(policy: PolicyResult, language: Language) -> str:
    details = policy.verdict.details
    if not isinstance(details, Details) or details.rate is None:
        return ABSENT
    rate = counted(details.rate, language, each=details.instructions)
    return say("followed_of", language, rate=rate, chance=percent(details.chance))


def _marks(policy: PolicyResult) -> list[Mark]:
    keys: dict[Status, str] = {"holds": "holds", "fails": "fails", "not measured": "unmeasured"}
    return [
        Mark(
            name=both(lambda language, rung=rung: rung_name(rung, language)),
            status=phrase(keys[found.status]),
            css=keys[found.status],
            sign=_MARKS[found.status],
        )
        for rung, found in policy.verdict.rungs.items()
    ]


def _chosen(result: Result, policy: PolicyResult) -> list[Chosen]:
    """On the first frame."""
    expected = {i.name: i.expected_action for i in result.record.instructions}
    first = result.record.frames[0].name
    found: list[Chosen] = []
    for case in cases(result, policy):
        if case.frame != first:
            continue
        wanted, name = expected[case.instruction], case.action.name
        values = ", ".join(f"{value:.3g}" for value in case.action.values[:8])
        found.append(
            Chosen(
                instruction=case.instruction,
                action=f"({values})" if name is None else name,
                is_right=case.action.meets(wanted),
            )
        )
    return found
