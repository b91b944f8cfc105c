"""Rows of the comparison tables, for the terminal, Markdown and the page."""

from __future__ import annotations

from dataclasses import replace

from heedmap.report.compare.comparison import Comparison
from heedmap.report.page.story import StoryRow, story_rows
from heedmap.report.summary_lines import SummaryLine, summary_lines


def ladder_rows(comparison: Comparison) -> list[StoryRow]:
    """The story of every policy under its unique name, in order."""
    stories = {
        (source.label, row.policy.name): row
        for source in comparison.sources
        for row in story_rows(source.result)
    }
    return [
        replace(stories[entry.source.label, entry.policy.name], policy=entry.renamed)
        for entry in comparison.entries
    ]


def all_summary_lines(comparison: Comparison) -> list[SummaryLine]:
    """The published summary of every policy under its unique name."""
    return [
        replace(line, policy=entry.name)
        for entry in comparison.entries
        for line in summary_lines(entry.source.result, entry.policy)
    ]
