"""The terminal's tables, built but not printed: the two published ones, and the same as measured.

Names come from the user, so they are `Text`, never console markup.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, TypeVar

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from heedmap.ladder.messages import say
from heedmap.record.result import Result
from heedmap.record.tables import LayoutKind
from heedmap.report.tables import (
    LayerRow,
    Shares,
    SummaryRow,
    image_seen,
    layer_rows,
    regions_of,
    summary_rows,
)
from heedmap.report.wording import ABSENT, count_text, declared_text, percent, region_name
from heedmap.visible import one_line

Row = TypeVar("Row", LayerRow, SummaryRow)

NAME_WIDTH = 24
"""Of a policy's name where a table is short of room."""

_SHORT = ("image", "instruction")


def published_summary_table(
    result: Result, frame: str | None = None, *, compact: bool = False
) -> Table:
    """The published first table, column for column, under the declared regions.

    `frame` names the one to show; None shows every frame, in the record's order. `compact`
    shows a policy's name once for all its rows, for narrow terminals.
    """
    note = say("declared_note", regions=declared_text(result.record.policies))
    table = plain_table(say("summary_declared", frame=of_frame(result, frame), note=note), compact)
    keys = ("last_image", "last_text", "mean_image", "mean_text")
    shares = [say(f"column_{key}") for key in keys]
    _columns(table, [say("model"), say("instruction")], ["text_len", *shares])
    for rows in by_policy(summary_rows(result, "declared"), frame):
        lines = [
            [
                row.instruction,
                count_text(row.text_len),
                *_published_shares(row.last),
                *_published_shares(row.mean),
            ]
            for row in rows
        ]
        _add_policy(table, rows[0].policy, lines, compact)
    return table


def measured_table(
    result: Result,
    which: Literal["last", "mean"],
    frame: str | None = None,
    *,
    compact: bool = False,
) -> Table:
    """Every measured region's share and their sum; `which` is "last" or "mean" (over layers).

    `frame` and `compact` are as for `published_summary_table`.
    """
    rows = summary_rows(result, "measured")
    scope = say("last_layer") if which == "last" else say("mean_layers")
    table = plain_table(say("scope_measured", scope=scope, frame=of_frame(result, frame)), compact)
    regions = regions_of(row.last for row in rows)
    heads = [_head(region) for region in regions]
    seen = _seen(result)
    seen_head = say("column_image_seen").replace(" ", "\n")
    right = ["text_len", seen_head, *heads, say("column_sum")]
    _columns(table, [say("model"), say("instruction")], right)
    for group in by_policy(rows, frame):
        lines: list[list[str]] = []
        for row in group:
            shares = row.last if which == "last" else row.mean
            cells = [percent(shares.get(region)) for region in regions]
            place = seen[row.policy, row.frame, row.instruction]
            names = [row.instruction, count_text(row.text_len), place]
            lines.append([*names, *cells, percent(sum(shares.values()))])
        _add_policy(table, group[0].policy, lines, compact)
    return table


def published_per_layer_table(
    result: Result, frame: str | None = None, *, compact: bool = False
) -> Table:
    """The published second table, column for column: Model, Instruction, Layer, Image%, Text%.

    Under the declared regions; `frame` and `compact` are as for `published_summary_table`.
    """
    table = plain_table(say("layers_declared", frame=of_frame(result, frame)), compact)
    right = [say("layer"), say("column_image_whole"), say("column_text")]
    _columns(table, [say("model"), say("instruction")], right)
    for rows in by_policy(layer_rows(result, "declared"), frame):
        lines = [[row.instruction, str(row.layer), *_published_shares(row.shares)] for row in rows]
        _add_policy(table, rows[0].policy, lines, compact)
    return table


def measured_per_layer_table(
    result: Result, frame: str | None = None, *, compact: bool = False
) -> Table:
    """The same for every measured region, with their sum."""
    rows = layer_rows(result, "measured")
    title = say("layers_measured", frame=of_frame(result, frame))
    table = plain_table(title, compact)
    regions = regions_of(row.shares for row in rows)
    heads = [_head(region) for region in regions]
    right = [say("layer"), *heads, say("column_sum")]
    _columns(table, [say("model"), say("instruction")], right)
    for group in by_policy(rows, frame):
        lines = [
            [
                *(row.instruction, str(row.layer)),
                *(percent(row.shares.get(region)) for region in regions),
                percent(sum(row.shares.values())),
            ]
            for row in group
        ]
        _add_policy(table, group[0].policy, lines, compact)
    return table


def side_by_side_table(
    result: Result, kind: LayoutKind, rows: Sequence[LayerRow], *, compact: bool = False
) -> Table:
    """One line per layer of one policy, its instructions next to each other."""
    frame, policy = of_frame(result, rows[0].frame), rows[0].policy
    title = say(f"layers_of_policy_{kind}", frame=frame, policy=policy)
    table = plain_table(title, compact)
    keys = ("image", "text") if kind == "declared" else ("image", "instruction", "rest")
    parts = [say(f"column_{key}") for key in keys]
    names = dict.fromkeys(row.instruction for row in rows)
    _columns(table, [], [say("layer"), *(f"{name}\n{part}" for name in names for part in parts)])
    by_layer: dict[int, list[str]] = {}
    for row in rows:
        cells = by_layer.setdefault(row.layer, [str(row.layer)])
        cells += _published_shares(row.shares)
        if kind == "measured":
            cells.append(
                percent(
                    sum(s for name, s in row.shares.items() if name not in ("image", "instruction"))
                )
            )
    for cells in by_layer.values():
        table.add_row(*cells)
    return table


def accuracy_table(result: Result) -> Table | None:
    """Held-out accuracies (% of frame cases) of the policies that came with them, or None."""
    rows = [(p.name, row) for p in result.record.policies for row in p.held_out_accuracy]
    if not rows:
        return None
    table = plain_table(say("accuracy"))
    table.caption = Text(say("accuracy_note"), style="dim")
    actions = list(dict.fromkeys(action for _, row in rows for action in row.per_instruction))
    right = [*actions, say("all_three"), say("frame_cases")]
    _columns(table, [say("model"), say("style")], right)
    for name, row in rows:
        shares = [percent(row.per_instruction.get(action)) for action in actions]
        figures = [*shares, percent(row.all_three), str(row.frame_cases)]
        table.add_row(Text(one_line(name)), Text(row.style), *figures)
    return table


def _seen(result: Result) -> dict[tuple[str, str, str], str]:
    """Visible image positions by (policy, frame, instruction), such as "12 of 64"."""
    texts: dict[tuple[str, str, str], str] = {}
    for policy in result.record.policies:
        for case in policy.cases:
            visible, total = image_seen(case)
            text = say("seen_of", visible=visible, total=total) if total else ABSENT
            texts[policy.name, case.frame, case.instruction] = text
    return texts


def by_policy(rows: Sequence[Row], frame: str | None) -> list[list[Row]]:
    """The rows of a frame (None: of all), divided by policy."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        if frame in (None, row.frame):
            groups.setdefault(row.policy, []).append(row)
    return list(groups.values())


def _published_shares(shares: Shares) -> list[str]:
    """Image% and Text%; a measured layout has its text under the name `instruction`."""
    return [percent(shares.get("image")), percent(shares.get("text", shares.get("instruction")))]


def _head(region: str) -> str:
    return say(f"column_{region}") if region in _SHORT else f"{region_name(region)}%"


def of_frame(result: Result, frame: str | None) -> str:
    """The frame's name for a title, where there is more than one."""
    return "" if frame is None or len(result.record.frames) == 1 else say("in_frame", frame=frame)


def _add_policy(table: Table, policy: str, lines: list[list[str]], compact: bool) -> None:
    """The rows of one policy; in compact form one row of as many lines, its name shown once."""
    if compact:
        name = Text(folded(policy))
        table.add_row(
            name, *(Text("\n".join(map(one_line, column))) for column in zip(*lines, strict=True))
        )
    else:
        for line in lines:
            table.add_row(Text(one_line(policy)), *(Text(one_line(cell)) for cell in line))
    table.add_section()


def folded(name: str, width: int = NAME_WIDTH) -> str:
    """A name on lines of at most `width`, broken behind `_`, `-` or `/` and before `@`.

    With a width of 0 it stays on one line; what cannot be broken stays whole.
    """
    if width == 0:
        return one_line(name)
    lines = [""]
    for part in filter(None, re.findall(r"@?[^_@/-]*[_/-]*", one_line(name))):
        if lines[-1] and (len(lines[-1]) + len(part) > width):
            lines.append("")
        lines[-1] += part
    return "\n".join(lines)


def plain_table(title: str, compact: bool = False) -> Table:
    """An empty table in the house style: a rule under the head, no frame."""
    return Table(
        title=Text(one_line(title), style="bold"),
        title_justify="left",
        caption_justify="left",
        box=SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, 0) if compact else (0, 1),
        collapse_padding=True,
    )


def _columns(table: Table, left: Sequence[str], right: Sequence[str]) -> None:
    """Only the first column of names may shrink; figures and headings stay whole."""
    for index, name in enumerate(left):
        table.add_column(Text(name), overflow="fold", no_wrap=index > 0, vertical="top")
    for name in right:
        table.add_column(Text(name), justify="right", no_wrap=True, vertical="top")
