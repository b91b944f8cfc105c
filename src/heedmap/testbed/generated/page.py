"""A scoreboard of generated policies as a Markdown page."""

from __future__ import annotations

from collections.abc import Iterable

from heedmap.ladder.messages import has_message, say
from heedmap.testbed.generated.score import Contradiction, Judged, Scoreboard, worst_first
from heedmap.testbed.scoreboard.page import rules_table


def markdown(board: Scoreboard, command: str) -> str:
    """The whole page; `command` is what made it."""
    lines = [
        f"# {say('scoreboard_title')}",
        "",
        say("scoreboard_made_by", command=f"`{command}`"),
        "",
        *(f"- {line}" for line in summary_lines(board)),
        "",
        f"## {say('scoreboard_confusion')}",
        "",
        *_table(
            (say("scoreboard_true"), say("score_named"), say("scoreboard_policies")),
            (
                (named_text(true), named_text(named), str(count))
                for (true, named), count in board.confusion.items()
            ),
        ),
        "",
        *_rules(board),
        f"## {say('scoreboard_wrong')}",
        "",
        *_table(
            (
                *(say("scoreboard_policy"), say("scoreboard_true"), say("score_named")),
                *(say("scoreboard_failing"), say("scoreboard_remark")),
            ),
            (
                (each.name, *judgement(each), remark(each))
                for each in worst_first(board.judged)
                if not each.is_right or each.contradiction
            ),
        ),
    ]
    return "\n".join(lines) + "\n"


def _rules(board: Scoreboard) -> list[str]:
    """What attention alone would have said, where it was read."""
    if not board.rated:
        return []
    head, rows = rules_table(board.rated, board.read)
    about = f"{say('scoreboard_rules_of', read=board.read)} {say('board_rules_about')}"
    return [f"## {say('score_rules')}", "", about, "", *_table(head, rows), ""]


def summary_lines(board: Scoreboard) -> list[str]:
    """One sentence a figure."""
    total = board.total
    if total == 0:
        return [say("scoreboard_made", number=0, total=len(board.unmade))]
    lines: list[str] = []
    for key, number, interval in (
        ("scoreboard_exact", board.exact, board.exact_interval),
        ("scoreboard_right", board.right, board.right_interval),
    ):
        share, low, high = (f"{value:.1%}" for value in (number / total, *interval))
        lines.append(say(key, number=number, total=total, share=share, low=low, high=high))
    alarms, healthy = len(board.false_alarms), board.healthy
    return [
        *lines,
        say("scoreboard_contradictions", number=len(board.contradictions), total=total),
        say("scoreboard_alarms", number=alarms, total=healthy),
        say("scoreboard_refused", number=len(board.with_problem("refused")), total=total),
        say("scoreboard_crashed", number=len(board.with_problem("crashed")), total=total),
        say("scoreboard_made", number=total, total=total + len(board.unmade)),
    ]


def named_text(code: str) -> str:
    """A cause, a refusal or a crash in words; a dash as it is."""
    keys = (f"cause_name_{code}", f"scoreboard_named_{code}")
    return next((say(key) for key in keys if has_message(key)), code)


def judgement(each: Judged) -> tuple[str, str, str]:
    """True cause, named cause and the step that fails, in words; a dash where there is none."""
    failing = "-" if each.failing is None else say(f"rung_{each.failing}")
    return named_text(each.cause), named_text(each.named or "-"), failing


def remark(each: Judged) -> str:
    """What is wrong, in a few words; empty where the cause is all that is wrong."""
    if each.problem is not None:
        return each.message or ""
    contradiction = each.contradiction
    return "" if contradiction is None else say(_CONTRADICTS[contradiction])


_CONTRADICTS: dict[Contradiction, str] = {
    "obeys_but_fails": "contradicts_obeys_but_fails",
    "silent_but_used": "contradicts_silent_but_used",
    "silent_but_obeyed": "contradicts_silent_but_obeyed",
}
"""Their messages."""


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    return [
        "| " + " | ".join(head) + " |",
        "|" + "---|" * len(head),
        *("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows),
    ]
