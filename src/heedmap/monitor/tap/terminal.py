"""The tap in the terminal: a line at once for what begins, and the summary at the end."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from heedmap.ladder.messages import Language, say, words_in
from heedmap.monitor.tap.meter import meter_sentences
from heedmap.monitor.tap.story import Odd, Story, Told
from heedmap.monitor.tap.watch import FINDINGS
from heedmap.report.differing import Edit, differing_words
from heedmap.report.words.shown import shown
from heedmap.visible import one_line

FEW = 3
_STYLES = {"warning": "bold yellow", "note": "bold"}


def line_of(odd: Odd, language: Language = "en") -> str:
    """One line for a run of odd steps that begins."""
    return say(
        "tap_line",
        language,
        grade=grade_of(odd.code, language),
        code=odd.code,
        client=odd.client,
        step=odd.first,
        sentence=f"{sentence_of(odd.code, language)} {texts_line(odd, language)}".rstrip(),
        fix=fix_of(odd.code, language),
    )


def grade_of(code: str, language: Language = "en") -> str:
    """Warning or note."""
    return say(f"tap_grade_{FINDINGS.get(code, 'note')}", language)


def sentence_of(code: str, language: Language = "en") -> str:
    """What was found."""
    return say(f"tap_found_{code}", language)


def fix_of(code: str, language: Language = "en") -> str:
    """What to do about it."""
    return say(f"tap_fix_{code}", language)


def words_text(words: str | None, language: Language = "en") -> str:
    """The words of a step on one line."""
    return say("tap_no_words", language) if words is None else shown(words)


def texts_line(odd: Odd, language: Language = "en") -> str:
    """The words, and those of training that are nearest."""
    line = words_text(odd.words, language)
    line = f"“{line}”" if odd.words and line else line
    if odd.code != "outside_training":
        return line
    return f"{line} ({nearest_text(odd, language)})"


def nearest_text(odd: Odd, language: Language = "en") -> str:
    """The nearest training instruction, or that there is none."""
    if odd.nearest is None:
        return say("tap_no_nearest", language)
    return say("tap_nearest", language, nearest=shown(odd.nearest))


def where(odd: Odd, language: Language = "en") -> str:
    """Client and steps."""
    words = words_in(language)
    if odd.first == odd.last:
        return words("tap_at", client=odd.client, first=odd.first)
    return words("tap_from_to", client=odd.client, first=odd.first, last=odd.last)


def counts(story: Story, code: str, language: Language = "en") -> str:
    """How often a finding was there."""
    return say("tap_counts", language, runs=story.runs[code], steps=story.steps[code])


def lead(story: Story, language: Language = "en") -> str:
    """How much passed, and how much was odd."""
    return say(
        "tap_lead",
        language,
        steps=story.count,
        clients=len(story.clients),
        seconds=f"{story.last_s:.1f}",
        warnings=story.warnings,
        notes=sum(story.runs.values()) - story.warnings,
    )


def facts(told: Told, language: Language = "en") -> Iterator[str]:
    """Sentences about the run as a whole, besides what is odd about the words."""
    about, story, words = told.about, told.story, words_in(language)
    median, slow = story.latency_ms(0.5), story.latency_ms(0.99)
    if median is not None and slow is not None:
        yield words("tap_latency", median=f"{median:.1f}", slow=f"{slow:.1f}")
    for key, count in (
        ("tap_errors", story.errors),
        ("tap_unanswered", story.unanswered),
        ("tap_dropped", about.dropped),
        ("tap_unreadable", about.unreadable),
        ("tap_batched", about.batched),
        ("tap_away", about.unreachable),
    ):
        if count:
            yield say(key, language, count=count)
    most = f"{about.max_mb:g}"
    if about.parts_without_thumbnails:
        yield words("tap_thumbnails_removed", most=most, parts=about.parts_without_thumbnails)
    if about.steps_removed:
        yield words("tap_steps_removed", most=most, steps=about.steps_removed)


def nothing_odd(told: Told, language: Language = "en") -> str:
    """What is said in place of findings."""
    words = words_in(language)
    if not told.story.count:
        return words("tap_no_steps")
    alone = "" if told.about.trained else f" {words('tap_none_alone')}"
    return words("tap_none") + alone


def print_summary(told: Told, console: Console, language: Language = "en") -> None:
    """All that was seen: what is odd first, with a few places each."""
    story, words = told.story, words_in(language)
    console.print(Text(lead(story, language)))
    if not story.runs:
        console.print(Text(nothing_odd(told, language)))
    for code, odds in story.by_code():
        grade = Text(grade_of(code, language), style=_STYLES[FINDINGS.get(code, "note")])
        head = Text.assemble("\n", grade, f" [{one_line(code)}] ", counts(story, code, language))
        console.print(head)
        console.print(Padding(Text(sentence_of(code, language)), (0, 0, 0, 2)))
        for odd in odds[:FEW]:
            console.print(Padding(_place(odd, language), (0, 0, 0, 4)))
        if story.runs[code] > FEW:
            more = words("tap_more", count=story.runs[code] - FEW)
            console.print(Padding(Text(more, style="dim"), (0, 0, 0, 4)))
        console.print(Padding(Text(words("words_do", fix=fix_of(code, language))), (0, 0, 0, 2)))
    console.print()
    for line in meter_sentences(told, language):
        console.print(Text(one_line(line)))
    for line in facts(told, language):
        console.print(Text(line, style="dim"))


def _place(odd: Odd, language: Language) -> Text:
    """Where, and the words; those that the nearest training instruction lacks in bold."""
    place = (f"{where(odd, language)}: ", "dim")
    if odd.nearest is None or odd.code != "outside_training":
        return Text.assemble(place, texts_line(odd, language))
    said, other = differing_words(shown(odd.words or ""), shown(odd.nearest))
    return Text.assemble(
        place, _marked(said), (f"\n{say('words_trained', language)}: ", "dim"), _marked(other)
    )


def _marked(pieces: list[Edit]) -> Text:
    return Text(" ").join(Text(piece, style="bold" if differs else "") for piece, differs in pieces)
