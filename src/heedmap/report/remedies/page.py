"""Tried remedies as one HTML page in both languages: before and after on one screen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from heedmap.ladder.messages import Language
from heedmap.remedies.result import Cell, CellName, Remedies, Tried
from heedmap.report.page.bilingual import Bilingual, both, phrase, plain
from heedmap.report.page.environment import environment
from heedmap.report.remedies.wording import (
    cell_name,
    change_text,
    finetuned_text,
    interval_text,
    lead,
    notes,
    outcome_text,
    passes_text,
    remedy_name,
    scale_text,
    sentence,
    share_text,
    shown_cells,
)
from heedmap.report.untrusted import one_line


@dataclass(frozen=True)
class ShownCell:
    """One share, how it changed, and what it is called on a narrow screen."""

    short: Bilingual
    share: Bilingual
    interval: Bilingual
    change: str
    is_worse: bool


@dataclass(frozen=True)
class ShownRow:
    """The policy as it is, or with one remedy."""

    name: Bilingual
    cells: Sequence[ShownCell]
    passes: str
    outcome: Bilingual
    grade: str
    is_best: bool


def render_remedies(of: Remedies, language: Language = "en") -> str:
    """The page as text; names and reasons are untrusted, and shown as text only."""
    english, korean = notes(of, "en"), notes(of, "ko")
    trained = None if of.finetuned is None else both(lambda x: one_line(finetuned_text(of, x)))
    return (
        environment()
        .get_template("remedies.html.j2")
        .render(
            language=language,
            lead=both(lambda x: one_line(lead(of, x))),
            sentence=both(lambda x: one_line(sentence(of, x))),
            severity="fine" if of.verdict in ("recommended", "follows_already") else "warning",
            heads=[both(lambda x, name=name: cell_name(name, of, x)) for name in shown_cells(of)],
            rows=_rows(of),
            notes=[
                Bilingual(one_line(a), one_line(b)) for a, b in zip(english, korean, strict=True)
            ],
            trained=trained,
            scale=both(lambda x: one_line(scale_text(of, x))),
        )
    )


def _rows(of: Remedies) -> list[ShownRow]:
    """As it is, what is recommended, then all others as they were tried."""
    shown = shown_cells(of)
    if not shown:
        return []
    first = ShownRow(
        phrase("remedy_as_it_is"),
        [_cell(of.cell(name), name) for name in shown],
        "1",
        plain(""),
        "",
        False,
    )
    numbers = sorted(range(len(of.tried)), key=lambda number: number != of.recommended)
    return [first, *(_row(of, of.tried[n], shown, n == of.recommended) for n in numbers)]


def _row(of: Remedies, tried: Tried, shown: Sequence[CellName], is_best: bool) -> ShownRow:
    cells = [_cell(tried.cell(name) if tried.cells else None, name) for name in shown]
    return ShownRow(
        name=both(lambda x: one_line(remedy_name(tried, x))),
        cells=cells,
        passes=passes_text(tried.passes),
        outcome=both(lambda x: outcome_text(tried, of, x)),
        grade={"helps": "good", "breaks": "bad"}.get(tried.outcome, "open"),
        is_best=is_best,
    )


def _cell(cell: Cell | None, name: CellName) -> ShownCell:
    found = None if cell is None else cell.found
    return ShownCell(
        short=phrase(f"remedy_short_{name}"),
        share=both(lambda x: share_text(found, x)),
        interval=both(lambda x: interval_text(found, x)),
        change="" if cell is None else change_text(cell),
        is_worse=cell is not None and cell.is_worse,
    )
