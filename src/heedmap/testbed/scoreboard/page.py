"""The scoreboard as a Markdown page, figures as they came out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from math import inf

from heedmap.ladder.messages import say
from heedmap.ladder.wording import cause_name
from heedmap.testbed.scoreboard.rules import Rated
from heedmap.testbed.scoreboard.summary import Row, Summary


def markdown(summary: Summary, command: str) -> str:
    """The whole page, in the terminal's language; `command` is what made it."""
    parts = [
        f"# {say('board_title')}",
        say("board_made_by", command=f"`{command}`", date=f"{datetime.now(UTC):%Y-%m-%d}"),
        _in_one_paragraph(summary),
        say("board_about"),
        f"## {say('score_causes')}",
        _confusion(summary),
        f"## {say('score_rules')}",
        say("board_rules_about"),
        _rules(summary),
        f"## {say('board_predicts')}",
        say("board_predicts_about"),
        _correlations(summary),
        say("board_across_about"),
        _across(summary),
        f"## {say('board_every')}",
        _policies(summary.rows),
        say("board_columns"),
    ]
    return "\n\n".join(parts) + "\n"


def rule_name(rated: Rated) -> str:
    """A rule in words, with the least figure that it calls following."""
    if rated.rule == "heedmap":
        return "heedmap"
    threshold = inf if rated.threshold is None else rated.threshold
    figure = f"{threshold:.0%}" if rated.rule == "published" else f"{threshold:.3f}"
    figure = figure.replace("inf", "∞")
    return say(f"score_rule_{rated.rule}", threshold=figure)


def _in_one_paragraph(summary: Summary) -> str:
    total = len(summary.rows)
    return say(
        "board_lead",
        total=total,
        causes=summary.causes,
        healthy=summary.healthy,
        right=summary.right,
        share=f"{summary.right / total:.1%}",
        low=f"{summary.low:.1%}",
        high=f"{summary.high:.1%}",
        alarms=summary.false_alarms,
    )


def _confusion(summary: Summary) -> str:
    head = (say("score_planted"), say("score_named"), say("scoreboard_policies"))
    return _table(
        head,
        [
            (cause_name(planted), cause_name(named), str(count))
            for (planted, named), count in sorted(summary.confusion.items())
        ],
    )


def _rules(summary: Summary) -> str:
    return _table(*rules_table(summary.rated, len(summary.rows)))


def rules_table(
    rated: Iterable[Rated], total: int
) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Head and rows: each rule, how often it is right, and its mistakes of both kinds."""
    keys = ("score_rule", "score_right", "score_missed", "score_wronged")
    rows = [
        (
            *(rule_name(each), say("score_of", right=each.right, total=total)),
            *(str(each.missed), str(each.wronged)),
        )
        for each in rated
    ]
    return tuple(map(say, keys)), rows


def _correlations(summary: Summary) -> str:
    keys = ("score_reading", "scoreboard_policies", "median", "lowest", "highest")
    return _table(
        map(say, keys),
        [
            (
                *(say(f"score_reading_{each.reading}"), str(each.policies)),
                *map(_signed, (each.median, each.lowest, each.highest)),
            )
            for each in summary.correlations
        ],
    )


def _across(summary: Summary) -> str:
    keys = ("score_reading", "scoreboard_policies", "board_correlation")
    return _table(
        map(say, keys),
        [
            (say(f"score_reading_{a.reading}"), str(a.policies), _signed(a.correlation))
            for a in summary.across
        ],
    )


def _policies(rows: Iterable[Row]) -> str:
    keys = (
        *("score_plant", "score_planted", "score_named", "score_reading_share"),
        *("score_reading_ivar", "board_mediated", "board_followed"),
    )
    return _table(
        map(say, keys),
        [
            (
                *(row.plant, cause_name(row.planted)),
                cause_name(row.named) if row.right else f"**{cause_name(row.named)}**",
                *map(_number, (row.share, row.ivar, row.mediated, row.following)),
            )
            for row in rows
        ],
    )


def _table(head: Iterable[str], rows: Iterable[tuple[str, ...]]) -> str:
    heads = list(head)
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _signed(value: float | None) -> str:
    return "-" if value is None else f"{value:+.2f}"
