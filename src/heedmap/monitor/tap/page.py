"""What a tap has seen as one HTML page in both languages, in the look of the report."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from heedmap.ladder.messages import Language
from heedmap.monitor.tap.meter import curve_of, meter_sentences
from heedmap.monitor.tap.recording import PAGE_FILE
from heedmap.monitor.tap.story import Band, Odd, Story, Told
from heedmap.monitor.tap.terminal import (
    counts,
    facts,
    fix_of,
    grade_of,
    lead,
    nothing_odd,
    sentence_of,
    where,
)
from heedmap.monitor.tap.watch import FINDINGS
from heedmap.phrase import Phrase
from heedmap.record.files import write_whole
from heedmap.report.differing import Edit, differing_words
from heedmap.report.page.bilingual import Bilingual, both, phrase
from heedmap.report.page.environment import environment
from heedmap.report.words.shown import shown
from heedmap.report.words.texts import plain_form
from heedmap.visible import one_line

REFRESH_S = 5
MOST_BANDS, MOST_PLACES, MOST_CLIENTS = 200, 20, 50
"""Shown; the recording has all."""
COLOURS = 8
"""Of words, in the template's style; further words begin anew."""
THUMBNAILS_SHARE = 32
"""Of the recording's bound, that thumbnails on the page may take."""


@dataclass(frozen=True)
class ShownPlace:
    """A run of odd steps: where, and the words; beside them the nearest of training."""

    where: Bilingual
    said: Sequence[Edit]
    nearest: Sequence[Edit]


@dataclass(frozen=True)
class ShownFinding:
    """A finding as the page shows it."""

    number: int
    code: str
    grade: str
    grade_name: Bilingual
    sentence: Bilingual
    fix: Bilingual
    counts: Bilingual
    places: Sequence[ShownPlace]
    more: Bilingual | None


@dataclass(frozen=True)
class ShownBand:
    """Steps in a row with the same words; `words` is None where there are none."""

    client: int
    episode: int
    colour: int
    first: int
    last: int
    count: int
    time: str
    words: str | None
    is_nothing: bool
    """No words, or empty ones."""
    pictures: Sequence[tuple[str, str]]
    """Each camera's name, and its thumbnail as an address."""


def write_page(told: Told, folder: Path, language: Language = "en", *, is_running: bool) -> Path:
    """Write `tap.html` into the recording. Raises RecordError when it cannot be written."""
    page = render_page(told, language, is_running=is_running)
    write_whole(folder / PAGE_FILE, page.encode("utf-8", "replace"), Phrase("page"))
    return folder / PAGE_FILE


def render_page(told: Told, language: Language = "en", *, is_running: bool) -> str:
    """The page as text; words and names are untrusted, and shown as text only."""
    bands = _bands(told)
    return (
        environment()
        .get_template("tap.html.j2")
        .render(
            language=language,
            refresh=REFRESH_S if is_running else None,
            server=told.about.server,
            lead=both(lambda of: lead(told.story, of)),
            state=_state(told, is_running=is_running),
            nothing=both(lambda of: nothing_odd(told, of)),
            findings=_findings(told.story),
            tracks=_tracks(bands),
            bands=bands,
            bands_more=_more(len(told.story.bands) + told.story.bands_left_out - len(bands)),
            curves=[curve_of(told.story, client) for client in _metered(told.story)],
            meter=list(map(Bilingual, meter_sentences(told, "en"), meter_sentences(told, "ko"))),
            facts=list(map(Bilingual, facts(told, "en"), facts(told, "ko"))),
        )
    )


def _state(told: Told, *, is_running: bool) -> Bilingual | None:
    if is_running:
        return phrase("tap_running")
    return None if told.about.ended else phrase("tap_killed")


def _findings(story: Story) -> list[ShownFinding]:
    return [
        ShownFinding(
            number=number,
            code=one_line(code),
            grade=FINDINGS.get(code, "note"),
            grade_name=both(lambda of, code=code: grade_of(code, of)),
            sentence=both(lambda of, code=code: sentence_of(code, of)),
            fix=both(lambda of, code=code: fix_of(code, of)),
            counts=both(lambda of, code=code: counts(story, code, of)),
            places=[_place(odd) for odd in odds[:MOST_PLACES]],
            more=_more(story.runs[code] - len(odds[:MOST_PLACES])),
        )
        for number, (code, odds) in enumerate(story.by_code(), 1)
    ]


def _place(odd: Odd) -> ShownPlace:
    at = both(lambda of: where(odd, of))
    if odd.words is None:
        return ShownPlace(at, [], [])
    if odd.nearest is None or odd.code != "outside_training":
        return ShownPlace(at, [(shown(odd.words), False)], [])
    return ShownPlace(at, *differing_words(shown(odd.words), shown(odd.nearest)))


def _more(count: int) -> Bilingual | None:
    return phrase("tap_more", count=count) if count > 0 else None


def _bands(told: Told) -> list[ShownBand]:
    """The first runs of words, each words with a colour of its own, as far as there are colours."""
    colours: dict[str | None, int] = {}
    left = int(told.about.max_mb * 2**20) // THUMBNAILS_SHARE
    found: list[ShownBand] = []
    for band in told.story.bands[:MOST_BANDS]:
        colour = colours.setdefault(band.words, len(colours) % COLOURS)
        left -= sum(map(len, band.thumbnails))
        found.append(_band(band, colour, has_pictures=left > 0))
    return found


def _band(band: Band, colour: int, *, has_pictures: bool) -> ShownBand:
    pictures = zip(band.cameras, band.thumbnails, strict=False) if has_pictures else ()
    return ShownBand(
        *(band.client, band.episode, colour, band.first, band.last, band.count),
        time=f"{band.time_s:.1f}",
        words=None if band.words is None else shown(band.words),
        is_nothing=not plain_form(band.words or ""),
        pictures=[(one_line(name), _address(image)) for name, image in pictures],
    )


def _address(image: bytes) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(image).decode()


def _tracks(bands: Sequence[ShownBand]) -> dict[int, list[ShownBand]]:
    """The bands of each client, in their order."""
    found: dict[int, list[ShownBand]] = {}
    for band in bands:
        if band.client in found or len(found) < MOST_CLIENTS:
            found.setdefault(band.client, []).append(band)
    return found


def _metered(story: Story) -> list[int]:
    return sorted({reading.client for reading in story.readings})[:MOST_CLIENTS]
