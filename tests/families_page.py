"""The table of docs/families.md: what the tests saw of each family, and nothing else.

Tests call `saw` when they have passed; the last of them compares the page. To write it:
`HEEDMAP_WRITE_PAGES=1 python -m pytest tests/policies tests/test_families.py`.
"""

from __future__ import annotations

import os
from pathlib import Path

from heedmap.ladder.causes import RungName
from heedmap.record.record import PolicyResult

PAGE = Path(__file__).parent.parent / "docs" / "families.md"
BEGIN, END = "<!-- filled by tests/families_page.py -->", "<!-- end -->"
RUNGS: tuple[RungName, ...] = ("tokenised", "present", "visible", "attended", "used", "obeyed")
COLUMNS = (
    *RUNGS,
    "bypass",
    "layout",
    "float32",
    "bfloat16",
    "padded left",
    "padded right",
    "several steps",
)
_SEEN: dict[str, dict[str, str]] = {}


def saw(family: str, column: str, cell: str = "yes") -> None:
    """Note what a test saw."""
    assert column in COLUMNS
    _SEEN.setdefault(family, {})[column] = cell


def saw_rungs(family: str, result: PolicyResult) -> None:
    """Note which rungs an audit measured."""
    measured = {
        **{rung: result.verdict.rungs[rung].status != "not measured" for rung in RUNGS[:4]},
        "used": result.measurements.used is not None or result.measurements.by_exchange_only,
        "obeyed": result.measurements.obeyed is not None,
        "bypass": result.verdict.bypass.status != "not measured",
    }
    for column, is_measured in measured.items():
        saw(family, column, "yes" if is_measured else "-")


def table() -> str:
    """Markdown, one line a family, in the order of their names."""
    lines = ["| family | " + " | ".join(COLUMNS) + " |", "|---" * (len(COLUMNS) + 1) + "|"]
    for family, cells in sorted(_SEEN.items()):
        row = [cells.get(column, "") for column in COLUMNS]
        lines.append(f"| {family} | " + " | ".join(row) + " |")
    return "\n".join(lines)


def is_complete(families: set[str]) -> bool:
    """Whether every family was seen in this run of the tests, and with all it can have."""
    return families <= set(_SEEN) and all(len(cells) >= 7 for cells in _SEEN.values())


def page() -> str:
    """The page with the table in its place."""
    text = PAGE.read_text()
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{after}"


def check_page() -> None:
    """The page says what was seen; written anew where that is asked for."""
    if os.environ.get("HEEDMAP_WRITE_PAGES"):
        PAGE.write_text(page())
    assert PAGE.read_text() == page(), f"{PAGE} is out of date; see {__file__}"
