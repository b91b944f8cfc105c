"""The page itself: everything that it shows is made here, and put into its template."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

from heedmap.errors import RecordError
from heedmap.ladder.messages import LANGUAGES, Language, say
from heedmap.record.files import write_whole
from heedmap.record.record import FrameInfo, PolicyResult, Record
from heedmap.record.regions import in_order
from heedmap.record.result import Result
from heedmap.report.figures.colors import COLORS, OTHER_COLOR
from heedmap.report.page.background import DEFINITIONS, LIMITS, data_files, how_to_run_again
from heedmap.report.page.bilingual import Bilingual, both, phrase, plain
from heedmap.report.page.data_tables import layers_table, summary_table
from heedmap.report.page.drawings import drawings_of
from heedmap.report.page.environment import environment
from heedmap.report.page.explorer import explored, explored_frames, explorer_words, packed, pictures
from heedmap.report.page.groups import groups_of, summary_of
from heedmap.report.page.story import StoryRow, story_rows
from heedmap.report.rung_cells import RUNG_TABLES, RungTable
from heedmap.report.wording import declared_text


def write_html(result: Result, path: Path, language: Language = "en") -> None:
    """Write the page to `path`, whole or not at all: a temporary file is renamed.

    Raises RecordError when it cannot be written.
    """
    write_whole(path, render_html(result, language).encode(), "report")


def render_html(
    result: Result,
    language: Language = "en",
    *,
    title: str | None = None,
    back_url: str | None = None,
    draws: bool = True,
) -> str:
    """The whole page as text, in English and Korean; `language` is the one shown first.

    `title` is the heading, `back_url` where its link back leads. Without `draws` the pictures of
    each policy are left for `render_drawings`, which takes the longest by far. Names and
    instructions are untrusted: they are escaped, and shown as text only. Raises RecordError for a
    `back_url` that is neither http, https nor relative.
    """
    record, rows = result.record, story_rows(result)
    frames = explored_frames(result)
    return (
        environment()
        .get_template("report.html.j2")
        .render(
            language=language,
            title=phrase("report_title") if title is None else plain(title),
            back_url=None if back_url is None else _safe_url(back_url),
            record=record,
            rows=rows,
            summary=summary_of(rows),
            groups=groups_of(rows),
            steps=_steps(rows[0]),
            first_shown=_first_shown(rows),
            delivered=_delivered(record),
            pictures=pictures(result, frames),
            more_frames=len(record.frames) - len(frames),
            explored=_explored(result, frames),
            explorer_words=json.dumps(explorer_words(_all_regions(result)), ensure_ascii=False),
            drawings={p.name: drawings_of(result, p) if draws else None for p in record.policies},
            tables=[summary_table(result), layers_table(result)] if _has_cases(result) else [],
            declared=both(lambda of: declared_text(record.policies, of)),
            rung_tables=[
                (table, rows) for table in RUNG_TABLES if (rows := _in_both(table, record.policies))
            ],
            accuracies=[(p.name, row) for p in record.policies for row in p.held_out_accuracy],
            colors={**COLORS, "other": OTHER_COLOR},
            definitions=DEFINITIONS,
            limits=LIMITS,
            files=data_files(result),
            command=how_to_run_again(record),
            arguments=json.dumps(record.run.arguments, ensure_ascii=False, indent=1),
        )
    )


def render_drawings(result: Result, policy: PolicyResult, language: Language = "en") -> str:
    """The pictures of one policy, as the page holds them."""
    figures = environment().get_template("figures.html.j2").make_module({"language": language})
    return str(figures.of(drawings_of(result, policy)))  # pyright: ignore[reportAttributeAccessIssue]


def _safe_url(url: str) -> str:
    """As it is.

    Raises RecordError for another scheme: `javascript:` would run.
    """
    read = re.sub(r"[\x00-\x20]", "", url)  # as browsers do
    if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:", read) and not re.match(r"https?://", url):
        raise RecordError(
            "The link back must be http://, https:// or relative, got '{url}'; change --back-url.",
            url=url,
        )
    return url


def _first_shown(rows: Sequence[StoryRow]) -> str:
    """A policy that reads and follows its instruction: there is most to see of it."""
    for row in rows:
        if row.is_good and row.policy.verdict.rungs["attended"].status == "holds":
            return row.policy.name
    return rows[0].policy.name


def _steps(row: StoryRow) -> Bilingual:
    """The rungs by number, and what their marks mean."""
    numbered = list(enumerate(row.marks, 1))
    return both(
        lambda of: say(
            "steps_note", of, steps=", ".join(f"{n} {m.name.of(of)}" for n, m in numbered)
        )
    )


def _explored(result: Result, frames: Sequence[FrameInfo]) -> dict[str, str | None]:
    found = {p.name: explored(result, p, frames) for p in result.record.policies}
    return {name: None if each is None else packed(each) for name, each in found.items()}


def _delivered(record: Record) -> dict[str, Bilingual]:
    """Sentence and remedy of rung 0; empty where nothing was given to measure it from."""
    found = record.delivered
    if found is None:
        return {}
    return {"sentence": both(found.sentence), "fix": both(found.fix)}


def _has_cases(result: Result) -> bool:
    return any(policy.cases for policy in result.record.policies)


def _in_both(
    table: RungTable, policies: Sequence[PolicyResult]
) -> list[tuple[str, list[Bilingual]]]:
    """Names and cells of a table, each cell in both languages."""
    english, korean = (table.rows(policies, language) for language in LANGUAGES)
    return [
        (name, list(map(Bilingual, cells, cells_ko)))
        for (name, cells), (_, cells_ko) in zip(english, korean, strict=True)
    ]


def _all_regions(result: Result) -> list[str]:
    """Every region that occurs anywhere, for the legend of chips."""
    return in_order(
        region
        for policy in result.record.policies
        for case in policy.cases
        for layout in case.layouts.values()
        for region in layout.regions
    )
