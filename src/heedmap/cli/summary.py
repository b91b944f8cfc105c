"""The command `summary`: the results of a run, policy by policy."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from heedmap.cli.console import out
from heedmap.cli.language import Lang, Language
from heedmap.cli.showing import AsMarkdown, from_outside
from heedmap.ladder.messages import say, spoken
from heedmap.ladder.messages.numbers import interval, unit_name
from heedmap.ladder.wording import cause_name, rung_name
from heedmap.phrase import said_again

if TYPE_CHECKING:
    from heedmap.sweep.summary import PolicySummary, RungOverFrames, Summary

ABSENT = "-"
_CAUSE_WIDTH = 12
"""Beside a name and six steps on a terminal of 100 columns."""
_INTERVAL = re.compile(r"(\d) to (-?\d)")
_BYPASS: dict[str, Callable[[], str]] = {
    "found": lambda: say("bypass_found"),
    "none": lambda: say("bypass_none"),
    "not measured": lambda: ABSENT,
}
MARKS = {"holds": "✓", "fails": "✗", "not measured": ABSENT}


@dataclass(frozen=True)
class Sheet:
    """One table: a title, headings, and rows of text."""

    title: str
    columns: tuple[str, ...]
    rows: list[list[str]]
    narrow: bool = False
    """Intervals, and how a specimen is wired, go on a line of their own on a terminal."""


def summary(
    run: Annotated[Path, typer.Argument(help="The folder that 'heedmap sweep' wrote.")],
    worst: Annotated[int, typer.Option(min=0, help="Number of frames listed per policy.")] = 5,
    result: Annotated[
        Path | None,
        typer.Option(help="Also write the run as an audit result to this new folder."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON.")] = False,
    as_markdown: AsMarkdown = False,
    lang: Lang = Language.en,
) -> None:
    """Summarise every policy over all frames, with 95 % intervals, and list its worst frames."""
    from heedmap.sweep.store import RunFolder
    from heedmap.sweep.summary import summarise

    with from_outside(run):
        folder = RunFolder.open(run)
        found = summarise(folder, worst)
        if result is not None:
            from heedmap.sweep.result import result_of

            result_of(folder).save(result)
    if as_json:
        typer.echo(found.model_dump_json(indent=1))
    elif as_markdown:
        typer.echo("\n".join(_markdown(found)))
    else:
        _print(found)


def _sheets(found: Summary) -> list[Sheet]:
    several = len({each.set for each in found.policies}) > 1
    names = {
        id(each): f"{each.policy} [{each.set}]" if several else each.policy
        for each in found.policies
    }
    sheets = [_ladder(found, names), _figures(found, names), _worst(found, names)]
    if found.failed:
        rows = [
            [f.cell, f.policy, f"{f.error_type}: {said_again(f.error, spoken())}"]
            for f in found.failed
        ]
        columns = (say("summary_cell"), say("policy"), say("error"))
        sheets.append(Sheet(say("summary_failed"), columns, rows))
    return [sheet for sheet in sheets if sheet.rows]


def _ladder(found: Summary, names: dict[int, str]) -> Sheet:
    rungs = list(found.policies[0].rungs) if found.policies else []
    rows = [
        [
            names[id(each)],
            *(_rung(each.rungs[rung]) for rung in rungs),
            _BYPASS[each.bypass](),
            cause_name(each.cause),
        ]
        for each in found.policies
    ]
    columns = (say("model"), *(rung_name(rung) for rung in rungs), say("bypass"), say("cause"))
    return Sheet(say("summary_ladder"), columns, rows, narrow=True)


def _rung(rung: RungOverFrames) -> str:
    if rung.share is None:
        return MARKS[rung.status]
    share = rung.share
    ends = ""
    if share.low is not None and share.high is not None and share.low < share.high:
        ends = f" ({100 * share.low:.0f}-{100 * share.high:.0f})"
    return f"{MARKS[rung.status]} {rung.holds}/{rung.measured}{ends}"


def _figures(found: Summary, names: dict[int, str]) -> Sheet:
    measures = list(dict.fromkeys(name for each in found.policies for name in each.figures))
    rows = [
        [
            names[id(each)],
            unit_name(each.unit or ABSENT),
            *(_estimate(each, name) for name in measures),
        ]
        for each in found.policies
        if each.figures
    ]
    heads = (say(f"summary_figure_{name}") for name in measures)
    columns = (say("model"), say("used_unit"), *heads)
    return Sheet(say("summary_measures"), columns, rows, narrow=True)


def _estimate(each: PolicySummary, name: str) -> str:
    found = each.figures.get(name)
    return ABSENT if found is None else interval(found)


def _worst(found: Summary, names: dict[int, str]) -> Sheet:
    rows = [
        [
            names[id(each)],
            one.frame,
            ABSENT if one.fails is None else rung_name(one.fails),
            ABSENT if one.following is None else f"{one.following:.2f}",
            ABSENT if one.mediated is None else f"{one.mediated:.2f}",
        ]
        for each in found.policies
        for one in each.worst
    ]
    keys = ("model", "frame", "summary_fails", "summary_followed", "summary_removed")
    return Sheet(say("summary_worst"), tuple(say(key) for key in keys), rows)


def _head(found: Summary) -> str:
    done, cells, failed = found.done, found.cells, len(found.failed)
    if not failed:
        return say("summary_cells", done=done, cells=cells)
    return say("summary_cells_failed", done=done, cells=cells, failed=failed)


def _print(found: Summary) -> None:
    from heedmap.report.rich_tables import NAME_WIDTH, folded, plain_table

    out.print(Text(f"{found.run}: {_head(found)}"))
    fancy = (sys.stdout.encoding or "").lower().startswith("utf")
    for sheet in _sheets(found):
        table = plain_table(sheet.title)
        for index, name in enumerate(sheet.columns):
            is_cause = sheet.narrow and name == say("cause")
            stays_whole = sheet.narrow and index > 0 and not is_cause
            head = name.replace(" ", "\n") if stays_whole else name
            narrowest = _widest(row[0] for row in sheet.rows) if index == 0 else None
            table.add_column(
                Text(head),
                overflow="fold",
                no_wrap=stays_whole,
                min_width=narrowest,
                max_width=_CAUSE_WIDTH if is_cause else None,
            )
        for row in sheet.rows:
            name = folded(row[0], NAME_WIDTH)
            cells = [name, *(map(_in_lines, row[1:]) if sheet.narrow else row[1:])]
            table.add_row(*(Text(cell if fancy else _plain(cell)) for cell in cells))
        out.print(table)
    for each in found.policies:
        out.print(Text(f"{each.policy}: {each.sentence} {each.fix}".strip()))


def _widest(names: Iterable[str]) -> int:
    """Of the lines of folded names: a column this wide breaks none in the middle of a word."""
    from heedmap.report.rich_tables import NAME_WIDTH, folded

    return max(len(line) for name in names for line in folded(name, NAME_WIDTH).split("\n"))


def _in_lines(cell: str) -> str:
    short = _INTERVAL.sub(r"\1-\2", cell)
    return short.replace(" (", "\n(").replace("@", "\n@")


def _plain(cell: str) -> str:
    return cell.replace("✓", "+").replace("✗", "x")


def _markdown(found: Summary) -> Iterator[str]:
    from heedmap.report.untrusted import markdown_code, markdown_text

    yield f"# {markdown_text(found.run)}"
    yield ""
    yield f"{_head(found)}."
    for sheet in _sheets(found):
        yield f"\n## {sheet.title}\n"
        yield _line(sheet.columns)
        yield _line(["---"] * len(sheet.columns))
        for row in sheet.rows:
            yield _line([markdown_code(row[0]), *(markdown_text(cell) for cell in row[1:])])
    yield ""
    for each in found.policies:
        text = markdown_text(f"{each.sentence} {each.fix}".strip())
        yield f"- {markdown_code(each.policy)}: {text}"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
