"""The page itself: everything that it shows is made here, and put into its template."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from heedmap.ladder.messages import LANGUAGES, Language, say
from heedmap.record.files import write_whole
from heedmap.record.record import PolicyResult, Record
from heedmap.record.regions import in_order
from heedmap.record.result import Result
from heedmap.report.figures.style import COLORS, OTHER_COLOR, css_class
from heedmap.report.page.background import DEFINITIONS, LIMITS, data_files, how_to_run_again
from heedmap.report.page.bilingual import Bilingual, both, phrase
from heedmap.report.page.data_tables import layers_table, summary_table
from heedmap.report.page.drawings import drawings_of
from heedmap.report.page.story import pictures, story_rows
from heedmap.report.rung_cells import RUNG_TABLES, RungTable
from heedmap.report.wording import declared_text, percent, region_name


def write_html(result: Result, path: Path, language: Language = "en") -> None:
    """Write the page to `path`, whole or not at all: a temporary file is renamed.

    Raises RecordError when it cannot be written.
    """
    write_whole(path, render_html(result, language).encode(), "report")


def render_html(result: Result, language: Language = "en") -> str:
    """The whole page as text, in English and Korean; `language` is the one shown first.

    Names and instructions are untrusted: they are escaped, and shown as text only.
    """
    record = result.record
    return (
        environment()
        .get_template("report.html.j2")
        .render(
            language=language,
            record=record,
            rows=story_rows(result),
            delivered=_delivered(record),
            pictures=pictures(result),
            drawings={p.name: drawings_of(result, p) for p in record.policies},
            tables=[summary_table(result), layers_table(result)] if _has_cases(result) else [],
            declared=both(lambda of: declared_text(record.policies, of)),
            rung_tables=[
                (table, rows) for table in RUNG_TABLES if (rows := _in_both(table, record.policies))
            ],
            accuracies=[(p.name, row) for p in record.policies for row in p.held_out_accuracy],
            regions=_all_regions(result),
            colors={**COLORS, "other": OTHER_COLOR},
            definitions=DEFINITIONS,
            limits=LIMITS,
            files=data_files(result),
            command=how_to_run_again(record),
            arguments=json.dumps(record.run.arguments, ensure_ascii=False, indent=1),
        )
    )


def environment() -> Environment:
    """What the templates of all pages share."""
    made = Environment(
        loader=PackageLoader("heedmap.report.page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["say"] = phrase
    made.globals["in_both"] = lambda key: {of: say(key, of) for of in LANGUAGES}
    made.filters["percent"] = percent
    made.filters["region"] = lambda region: both(lambda of: region_name(region, of))
    made.filters["name"] = _name
    made.filters["css"] = css_class
    made.filters["code"] = _with_code
    return made


def _delivered(record: Record) -> dict[str, Bilingual]:
    """Sentence and remedy of rung 0; empty where nothing was given to measure it from."""
    found = record.delivered
    if found is None:
        return {}
    return {"sentence": both(found.sentence), "fix": both(found.fix)}


def _name(text: str) -> Markup:
    """A name from outside: escaped, kept from turning its neighbours' direction, breakable."""
    broken = Markup(str(escape(text)).replace("_", "_<wbr>").replace("@", "<wbr>@"))
    return Markup("<bdi>{}</bdi>").format(broken)


def _with_code(text: Bilingual) -> Markup:
    """Words of the report itself, with `commands` in backticks."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(text.__html__())))


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
