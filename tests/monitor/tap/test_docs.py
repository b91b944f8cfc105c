"""The page of the tap names every finding with its grade, and every column of a recording."""

from __future__ import annotations

import re
from pathlib import Path

from heedmap.monitor.tap.step import NAMES
from heedmap.monitor.tap.watch import FINDINGS
from tests.test_docs import section

TEXT = (Path(__file__).parents[3] / "docs/tap.md").read_text()


def test_every_finding_is_documented_with_its_grade() -> None:
    rows = re.findall(r"^\| (`[^|]+) \| (warning|note) \|", section(TEXT, "What is found"), re.M)
    told = {code: grade for codes, grade in rows for code in re.findall(r"`(\w+)`", codes)}
    assert told == FINDINGS


def test_every_column_is_documented_in_its_order() -> None:
    columns = section(TEXT, "The recording").partition("Columns: ")[2].partition("The folder")[0]
    assert tuple(re.findall(r"`(\w+)`", columns)) == NAMES
