"""A comparison as one self-contained HTML page, in the look and languages of the report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from heedmap.errors import RecordError
from heedmap.ladder.messages import Language
from heedmap.phrase import Phrase
from heedmap.record.files import write_whole
from heedmap.report.compare.comparison import Comparison
from heedmap.report.compare.differences import Difference, differences
from heedmap.report.compare.figures import curves, forest
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
from heedmap.report.figures.colors import COLORS, OTHER_COLOR
from heedmap.report.figures.style import Chart
from heedmap.report.page.bilingual import Bilingual, both, phrase, plain
from heedmap.report.page.data_tables import Cell, Column, DataTable
from heedmap.report.page.drawings import Drawing, drawn
from heedmap.report.page.environment import environment
from heedmap.report.page.explorer import pictures
from heedmap.report.summary_lines import SummaryLine, TwoShares
from heedmap.report.wording import ABSENT, count_text, declared_text, percent

MOST_FRAMES = 4
"""Frames that are shown; the others are counted."""


def write_comparison(comparison: Comparison, path: Path, language: Language = "en") -> None:
    """Write the page, whole or not at all.

    Raises RecordError for a file that does not end in .html, or when it cannot be written.
    """
    if path.suffix.lower() not in (".html", ".htm"):
        raise RecordError(
            "A comparison is written as an HTML page, but {path} ends in '{suffix}'; give --out a "
            "name that ends in .html.",
            path=path,
            suffix=path.suffix,
        )
    write_whole(path, render_comparison(comparison, language).encode(), Phrase("report"))


def render_comparison(comparison: Comparison, language: Language = "en") -> str:
    """The page as text; names are untrusted, and shown as text only."""
    items, first = differences(comparison), comparison.baseline.source.result
    rows = ladder_rows(comparison)
    policies = [entry.renamed for entry in comparison.entries]
    lines = all_summary_lines(comparison)
    return (
        environment()
        .get_template("compare.html.j2")
        .render(
            language=language,
            lead=both(lambda of: lead_text(comparison, of)),
            notes=[both(lambda of, note=note: note_text(note, of)) for note in comparison.notes],
            is_one_run=len(comparison.sources) == 1,
            baseline=comparison.baseline,
            record=first.record,
            pictures=pictures(first, first.record.frames[:MOST_FRAMES]),
            sources=comparison.sources,
            rows=rows,
            declared=both(lambda of: declared_text(policies, of)),
            differences=[_row(each) for each in items],
            summary=_summary_table(lines) if lines else None,
            drawings=_drawings(comparison, items),
            colors={**COLORS, "other": OTHER_COLOR},
        )
    )


def _drawings(comparison: Comparison, items: Sequence[Difference]) -> list[Drawing]:
    baseline = comparison.baseline.name

    def of(kind: str, caption: str, make: Callable[[Language], Chart | None]) -> Drawing | None:
        english, korean = make("en"), make("ko")
        if english is None or korean is None:
            return None
        title, alt = (phrase(f"{kind}_{part}", baseline=baseline) for part in ("title", "alt"))
        below = phrase(caption, baseline=baseline)
        return Drawing(kind, title, below, alt, drawn(english, korean, kind))

    made = [
        of("forest", "forest_caption", lambda language: forest(items, language)),
        of("curves", "curves_caption", lambda language: curves(comparison, language)),
    ]
    return [drawing for drawing in made if drawing is not None]


@dataclass(frozen=True)
class DifferenceRow:
    """One difference as the page shows it."""

    figure: Bilingual
    policy: str
    value: str
    baseline: str
    difference: Bilingual
    is_beyond_chance: bool
    p_value: str
    pairs: str
    why: Bilingual


def _row(item: Difference) -> DifferenceRow:
    return DifferenceRow(
        figure=both(lambda language: figure_text(item, language)),
        policy=item.policy,
        value=value_text(item, item.value),
        baseline=value_text(item, item.baseline),
        difference=both(lambda language: difference_text(item, language)),
        is_beyond_chance=item.is_beyond_chance,
        p_value=p_text(item.p_adjusted),
        pairs=str(item.pairs) if item.pairs else ABSENT,
        why=both(lambda language: why_text(item, language)),
    )


def _summary_table(lines: Sequence[SummaryLine]) -> DataTable:
    """The published summary of every policy: declared and measured."""
    two = [("Img%", "image"), ("Text%", "text")]
    measured = [("Img%", "image"), ("Instr%", "instruction")]

    def group(kind: str, scope: str) -> Bilingual:
        first, second = phrase(kind), phrase(scope)
        return Bilingual(f"{first.en}, {second.en}", f"{first.ko}, {second.ko}")

    scopes = [
        (group(kind, scope), heads)
        for kind, heads in (("declared", two), ("measured", measured))
        for scope in ("last_layer", "mean_layers")
    ]
    columns = [
        Column(plain("Model"), is_number=False),
        Column(plain("Instruction"), is_number=False),
        Column(plain("text_len")),
        *(Column(plain(name), label, css) for label, heads in scopes for name, css in heads),
        Column(phrase("chosen_action"), is_number=False),
    ]
    rows = [
        (
            Cell(line.policy),
            Cell(line.instruction),
            Cell(both(lambda of, line=line: count_text(line.text_len, of))),
            *_shares(line.declared_last),
            *_shares(line.declared_mean),
            *_shares(line.measured_last),
            *_shares(line.measured_mean),
            Cell(_chosen(line)),
        )
        for line in lines
    ]
    return DataTable("summary", phrase("compared_summary"), tuple(columns), tuple(rows))


def _shares(shares: TwoShares | None) -> list[Cell]:
    both_shares = (None, None) if shares is None else (shares.image, shares.text)
    return [Cell(percent(share), share) for share in both_shares]


def _chosen(line: SummaryLine) -> str:
    marks = {True: " ✓", False: " ✗", None: ""}
    return ", ".join(
        f"{each.label}{marks[each.is_right]}"
        + ("" if line.frames == 1 else f" {each.count}/{line.frames}")
        for each in line.chosen
    )
