"""One line for each policy and instruction: the published values, what was measured, the action.

The published page has one frame. Of several, shares are means over frames, and actions are counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from heedmap.record.record import Case, PolicyResult
from heedmap.record.regions import is_image
from heedmap.record.result import Result
from heedmap.record.tables import LayoutKind
from heedmap.report.tables import Shares, SummaryRow, cases, mean_shares, summary_rows

_MOST_VALUES = 4


@dataclass(frozen=True)
class ChosenAction:
    """What was done under one instruction, on how many frames."""

    label: str
    is_right: bool | None
    count: int


@dataclass(frozen=True)
class TwoShares:
    """Attention to all cameras and to the text; None where the sequence has no such position."""

    image: float | None
    text: float | None


@dataclass(frozen=True)
class SummaryLine:
    """One policy under one instruction. `declared` is None where nothing was declared."""

    policy: str
    instruction: str
    text_len: int | None
    declared_last: TwoShares | None
    declared_mean: TwoShares | None
    measured_last: TwoShares | None
    measured_mean: TwoShares | None
    """None where no attention was seen."""
    chosen: tuple[ChosenAction, ...]
    frames: int


def summary_lines(result: Result, policy: PolicyResult) -> list[SummaryLine]:
    """The lines of one policy, in the record's order of instructions."""
    by_instruction: dict[str, list[Case]] = {}
    for case in cases(result, policy):
        by_instruction.setdefault(case.instruction, []).append(case)
    expected = {i.name: i.expected_action for i in result.record.instructions}
    rows: dict[LayoutKind, list[SummaryRow]] = {
        kind: summary_rows(result, kind, policy.name) for kind in ("declared", "measured")
    }
    found: list[SummaryLine] = []
    for name, own in by_instruction.items():
        of = {kind: [row for row in rows[kind] if row.instruction == name] for kind in rows}
        counts = {case.token_count for case in own}
        found.append(
            SummaryLine(
                policy=policy.name,
                instruction=name,
                text_len=counts.pop() if len(counts) == 1 else None,
                declared_last=_two(row.last for row in of["declared"]),
                declared_mean=_two(row.mean for row in of["declared"]),
                measured_last=_two(row.last for row in of["measured"]),
                measured_mean=_two(row.mean for row in of["measured"]),
                chosen=_chosen(own, expected[name]),
                frames=len(own),
            )
        )
    return found


def action_label(case: Case) -> str:
    """The chosen class, or the values of a continuous action."""
    if case.action.name is not None:
        return case.action.name
    values = ", ".join(f"{value:.3g}" for value in case.action.values[:_MOST_VALUES])
    return f"({values}{', …' if len(case.action.values) > _MOST_VALUES else ''})"


def _chosen(own: list[Case], expected: str | None) -> tuple[ChosenAction, ...]:
    """The most frequent first."""
    counted = Counter((action_label(case), case.action.meets(expected)) for case in own)
    return tuple(
        ChosenAction(label, is_right, count) for (label, is_right), count in counted.most_common()
    )


def _two(rows: Iterable[Shares]) -> TwoShares | None:
    held = list(rows)
    if not held:
        return None
    shares = mean_shares(held)
    images = [share for region, share in shares.items() if is_image(region)]
    return TwoShares(
        image=sum(images) if images else None,
        text=shares.get("text", shares.get("instruction")),
    )
