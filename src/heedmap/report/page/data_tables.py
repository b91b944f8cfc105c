"""The two published tables with every region: declared and measured, one row per case."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from heedmap.ladder.messages import Language, say, words_in
from heedmap.record.regions import is_image
from heedmap.record.result import Result
from heedmap.record.tables import LayoutKind
from heedmap.report.figures.colors import css_class
from heedmap.report.page.bilingual import Bilingual, both, phrase, plain
from heedmap.report.tables import (
    LayerRow,
    Shares,
    SummaryRow,
    image_seen,
    layer_rows,
    mean_shares,
    regions_of,
    summary_rows,
)
from heedmap.report.wording import ABSENT, count_text, percent, region_name

MOST_ROWS = 1_500
"""Above, a table has means over frames."""
DIFFERS_FROM = 0.005
"""Half a percentage point."""
_COUNTERPART = {"text": "instruction"}
_OTHER = "other"
"""In the summary, all regions but those that the published page has: every one is by layer."""


@dataclass(frozen=True)
class Column:
    """`css` is the region whose colour the bars of the column have."""

    label: Bilingual
    group: Bilingual | None = None
    css: str = ""
    is_number: bool = True


@dataclass(frozen=True)
class Cell:
    """`share` draws a bar and is what is sorted and saved; `differs` marks a declared figure."""

    text: str | Bilingual
    share: float | None = None
    differs: bool = False


@dataclass(frozen=True)
class DataTable:
    """A table that can be sorted, filtered and saved."""

    key: str
    title: Bilingual
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: Bilingual | None = None

    @property
    def groups(self) -> list[tuple[Bilingual | None, int]]:
        """Headings above the columns, and how many columns each spans."""
        found: list[tuple[Bilingual | None, int]] = []
        for column in self.columns:
            if found and found[-1][0] == column.group:
                found[-1] = (column.group, found[-1][1] + 1)
            else:
                found.append((column.group, 1))
        return found

    @property
    def labels(self) -> list[Bilingual]:
        """What stands before a cell on a phone: each group on a line of its own."""
        before = (None, *(column.group for column in self.columns))
        return [
            column.label
            if column.group in (None, last)
            else both(lambda of, c=column, g=column.group: f"\n{g.of(of)}:\n{c.label.of(of)}")
            for last, column in zip(before, self.columns, strict=False)
        ]


def summary_table(result: Result) -> DataTable:
    """Last layer and mean over layers of every case; over frames where there are too many."""
    rows, several = summary_rows(result, "measured"), len(result.record.frames) > 1
    is_over_frames = len(rows) > MOST_ROWS and several
    measured = _groups(rows, is_over_frames)
    declared = _groups(summary_rows(result, "declared"), is_over_frames)
    seen = _image_seen(result)
    regions = [*_told_apart(regions_of(row.last for row in rows)), _OTHER]
    claimed = _claimed(row.last for group in declared.values() for row in group)
    has_frames = several and not is_over_frames
    columns = [
        *_names(has_frames),
        Column(plain("text_len")),
        Column(phrase("seen")),
        *_columns(claimed, "declared", "last_layer"),
        *_columns(claimed, "declared", "mean_layers"),
        *_columns(regions, "measured", "last_layer"),
        *_columns(regions, "measured", "mean_layers"),
    ]
    table: list[tuple[Cell, ...]] = []
    for place, group in measured.items():
        last, mean = _means(group, "last"), _means(group, "mean")
        claims = declared.get(place)
        table.append(
            (
                *_name_cells(group[0], has_frames),
                Cell(both(lambda language, group=group: _counts(group, language))),
                Cell(_seen(group, seen)),
                *_declared_cells(claimed, _means(claims, "last") if claims else None, last),
                *_declared_cells(claimed, _means(claims, "mean") if claims else None, mean),
                *_cells(regions, _others_together(last, regions)),
                *_cells(regions, _others_together(mean, regions)),
            )
        )
    notes = [phrase("differs")] if claimed else []
    if is_over_frames:
        notes.append(phrase("layers_are_means", count=len(result.record.frames)))
    note = Bilingual(" ".join(n.en for n in notes), " ".join(n.ko for n in notes))
    title = phrase("summary_table")
    return DataTable("summary", title, tuple(columns), tuple(table), note if notes else None)


def layers_table(result: Result) -> DataTable:
    """Every layer of every case; means over frames where there would be too many rows."""
    measured, declared = layer_rows(result, "measured"), layer_rows(result, "declared")
    several = len(result.record.frames) > 1
    note: Bilingual | None = None
    if len(measured) > MOST_ROWS and several:
        measured, declared = _over_frames(measured), _over_frames(declared)
        note = phrase("layers_are_means", count=len(result.record.frames))
        several = False
    by_place = {(r.policy, r.frame, r.instruction, r.layer): r.shares for r in declared}
    regions = regions_of(row.shares for row in measured)
    claimed = _claimed(row.shares for row in declared)
    columns = [
        *_names(several),
        Column(phrase("layer")),
        *_columns(claimed, "declared"),
        *_columns(regions, "measured", with_sum=True),
    ]
    rows = [
        (
            *_name_cells(row, several),
            Cell(str(row.layer)),
            *_declared_cells(
                claimed,
                by_place.get((row.policy, row.frame, row.instruction, row.layer)),
                row.shares,
            ),
            *_cells(regions, row.shares),
            Cell(percent(total := sum(row.shares.values())), total),
        )
        for row in measured
    ]
    return DataTable("layers", phrase("layers_table"), tuple(columns), tuple(rows), note)


def _told_apart(regions: Iterable[str]) -> list[str]:
    """The published columns: the cameras, and the instruction."""
    return [region for region in regions if is_image(region) or region == "instruction"]


def _others_together(shares: Shares, regions: Sequence[str]) -> Shares:
    others = [share for region, share in shares.items() if region not in regions]
    shown = {region: share for region, share in shares.items() if region in regions}
    return {**shown, _OTHER: sum(others)} if others else shown


def _names(several_frames: bool) -> list[Column]:
    """The published headings, and the frame where there are several."""
    frame = [Column(phrase("frame"), is_number=False)] if several_frames else []
    return [
        Column(phrase("model"), is_number=False),
        *frame,
        Column(phrase("instruction"), is_number=False),
    ]


def _name_cells(row: SummaryRow | LayerRow, several_frames: bool) -> list[Cell]:
    frame = [Cell(row.frame)] if several_frames else []
    return [Cell(row.policy), *frame, Cell(row.instruction)]


def _columns(
    regions: Sequence[str], kind: LayoutKind, scope: str | None = None, *, with_sum: bool = False
) -> list[Column]:
    def group(language: Language) -> str:
        words = words_in(language)
        return words(kind) if scope is None else f"{words(kind)}, {words(scope)}"

    heading = both(group)
    columns = [
        Column(
            both(lambda language, region=region: f"{_short_name(region, language)}%"),
            heading,
            css_class(region),
        )
        for region in regions
    ]
    return [*columns, Column(phrase("sum"), heading)] if with_sum else columns


def _short_name(region: str, language: Language) -> str:
    known = region != _OTHER
    return region_name(region, language, short=True) if known else say("other_regions", language)


def _cells(regions: Sequence[str], shares: Shares) -> list[Cell]:
    return [Cell(percent(share := shares.get(region)), share) for region in regions]


def _declared_cells(
    claimed: Sequence[str], declared: Shares | None, measured: Shares
) -> list[Cell]:
    """Under the declared regions; marked where the measured ones say otherwise."""
    cells: list[Cell] = []
    for region in claimed:
        share = None if declared is None else declared.get(region)
        meant = measured.get(_COUNTERPART.get(region, region))
        differs = share is not None and (meant is None or abs(share - meant) > DIFFERS_FROM)
        cells.append(Cell(percent(share), share, differs))
    return cells


def _claimed(rows: Iterable[Shares]) -> list[str]:
    """The two published columns where they were declared, or what was declared."""
    known = regions_of(rows)
    return [region for region in known if region in ("image", "text")] or known


_Place = tuple[str, str, str]


def _groups(rows: Iterable[SummaryRow], is_over_frames: bool) -> dict[_Place, list[SummaryRow]]:
    """The rows of one line, by policy, frame (empty: all of them) and instruction."""
    found: dict[_Place, list[SummaryRow]] = {}
    for row in rows:
        frame = "" if is_over_frames else row.frame
        found.setdefault((row.policy, frame, row.instruction), []).append(row)
    return found


def _means(group: Sequence[SummaryRow], which: str) -> Shares:
    return mean_shares([getattr(row, which) for row in group])


def _counts(group: Sequence[SummaryRow], language: Language) -> str:
    """Tokens; from the fewest to the most where frames differ."""
    counts = sorted({row.text_len for row in group if row.text_len is not None})
    if len(counts) > 1:
        return f"{counts[0]}-{counts[-1]}"
    return count_text(counts[0] if counts else None, language)


def _seen(group: Sequence[SummaryRow], seen: dict[_Place, tuple[int, int]]) -> str | Bilingual:
    """Visible image positions, such as "12 of 64"; as `_counts` where frames differ."""
    found = [seen[row.policy, row.frame, row.instruction] for row in group]
    visible, totals = zip(*found, strict=True)
    if not max(totals):
        return ABSENT
    few, most = min(visible), max(visible)
    return phrase("seen_of", visible=few if few == most else f"{few}-{most}", total=max(totals))


def _image_seen(result: Result) -> dict[_Place, tuple[int, int]]:
    """Visible image positions of every case, and all of them."""
    return {
        (policy.name, case.frame, case.instruction): image_seen(case)
        for policy in result.record.policies
        for case in policy.cases
    }


def _over_frames(rows: Sequence[LayerRow]) -> list[LayerRow]:
    """One row for each policy, instruction and layer: means over the frames that have a region."""
    found: dict[tuple[str, str, int], list[Shares]] = {}
    for row in rows:
        found.setdefault((row.policy, row.instruction, row.layer), []).append(row.shares)
    return [
        LayerRow(policy, "", instruction, layer, mean_shares(shares))
        for (policy, instruction, layer), shares in found.items()
    ]
