"""A comparison in the terminal: what is compared, the ladder, the differences, the summary."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from rich.console import Console
from rich.table import Table
from rich.text import Text

from heedmap.ladder.messages import say
from heedmap.report.compare.comparison import Comparison
from heedmap.report.compare.differences import Difference, differences
from heedmap.report.compare.rows import all_summary_lines
from heedmap.report.compare.wording import (
    difference_text,
    figure_text,
    lead_text,
    note_text,
    p_text,
    value_text,
    why_text,
)
from heedmap.report.ladder_table import ladder_table
from heedmap.report.rich_tables import folded, plain_table
from heedmap.report.terminal import print_fitting
from heedmap.report.terminal_story import story_summary_table
from heedmap.report.wording import declared_text
from heedmap.visible import one_line

_NAME_WIDTH = 38
"""What the figures leave of 100 columns, and more than names of checkpoints often have."""


def print_comparison(comparison: Comparison, console: Console) -> None:
    """Print everything; nothing is lost at 100 columns."""
    console.print(Text(say("compare_title"), style="bold"))
    console.print(Text(one_line(lead_text(comparison))))
    for note in comparison.notes:
        console.print(Text(f"- {one_line(note_text(note))}", style="dim"))
    policies = [entry.renamed for entry in comparison.entries]
    ladder = partial(ladder_table, policies, encoding=console.encoding)
    close = partial(ladder, compact=True)
    print_fitting(console, ladder, close, partial(close, fold=True))
    build = partial(difference_table, comparison, differences(comparison))
    print_fitting(console, build, partial(build, compact=True))
    lines = all_summary_lines(comparison)
    if lines:
        build = partial(story_summary_table, lines, declared_text(policies), console.encoding)
        close = partial(build, compact=True)
        print_fitting(console, build, close, partial(close, stacked=True))
        console.print(Text(say("absent_note"), style="dim"))


def difference_table(
    comparison: Comparison, items: Sequence[Difference], *, compact: bool = False
) -> Table:
    """A block of rows a figure: the baseline's, then every other policy's with its difference."""
    baseline = one_line(comparison.baseline.name)
    table = plain_table(say("difference_heading", baseline=baseline), compact)
    table.add_column(say("model"), overflow="fold", max_width=_NAME_WIDTH if compact else None)
    for name in ("value_column", "difference_column", "p_column", "pairs_column"):
        table.add_column(say(name), justify="right", no_wrap=True)
    for figure in dict.fromkeys(each.figure for each in items):
        own = [each for each in items if each.figure is figure]
        table.add_row(Text(figure_text(own[0]), style="bold"))
        _add_figure(table, baseline, own, _NAME_WIDTH if compact else 0)
        table.add_section()
    table.caption = Text(say("difference_note"), style="dim")
    return table


def _add_figure(table: Table, baseline: str, own: Sequence[Difference], width: int) -> None:
    """One figure's rows. Policies without a difference are only counted, by the reason."""
    table.add_row(Text(folded(baseline, width), style="dim"), value_text(own[0], own[0].baseline))
    without: dict[str, int] = {}
    notes: dict[str, None] = {}
    for each in own:
        why = why_text(each)
        if each.difference is None:
            without[why] = without.get(why, 0) + 1
            continue
        if why:
            notes[why] = None
        table.add_row(
            Text(folded(each.policy, width)),
            value_text(each, each.value),
            Text(difference_text(each), style="bold" if each.is_beyond_chance else ""),
            *([p_text(each.p_adjusted), str(each.pairs)] if each.pairs else ["", ""]),
        )
    counted = [say("without", count=count, why=why) for why, count in without.items()]
    for text in (*notes, *counted):
        table.add_row(Text(f"({text})", style="dim"))
