"""The audit as one HTML page in both languages, in the look of the report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from heedmap.ladder.messages import Language
from heedmap.phrase import Phrase, in_language
from heedmap.record.files import made_folder, write_whole
from heedmap.report.differing import Edit, differing_words
from heedmap.report.page.bilingual import Bilingual, both, phrase
from heedmap.report.page.environment import environment
from heedmap.report.words.as_json import audit_json
from heedmap.report.words.finding import Finding, Row
from heedmap.report.words.findings import WordsAudit
from heedmap.report.words.shown import shown
from heedmap.report.words.terminal import lead, nothing_found, said_label, source_cells, suites_text
from heedmap.report.words.texts import Source
from heedmap.visible import one_line

PAGE, DATA = "words.html", "words.json"


@dataclass(frozen=True)
class ShownRow:
    """A row of a finding: both texts in pieces, the second one empty where there is none."""

    place: str
    said: Sequence[Edit]
    other: Sequence[Edit]
    why: Bilingual | None = None
    """In place of both: why this file was not read."""


@dataclass(frozen=True)
class ShownFinding:
    """A finding as the page shows it."""

    number: int
    code: str
    severity: str
    severity_name: Bilingual
    source: str
    sentence: Bilingual
    fix: Bilingual
    suites: Bilingual | None
    said: Bilingual
    beside: Bilingual
    rows: Sequence[ShownRow]
    count: int

    @property
    def has_others(self) -> bool:
        """Whether rows have a second text."""
        return any(row.other for row in self.rows)


@dataclass(frozen=True)
class ShownSource:
    """A source as the page shows it: its path, and a cell for each column."""

    path: str
    cells: Sequence[Bilingual]


def write_pages(audit: WordsAudit, folder: Path, language: Language = "en") -> Path:
    """Write `words.html` and `words.json` into a folder, which is made; the page's path.

    Older ones are replaced, and nothing else is touched. Raises RecordError when they cannot be
    written.
    """
    made_folder(folder)
    write_whole(folder / DATA, audit_json(audit).encode(), Phrase("JSON file"))
    write_whole(
        folder / PAGE, render_page(audit, language).encode("utf-8", "replace"), Phrase("report")
    )
    return folder / PAGE


def render_page(audit: WordsAudit, language: Language = "en") -> str:
    """The page as text; instructions and paths are untrusted, and shown as text only."""
    return (
        environment()
        .get_template("words.html.j2")
        .render(
            language=language,
            lead=both(lambda of: lead(audit, of)),
            nothing=both(lambda of: nothing_found(audit, of)),
            sources=[_source(each) for each in audit.sources],
            findings=[_finding(number, each) for number, each in enumerate(audit.findings, 1)],
            has_frames=any(source.has_frames for source in audit.sources),
        )
    )


def _source(source: Source) -> ShownSource:
    english, korean = source_cells(source, "en"), source_cells(source, "ko")
    return ShownSource(one_line(source.path), list(map(Bilingual, english, korean)))


def _finding(number: int, finding: Finding) -> ShownFinding:
    return ShownFinding(
        number=number,
        code=finding.code,
        severity=finding.severity,
        severity_name=phrase(f"words_severity_{finding.severity}"),
        source=one_line(finding.source.path),
        sentence=both(lambda of: one_line(finding.sentence(of))),
        fix=both(finding.fix),
        suites=both(lambda of: suites_text(finding, of)) if finding.suites else None,
        said=phrase(said_label(finding)),
        beside=phrase(f"words_{finding.beside}"),
        rows=[_row(row) for row in finding.rows],
        count=finding.count,
    )


def _row(row: Row) -> ShownRow:
    said, place = shown(row.said), one_line(row.place)
    if isinstance(row.said, Phrase):  # no instruction, but a sentence of ours
        why = both(lambda language: one_line(in_language(row.said, language)))
        return ShownRow(place, [], [], why)
    if row.other is None:
        return ShownRow(place, [(said, False)], [])
    return ShownRow(place, *differing_words(said, shown(row.other)))
