"""The rule of the page "Action-Token Attention Analysis" (MoNaVLA), and whether it is right.

The rule: where the declared text gets almost no attention, the policy ignores its
instruction. It is judged by the ladder, which intervenes instead of looking.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from heedmap.ladder.details import detail_texts
from heedmap.ladder.messages import Language, words_in
from heedmap.ladder.messages.numbers import percent, ranges
from heedmap.ladder.thresholds import IGNORES_BELOW_SHARE
from heedmap.record.disagreements import policy_disagreements
from heedmap.record.record import PolicyResult
from heedmap.record.result import Result
from heedmap.report.tables import summary_rows
from heedmap.report.wording import ABSENT, composition_text

Says = Literal["ignores", "reads", "nothing"]
Judged = Literal["right", "wrong", "unfounded", "open"]
"""`unfounded`: the figure is no evidence for what the rule concludes from it."""


@dataclass(frozen=True)
class PublishedRule:
    """What the rule says of one policy, and what the ladder says of that."""

    says: Says
    share: float | None
    """Of the declared text: mean over layers, instructions and frames."""
    judged: Judged
    reason: str
    """Key of the reason in the catalogue."""


def published_rule(result: Result, policy: PolicyResult) -> PublishedRule:
    """Apply the rule to the declared regions, and compare it with the verdict."""
    shares = [
        row.mean["text"]
        for row in summary_rows(result, "declared", policy.name)
        if "text" in row.mean
    ]
    if not shares:
        return PublishedRule("nothing", None, "open", "rule_undeclared")
    share = sum(shares) / len(shares)
    if share < IGNORES_BELOW_SHARE:
        return PublishedRule("ignores", share, *_of_ignoring(policy))
    return PublishedRule("reads", share, *_of_reading(policy))


def _of_ignoring(policy: PolicyResult) -> tuple[Judged, str]:
    rungs = policy.verdict.rungs
    if rungs["obeyed"].status == "holds":
        by_bypass = rungs["present"].status == "fails"
        return "wrong", "rule_obeys_by_bypass" if by_bypass else "rule_obeys"
    if rungs["present"].status == "fails":
        return "unfounded", "rule_absent"
    if rungs["visible"].status == "fails":
        return "unfounded", "rule_masked"
    if rungs["used"].status == "holds":
        return "wrong", "rule_used"
    if "fails" in (rungs["used"].status, rungs["obeyed"].status):
        return "right", "rule_confirmed"
    return "open", "rule_open"


def _of_reading(policy: PolicyResult) -> tuple[Judged, str]:
    rungs = policy.verdict.rungs
    if rungs["obeyed"].status == "holds":
        return "right", "rule_reads_and_obeys"
    if rungs["present"].status == "fails":
        return "wrong", "rule_reads_absent"
    if "fails" in (rungs["used"].status, rungs["obeyed"].status):
        return "wrong", "rule_reads_in_vain"
    return "open", "rule_open"


def rule_text(
    rule: PublishedRule, policy: PolicyResult, language: Language = "en"
) -> tuple[str, str]:
    """What the rule says, and why that is right or not."""
    words = words_in(language)
    said = words(f"rule_says_{rule.says}", share=percent(rule.share))
    claim = next((c for c in policy_disagreements(policy) if c.region == "text"), None)
    reason = words(
        rule.reason,
        positions=ABSENT if claim is None else ranges(claim.positions),
        composition=ABSENT if claim is None else composition_text(claim.measured, language),
        module=policy.verdict.bypass.module or ABSENT,
        rate=detail_texts(policy.verdict.details, language)["rate"],
    )
    return said, reason
