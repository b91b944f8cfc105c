"""Tables pasted from a page as plain text, where cells have run into one another.

`exp41c_scratch_ptaleft1298.9%0.0%61.3%0.0%` is model, instruction, text_len and four
shares without a separator. What belongs where follows from the tables themselves: layers
count up from 0, the last layer of the second table is the "last" of the first, and every
model has the same instructions in the same order.
"""

from __future__ import annotations

import re
from os.path import commonprefix

from heedmap.errors import InputError

_ROW = re.compile(r"^(?P<name>.*?)(?P<number>\d+\.\d+)%(?P<rest>(?:\s*\d+(?:\.\d+)?%)+)$")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)%")


def rows_of(text: str) -> tuple[list[list[str]], list[list[str]]]:
    """Cells of the summary rows and of the per-layer rows found in pasted text.

    A summary row is model, instruction, text_len and four percentages; a per-layer row is
    model, instruction, layer and two. Percentages have no sign. Raises InputError when a
    row cannot be divided in one way only.
    """
    found = [match for line in text.splitlines() if (match := _ROW.match(_tight(line)))]
    layer_rows = [match for match in found if len(_PERCENT.findall(match["rest"])) == 1]
    summary_rows = [match for match in found if len(_PERCENT.findall(match["rest"])) == 3]
    layers = _layer_cells(layer_rows)
    last: dict[str, str] = {}
    for name, _, image, _ in layers:
        last[name] = image
    summary = [_summary_cells(match, last) for match in summary_rows]
    models = _split_names(list(dict.fromkeys([*last, *(cells[0] for cells in summary)])))
    return (
        [[*models[name], *cells] for name, *cells in summary],
        [[*models[name], *cells] for name, *cells in layers],
    )


def _tight(line: str) -> str:
    return re.sub(r"\s+", "", line)


def _layer_cells(rows: list[re.Match[str]]) -> list[list[str]]:
    """Name, layer, image, text: the layer is the one that comes next."""
    cells: list[list[str]] = []
    expected = 0
    name = ""
    for row in rows:
        joined = row["name"] + row["number"]
        same = re.fullmatch(rf"{re.escape(name)}{expected}(\d+\.\d+)", joined) if name else None
        if same is None:
            expected = 0
            same = re.fullmatch(r"(.*\D)0(\d+\.\d+)", joined)
            if same is None:
                raise InputError(
                    "The row '{row}' cannot be divided into model, instruction, layer and shares: "
                    "a table starts at layer 0 and counts up; paste it as CSV instead.",
                    row=row[0],
                )
            name, image = same[1], same[2]
        else:
            image = same[1]
        cells.append([name, str(expected), image, _PERCENT.findall(row["rest"])[0]])
        expected += 1
    return cells


def _summary_cells(row: re.Match[str], last: dict[str, str]) -> list[str]:
    """Name, text_len and four shares; the first share is the last layer's."""
    joined = row["name"] + row["number"]
    shares = _PERCENT.findall(row["rest"])
    matching = [name for name in last if re.fullmatch(rf"{re.escape(name)}\d+\.\d+", joined)]
    for name in sorted(matching, key=len, reverse=True):
        digits = joined[len(name) :]
        if digits.endswith(last[name]) and digits[: -len(last[name])].isdigit():
            return [name, digits[: -len(last[name])], last[name], *shares]
    raise InputError(
        "The row '{row}' cannot be divided into model, instruction, text_len and shares without "
        "the per-layer table of the same page; paste both, or give CSV files.",
        row=row[0],
    )


def _split_names(names: list[str]) -> dict[str, list[str]]:
    """Model and instruction of each joined name.

    Every model has the same instructions in the same order, so the names fall into equal
    groups, each with a prefix of its own and the same endings. Raises InputError when they
    do not.
    """
    if not names:
        return {}
    for size in range(2, len(names) + 1):
        if len(names) % size:
            continue
        groups = [names[start : start + size] for start in range(0, len(names), size)]
        prefixes = [commonprefix(group) for group in groups]  # noqa: RUF071 - by character, as meant
        endings = {
            tuple(name[len(prefix) :] for name in group)
            for prefix, group in zip(prefixes, groups, strict=True)
        }
        if len(endings) == 1 and all(prefixes) and all(next(iter(endings))):
            return {
                name: [prefix, name[len(prefix) :]]
                for prefix, group in zip(prefixes, groups, strict=True)
                for name in group
            }
    raise InputError(
        "The names in the pasted tables cannot be divided into model and instruction; "
        "give the tables as CSV files."
    )
