"""An exam in the terminal: the verdict, then one line a kind."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from heedmap.auditing.exam.result import Exam
from heedmap.ladder.messages import Language, say, words_in
from heedmap.ladder.messages.numbers import unit_name
from heedmap.report.exam.wording import (
    effect_text,
    kind_name,
    kind_sentence,
    lead,
    notes,
    policy_sentence,
    scale_text,
    share_text,
    should_text,
)
from heedmap.report.rich_tables import plain_table
from heedmap.visible import one_line

STYLES = {"problem": "bold red", "warning": "bold yellow", "note": "bold", "fine": "bold green"}


def print_exam(
    exam: Exam, console: Console, language: Language = "en", *, full: bool = False
) -> None:
    """Print the verdict and the table; with `full` also a sentence for each kind."""
    console.print(Text(one_line(lead(exam, language))))
    console.print(Text(one_line(policy_sentence(exam, language)), style=STYLES[exam.severity]))
    for note in notes(exam, language):
        console.print(Text(one_line(note)))
    console.print(kinds_table(exam, language))
    for line in _sentences(exam, language, full=full):
        console.print(Text(one_line(line)))
    console.print(Text(one_line(scale_text(exam, language)), style="dim"))


def kinds_table(exam: Exam, language: Language = "en") -> Table:
    """Kind, should it change the action, variants, effect, share, verdict."""
    words = words_in(language)
    table = plain_table("")
    table.title = None
    table.add_column(words("exam_kind"), no_wrap=True)
    table.add_column(words("exam_should"), no_wrap=True)
    table.add_column(words("exam_variants"), justify="right", no_wrap=True)
    effect = words("exam_effect", unit=unit_name(exam.unit, language))
    table.add_column(effect, justify="right", max_width=16)
    table.add_column(words("exam_share"), justify="right", no_wrap=True)
    table.add_column(words("exam_verdict"), overflow="fold")
    for reading in exam.kinds:
        if reading.missing is None:
            table.add_row(
                kind_name(reading.kind, language),
                should_text(reading, language),
                str(reading.variants),
                effect_text(reading, exam),
                share_text(reading),
                words(f"exam_short_{reading.verdict}"),
            )
    return table


def _sentences(exam: Exam, language: Language, *, full: bool) -> list[str]:
    """Of measured kinds one each where asked for; those not measured are joined by reason."""
    found: dict[str, list[str]] = {}
    for reading in exam.kinds:
        if full or reading.missing is not None:
            sentence = kind_sentence(reading, exam, language)
            if reading.missing is not None:
                sentence = f"{say('exam_short_not_measured', language)}: {sentence}"
            found.setdefault(sentence, []).append(kind_name(reading.kind, language))
    return [f"{', '.join(kinds)}: {sentence}" for sentence, kinds in found.items()]
