"""Read published results: CSV tables, a page as HTML or pasted text, or a JSON dump."""

from __future__ import annotations

import csv
import io
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, RootModel, ValidationError

from heedmap.data.gates.documents import json_of
from heedmap.data.gates.files import read_text
from heedmap.data.gates.gate import gate
from heedmap.errors import InputError
from heedmap.phrase import Phrase, in_a_row
from heedmap.report.forensics.pasted import rows_of
from heedmap.report.forensics.published import LayerFigure, Published, SummaryFigure, joined

LAYER_COLUMNS = ("model", "instruction", "layer", "image_pct", "text_pct")
MOST_ROWS, MOST_INSTRUCTIONS = 200_000, 200
MOST_SHARE = 2.0
"""Beyond what rounding and wrong sums lead to, which is a finding: 5,000 % is another unit."""
SUMMARY_COLUMNS = (
    *("model", "instruction", "text_len"),
    *("last_image_pct", "last_text_pct", "mean_image_pct", "mean_text_pct"),
)


class _DumpLayer(BaseModel):
    model_config = ConfigDict(extra="ignore")

    layer: int
    image_ratio_mean: float
    text_ratio_mean: float
    pad_ratio_mean: float | None = None
    image_per_head: list[float] = []
    text_per_head: list[float] = []
    top_positions: list[tuple[int, float]] = []


class _DumpCase(BaseModel):
    model_config = ConfigDict(extra="ignore")

    text_len: int | None = None
    seq_len: int | None = None
    per_layer: list[_DumpLayer]


class _Dump(RootModel[dict[str, dict[str, _DumpCase]]]):
    """model -> instruction -> case."""


def read_published(*paths: Path) -> Published:
    """Read one file or several of the same publication.

    CSV (the two published tables), JSON (a dump by model and instruction), HTML, or the text
    of a page. Raises InputError when a file is missing or holds no such table.
    """
    return joined([_read_one(path) for path in paths])


def _read_one(path: Path) -> Published:
    text = read_text(path, Phrase("file"), InputError)
    with gate(
        InputError,
        Phrase("The file {path}", path=path),
        Phrase("give the tables as CSV"),
        Phrase("attention tables"),
    ):
        published = _of_kind(path.suffix.lower(), text, path)
    if not published.layers and not published.summary:
        raise InputError(
            "{path} holds no attention table; expected rows of model, instruction, layer, image % "
            "and text %, as CSV, HTML, pasted text, or a JSON dump.",
            path=path,
        )
    _check(published, path)
    return published


def _of_kind(kind: str, text: str, path: Path) -> Published:
    if kind == ".json":
        return _from_dump(text, path)
    if kind == ".csv":
        return _from_csv(text, path)
    if kind in (".html", ".htm"):
        return _from_cells(*_html_tables(text))
    return _from_cells(*rows_of(text))


def _check(published: Published, path: Path) -> None:
    """Figures that are numbers, of as many cases as a person can print."""
    instructions = {row.instruction for row in (*published.layers, *published.summary)}
    rows = len(published.layers) + len(published.summary)
    if len(instructions) > MOST_INSTRUCTIONS or rows > MOST_ROWS:
        raise InputError(
            "{path} has {rows:,} rows of {count:,} instructions, expected {most_rows:,} of "
            "{most_instructions:,} at most; give the published tables alone.",
            path=path,
            rows=rows,
            count=len(instructions),
            most_rows=MOST_ROWS,
            most_instructions=MOST_INSTRUCTIONS,
        )
    shares = [share for row in published.layers for share in row.shares.values()]
    shares += [each for row in published.layers for v in row.per_head.values() for each in v]
    shares += [
        each for row in published.summary for part in (row.last, row.mean) for each in part.values()
    ]
    wrong = next((share for share in shares if not abs(share) <= MOST_SHARE), None)
    if wrong is not None:
        raise InputError(
            "{path} has the share {wrong:.0%}, expected 0 to 100 %; mend the table, or say in "
            "which unit it is by its columns.",
            path=path,
            wrong=wrong,
        )


def _from_csv(text: str, path: Path) -> Published:
    reader = csv.DictReader(io.StringIO(text))
    columns = set(reader.fieldnames or ())
    is_summary = set(SUMMARY_COLUMNS) <= columns
    if not is_summary and not set(LAYER_COLUMNS) <= columns:
        raise InputError(
            "{path} has the columns {columns}; expected {layers}, or {summary}.",
            path=path,
            columns=in_a_row(reader.fieldnames or [Phrase("none")]),
            layers=", ".join(LAYER_COLUMNS),
            summary=", ".join(SUMMARY_COLUMNS),
        )
    wanted = SUMMARY_COLUMNS if is_summary else LAYER_COLUMNS
    rows = [[row[column] or "" for column in wanted] for row in reader]
    try:
        return _from_cells(rows, []) if is_summary else _from_cells([], rows)
    except ValueError as error:
        raise InputError(
            "{path} has a cell that is no number: {why}", path=path, why=error
        ) from error


def _from_cells(summary: list[list[str]], layers: list[list[str]]) -> Published:
    """Rows of text cells, percentages without a sign."""
    figures = [cell for row in layers for cell in row[3:]]
    figures += [cell for row in summary for cell in row[3:]]
    decimals = max((len(figure.partition(".")[2]) for figure in figures), default=0)
    return Published(
        layers=tuple(
            LayerFigure(model, name, int(layer), _shares(image, text))
            for model, name, layer, image, text in layers
        ),
        summary=tuple(
            SummaryFigure(r[0], r[1], int(r[2]), _shares(r[3], r[4]), _shares(r[5], r[6]))
            for r in summary
        ),
        text_len={(row[0], row[1]): int(row[2]) for row in summary},
        half_step_share=0.5 * 10**-decimals / 100,
    )


def _shares(image: str, text: str) -> dict[str, float]:
    return {"image": float(image) / 100, "text": float(text) / 100}


def _from_dump(text: str, path: Path) -> Published:
    try:
        dump = _Dump.model_validate(json_of(text)).root
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InputError(
            "{path} is not a dump of model -> instruction -> per_layer: {place}: {misfit}.",
            path=path,
            place=place,
            misfit=first["msg"],
        ) from error
    except ValueError as error:
        raise InputError("{path} is not JSON: {why}", path=path, why=error) from error
    cases = [(m, i, case) for m, by_name in dump.items() for i, case in by_name.items()]
    return Published(
        layers=tuple(_dump_layer(m, i, row) for m, i, case in cases for row in case.per_layer),
        text_len={(m, i): case.text_len for m, i, case in cases if case.text_len is not None},
        seq_len={(m, i): case.seq_len for m, i, case in cases if case.seq_len is not None},
    )


def _dump_layer(model: str, instruction: str, row: _DumpLayer) -> LayerFigure:
    shares = {"image": row.image_ratio_mean, "text": row.text_ratio_mean}
    if row.pad_ratio_mean is not None:
        shares["pad"] = row.pad_ratio_mean
    heads = {"image": tuple(row.image_per_head), "text": tuple(row.text_per_head)}
    return LayerFigure(
        model,
        instruction,
        row.layer,
        shares,
        {region: values for region, values in heads.items() if values},
        tuple(position for position, _ in row.top_positions),
    )


class _TableCells(HTMLParser):
    """Rows of every table on a page, cell by cell."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self._is_in_cell = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, Any]]) -> None:
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th") and self.rows:
            self.rows[-1].append("")
            self._is_in_cell = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "tr"):
            self._is_in_cell = False

    def handle_data(self, data: str) -> None:
        if self._is_in_cell:
            self.rows[-1][-1] += data.strip()


def _html_tables(text: str) -> tuple[list[list[str]], list[list[str]]]:
    """Summary and per-layer rows of a page: seven or five cells with a number in the third."""
    parser = _TableCells()
    parser.feed(text)
    rows = [[cell.removesuffix("%").strip() for cell in row] for row in parser.rows]
    data = [row for row in rows if len(row) in (5, 7) and row[2].isdigit()]
    return [row for row in data if len(row) == 7], [row for row in data if len(row) == 5]
