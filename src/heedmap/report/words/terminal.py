"""The audit in the terminal: the sources in a table, then each finding with a few places."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from heedmap.ladder.messages import Language, words_in
from heedmap.ladder.messages.numbers import percent
from heedmap.phrase import in_language
from heedmap.report.differing import Edit, differing_words
from heedmap.report.rich_tables import plain_table
from heedmap.report.words.against import FORMS
from heedmap.report.words.finding import MOST_ROWS, Finding, Row
from heedmap.report.words.findings import WordsAudit
from heedmap.report.words.shown import shown
from heedmap.report.words.texts import Source
from heedmap.visible import one_line

FEW_ROWS = 3
_STYLES = {"problem": "bold red", "warning": "bold yellow", "note": "bold"}


def print_audit(
    audit: WordsAudit, console: Console, language: Language = "en", *, full: bool = False
) -> None:
    """Print everything; with `full` all rows of every finding."""
    words = words_in(language)
    console.print(Text(lead(audit, language)))
    console.print(sources_table(audit.sources, language))
    if not audit.findings:
        console.print(Text(nothing_found(audit, language)))
    for finding in audit.findings:
        _print_finding(finding, console, language, MOST_ROWS if full else FEW_ROWS)
    if any(source.has_frames for source in audit.sources):
        console.print(Text(words("words_needed"), style="dim"))
    console.print(Text(words("words_limits"), style="dim"))


def lead(audit: WordsAudit, language: Language = "en") -> str:
    """How much was read, and how much was found."""
    return words_in(language)(
        "words_lead",
        instructions=sum(len(source.instructions) for source in audit.sources),
        sources=len(audit.sources),
        problems=audit.count("problem"),
        warnings=audit.count("warning"),
        notes=audit.count("note"),
    )


def nothing_found(audit: WordsAudit, language: Language = "en") -> str:
    """What is said in place of findings."""
    compared = any(source.role == "trained" for source in audit.sources) and len(audit.sources) > 1
    words = words_in(language)
    return words("words_none") if compared else words("words_none_alone")


def source_cells(source: Source, language: Language = "en") -> list[str]:
    """A source's role, kind and counts, as text."""
    words = words_in(language)
    texts = list(source.by_text)
    hits = [sum(map(FORMS[name], texts)) for name in ("full_stop", "capital")]
    return [
        words(f"words_role_{source.role}"),
        words(f"words_kind_{source.kind}"),
        str(len(source.instructions)),
        str(len(texts)),
        *(percent(each / len(texts)) for each in hits),  # of the different ones, beside them
    ]


def sources_table(sources: Iterable[Source], language: Language = "en") -> Table:
    """One line a source."""
    words = words_in(language)
    table = plain_table("")
    table.title = None
    table.add_column(words("words_source"), overflow="fold", min_width=24)
    for key in ("words_role", "words_kind"):
        table.add_column(words(key), no_wrap=True)
    for key in ("words_instructions", "words_different", "words_full_stop", "words_capital"):
        table.add_column(words(key), justify="right", no_wrap=True)
    for source in sources:
        table.add_row(Text(one_line(source.path)), *source_cells(source, language))
    return table


def _print_finding(finding: Finding, console: Console, language: Language, most: int) -> None:
    words = words_in(language)
    severity = Text(words(f"words_severity_{finding.severity}"), style=_STYLES[finding.severity])
    head = Text.assemble("\n", severity, f" [{finding.code}] ", (one_line(finding.source.path)))
    console.print(head)
    console.print(Padding(Text(one_line(finding.sentence(language))), (0, 0, 0, 2)))
    if finding.suites:
        console.print(Padding(Text(suites_text(finding, language), style="dim"), (0, 0, 0, 2)))
    for row in finding.rows[:most]:
        console.print(Padding(_row(finding, row, language), (0, 0, 0, 4)))
    if len(finding.rows) > most:
        more = words("words_more", count=len(finding.rows) - most, most=MOST_ROWS)
        console.print(Padding(Text(more, style="dim"), (0, 0, 0, 4)))
    console.print(Padding(Text(words("words_do", fix=finding.fix(language))), (0, 0, 0, 2)))


def suites_text(finding: Finding, language: Language = "en") -> str:
    """How many tasks of which suite."""
    parts = (f"{one_line(name)} {count}/{all_}" for name, (count, all_) in finding.suites.items())
    return words_in(language)("words_suites", suites=", ".join(parts))


def said_label(finding: Finding) -> str:
    """The key of what a row's first text is."""
    return "words_said" if finding.beside == "asked" and finding.rows[0].other else "words_text"


def _row(finding: Finding, row: Row, language: Language) -> Text:
    """The place, and both texts with the words that differ in bold."""
    words = words_in(language)
    place = Text(one_line(row.place), style="dim")
    if row.other is None:
        lacks = finding.beside == "trained" and finding.code == "outside_training"
        beside = f" {words('words_no_nearest')}" if lacks else ""
        said = shown(in_language(row.said, language))
        return Text.assemble(place, ": ", said, (beside, "dim"))
    said, other = differing_words(shown(row.said), shown(row.other))
    first, second = words(said_label(finding)), words(f"words_{finding.beside}")
    width = max(len(first), len(second)) + 2
    return Text.assemble(
        *(place, "\n", (f"{first}: ".ljust(width), "dim"), _marked(said), "\n"),
        *((f"{second}: ".ljust(width), "dim"), _marked(other)),
    )


def _marked(pieces: list[Edit]) -> Text:
    return Text(" ").join(Text(piece, style="bold" if differs else "") for piece, differs in pieces)
