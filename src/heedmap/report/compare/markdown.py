"""A comparison as Markdown, for a pull request that brings another checkpoint."""

from __future__ import annotations

from heedmap.ladder.messages import Language, words_in
from heedmap.report.compare.comparison import Comparison
from heedmap.report.compare.differences import differences
from heedmap.report.compare.rows import all_summary_lines, ladder_rows
from heedmap.report.compare.wording import (
    difference_text,
    figure_text,
    lead_text,
    note_text,
    p_text,
    value_text,
    why_text,
)
from heedmap.report.markdown import ladder, made_by, summary, table, to_do
from heedmap.report.untrusted import markdown_code, markdown_text


def comparison_to_markdown(comparison: Comparison, language: Language = "en") -> str:
    """What is compared, the ladder, the differences, the summary; ends with a line end."""
    words = words_in(language)
    rows = ladder_rows(comparison)
    notes = [f"- {markdown_text(note_text(note, language))}" for note in comparison.notes]
    heading = words("difference_heading", baseline=markdown_code(comparison.baseline.name))
    blocks = [
        f"### {words('compare_title')}",
        markdown_text(lead_text(comparison, language)),
        "\n".join(notes),
        f"#### {words('ladder_heading')}",
        ladder(rows, language),
        words("ladder_note"),
        to_do(rows, language),
        f"#### {heading}",
        _differences(comparison, language),
        words("difference_note"),
        f"#### {words('compared_summary')}",
        summary(all_summary_lines(comparison), words),
        words("absent_note"),
        made_by(comparison.baseline.source.result.record, language),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _differences(comparison: Comparison, language: Language) -> str:
    words = words_in(language)
    keys = ["figure_column", "model", "value_column", "baseline_column", "difference_column"]
    heads = [words(key) for key in (*keys, "p_column", "pairs_column", "why_column")]
    rows = []
    for item in differences(comparison):
        shown = difference_text(item, language)
        rows.append(
            [
                markdown_text(figure_text(item, language)),
                markdown_code(item.policy),
                value_text(item, item.value),
                value_text(item, item.baseline),
                f"**{shown}**" if item.is_beyond_chance else shown,
                markdown_text(p_text(item.p_adjusted)),
                str(item.pairs) if item.pairs else "",
                why_text(item, language),
            ]
        )
    return table(heads, rows, right=range(2, 7))
