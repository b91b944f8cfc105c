"""The scoreboard as a Markdown page, figures as they came out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from heedmap.testbed.scoreboard.summary import Summary


def markdown(summary: Summary, command: str) -> str:
    """The whole page; `command` is what made it."""
    total = len(summary.rows)
    lines = [
        "# Scoreboard",
        "",
        f"Made by `{command}` on {datetime.now(UTC):%Y-%m-%d}.",
        "",
        f"{total} policies, {summary.causes} causes and {summary.healthy} healthy ones. Exact "
        f"cause (and bypass module): **{summary.right} of {total}**, {summary.right / total:.1%} "
        f"(95 % Wilson interval {summary.low:.1%} to {summary.high:.1%}). False alarms on healthy "
        f"policies: **{summary.false_alarms} of {summary.healthy}**.",
        "",
        "Training and planted faults are described in `specimens/population.py` and",
        "`specimens/faults.py`. Thresholds were chosen on members that are not among these.",
        "",
        "## Planted against named",
        "",
        *_table(
            ("planted", "named", "policies"),
            [(p, n, str(count)) for (p, n), count in sorted(summary.confusion.items())],
        ),
        "",
        "## Does it follow its instruction? Rules compared",
        "",
        "*Missed*: does not follow, called following. *False alarms*: follows, called not",
        "following. The best thresholds were chosen on these very policies, which flatters them.",
        "",
        *_table(
            ("rule", "right", "missed", "false alarms"),
            [
                (r.rule, f"{r.right} of {total}", str(r.missed), str(r.wronged))
                for r in summary.rated
            ],
        ),
        "",
        "## Does attention predict what cutting does?",
        "",
        "Spearman's rank correlation, over layers and heads (rollout: over layers), between what",
        "is read from attention on the instruction and how far cutting the action row's edges to",
        "it moves the action; policies on which `used` holds.",
        "",
        *_table(
            ("read from attention", "policies", "median", "lowest", "highest"),
            [
                (
                    c.reading,
                    str(c.policies),
                    _signed(c.median),
                    _signed(c.lowest),
                    _signed(c.highest),
                )
                for c in summary.correlations
            ],
        ),
        "",
        "From one policy to another: rank correlation of the figure (mean over layers and heads)",
        "with what cutting the instruction out takes away (`mediated`).",
        "",
        *_table(
            ("figure", "policies", "correlation"),
            [(a.reading, str(a.policies), _signed(a.correlation)) for a in summary.across],
        ),
        "",
        "## Every policy",
        "",
        *_table(
            ("policy", "planted", "named", "share", "IVAR", "mediated", "followed"),
            [
                (
                    row.plant,
                    row.planted,
                    row.named if row.right else f"**{row.named}**",
                    *(_number(v) for v in (row.share, row.ivar, row.mediated, row.following)),
                )
                for row in summary.rows
            ],
        ),
        "",
        "*share*, *IVAR*: the action row's attention on the instruction. *mediated*: bits of the",
        "difference between instructions' actions that cutting takes away. *followed*: share of",
        "actions as asked.",
    ]
    return "\n".join(lines) + "\n"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    return [
        "| " + " | ".join(head) + " |",
        "|" + "---|" * len(head),
        *("| " + " | ".join(row) + " |" for row in rows),
    ]


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _signed(value: float | None) -> str:
    return "-" if value is None else f"{value:+.2f}"
